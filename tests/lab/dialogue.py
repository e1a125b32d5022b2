"""Scenarios in which the dialogue itself breaks: a control connection that dies, is cut for a while, or is damaged."""

import sys
import threading
from typing import Callable

from clients import HERE, PASSWORD, USER, Client, curl, ftplib
from faults import stalled
from rules import MASQUERADE, PRIVATE_SERVER
from servers import Server, proftpd, pureftpd, pyftpdlib, rawserver, vsftpd
from table import Scenario, Take, Truth
from topology import Lab, Rule

# Some seconds for 12 kB, so that the control connection is idle meanwhile.
SLOW = {"local_max_rate": 1500, "trans_chunk_size": 4096}
CONTROL_DROPPED = [Rule("fire", "forward", "tcp dport 21 drop"), Rule("fire", "forward", "tcp sport 21 drop")]
CONTROL_RESET = [Rule("fire", "forward", "tcp dport 21 reject with tcp reset"),
                 Rule("fire", "forward", "tcp sport 21 reject with tcp reset")]
ALL_DROPPED = [Rule("fire", "forward", "ip daddr 10.88.1.2 drop"), Rule("fire", "forward", "ip saddr 10.88.1.2 drop")]


def meanwhile(client: Client, *steps: tuple[float, Callable[[Lab], None]]) -> Client:
    """A client that works while steps are taken, each some seconds after the one before."""
    def run(lab: Lab) -> None:
        def change() -> None:
            for seconds, step in steps:
                lab.wait(seconds)
                step(lab)
        thread = threading.Thread(target=change)
        thread.start()
        client.run(lab)
        thread.join()
    return Client(client.title, run)


def speaker(behaviour: str, limit: float = 60, **options: object) -> Client:
    """One of the dialogues of dialogueclient.py."""
    def run(lab: Lab) -> None:
        words = [f"{key}={value}" for key, value in options.items()]
        lab.run("client", [sys.executable, HERE / "dialogueclient.py", behaviour, USER, PASSWORD, *words], limit)
    return Client(f"ftplib of Python {sys.version_info[0]}.{sys.version_info[1]}", run)


def add(*rules: Rule) -> Callable[[Lab], None]:
    def step(lab: Lab) -> None:
        for rule in rules:
            lab.rule(rule.host, rule.chain, rule.rule)
    return step


def lift(host: str) -> Callable[[Lab], None]:
    """Takes back all rules of a host."""
    return lambda lab: lab.run(host, ["nft", "flush", "table", "inet", "lab"], seconds=5)


def unplug(lab: Lab) -> None:
    """Pulls the server's cable; its router still has the route and asks in vain for the neighbour."""
    lab.ip("server", "link", "set", "eth0", "down")


def rewriting(old: str, new: str, server: Server) -> Server:
    """A server behind a wire that rewrites what begins a segment."""
    def start(lab: Lab) -> None:
        (lab.work / "rewrite").write_text(f"{old}\n{new}\n")
        for router in ("gate", "fire"):  # a NAT that minds the numbers would end the connection by itself
            lab.sysctl(router, "net.netfilter.nf_conntrack_tcp_be_liberal=1")
        server.start(lab)
    return Server(server.title, start)


# The client's gateway rewrites PORT with the kernel's FTP helper.
HELPER = [MASQUERADE, Rule("gate", "ct helper", 'ftp { type "ftp" protocol tcp; }'),
          Rule("gate", "forward", 'tcp dport 21 ct helper set "ftp"')]

