"""Scenarios about the bytes of a data connection: lost, late, stopped, or fewer than promised."""

from clients import curl, ftplib
from faults import stalled
from healthy import fine
from servers import tuned, vsftpd
from table import Scenario, Take, Truth
from topology import Rule

# A link of the way carries 1400 bytes, and nobody is told. The routers see single packets here, while at the
# servers' own interfaces they are still joined.
NARROW = Rule("core", "forward", "ip length > 1400 drop")
CLAMPED = Rule("core", "forward", "tcp flags syn tcp option maxseg size set 1360")
MTU = ("Full-size segments are sent again and again without an ACK from the first one on, after a listing, which fits a "
       "small packet, had come through.")
MTU_CLIENT = ("A listing came through, then 150 and no byte; when the client closes, its FIN is acknowledged by a packet "
              "whose sequence number is ahead of all that arrived.")

SCENARIOS: list[Scenario] = [
    Scenario(
        "A link of the way carries only 1400 bytes, and no ICMP tells the server.",
        vsftpd(), ftplib("give_up", list="yes", file="large.bin", timeout=8),
        [Take("data-mtu-blackhole-server", "server", stalled("server", "data-mtu-blackhole", MTU)),
         Take("data-mtu-blackhole-router", "router", stalled("between", "data-mtu-blackhole", MTU)),
         Take("data-mtu-blackhole-client", "client", stalled("client", "data-mtu-blackhole", MTU_CLIENT))],
        rules=[NARROW], linger=1.5),
    Scenario(
        "A link of the way carries only 1400 bytes: of a small file the last segment comes through, with the FIN.",
        vsftpd(), ftplib("give_up", file="data.bin", timeout=8),
        [Take("data-mtu-blackhole-tail", "client", stalled("client", "data-mtu-blackhole",
              "Only the last, small segment of the file arrived; the full-size ones before it never did."))],
        rules=[NARROW], linger=1.5),
    Scenario(
        "An upload over a link that carries only 1400 bytes.",
        vsftpd(), curl("-T", "upload.bin", "--max-time", "7", path="incoming/"),
        [Take("data-mtu-blackhole-upload", "client", stalled("client", "data-mtu-blackhole",
              "The client's full-size segments have no ACK, from the first one on.")),
         Take("data-mtu-blackhole-upload-server", "server", [Truth("undetermined", "server",
              "150, not a byte, and the client leaves after 7 s: it may have had nothing to send. Its FIN on the data "
              "connection, which would tell, waits behind the lost data.")])],
        rules=[NARROW], linger=1.5),
    Scenario(
        "A link of the way carries only 1400 bytes, and the server finds that out by itself after some seconds.",
        tuned(vsftpd(), "net.ipv4.tcp_mtu_probing=1"), ftplib("give_up", file="data.bin", timeout=25),
        [Take("data-mtu-probed", "server", fine("server", "Full-size segments are lost until the server's kernel tries "
              "smaller ones, which arrive; the transfer completes some seconds late.", warning=["data-mtu-blackhole"]))],
        rules=[NARROW], fault="the server's kernel probes the MTU (tcp_mtu_probing=1)"),
    Scenario(
        "The same link, with the MSS clamped to what it carries.",
        vsftpd(), ftplib("give_up", list="yes", file="data.bin", timeout=8),
        [Take("small-mss", "server", fine("server", "Every segment is as large as the MSS that the client's SYN seems to "
              "allow, and all of them arrive."))],
        rules=[CLAMPED, NARROW], fault="a link of the way carries only 1400 bytes, which the MSS allows for"),
]
