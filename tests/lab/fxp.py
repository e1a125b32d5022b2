"""Scenarios in which two servers exchange a file at a client's word (FXP)."""

import sys
from pathlib import Path

from clients import Client, lftp
from servers import Server, several, vsftpd
from table import Scenario, Take, Truth
from topology import Lab, Rule
from world import PASSWORD, USER

HERE = Path(__file__).resolve().parent
SECOND = f"ftp://{USER}:{PASSWORD}@203.0.113.130/incoming/copy.bin"
CLEAR = ["cleartext-login"]


def two(**options: object) -> Server:
    """10.88.1.2 and 203.0.113.130, with the same options."""
    return several(vsftpd(**options), vsftpd(host="second", **options))


def copy(*settings: str) -> Client:
    """A file of the first server, copied to the second one."""
    return lftp(f"get data.bin -o {SECOND}", settings=("set ftp:use-fxp yes", *settings))


def plainly() -> Client:
    """The same by ftplib, which neither tries again nor copies the file itself."""
    def run(lab: Lab) -> None:
        lab.run("client", [sys.executable, HERE / "fxpclient.py", USER, PASSWORD], 50)
    return Client(f"ftplib of Python {sys.version_info[0]}.{sys.version_info[1]}", run)


WILLING = {"connect_from_port_20": "NO", "port_promiscuous": "YES", "pasv_promiscuous": "YES"}
SEEN_BY_SERVER = "Nothing of the client's other session; the third host is not as far away as the client."
BOTH = {"info": ["fxp", *CLEAR]}
FROM_ANY_PORT = {"info": ["fxp", "active-source-port", *CLEAR]}

SCENARIOS: list[Scenario] = [
    Scenario(
        "A client has one server send a file to another one (FXP).",
        two(**WILLING), copy(),
        # Packets come in once on their way through; with the usual snap length the buffer holds too few of them.
        [Take("fxp", "router", [
            Truth("healthy", "between", "PORT names what the second server's 227 announced, this server dials and sends, "
                  "226.", **FROM_ANY_PORT),
            Truth("healthy", "server", "227, the other server dials, the upload is confirmed with 226. No router lies "
                  "between here and this server.", **BOTH)],
            interface="any", only="inbound", snaplen=9000),
         Take("fxp-client", "client", [
             Truth("healthy", "client", "PORT names what the second server's 227 announced; the data does not come by "
                   "here.", **BOTH),
             Truth("healthy", "client", "227, which goes into the other session's PORT; the data does not come by here.",
                   **BOTH)]),
         Take("fxp-server", "server", [
             Truth("healthy", "server", "PORT names a third host, this server dials and sends, 226.", **FROM_ANY_PORT)])]),
    Scenario(
        "The same, and the server that has the file listens.",
        two(**WILLING), copy("set ftp:fxp-passive-source yes"),
        [Take("fxp-server-passive", "server", [Truth("healthy", "server", SEEN_BY_SERVER, **BOTH)])]),
    Scenario(
        "The server that is to dial the other one refuses.",
        two(), plainly(),
        [Take("fxp-refused", "client", [
            Truth("healthy", "client", "PASV is answered and not used here: its endpoint goes into the other session's "
                  "PORT.", info=["fxp", "announcement-unused", *CLEAR]),
            Truth("failed", "client", "500 to PORT, which names what the other server announced.",
                  critical=["port-refused"], **BOTH)])]),
    Scenario(
        "A firewall between the two servers drops their data connection.",
        two(**WILLING, connect_timeout="8"), plainly(),
        [Take("fxp-blocked-client", "client", [
            Truth("stalled", "client", "No reply to STOR: the server waits for the other one's data connection.",
                  critical=["command-unanswered"], **BOTH),
            Truth("failed", "client", "425 to RETR after the server's timeout; the data connection would not come by "
                  "here.", critical=["transfer-refused"], **BOTH)]),
         Take("fxp-blocked-server", "server", [
             Truth("stalled", "server", "The server's SYNs to the third host that PORT names have no answer.",
                   critical=["data-syn-unanswered"], info=["active-source-port", *CLEAR])])],
        rules=[Rule("core", "forward", "ip saddr 10.88.1.2 ip daddr 203.0.113.130 drop")]),
]
