"""Scenarios about the dial of a data connection: who dials, from where, and how late the answer comes."""

import sys

from clients import HERE, PASSWORD, USER, Client, ftplib
from faults import failed, stalled
from rules import ACTIVE_DROPPED
from servers import Server, proftpd, pureftpd, pyftpdlib, vsftpd
from table import Scenario, Take, Truth
from topology import Lab, Rule


def dialler(behaviour: str, limit: float = 60, **options: object) -> Client:
    """One of the dialogues of dialclient.py."""
    def run(lab: Lab) -> None:
        words = [f"{key}={value}" for key, value in options.items()]
        lab.run("client", [sys.executable, HERE / "dialclient.py", behaviour, USER, PASSWORD, *words], limit)
    return Client(f"ftplib of Python {sys.version_info[0]}.{sys.version_info[1]}", run)


def with_setting(setting: str, server: Server) -> Server:
    """A server on a kernel with a setting."""
    def start(lab: Lab) -> None:
        lab.sysctl("server", setting)
        server.start(lab)
    return Server(server.title, start)


# The client's gateway has two public addresses, and data connections leave by the second one.
POOL = [Rule("gate", "postrouting", 'oifname "wan" tcp dport 21 snat ip to 198.51.100.1'),
        Rule("gate", "postrouting", 'oifname "wan" tcp dport 50000-50100 snat ip to 198.51.100.3')]

# A firewall that opens the passive range to those whose 227 it has seen ("227 " begins a segment with timestamps).
READS_227 = [Rule("fire", "set", "told { type ipv4_addr; flags dynamic, timeout; timeout 1m; }"),
             Rule("fire", "forward", "tcp sport 21 @th,256,32 0x32323720 update @told { ip daddr }"),
             Rule("fire", "forward", "tcp dport 50000-50100 ct state new ip saddr != @told drop")]

SYN_ACK = "tcp flags & (syn | ack) == (syn | ack)"

