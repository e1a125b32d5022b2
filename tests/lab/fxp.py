"""Scenarios in which two servers exchange a file at a client's word (FXP)."""

import sys
from pathlib import Path

from clients import Client, lftp
from servers import Server, several, vsftpd
from table import Scenario, Take, Truth
from topology import Lab, Rule
from world import PASSWORD, USER

HERE = Path(__file__).resolve().parent
SECOND = f"ftp://{USER}:{PASSWORD}@10.89.1.2/incoming/copy.bin"
CLEAR = ["cleartext-login"]


def two(**options: object) -> Server:
    """10.88.1.2 and 10.89.1.2, with the same options."""
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
FIRST_PASSIVE = "set ftp:fxp-passive-source yes"

SCENARIOS: list[Scenario] = [
    Scenario(
        "A client has one server send a file to another one (FXP).",
        two(**WILLING), copy(),
        [Take("fxp", "router", [Truth("healthy", "between", "x", info=["fxp", *CLEAR]),
                                Truth("healthy", "between", "x", info=["fxp", *CLEAR])],
              interface="any", only="inbound"),
         Take("fxp-client", "client", [Truth("healthy", "client", "x", info=["fxp", *CLEAR]),
                                       Truth("healthy", "client", "x", info=["fxp", *CLEAR])]),
         Take("fxp-server", "server", [Truth("healthy", "server", "x", info=["fxp", *CLEAR])])]),
    Scenario(
        "The same, and the server that has the file listens.",
        two(**WILLING), copy(FIRST_PASSIVE),
        [Take("fxp-server-passive", "server", [Truth("healthy", "server", "x", info=["fxp", *CLEAR])])]),
    Scenario(
        "The server that is to dial the other one refuses.",
        two(), plainly(),
        [Take("fxp-refused", "client", [Truth("healthy", "client", "x", info=CLEAR),
                                        Truth("healthy", "client", "x", info=CLEAR)])]),
    Scenario(
        "A firewall between the two servers drops their data connection.",
        two(**WILLING, connect_timeout="8"), plainly(),
        [Take("fxp-blocked-client", "client", [Truth("failed", "client", "x"), Truth("failed", "client", "x")]),
         Take("fxp-blocked-server", "server", [Truth("failed", "server", "x")])],
        rules=[Rule("core", "forward", "ip saddr 10.88.1.2 ip daddr 10.89.1.2 drop")]),
]
