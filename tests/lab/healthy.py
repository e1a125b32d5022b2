"""Scenarios in which everything that was asked for is done in the end."""

from capture import after_login, lose_some
from clients import curl, ftplib, lftp, ncftpput, tnftp
from rules import PRIVATE_CLIENT, PRIVATE_SERVER
from servers import proftpd, pureftpd, pyftpdlib, vsftpd
from table import Scenario, Take, Truth


def fine(vantage: str, notes: str, **more) -> list[Truth]:
    return [Truth("healthy", vantage, notes, **more)]


ORDERLY = "Every announcement was dialled at once, every transfer got its 226 and QUIT its 221."


SCENARIOS: list[Scenario] = [
    Scenario(
        "curl lists a folder and fetches a file in passive mode (EPSV).",
        vsftpd(), curl("-o", "/dev/null", "ftp://10.88.1.2/", path="data.bin"),
        [Take("passive-vsftpd-curl", "client", fine("client", ORDERLY), pcapng=True)]),
    Scenario(
        "lftp lists and fetches in passive mode with PASV, captured at the server.",
        proftpd(), lftp("ls", "get readme.txt", settings=("set ftp:prefer-epsv no",)),
        [Take("passive-pasv-proftpd-lftp", "server", fine("server", ORDERLY + " lftp's FEAT and OPTS before the login "
              "may be refused without harm."), nano=True)]),
    Scenario(
        "Python's ftplib lists and fetches in active mode (PORT), captured between the two.",
        vsftpd(), ftplib("get", active="yes"),
        [Take("active-vsftpd-ftplib", "router", fine("between", ORDERLY))]),
    Scenario(
        "curl fetches from pure-ftpd with EPSV.",
        pureftpd(), curl(),
        [Take("epsv-pureftpd-curl", "client", fine("client", ORDERLY))]),
    Scenario(
        "curl fetches over IPv6 in active mode (EPRT), captured at the server.",
        vsftpd(listen_ipv6="YES"), curl("-P", "-", host="fd00:88::2", path="data.bin"),
        [Take("eprt-ipv6-vsftpd", "server", fine("server", ORDERLY))]),
    Scenario(
        "ncftpput uploads a file to pyftpdlib.",
        pyftpdlib(), ncftpput("upload.bin"),
        [Take("upload-pyftpdlib-ncftp", "client", fine("client", ORDERLY))]),
    Scenario(
        "tnftp lists and fetches from proftpd.",
        proftpd(), tnftp("ls", "get readme.txt"),
        [Take("passive-proftpd-tnftp", "server", fine("server", ORDERLY), pcapng=True)]),
    Scenario(
        "curl fetches with explicit FTPS and a protected data channel.",
        vsftpd(tls=True, require_ssl_reuse="NO", force_local_data_ssl="YES", force_local_logins_ssl="YES"),
        curl("--ssl-reqd", "-k"),
        [Take("ftps-explicit-vsftpd-curl", "client", fine("client",
              "After AUTH the dialogue can't be read; the data connection opened and closed in order.",
              info=["control-hidden"]))]),
    Scenario(
        "lftp lists and fetches with explicit FTPS from proftpd.",
        proftpd(tls=True), lftp("ls", "get readme.txt", settings=("set ftp:ssl-force yes",)),
        [Take("ftps-explicit-proftpd-lftp", "server", fine("server",
              "After AUTH the dialogue can't be read; both data connections opened and closed in order.",
              info=["control-hidden"]))]),
    Scenario(
        "curl fetches with implicit FTPS on port 990.",
        vsftpd(tls=True, port=990, implicit_ssl="YES", require_ssl_reuse="NO"),
        curl("-k", scheme="ftps"),
        [Take("ftps-implicit-vsftpd-curl", "client", fine("client",
              "TLS from the first byte on port 990; the data connection opened and closed in order.",
              info=["control-hidden"]), pcapng=True)]),
    Scenario(
        "A healthy passive session whose packets were cut at 96 bytes.",
        vsftpd(), lftp("ls", "get data.bin", settings=("set ftp:prefer-epsv no",)),
        [Take("snaplen-96", "client", fine("client", ORDERLY + " Longer packets are cut, so the end of long lines is "
              "missing.", info=["capture-snaplen"]), snaplen=96)]),
    Scenario(
        "A healthy session of which only what follows the login was captured.",
        vsftpd(), ftplib("get", file="data.bin"),
        [Take("midstream", "client", fine("client", "The control connection has no handshake, no banner and no login: "
              "the capture began after the 230.", info=["capture-midstream"]), edit=after_login)]),
    Scenario(
        "A healthy session captured with a filter that holds only the server's packets.",
        vsftpd(), curl(),
        [Take("one-direction", "server", [Truth("healthy", "server",
              "Only packets from the server are there: its ACKs advance and its 226 confirms the transfer.",
              info=["capture-one-direction"])], only="src host 10.88.1.2")]),
    Scenario(
        "A healthy session captured with the filter `port 21`.",
        vsftpd(), curl(path="data.bin"),
        [Take("control-only", "client", fine("client", "226 confirms the transfer, the data connection was filtered out "
              "of the capture.", info=["capture-control-only"]), only="port 21")]),
    Scenario(
        "A healthy session whose capture lost every third large packet.",
        vsftpd(), curl(path="large.bin"),
        [Take("capture-lost-packets", "client", fine("client", "The client acknowledged bytes that are not in the "
              "capture, and 226 came: the capture lost packets, not the network.", info=["capture-loss"]),
              edit=lose_some)]),
    Scenario(
        "A healthy session captured with `-i any` (link type LINUX_SLL2).",
        pureftpd(), curl(),
        [Take("any-sll2", "client", fine("client", ORDERLY), interface="any")]),
    Scenario(
        "A healthy session captured with `-i any` on a router, which shows each packet twice.",
        vsftpd(), curl(path="data.bin"),
        [Take("any-router-duplicates", "router", [Truth("healthy", "between",
              "Each packet is there on its way in and on its way out, with a TTL one lower.",
              info=["capture-duplicates"])], interface="any")]),
    Scenario(
        "One passive session through a masquerading gateway, captured on both sides of it.",
        vsftpd(), curl(path="data.bin"),
        [Take("nat-inside", "client", fine("client", ORDERLY)),
         Take("nat-outside", "server", fine("server", ORDERLY + " The client appears as 198.51.100.1."))],
        rules=PRIVATE_CLIENT, fault="none, but the client's network is private"),
    Scenario(
        "The server behind NAT names its private address, and curl dials the control peer instead.",
        vsftpd(), curl("--disable-epsv", host="203.0.113.10"),
        [Take("pasv-address-overridden", "client", fine("client", "227 names 10.88.1.2 while the server was reached at "
              "203.0.113.10; curl dialled 203.0.113.10 and it worked.", info=["pasv-address-overridden"]))],
        rules=PRIVATE_SERVER, fault="none, but the server's network is private"),
    Scenario(
        "One file that does not exist is asked for, then one that does.",
        vsftpd(), ftplib("missing_then_fine"),
        [Take("transfer-refused-550-then-fine", "client", fine("client", "550 to the first RETR, the second completed.",
              warning=["transfer-refused"]))]),
    Scenario(
        "The user aborts a transfer with ABOR and goes on working.",
        vsftpd(local_max_rate=10000, trans_chunk_size=4096), ftplib("abort"),
        [Take("user-abort", "client", fine("client", "ABOR came from the client in mid-transfer; the listing after it "
              "completed.", info=["transfer-aborted"]))]),
    Scenario(
        "The client ends a download after a second and leaves.",
        vsftpd(local_max_rate=10000, trans_chunk_size=4096), curl("--max-time", "1.5", path="large.bin"),
        [Take("client-leaves", "server", fine("server", "The client's FINs on data and control come in mid-transfer, then "
              "its kernel answers late data with RST: a user's abort, a killed client or a time limit.",
              info=["transfer-aborted"]))],
        linger=2),
    Scenario(
        "EPSV is refused by the server and curl falls back to PASV.",
        vsftpd(cmds_denied="EPSV"), curl(),
        [Take("epsv-refused-pasv-works", "client", fine("client", "550 to EPSV, PASV worked.", info=["epsv-refused"]))]),
    Scenario(
        "A passive port is announced that nobody uses, the next one works.",
        vsftpd(), ftplib("unused"),
        [Take("announcement-unused", "client", fine("client", "Nothing followed the first 227 but another request for "
              "a port.", info=["announcement-unused"]))]),
]
