"""The nftables rules that scenarios share."""

from topology import Rule

# The client's network is private: nobody outside reaches it.
MASQUERADE = Rule("gate", "postrouting", 'oifname "wan" masquerade')
CLIENTS_NET_UNREACHABLE = Rule("fire", "forward", "ip daddr 10.77.1.0/24 drop")
PRIVATE_CLIENT = [MASQUERADE, CLIENTS_NET_UNREACHABLE]

# The server is reached at 203.0.113.10 only.
PUBLIC_CONTROL = Rule("fire", "prerouting", "ip daddr 203.0.113.10 tcp dport 21 dnat ip to 10.88.1.2")
PUBLIC_PASSIVE = Rule("fire", "prerouting", "ip daddr 203.0.113.10 tcp dport 50000-50100 dnat ip to 10.88.1.2")
SERVERS_NET_UNREACHABLE = Rule("gate", "forward", "ip daddr 10.88.1.0/24 drop")
PRIVATE_SERVER = [MASQUERADE, PUBLIC_CONTROL, PUBLIC_PASSIVE, SERVERS_NET_UNREACHABLE]

# The passive range is not open on the server's firewall.
PASSIVE_DROPPED = Rule("fire", "forward", "ip daddr 10.88.1.2 tcp dport 50000-50100 drop")
PASSIVE_PROHIBITED = Rule("fire", "forward",
                          "ip daddr 10.88.1.2 tcp dport 50000-50100 reject with icmp type admin-prohibited")
PASSIVE_PROHIBITED_6 = Rule("fire", "forward",
                            "ip6 daddr fd00:88::2 tcp dport 50000-50100 reject with icmpv6 type admin-prohibited")
PASSIVE_RESET = Rule("fire", "forward", "ip daddr 10.88.1.2 tcp dport 50000-50100 reject with tcp reset")

# Nobody may open a connection into the client's network.
ACTIVE_DROPPED = Rule("gate", "forward", "ip daddr 10.77.1.0/24 tcp flags & (syn | ack) == syn drop")
