"""Scenarios that only many sessions together explain."""

import re
from pathlib import Path
from typing import Callable

from capture import dialogues
from clients import at_addresses, ftplib, together
from servers import proftpd, several, vsftpd
from table import Scenario, Take, Truth
from topology import Rule

CLIENTS = ("10.77.1.2", "10.77.1.3", "10.77.1.4", "10.77.1.5")
FINE = "Logged in, one file by PASV, QUIT."


def crowd(does: str, count: int, at_once: int, sources: tuple[str, ...] = CLIENTS, **options: object):
    return at_addresses(*sources, client=ftplib("crowd", does=does, count=count, at_once=at_once,
                                                    sources=",".join(sources), **options))


def by_port(vantage: str, closed: range, code: str, notes: str) -> Callable[[Path], list[Truth]]:
    """The server chose the ports by chance: what a session came to follows from what its 227 says."""
    def truths(path: Path) -> list[Truth]:
        found = []
        for said in dialogues(path).values():
            high, low = re.search(r"227 .*,(\d+),(\d+)\)", said).groups()
            bad = int(high) * 256 + int(low) in closed
            found.append(Truth("stalled", vantage, notes, critical=[code]) if bad else Truth("healthy", vantage, FINE))
        return found
    return truths


def by_source(vantage: str, client: str, code: str, notes: str) -> Callable[[Path], list[Truth]]:
    def truths(path: Path) -> list[Truth]:
        bad = Truth("stalled", vantage, notes, critical=[code])
        return [bad if source == client else Truth("healthy", vantage, FINE) for source, _ in dialogues(path)]
    return truths


def by_text(vantage: str, text: str, bad: Truth) -> Callable[[Path], list[Truth]]:
    """A session went wrong if this was said in it."""
    def truths(path: Path) -> list[Truth]:
        return [bad if text in said else Truth("healthy", vantage, FINE) for said in dialogues(path).values()]
    return truths


UPPER = range(50034, 50041)
NO_ANSWER = "The SYNs to the port of the 227 have no answer: the firewall drops 50034-50040, the server's range is 50000-50040."
NO_ARRIVAL = "The 227 was sent and nothing came to its port, which is one of those that the firewall drops."

NO_ANSWER_TO_ONE = "The SYNs to the port of the 227 have no answer: the firewall drops those of this client."
NO_ARRIVAL_OF_ONE = "The 227 was sent and nothing came to its port: the firewall drops what this client dials."