SCENARIOS: list[Scenario] = [
    Scenario(
        "The client's NAT has two addresses and uses one for each connection: the server refuses the stranger.",
        vsftpd(), ftplib("give_up"),
        [Take("data-wrong-peer-server", "server", failed("server", "data-wrong-peer",
              "Control comes from 198.51.100.1, data from 198.51.100.3.")),
         Take("data-wrong-peer-client", "client", failed("client", "data-wrong-peer",
              "Both connections come from the client's own address here; the text of the 425 says what the server saw."))],
        rules=POOL),
    Scenario(
        "The client's NAT has two addresses; pure-ftpd closes the connection from the second one without a word.",
        pureftpd(), ftplib("give_up", timeout=12),
        [Take("data-wrong-peer-silent-server", "server", stalled("server", "data-wrong-peer",
              "Control comes from 198.51.100.1, data from 198.51.100.3; the server closes it without a byte, and RETR "
              "never gets a reply.")),
         Take("data-wrong-peer-silent-client", "client", stalled("client", "data-wrong-peer",
              "Both connections come from the client's own address here; the server, which says that it is Pure-FTPd, closes "
              "the data connection before a byte and never answers RETR."))],
        rules=POOL),
    Scenario(
        "The client's NAT has two addresses, and proftpd doesn't mind.",
        proftpd(), ftplib("give_up"),
        [Take("nat-pool-proftpd", "server", [Truth("healthy", "server",
              "Control comes from 198.51.100.1, data from 198.51.100.3; the file and a 226 come all the same.")])],
        rules=POOL),
    Scenario(
        "The client's NAT has two addresses; pyftpdlib refuses the second one and waits for the first.",
        pyftpdlib(), ftplib("give_up", timeout=12),
        [Take("data-wrong-peer-pyftpdlib", "server", failed("server", "data-wrong-peer",
              "Control comes from 198.51.100.1, data from 198.51.100.3: a 425 that names the address. The 150 after it is for "
              "a connection that may still come."))],
        rules=POOL),
    Scenario(
        "The client's gateway drops the SYN-ACKs of the passive range.",
        vsftpd(), ftplib("give_up", timeout=9),
        [Take("data-handshake-incomplete", "server", stalled("server", "data-handshake-incomplete",
              "Each SYN is answered here with a SYN-ACK, and no ACK comes.")),
         Take("data-handshake-incomplete-router", "router", stalled("between", "data-handshake-incomplete",
              "SYN-ACKs pass here on their way to the client, and no ACK comes back.")),
         Take("data-handshake-incomplete-client", "client", stalled("client", "data-syn-unanswered",
              "No answer to the SYNs arrives here."))],
        rules=[Rule("gate", "forward", f"tcp sport 50000-50100 {SYN_ACK} drop")]),
    Scenario(
        "The firewall of the client's own host drops the SYN-ACKs of the passive range.",
        vsftpd(), ftplib("give_up", timeout=9),
        [Take("data-handshake-incomplete-own", "client", stalled("client", "data-handshake-incomplete",
              "The SYN-ACKs arrive at the client's own host, which answers none: its own firewall."))],
        rules=[Rule("client", "input", f"tcp sport 50000-50100 {SYN_ACK} drop")]),
    Scenario(
        "The server's firewall drops the ACKs to the passive range but not the SYNs.",
        vsftpd(accept_timeout=8), ftplib("give_up", timeout=12),
        [Take("data-ack-lost-client", "client", stalled("client", "data-handshake-incomplete",
              "The SYN-ACK comes again and again although the client acknowledges it each time.")),
         Take("data-ack-lost-server", "server", stalled("server", "data-handshake-incomplete",
              "The SYN-ACK is sent again and again, and no ACK comes."))],
        rules=[Rule("fire", "forward", "tcp dport 50000-50100 tcp flags & (syn | ack) == ack drop")]),
    Scenario(
        "The client's gateway drops the client's SYN-ACKs to the server's port 20.",
        vsftpd(connect_timeout=8), ftplib("give_up", active="yes"),
        [Take("data-handshake-incomplete-active", "client", stalled("client", "data-handshake-incomplete",
              "The server's SYNs arrive and are answered, the SYN-ACKs go nowhere."))],
        rules=[Rule("gate", "forward", f"tcp dport 20 {SYN_ACK} drop")]),
    Scenario(
        "A firewall limits the rate of new connections: every data connection needs a second SYN.",
        vsftpd(), dialler("three"),
        [Take("data-syn-delayed", "client", [Truth("healthy", "client",
              "Three data connections, each opened a second late by the second SYN.", warning=["data-syn-delayed"])])],
        rules=[Rule("fire", "forward", "tcp dport 50000-50100 tcp flags syn numgen inc mod 2 == 0 drop")]),
    Scenario(
        "The server's own firewall drops the first SYN of a data connection, all else is well.",
        vsftpd(), ftplib("give_up"),
        [Take("data-syn-delayed-server", "server", [Truth("healthy", "server",
              "Two SYNs arrive, a second apart, and only the second one is answered.", warning=["data-syn-delayed"])])],
        rules=[Rule("server", "input", "tcp dport 50000-50100 tcp flags syn numgen inc mod 2 == 0 drop")]),
    Scenario(
        "A firewall that reads 227 but not 229, and a server with one passive port: blocked after EPSV, open after PASV.",
        vsftpd(pasv_min_port=50000, pasv_max_port=50000), dialler("epsv_then_pasv"),
        [Take("epsv-blocked-pasv-works", "client", stalled("client", "data-syn-unanswered",
              "SYNs to port 50000 from the 229 have no answer for 4 s; after a 227 with the same port the dial is answered.",
              warning=["epsv-blocked-pasv-works"])),
         Take("epsv-blocked-pasv-works-server", "server", [Truth("healthy", "server",
              "No dial arrives in the 4 s after the 229; after a 227 with the same port one does.",
              warning=["epsv-blocked-pasv-works"])])],
        rules=READS_227),
    Scenario(
        "Two hosts dial the announced port, the stranger first: it gets the file, the client's connection is reset.",
        proftpd(), dialler("stolen"),
        [Take("data-port-stolen", "server", failed("server", "data-port-stolen",
              "10.77.1.3 dials before 10.77.1.2, to which the control connection belongs, and gets the 900 bytes; the "
              "client's own connection is reset. The server says 226."))]),
    Scenario(
        "Two hosts dial the announced port, and a server without a check of addresses serves the stranger.",
        vsftpd(pasv_promiscuous="YES"), dialler("stolen"),
        [Take("data-port-stolen-vsftpd", "server", failed("server", "data-port-stolen",
              "10.77.1.3 gets the 900 bytes; the client's own connection stays empty until the server resets it after "
              "the 226."))]),
    Scenario(
        "The server dials from any port in active mode.",
        vsftpd(connect_from_port_20="NO"), ftplib("get", active="yes"),
        [Take("active-source-port", "client", [Truth("healthy", "client",
              "Two transfers in active mode, dialled from ports above 1023.", info=["active-source-port"])])]),
    Scenario(
        "A server with one passive port gets a SYN from the same address and port as a minute ago, with older timestamps.",
        vsftpd(pasv_min_port=50000, pasv_max_port=50000), dialler("reused"),
        [Take("data-port-reused", "client", [Truth("healthy", "client",
              "The SYN is answered with the last ACK of the connection before it, the client resets that one, and the SYN "
              "that it sends a second later is answered.", warning=["data-port-reused"])]),
         Take("data-port-reused-server", "server", [Truth("healthy", "server",
              "The SYN meets a connection in TIME_WAIT: an old ACK, an RST from the client, and the next SYN works.",
              warning=["data-port-reused"])])]),
    Scenario(
        "The same, and the server's kernel keeps its TIME_WAIT whatever RST comes (tcp_rfc1337=1).",
        with_setting("net.ipv4.tcp_rfc1337=1", vsftpd(pasv_min_port=50000, pasv_max_port=50000)), dialler("reused"),
        [Take("data-port-reused-blocked", "client", stalled("client", "data-port-reused",
              "Each SYN is answered with the last ACK of the connection before it, and the client's RSTs change nothing; it "
              "gives up after 9 s."))],
        fault="net.ipv4.tcp_rfc1337=1 on the server"),
    Scenario(
        "pyftpdlib dials at PORT in vain and says so after 30 s.",
        pyftpdlib(), ftplib("give_up", active="yes", timeout=40),
        [Take("active-blocked-pyftpdlib-client", "client", stalled("client", "data-never-attempted",
              "No SYN of the server arrives here in the 30 s until 425 answers PORT itself."))],
        rules=[ACTIVE_DROPPED], limit=90),
    Scenario(
        "pyftpdlib dials at PORT and the client's gateway rejects it.",
        pyftpdlib(), ftplib("give_up", active="yes", timeout=12),
        [Take("active-rejected-pyftpdlib-client", "client", failed("client", "data-never-attempted",
              "425 answers PORT at once: the server could not connect, and no SYN of it arrived here.")),
         Take("active-rejected-pyftpdlib-server", "server", failed("server", "data-rejected",
              "RST to the server's SYN, with another TTL than the client's packets; 425 answers PORT.",
              info=["active-source-port"]))],
        rules=[Rule("gate", "forward",
                    "ip daddr 10.77.1.0/24 tcp flags & (syn | ack) == syn reject with tcp reset")]),
]
