"""Scenarios in which the control connection works and a data connection does not."""

from clients import curl, ftplib, lftp, ncftpput, tnftp, while_adding
from rules import (ACTIVE_DROPPED, PASSIVE_DROPPED, PASSIVE_PROHIBITED, PASSIVE_PROHIBITED_6, PASSIVE_RESET,
                   PRIVATE_CLIENT, PRIVATE_SERVER)
from servers import proftpd, pyftpdlib, rawserver, vsftpd
from table import Scenario, Take, Truth
from topology import Rule


def stalled(vantage: str, code: str, notes: str, **more) -> list[Truth]:
    return [Truth("stalled", vantage, notes, critical=[code], **more)]


def failed(vantage: str, code: str, notes: str, **more) -> list[Truth]:
    return [Truth("failed", vantage, notes, critical=[code], **more)]


GIVES_UP = "--connect-timeout", "9"
NO_ARRIVAL = ("The 227/229 was sent, nothing came to the announced port, then the client closed. Here it can't be seen "
              "whether the SYNs were dropped on the way or never sent.")

SCENARIOS: list[Scenario] = [
    Scenario(
        "The server's firewall drops the passive range; the client gives up after some seconds.",
        vsftpd(), curl("--disable-epsv", *GIVES_UP),
        [Take("passive-range-dropped-client", "client", stalled("client", "data-syn-unanswered",
              "The SYNs to the port of the 227 have no answer of any kind while the control connection answers.")),
         Take("passive-range-dropped-router", "router", stalled("between", "data-syn-unanswered",
              "The SYNs pass here on their way to the server and nothing comes back: dropped between here and the "
              "server.")),
         Take("passive-range-dropped-server", "server", stalled("server", "data-never-attempted", NO_ARRIVAL))],
        rules=[PASSIVE_DROPPED]),
    Scenario(
        "The server's firewall drops the passive range; lftp gives up after 6 s and tries once more.",
        proftpd(), lftp("ls", settings=("set net:timeout 6", "set net:max-retries 2")),
        [Take("passive-range-dropped-lftp", "client", 2 * stalled("client", "data-syn-unanswered",
              "SYNs to the port of the 227 without an answer until lftp gave up after 6 s; it tried twice, with a new "
              "control connection each time."), pcapng=True)],
        rules=[PASSIVE_DROPPED]),
    Scenario(
        "The server's firewall rejects the passive range with ICMP administratively prohibited.",
        vsftpd(), curl("--disable-epsv", *GIVES_UP),
        [Take("passive-range-rejected-icmp", "client", failed("client", "data-rejected",
              "ICMP type 3 code 13 from 192.0.2.2 quotes the SYN to the port of the 227.")),
         Take("passive-range-rejected-icmp-server", "server", stalled("server", "data-never-attempted",
              NO_ARRIVAL + " It closed within a round trip, so it may have been told something that is not seen here."))],
        rules=[PASSIVE_PROHIBITED]),
    Scenario(
        "The server's firewall rejects the passive range with a TCP reset in the server's name.",
        vsftpd(), curl("--disable-epsv", *GIVES_UP),
        [Take("passive-range-rejected-rst", "client", failed("client", "data-rejected",
              "RST to the SYN whose TTL is one higher than that of all other packets from the server: a device in "
              "front of it answered."))],
        rules=[PASSIVE_RESET]),
    Scenario(
        "The port that 227 names has no listener.",
        rawserver(port=50099), ftplib("give_up"),
        [Take("data-refused-client", "client", failed("client", "data-refused",
              "RST to the SYN with the TTL of the server's other packets.")),
         Take("data-refused-server", "server", failed("server", "data-refused",
              "The SYN arrived and this host itself answered it with RST (TTL 64)."))]),
    Scenario(
        "The server behind NAT names its private address in 227 and the client dials it.",
        vsftpd(), ftplib("give_up", host="203.0.113.10", trust="yes", timeout=9),
        [Take("pasv-private-address-client", "client", stalled("client", "pasv-private-address",
              "The control connection reached the server at 203.0.113.10, 227 names 10.88.1.2, and the SYNs to "
              "10.88.1.2 were never answered.")),
         Take("pasv-private-address-server", "server", stalled("server", "data-never-attempted",
              "Behind DNAT the 227 names this host's own address; nothing came to that port."))],
        rules=PRIVATE_SERVER, fault="the server's network is private"),
    Scenario(
        "The server names a wrong public address in 227 and the client dials it.",
        vsftpd(pasv_address="203.0.113.99"), curl("--disable-epsv", "--no-ftp-skip-pasv-ip", *GIVES_UP),
        [Take("pasv-wrong-address", "client", stalled("client", "pasv-wrong-address",
              "227 names 203.0.113.99 while the server was reached at 10.88.1.2; the SYNs to it have no answer."))],
        rules=[Rule("fire", "forward", "ip daddr 203.0.113.99 drop")], fault="vsftpd pasv_address=203.0.113.99"),
    Scenario(
        "The client behind NAT sends its private address in PORT and the server refuses it.",
        vsftpd(), ftplib("give_up", active="yes"),
        [Take("port-private-address-refused-server", "server", failed("server", "port-private-address",
              "PORT names 10.77.1.2 while the control connection comes from 198.51.100.1; 500 answers it.")),
         Take("port-private-address-refused-client", "client", failed("client", "port-refused",
              "PORT names the client's own address and gets a 500: NAT can't be seen from here."))],
        rules=PRIVATE_CLIENT, fault="the client's network is private and no FTP helper translates PORT"),
    Scenario(
        "The client behind NAT sends its private address in PORT and the server dials it in vain.",
        vsftpd(port_promiscuous="YES", connect_timeout=8, connect_from_port_20="NO"), ftplib("give_up", active="yes"),
        [Take("port-private-address-dialled-server", "server", stalled("server", "port-private-address",
              "PORT names 10.77.1.2 while the control connection comes from 198.51.100.1; the server's SYNs to 10.77.1.2 "
              "have no answer, then 425.")),
         Take("port-private-address-dialled-client", "client", stalled("client", "data-never-attempted",
              "200 to PORT, then no SYN from the server until its 425."))],
        rules=PRIVATE_CLIENT, fault="the client's network is private and no FTP helper translates PORT"),
    Scenario(
        "The client's gateway drops the server's SYN from port 20.",
        vsftpd(connect_timeout=8), ftplib("give_up", active="yes"),
        [Take("active-blocked-server", "server", stalled("server", "data-syn-unanswered",
              "The server's SYNs from port 20 to the port of the PORT command have no answer; the 425 is the "
              "consequence.")),
         Take("active-blocked-client", "client", stalled("client", "data-never-attempted",
              "200 to PORT, then silence and a 425: no SYN of the server arrived here."))],
        rules=[ACTIVE_DROPPED]),
    Scenario(
        "The firewall of the client's own host drops the server's SYN from port 20.",
        vsftpd(connect_timeout=8), ftplib("give_up", active="yes"),
        [Take("active-blocked-by-client-host", "client", stalled("client", "data-syn-unanswered",
              "The server's SYNs arrive on this very host and get no answer: its own firewall."))],
        rules=[Rule("client", "input", "tcp sport 20 drop")]),
    Scenario(
        "pyftpdlib dials at PORT itself, in vain.",
        pyftpdlib(), ftplib("give_up", active="yes", timeout=12),
        [Take("active-blocked-pyftpdlib", "server", stalled("server", "data-syn-unanswered",
              "pyftpdlib dials at PORT, before any reply to it: its SYNs have no answer, and PORT had none when the "
              "client gave up after 12 s."))],
        rules=[ACTIVE_DROPPED], limit=90),
    Scenario(
        "FTPS with the passive range dropped: the announcement can't be read, the SYNs have no answer.",
        vsftpd(tls=True, require_ssl_reuse="NO"), curl("--ssl-reqd", "-k", *GIVES_UP),
        [Take("ftps-range-blocked", "client", stalled("client", "tls-data-blocked",
              "After AUTH the dialogue is hidden; SYNs between the same hosts in the burst after a command have no "
              "answer.", info=["control-hidden"]))],
        rules=[PASSIVE_DROPPED]),
    Scenario(
        "The server accepts the data connection and says 425 to RETR at once.",
        rawserver(data="425"), ftplib("give_up"),
        [Take("transfer-refused-425", "client", failed("client", "transfer-refused",
              "The data connection was established; the server answered RETR with 425 without delay."))]),
    Scenario(
        "The server's firewall rejects the passive range with ICMPv6 administratively prohibited.",
        vsftpd(listen_ipv6="YES"), curl(*GIVES_UP, host="fd00:88::2"),
        [Take("passive-range-rejected-icmpv6", "client", failed("client", "data-rejected",
              "ICMPv6 type 1 code 1 from 2001:db8:52::2 quotes the SYN to the port of the 229."))],
        rules=[PASSIVE_PROHIBITED_6]),
    Scenario(
        "The server behind NAT names its private address in 227 and tnftp does not dial it.",
        vsftpd(), tnftp("epsv4 off", "get readme.txt", host="203.0.113.10", options=("-q", "8")),
        [Take("pasv-private-address-tnftp", "client", stalled("client", "pasv-private-address",
              "227 names 10.88.1.2 while the server was reached at 203.0.113.10; tnftp never dials an address that "
              "differs, and says QUIT at once. No side reports an error on the wire."))],
        rules=PRIVATE_SERVER, fault="the server's network is private"),
    Scenario(
        "The server's firewall drops the passive range; ncftp asks for a port three times, then uses PORT.",
        pyftpdlib(), ncftpput("upload.bin", options=("-t", "4")),
        [Take("passive-range-dropped-ncftp", "client", stalled("client", "data-syn-unanswered",
              "Three times a 227 whose port never answers, 4 s each, then PORT, and the upload completes: done in the "
              "end, but 12 s were lost."))],
        rules=[PASSIVE_DROPPED]),
    Scenario(
        "EPSV is refused and there is nothing else over IPv6.",
        vsftpd(listen_ipv6="YES", cmds_denied="EPSV"), ftplib("give_up", host="fd00:88::2"),
        [Take("epsv-refused-ipv6", "client", failed("client", "epsv-refused",
              "550 to EPSV, and no other announcement follows."))]),
    Scenario(
        "The only file that is asked for does not exist.",
        vsftpd(), ftplib("missing"),
        [Take("transfer-refused-550", "client", failed("client", "transfer-refused",
              "550 to the only transfer command of the session."))]),
    Scenario(
        "An upload is refused for want of permission.",
        vsftpd(write_enable="NO"), curl("-T", "upload.bin", path=""),
        [Take("transfer-refused-550-upload", "client", failed("client", "transfer-refused",
              "550 to STOR, the only transfer command of the session."))]),
    Scenario(
        "The server accepts RETR with 150 and never sends a byte.",
        rawserver(data="silent"), ftplib("give_up", timeout=14),
        [Take("data-silent", "client", stalled("client", "data-silent",
              "Established, 150, then no byte and no FIN for over 10 s until the client gave up."))]),
    Scenario(
        "The server stops sending half way.",
        rawserver(data="half"), ftplib("give_up", timeout=14, file="data.bin"),
        [Take("data-silent-half-way", "server", stalled("server", "data-silent",
              "6000 bytes were sent and acknowledged, then nothing for over 10 s until the client gave up."))]),
    Scenario(
        "The file arrives whole and the final reply never comes.",
        rawserver(final="never"), ftplib("give_up", timeout=14),
        [Take("reply-missing", "client", stalled("client", "reply-missing",
              "The data connection closed in order; no 226 in the 14 s until the client gave up."))]),
    Scenario(
        "The client stops reading from the data connection.",
        vsftpd(), ftplib("stop_reading", seconds=9),
        [Take("data-zero-window-client", "client", stalled("client", "data-zero-window",
              "The client advertises a window of 0 and answers the server's probes for 9 s, then it is gone.")),
         Take("data-zero-window-server", "server", stalled("server", "data-zero-window",
              "The client advertises a window of 0 and answers the server's probes for 9 s, then it is gone."))]),
    Scenario(
        "The data connection's path is cut in mid-transfer.",
        vsftpd(local_max_rate=8000, trans_chunk_size=4096, data_connection_timeout=12),
        while_adding(2.5, Rule("fire", "forward", "tcp dport 50000-50100 drop"),
                     Rule("fire", "forward", "tcp sport 50000-50100 drop"),
                     client=ftplib("give_up", file="large.bin", timeout=13)),
        [Take("data-path-dead-server", "server", stalled("server", "data-path-dead",
              "Segments of the data connection, full-size and smaller ones, are retransmitted to the end without an ACK "
              "while the control connection answers. The 226 only says that the server's kernel took the bytes.")),
         Take("data-path-dead-client", "client", stalled("client", "data-path-dead",
              "The data stops in the middle, then the client's own FIN is retransmitted without an "
              "ACK while the control connection answers; even a 226 comes."))],
        linger=3,
        fault="after 2.5 s the server's firewall drops all packets from and to the ports 50000-50100"),
    Scenario(
        "A device resets the data connection in mid-transfer.",
        vsftpd(local_max_rate=8000, trans_chunk_size=4096, data_connection_timeout=12),
        while_adding(2.5, Rule("fire", "forward", "tcp sport 50000-50100 reject with tcp reset"),
                     Rule("fire", "forward", "tcp dport 50000-50100 reject with tcp reset"),
                     client=ftplib("give_up", file="large.bin", timeout=8)),
        [Take("data-reset-server", "server", failed("server", "data-reset",
              "RST as the first sign of an end, in the client's name but with a TTL of 64 where the client's own packets "
              "have 61: a device sent it. The 426 is the consequence."))],
        fault="after 2.5 s the server's firewall answers all packets from and to the ports 50000-50100 with a TCP reset"),
]