SCENARIOS: list[Scenario] = [
    Scenario(
        "The firewall lets only a part of the server's passive range through: of 40 sessions some fail.",
        vsftpd(pasv_min_port=50000, pasv_max_port=50040),
        crowd("give_up", 40, 6, timeout=4),
        [Take("range-partly-open-client", "client", by_port("client", UPPER, "data-syn-unanswered", NO_ANSWER),
              findings=["passive-range-partly-open"]),
         Take("range-partly-open-server", "server", by_port("server", UPPER, "data-never-attempted", NO_ARRIVAL),
              findings=["passive-range-partly-open"])],
        rules=[Rule("fire", "forward", "ip daddr 10.88.1.2 tcp dport 50034-50040 drop")]),
    Scenario(
        "40 sessions of four clients at once; the 7 of one of them get no data connection through the server's firewall.",
        vsftpd(pasv_min_port=50000, pasv_max_port=50040),
        together(crowd("give_up", 33, 5, sources=CLIENTS[:3], timeout=4), crowd("give_up", 7, 3, sources=CLIENTS[3:], timeout=4)),
        [Take("forty-sessions-client", "client", by_source("client", CLIENTS[3], "data-syn-unanswered", NO_ANSWER_TO_ONE)),
         Take("forty-sessions-server", "server", by_source("server", CLIENTS[3], "data-never-attempted", NO_ARRIVAL_OF_ONE))],
        rules=[Rule("fire", "forward", f"ip saddr {CLIENTS[3]} tcp dport 50000-50040 drop")]),
    Scenario(
        "One client of three is not let out to passive ports, on whichever it tries; the same ports serve the others.",
        vsftpd(pasv_min_port=50000, pasv_max_port=50040),
        together(*[crowd("give_up", 8, 1, sources=(address,), timeout=4) for address in CLIENTS[1:3]],
                 crowd("give_up", 4, 2, sources=CLIENTS[:1], timeout=4)),
        [Take("passive-blocked-for-one-client", "client", by_source(
            "client", "10.77.1.2", "data-syn-unanswered",
            "The SYNs to the port of the 227 have no answer, whichever it is: the client's gateway drops those of 10.77.1.2."))],
        rules=[Rule("gate", "forward", "ip saddr 10.77.1.2 tcp dport 50000-50040 drop")]),
    Scenario(
        "A passive range of two ports and five clients that take their time: the last ones get no port.",
        vsftpd(pasv_min_port=50000, pasv_max_port=50001),
        together(*[ftplib("hold_port", seconds=3)] * 5, pause=0.4),
        [Take("passive-range-exhausted", "client",
              [Truth("healthy", "client", FINE)] * 2
              + [Truth("failed", "client", "500 OOPS to PASV: both ports of the range wait for the clients that came first.",
                       critical=["passive-unavailable"])] * 3, findings=["passive-range-exhausted"])]),
    Scenario(
        "25 logins with wrong passwords from one client within seconds.",
        vsftpd(delay_failed_login=0, max_login_fails=3),
        crowd("login", 25, 4, sources=CLIENTS[:1], password="guess"),
        [Take("login-attempts", "server",
              [Truth("failed", "server", "530 to PASS.", critical=["login-refused"])] * 25, findings=["login-attempts"])]),
    Scenario(
        "A script with an old password tries eight names.",
        vsftpd(delay_failed_login=0), ftplib("guess", users="anna,bert,carl,dora,emil,fred,gina,hans"),
        [Take("login-attempts-some", "client",
              [Truth("failed", "client", "530 to PASS.", critical=["login-refused"])] * 8, findings=["login-attempts"])]),
    Scenario(
        "Three users mistype their passwords once.",
        vsftpd(delay_failed_login=0), together(*[ftplib("typo")] * 3, pause=0.5),
        [Take("login-typos", "client", by_text(
            "client", "530 Login incorrect", Truth("failed", "client", "530 to PASS.", critical=["login-refused"])))]),
    Scenario(
        "Two servers behind one address, in turn; the passive range of the second is not open.",
        several(vsftpd(listen_address="10.88.1.2", pasv_address="203.0.113.10", pasv_min_port=50000, pasv_max_port=50049),
                proftpd("MasqueradeAddress 203.0.113.10", "SocketBindTight on", "DefaultAddress 10.88.1.3",
                        passive=(50050, 50100))),
        crowd("give_up", 16, 4, sources=CLIENTS[:2], host="203.0.113.10", timeout=4),
        [Take("backend-without-range", "client", by_text(
            "client", "ProFTPD", Truth("stalled", "client", "The SYNs to the ports of the second server have no answer.",
                                       critical=["data-syn-unanswered"])),
              findings=["passive-range-partly-open"])],
        rules=[Rule("fire", "prerouting", "ip daddr 203.0.113.10 tcp dport 21 dnat ip to numgen inc mod 2 map "
                                          "{ 0 : 10.88.1.2, 1 : 10.88.1.3 }"),
               Rule("fire", "prerouting", "ip daddr 203.0.113.10 tcp dport 50000-50049 dnat ip to 10.88.1.2"),
               Rule("fire", "forward", "tcp dport 50050-50100 drop")]),
    Scenario(
        "The firewall drops the passive range; in three sessions the server gives up after 6 s, and the client waits for it.",
        vsftpd(accept_timeout=6),
        together(*[ftplib("wait_for_425", timeout=9)] * 3, pause=0.7),
        [Take("accept-timer", "client", [Truth(
            "stalled", "client", "The SYNs to the port of the 227 have no answer; 425 after 6 s.",
            critical=["data-syn-unanswered"])] * 3)],
        rules=[Rule("fire", "forward", "ip daddr 10.88.1.2 tcp dport 50000-50100 drop")]),
]