SCENARIOS: list[Scenario] = [
    Scenario(
        "A firewall drops the idle control connection during a download.",
        vsftpd(**SLOW), meanwhile(ftplib("give_up", file="data.bin", timeout=15), (2.5, add(*CONTROL_DROPPED))),
        [Take("control-dead-server", "server", stalled("server", "control-dead",
              "The data connection ends in order; the 226 is sent again to the end and never acknowledged.")),
         Take("control-dead-client", "client", stalled("client", "control-dead",
              "The data connection ends in order, no 226 comes; the client's QUIT after 15 s is sent again and never "
              "acknowledged.")),
         Take("control-dead-router", "router", stalled("between", "control-dead",
              "The data connection ends in order, no 226 passes; the client's QUIT after 15 s is sent again and never "
              "acknowledged."))],
        fault="after 2.5 s the server's firewall drops all packets from and to port 21", linger=8, limit=90),
    Scenario(
        "A firewall answers the idle control connection with RSTs after a download of more than a minute.",
        vsftpd(local_max_rate=120, trans_chunk_size=4096),
        meanwhile(ftplib("give_up", 170, file="data.bin", timeout=40), (2.5, add(*CONTROL_RESET))),
        [Take("control-dead-rst-server", "server", stalled("server", "control-dead",
              "The 226 after more than a minute of silence is answered with an RST in the client's name, which a device "
              "in between sent.")),
         Take("control-dead-rst-client", "client", stalled("client", "control-dead",
              "The data connection ends in order, no 226 comes; the QUIT after it is answered with an RST in the server's "
              "name, which a device in between sent."))],
        fault="after 2.5 s the server's firewall answers all packets from and to port 21 with a TCP reset", linger=1,
        limit=180),
    Scenario(
        "The server vanishes in the middle of a download.",
        vsftpd(**SLOW, data_connection_timeout=10),
        meanwhile(ftplib("give_up", file="data.bin", timeout=10), (1.5, add(*ALL_DROPPED))),
        [Take("host-unreachable-client", "client", stalled("client", "host-unreachable",
              "Nothing comes any more on either connection; the client's FIN on data and its QUIT are sent again and "
              "never acknowledged.")),
         Take("host-unreachable-server", "server", stalled("server", "host-unreachable",
              "Nothing of the client comes any more on either connection; data and replies are sent again and never "
              "acknowledged."))],
        fault="after 1.5 s the server's firewall drops all packets from and to the server", linger=8, limit=90),
    Scenario(
        "The server's cable is pulled in the middle of a download, and its router says so.",
        vsftpd(**SLOW), meanwhile(ftplib("give_up", file="data.bin", timeout=8), (1.5, unplug)),
        [Take("host-unreachable-icmp-client", "client", stalled("client", "host-unreachable",
              "ICMP host unreachable from 192.0.2.2 quotes segments of the established connections; nothing of the "
              "server comes any more.")),
         Take("host-unreachable-icmp-router", "router", stalled("between", "host-unreachable",
              "ICMP host unreachable from 192.0.2.2 quotes segments of the established connections; nothing of the "
              "server comes any more."))],
        fault="after 1.5 s the server's interface goes down", linger=3, limit=90),
    Scenario(
        "The control connection is cut for some seconds while the 226 is on its way.",
        vsftpd(**SLOW), meanwhile(ftplib("get", list="no", file="data.bin"), (2.5, add(*CONTROL_DROPPED)),
                                  (9.5, lift("fire"))),
        [Take("control-interrupted-server", "server", [Truth("healthy", "server", "The 226 is sent again for some seconds, "
              "then acknowledged.", warning=["control-interrupted"])]),
         Take("control-interrupted-client", "client", [Truth("healthy", "client", "The 226 comes several seconds after the "
              "data connection was closed.", warning=["control-interrupted"])])],
        fault="from 2.5 s to 12 s the server's firewall drops all packets from and to port 21"),
    Scenario(
        "A server that takes five seconds to say 226 after a download.",
        rawserver(final_delay=5), ftplib("get", list="no"),
        [Take("reply-late", "client", [Truth("healthy", "client", "The 226 comes 5 s after the end of the data, numbered next "
              "to the packet before it: the server took its time.")])]),
    Scenario(
        "proftpd asks the client's host who is there (ident, port 113), and that host's firewall drops the question.",
        proftpd("LoadModule mod_ident.c", "IdentLookups on"), ftplib("get", list="no"),
        [Take("ident-delay-server", "server", [Truth("healthy", "server", "Five SYNs of the server to the client's port 113 "
              "have no answer; the 220 comes after 5 s.", warning=["ident-delay"])]),
         Take("ident-delay-client", "client", [Truth("healthy", "client", "Five SYNs of the server to the client's port 113 "
              "arrive and have no answer; the 220 comes after 5 s.", warning=["ident-delay"])])],
        rules=[Rule("client", "input", "tcp dport 113 drop")]),
    Scenario(
        "proftpd asks the client's host who is there (ident, port 113), and the client's gateway drops the question.",
        proftpd("LoadModule mod_ident.c", "IdentLookups on"), ftplib("get", list="no"),
        [Take("ident-delay-unseen", "client", [Truth("healthy", "client", "The 220 comes after 5 s; why can't be seen from "
              "here.", warning=["banner-late"])])],
        rules=[Rule("gate", "forward", "tcp dport 113 drop")]),
    Scenario(
        "proftpd asks the client's host who is there (ident, port 113), and is told at once that nobody listens.",
        proftpd("LoadModule mod_ident.c", "IdentLookups on"), ftplib("get", list="no"),
        [Take("ident-refused", "server", [Truth("healthy", "server", "An RST answers the SYN to the client's port 113, and "
              "the 220 comes at once.")])]),
    Scenario(
        "A firewall drops the segments that hold a PORT command.",
        vsftpd(idle_session_timeout=10), ftplib("give_up_early", active="yes", timeout=8),
        [Take("command-unacknowledged-port-client", "client", stalled("client", "command-unacknowledged",
              "PORT is sent again to the end and never acknowledged, while all that came before arrived.")),
         Take("command-unacknowledged-port-server", "server", stalled("server", "command-unacknowledged",
              "After TYPE only a bare ACK comes, whose sequence number is 24 bytes ahead of all that arrived; 421 after "
              "10 s."))],
        rules=[Rule("fire", "forward", "tcp dport 21 @th,160,32 0x504f5254 drop"),
               Rule("fire", "forward", "tcp dport 21 @th,256,32 0x504f5254 drop")], linger=4),
    Scenario(
        "A firewall drops the segments that hold a 227.",
        vsftpd(), curl("--disable-epsv", "--max-time", "8"),
        [Take("command-unacknowledged-227-server", "server", stalled("server", "command-unacknowledged",
              "The 227 is sent again to the end and never acknowledged, while all that came before arrived.")),
         Take("command-unacknowledged-227-client", "client", stalled("client", "command-unacknowledged",
              "No reply to PASV arrives, but a bare ACK whose sequence number is 48 bytes ahead of all that did."))],
        rules=[Rule("fire", "forward", "tcp sport 21 @th,256,32 0x32323720 drop")], linger=1),
    Scenario(
        "A firewall begins to drop port 21 between two commands.",
        vsftpd(), meanwhile(ftplib("slow", seconds=1.5, timeout=8), (2.2, add(*CONTROL_DROPPED))),
        [Take("command-unacknowledged-client", "client", stalled("client", "command-unacknowledged",
              "NOOP is sent again to the end and never acknowledged, in the flow of the dialogue."))],
        fault="after 2.2 s the server's firewall drops all packets from and to port 21", linger=9),
    Scenario(
        "The client closes the control connection in the middle of a download, which vsftpd finishes all the same.",
        vsftpd(**SLOW), speaker("leave_early"),
        [Take("control-closed-early-client", "client", [Truth("healthy", "client", "FIN on control after 1.4 of 12 kB; all of "
              "the data comes, an RST answers the 226.", warning=["control-closed-early"])]),
         Take("control-closed-early-server", "server", [Truth("healthy", "server", "FIN on control in the middle of 12 kB; all "
              "of the data goes out, an RST answers the 226.", warning=["control-closed-early"])])], linger=1),
    Scenario(
        "The client closes the control connection in the middle of a download, and pure-ftpd stops.",
        pureftpd("-T", "8:8"), speaker("leave_early", file="large.bin"),
        [Take("control-closed-early-cut", "client", [Truth("healthy", "client", "FIN on control after 1.4 of 60 kB; the server "
              "ends the data in order after less than the whole file and never says a final reply.",
              warning=["control-closed-early"])])], linger=1),
    Scenario(
        "A client that ends its lines in LF alone.",
        vsftpd(), speaker("lf_only"),
        [Take("dialogue-malformed-lf", "client", [Truth("healthy", "client", "Four commands that end in LF; vsftpd answers "
              "them all.", warning=["dialogue-malformed"])])]),
    Scenario(
        "A client that forgets the end of a line and waits for the answer.",
        vsftpd(), speaker("never_ends", seconds=12),
        [Take("dialogue-malformed-no-end", "client", stalled("client", "dialogue-malformed",
              "PWD without CR LF is acknowledged by TCP, and nothing more is said for 12 s."))]),
    Scenario(
        "A server whose multi-line reply to PASS lacks its last line.",
        rawserver(PASS="230-Welcome_to_the_lab.|230-Be_nice."), ftplib("login", timeout=8),
        [Take("dialogue-malformed-unended", "client", stalled("client", "dialogue-malformed",
              "Two lines that begin with 230- and none that begins with 230 and a blank; the client leaves after 8 s.")),
         Take("dialogue-malformed-unended-server", "server", stalled("server", "dialogue-malformed",
              "Two lines that begin with 230- and none that begins with 230 and a blank; the client leaves after 8 s."))]),
    Scenario(
        "A server that prints a line without a code before a reply.",
        rawserver(PASS="Last_login:_never|230_Logged_in."), curl(),
        [Take("dialogue-malformed-no-code", "client", [Truth("healthy", "client", "\"Last login: never\" comes before the 230, "
              "and curl reads over it.", warning=["dialogue-malformed"])])]),
    Scenario(
        "The client's gateway rewrites PORT for its NAT and adjusts the sequence numbers, as it should.",
        vsftpd(), ftplib("give_up_early", active="yes"),
        [Take("helper-rewrites-port", "client", [Truth("healthy", "client", "PORT is 3 bytes longer behind the gateway, and "
              "nothing shows of it here.")])],
        rules=HELPER),
    Scenario(
        "A helper on the way rewrites PORT for NAT, three bytes longer, and forgets the sequence numbers.",
        rewriting("PORT 10,77,1,2,", "PORT 198,51,100,1,", vsftpd()), ftplib("give_up_early", active="yes", timeout=8),
        [Take("control-sequence-broken-client", "client", stalled("client", "control-sequence-broken",
              "The server acknowledges 3 bytes more than PORT had; PORT and the 200 are sent again and again.")),
         Take("control-sequence-broken-server", "server", stalled("server", "control-sequence-broken",
              "The client's packets after PORT are numbered 3 bytes lower than PORT's end."))],
        fault="the gateway's wire rewrites PORT 10,77,1,2 to PORT 198,51,100,1 and nothing else", rules=[MASQUERADE],
        linger=4),
    Scenario(
        "A helper on the way rewrites 227 for NAT, three bytes longer, and forgets the sequence numbers.",
        rewriting("227 Entering Passive Mode (10,88,1,2,", "227 Entering Passive Mode (203,0,113,10,", vsftpd()),
        ftplib("give_up_early", timeout=8, host="203.0.113.10"),
        [Take("control-sequence-broken-227-client", "client", stalled("client", "control-sequence-broken",
              "The server's packets after the 227 are numbered 3 bytes lower than its end.")),
         Take("control-sequence-broken-227-server", "server", stalled("server", "control-sequence-broken",
              "The client acknowledges 3 bytes more than the 227 had; the 227 and RETR are sent again and again."))],
        fault="the firewall's wire rewrites 227 with 10,88,1,2 to 227 with 203,0,113,10 and nothing else",
        rules=PRIVATE_SERVER, linger=4),
]
