"""Healthy twins of the faults: what looks like trouble and comes to its end."""

import sys
from pathlib import Path

from capture import Record
from clients import Client, curl, ftplib, lftp, while_broken
from healthy import ORDERLY, fine
from rules import MASQUERADE, PRIVATE_SERVER
from servers import proftpd, pureftpd, pyftpdlib, rawserver, vsftpd
from table import Scenario, Take, Truth
from topology import Lab, Rule, Setting
from world import PASSWORD, USER


def twin(behaviour: str, limit: float = 60, **options: object) -> Client:
    """One of the dialogues of twinclient.py."""
    program = Path(__file__).resolve().with_name("twinclient.py")

    def run(lab: Lab) -> None:
        words = [f"{key}={value}" for key, value in options.items()]
        lab.run("client", [sys.executable, program, behaviour, USER, PASSWORD, *words], limit)
    return Client(f"ftplib of Python {sys.version_info[0]}.{sys.version_info[1]}", run)


def every(count: int, host: str = "fire") -> Rule:
    """Loss, the same on every run: one packet in `count`."""
    return Rule(host, "forward", f"meta l4proto tcp numgen inc mod {count} == {count - 1} drop")


def first(what: str) -> Rule:
    """Only the first packet of this kind is lost."""
    return Rule("fire", "forward", f"{what} numgen inc mod 1000000 == 0 drop")


def data_packets(records: list[Record]) -> list[int]:
    """Where the packets with data of a passive transfer are."""
    return [index for index, record in enumerate(records)
            if len(record.data) > 1000 and record.data[34:36] >= (50000).to_bytes(2)]


def in_transfer(records: list[Record]) -> list[Record]:
    """Cuts away the second half of a transfer and all that follows: a capture stopped too soon."""
    data = data_packets(records)
    return records[:data[len(data) // 2] + 1]


def from_transfer(records: list[Record]) -> list[Record]:
    """Cuts away all up to the middle of a transfer: a capture started too late."""
    data = data_packets(records)
    return records[data[len(data) // 2]:]


RECOVERED = "Some segments were sent again and all were acknowledged in the end; every transfer got its 226."
DATA_PORTS = "50000-50100"

NETWORK: list[Scenario] = [
    Scenario(
        "Two packets in a hundred are lost, and sent again.",
        vsftpd(), ftplib("get", file="medium.bin"),
        [Take("loss-recovers-client", "client", fine("client", RECOVERED)),
         Take("loss-recovers-server", "server", fine("server", RECOVERED))],
        rules=[every(35)]),
    Scenario(
        "One packet in a hundred of an upload is lost, and sent again.",
        proftpd(), curl("-T", "upload.bin", "-T", "upload.bin", path="incoming/"),
        [Take("loss-recovers-upload", "server", fine("server", RECOVERED))],
        rules=[every(30)]),
    Scenario(
        "The first SYN to port 21 and the first 226 are lost, and sent again.",
        vsftpd(), curl(),
        [Take("control-loss-recovers", "client", fine("client", "The SYN was answered on its second try, and all that "
              "was asked for is done."))],
        rules=[first("tcp dport 21 tcp flags & (syn | ack) == syn"), first('tcp sport 21 @th,256,32 0x32323620')]),
    Scenario(
        "A slow line: 20 kB/s, and always moving.",
        vsftpd(), curl(path="medium.bin"),
        [Take("slow-line-client", "client", fine("client", "The bytes come slowly and without a pause.")),
         Take("slow-line-server", "server", fine("server", "The bytes leave slowly and without a pause."))],
        rules=[Setting("fire", "tc qdisc add dev wan root tbf rate 160kbit burst 4000 latency 3s")]),
    Scenario(
        "A server that sends a piece every four seconds.",
        vsftpd(local_max_rate=1000, trans_chunk_size=4096), curl(path="data.bin"),
        [Take("slow-server", "client", fine("client", "Four seconds between pieces, nothing outstanding, and a 226."))]),
    Scenario(
        "The maximum segment size is 300 bytes.",
        vsftpd(), curl("-o", "/dev/null", "ftp://10.88.1.2/", path="data.bin"),
        [Take("small-mss", "client", fine("client", ORDERLY + " No segment is larger than 300 bytes."))],
        rules=[Setting("client", "ip route change default via 10.77.1.1 advmss 300")]),
    Scenario(
        "A link of 1400 bytes on the way, and the router says so.",
        vsftpd(), curl(path="medium.bin"),
        [Take("mtu-1400-server", "server", fine("server", "ICMP 3/4 says 1400, smaller segments follow and are "
              "acknowledged.")),
         Take("mtu-1400-client", "client", fine("client", ORDERLY))],
        rules=[Setting("core", "ip link set west mtu 1400"), Setting("gate", "ip link set wan mtu 1400")]),
    Scenario(
        "No segmentation offload: every segment fits a packet.",
        vsftpd(), curl(path="medium.bin"),
        [Take("offload-off", "server", fine("server", ORDERLY))],
        rules=[Setting("server", "ip link set eth0 gso_max_segs 1")]),
    Scenario(
        "All of the network between them is gone for three seconds in mid-transfer, and comes back.",
        vsftpd(local_max_rate=12000, trans_chunk_size=4096),
        while_broken(2, 3, Rule("core", "forward", "meta l4proto tcp drop"), client=curl(path="medium.bin")),
        [Take("outage-recovers-client", "client", fine("client", "Silence for some seconds, then the rest and a 226.")),
         Take("outage-recovers-server", "server", fine("server", "Segments sent again for some seconds, then "
              "acknowledged, and a 226."))],
        fault="after 2 s a router drops all TCP for 3 s"),
    Scenario(
        "Three seconds without a way for the data connection alone.",
        vsftpd(local_max_rate=12000, trans_chunk_size=4096),
        while_broken(2, 3, Rule("core", "forward", f"tcp dport {DATA_PORTS} drop"),
                     Rule("core", "forward", f"tcp sport {DATA_PORTS} drop"), client=curl(path="medium.bin")),
        [Take("data-outage-recovers", "server", fine("server", "Data segments sent again for some seconds, then "
              "acknowledged, and a 226."))],
        fault=f"after 2 s a router drops TCP from and to the ports {DATA_PORTS} for 3 s"),
]


DIALOGUES: list[Scenario] = [
    Scenario(
        "Three announcements that nobody uses, then one that works.",
        vsftpd(), twin("abandons", seconds=1),
        [Take("abandoned-announcements-client", "client", fine("client", "Nothing was dialled before the last of the "
              "four announcements, and that one worked.", info=["announcement-unused"])),
         Take("abandoned-announcements-server", "server", fine("server", "Nothing came to the first three ports; the "
              "fourth was used.", info=["announcement-unused"]))]),
    Scenario(
        "A port that is announced after the work was done, and not used.",
        pureftpd(), twin("leaves_one"),
        [Take("announcement-unused-at-end", "server", fine("server", "The transfer came to its end before; QUIT follows "
              "the announcement.", info=["announcement-unused"]))]),
    Scenario(
        "The client sends PORT, changes its mind and uses PASV.",
        vsftpd(), twin("switches"),
        [Take("port-then-pasv", "server", fine("server", "No command ever needed the PORT.",
              info=["announcement-unused"]))]),
    Scenario(
        "The client reads nothing for three seconds in mid-transfer, then goes on.",
        vsftpd(), twin("reads_late", seconds=3),
        [Take("window-closed-for-a-while", "server", fine("server", "A window of 0 for three seconds, then the rest and "
              "a 226."))]),
    Scenario(
        "The client reads nothing for eight seconds in mid-transfer, then goes on.",
        vsftpd(), twin("reads_late", seconds=8),
        [Take("window-closed-for-long", "client", fine("client", "A window of 0 for eight seconds, then the rest and a "
              "226: it recovered.", warning=["data-zero-window"]))]),
    Scenario(
        "Keep-alives on the control connection in a long silence.",
        vsftpd(), twin("keepalive", seconds=13),
        [Take("keep-alives", "client", fine("client", "Thirteen seconds without a command; each probe was answered, "
              "and the work went on."))]),
    Scenario(
        "NOOP every four seconds between two transfers.",
        proftpd(), twin("noop", seconds=16),
        [Take("noop-keeps-alive", "server", fine("server", ORDERLY))]),
    Scenario(
        "A wrong password, then the right one on the same connection.",
        vsftpd(), twin("typo"),
        [Take("login-second-try", "client", fine("client", "530 to the first PASS, 230 to the second."))]),
    Scenario(
        "The server says 425 once; the client asks again and gets the file.",
        rawserver(data="425", refusals=1), twin("retries"),
        [Take("retry-after-425", "client", fine("client", "425 to the first RETR, the second completed.",
              warning=["transfer-refused"]))]),
    Scenario(
        "A segmented download: the end of a file, then its beginning, which is broken off.",
        pureftpd(), twin("pieces"),
        [Take("segmented-download", "server", fine("server", "The client resets the second download when it has what it "
              "wanted; pure-ftpd had said 226 by then, as the rest fitted its kernel's buffer."))]),
    Scenario(
        "An upload that comes in bursts, three seconds apart.",
        vsftpd(), twin("bursts", seconds=3),
        [Take("bursty-upload", "server", fine("server", "Nothing is outstanding between the bursts, and a 226 ends it."))]),
    Scenario(
        "Four files up and down, passive and active in turn.",
        proftpd(), twin("many"),
        [Take("up-and-down", "client", fine("client", ORDERLY)),
         Take("up-and-down-router", "router", fine("between", ORDERLY))]),
    Scenario(
        "The client closes without QUIT when it has its file.",
        vsftpd(), twin("vanish"),
        [Take("no-quit", "server", fine("server", "The 226 came before the client's FIN."))]),
    Scenario(
        "lftp dials the control peer instead of the private address in 227.",
        vsftpd(), lftp("get readme.txt", host="203.0.113.10",
                       settings=("set ftp:prefer-epsv no", "set ftp:fix-pasv-address yes")),
        [Take("pasv-address-ignored-client", "client", fine("client", "227 names 10.88.1.2 while the server was reached "
              "at 203.0.113.10; lftp dialled 203.0.113.10.", info=["pasv-address-overridden"])),
         Take("pasv-address-ignored-server", "server", fine("server", "Behind DNAT the 227 names this host's own "
              "address, and the client's dial arrives at it."))],
        rules=PRIVATE_SERVER, fault="none, but the server's network is private"),
]

FTP_HELPER = [
    Setting("gate", "nft add table inet lab"),
    Setting("gate", 'nft add ct helper inet lab ftp { type "ftp" protocol tcp; }'),
    Rule("gate", "forward", 'tcp dport 21 ct helper set "ftp"'),
]
BOTH_WAYS = "The helper on the client's gateway translates the address in PORT: here it is "

CAPTURES: list[Scenario] = [
    Scenario(
        "Active mode through a masquerading gateway whose FTP helper translates PORT.",
        vsftpd(), ftplib("get", active="yes"),
        [Take("nat-helper-active-inside", "client", fine("client", BOTH_WAYS + "still 10.77.1.2.")),
         Take("nat-helper-active-outside", "server", fine("server", BOTH_WAYS + "198.51.100.1, and so is the client."))],
        rules=[MASQUERADE, *FTP_HELPER, Rule("gate", "forward", 'iifname "wan" ct state new drop')],
        fault="none, but the client's network is private and the FTP helper on"),
    Scenario(
        "Passive mode over IPv6 with EPSV, lftp and vsftpd.",
        vsftpd(listen_ipv6="YES"), lftp("ls", "get data.bin", host="[fd00:88::2]",
                                        settings=("set dns:order inet6", "set ftp:use-feat no")),
        [Take("epsv-ipv6-lftp-client", "client", fine("client", ORDERLY)),
         Take("epsv-ipv6-lftp-router", "router", fine("between", ORDERLY))]),
    Scenario(
        "Active mode over IPv6 with EPRT, ftplib and vsftpd.",
        vsftpd(listen_ipv6="YES"), ftplib("get", active="yes", host="fd00:88::2"),
        [Take("eprt-ipv6-ftplib", "client", fine("client", ORDERLY))]),
    Scenario(
        "The port of a switch that shows all frames with a VLAN tag.",
        vsftpd(), curl("--disable-epsv", path="data.bin"),
        [Take("vlan", "switch", fine("between", ORDERLY))], mirror="8100:77"),
    Scenario(
        "The port of a switch that shows all frames with two VLAN tags (802.1ad).",
        proftpd(), ftplib("get", active="yes"),
        [Take("qinq", "switch", fine("between", ORDERLY))], mirror="88a8:5,8100:77"),
    Scenario(
        "A capture with `-i any` in the older cooked form (link type LINUX_SLL).",
        pureftpd(), curl("--disable-epsv"),
        [Take("any-sll", "server", fine("server", ORDERLY), interface="any", link="LINUX_SLL")]),
    Scenario(
        "A router's `-i any` in the older cooked form: each packet twice.",
        vsftpd(), ftplib("get", active="yes"),
        [Take("any-router-duplicates-sll", "router", fine("between", "Each packet is there on its way in and on its way "
              "out.", info=["capture-duplicates"]), interface="any", link="LINUX_SLL")]),
    Scenario(
        "`-i any` on a gateway that masquerades: each packet before and after the translation.",
        vsftpd(), curl(path="data.bin"),
        [Take("any-gateway-nat", "gateway", [
            *fine("client", "Before the translation: the client is 10.77.1.2, with a fresh TTL."),
            *fine("between", "The same session after the translation: 198.51.100.1, one router on.")], interface="any")],
        rules=[MASQUERADE], fault="none, but the client's network is private"),
    Scenario(
        "Snap length 96 in active mode, captured between the two.",
        vsftpd(), ftplib("get", active="yes", file="data.bin"),
        [Take("snaplen-96-active", "router", fine("between", ORDERLY, info=["capture-snaplen"]), snaplen=96)]),
    Scenario(
        "A capture that holds only the client's packets.",
        vsftpd(), ftplib("get"),
        [Take("one-direction-client", "client", [Truth("undetermined", "client", "The client's packets alone: its ACKs "
              "advance, and what the server said isn't there.", info=["capture-one-direction"])],
              only="src host 10.77.1.2")]),
    Scenario(
        "A capture that ends in mid-transfer.",
        vsftpd(local_max_rate=20000, trans_chunk_size=4096), ftplib("get", file="large.bin", list="no"),
        [Take("ends-in-transfer", "client", [Truth("undetermined", "client", "The transfer is in progress at the last "
              "packet.")], edit=in_transfer)]),
    Scenario(
        "A capture that begins in mid-transfer.",
        vsftpd(), ftplib("get", file="medium.bin", list="no"),
        [Take("begins-in-transfer", "server", fine("server", "The rest of a transfer and its 226.",
              info=["capture-midstream"]), edit=from_transfer)]),
]

SCENARIOS = [*NETWORK, *DIALOGUES, *CAPTURES]
