"""Scenarios about the bytes of a data connection: lost, late, stopped, or fewer than promised."""

from clients import curl, ftplib, while_adding
from faults import failed, stalled
from healthy import fine
from servers import overtaken, proftpd, pyftpdlib, rawserver, shaped, tuned, vsftpd
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

# A gateway forgets the data connections, or everything behind it is gone.
FORGOTTEN = (Rule("gate", "forward", "tcp dport 50000-50100 drop"), Rule("gate", "forward", "tcp sport 50000-50100 drop"))
GONE = (Rule("gate", "forward", "drop"),)
KEEP_ALIVE = "net.ipv4.tcp_keepalive_time=2", "net.ipv4.tcp_keepalive_intvl=1", "net.ipv4.tcp_keepalive_probes=4"

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
        [Take("clamped-mss", "server", fine("server", "Every segment is as large as the MSS that the client's SYN seems to "
              "allow, and all of them arrive."))],
        rules=[CLAMPED, NARROW], fault="a link of the way carries only 1400 bytes, which the MSS allows for"),
    Scenario(
        "In mid-upload the client's gateway forgets the data connection; the server's keep-alives ask in vain.",
        tuned(vsftpd(), *KEEP_ALIVE),
        while_adding(2.5, *FORGOTTEN, client=ftplib("upload", seconds=8)),
        [Take("data-peer-vanished-server", "server", stalled("server", "data-peer-vanished",
              "Nothing of the client comes on the data connection any more, the server's keep-alives have no answer, and "
              "it gives up with an RST; the control connection still answers.")),
         Take("data-peer-vanished-client", "client", stalled("client", "data-path-dead",
              "The client's data is sent again and never acknowledged, while the control connection answers; "
              "the server's keep-alives and its RST don't arrive here."))],
        fault="after 2.5 s the client's gateway drops all packets from and to the ports 50000-50100", linger=1.5),
    Scenario(
        "The client stops reading, then it is gone: the probes of its zero window have no answer any more.",
        vsftpd(), while_adding(4.0, *GONE, client=ftplib("stop_reading", seconds=16)),
        [Take("data-peer-vanished-zero-window", "server", stalled("server", "data-peer-vanished",
              "The client advertises a window of 0 and answers the server's probes, then it answers no more."))],
        fault="after 4 s the client's gateway drops everything", linger=2),
    Scenario(
        "The server is gone in mid-download, and curl's keep-alives have no answer.",
        vsftpd(local_max_rate=8000, trans_chunk_size=4096),
        while_adding(2.5, Rule("fire", "forward", "drop"),
                     client=curl("--keepalive-time", "2", "--max-time", "14", path="large.bin")),
        [Take("data-peer-vanished-keep-alive", "client", stalled("client", "data-peer-vanished",
              "The data stops in the middle; the client's keep-alives on both connections have no answer."))],
        fault="after 2.5 s the server's firewall drops everything", linger=1),
    Scenario(
        "An upload pauses for 6 s and goes on.",
        vsftpd(), ftplib("upload", seconds=2, pause=6),
        [Take("data-paused", "client", fine("client", "Nothing outstanding and nothing sent for 6 s, then the rest and a "
              "226.", info=["data-paused"])),
         Take("data-paused-server", "server", fine("server", "Nothing comes for 6 s, then the rest; a 226 confirms it.",
              info=["data-paused"]))],
        fault="the source of the file stops for 6 s"),
    Scenario(
        "The client reads nothing for 7 s, then all that came.",
        vsftpd(), ftplib("read_late", seconds=7),
        [Take("data-zero-window-opens", "server", fine("server", "The window is 0 for 7 s, probes are answered, it opens "
              "again and the transfer completes.", warning=["data-zero-window"]))],
        fault="the client's application hangs for 7 s"),
    Scenario(
        "A slow link: 16 kbit/s, with a long queue.",
        shaped(vsftpd(), "16kbit"), ftplib("give_up", file="data.bin"),
        [Take("slow-link", "client", fine("client", "The data comes at 2 kB a second, without a pause; every packet once.")),
         Take("slow-link-server", "server", fine("server", "The data goes at 2 kB a second; every packet once."))],
        fault="the server's interface sends 16 kbit/s (tc qdisc tbf)"),
    Scenario(
        "A router of the way loses one in six of the server's data segments.",
        vsftpd(), ftplib("give_up", file="large.bin"),
        [Take("data-lossy-server", "server", fine("server", "Segments are sent again and acknowledged in the end.",
              warning=["data-lossy"])),
         Take("data-lossy-client", "client", fine("client", "Later segments come first, and the holes are filled a round "
              "trip later or more.", warning=["data-lossy"]))],
        rules=[Rule("core", "forward", "tcp sport 50000-50100 ip length > 1000 numgen inc mod 6 == 0 drop")]),
    Scenario(
        "The server ends the data half way through the file, and confirms it with 226.",
        rawserver(data="short"), ftplib("sized", file="data.bin"),
        [Take("transfer-short", "client", failed("client", "transfer-short",
              "SIZE says 12000, 6000 bytes come in binary mode, FIN, 226."))],
        fault="the server's program stops half way"),
    Scenario(
        "The client announces 10000 bytes with ALLO, sends half of them and closes; the server confirms.",
        pyftpdlib(), ftplib("half_upload"),
        [Take("transfer-short-upload", "server", failed("server", "transfer-short",
              "ALLO 10000, 5000 bytes, the client's FIN, 226."))],
        fault="the client stops half way"),
    Scenario(
        "A download that was broken off is taken up again at its 6000th byte.",
        vsftpd(), curl("-C", "6000", path="data.bin"),
        [Take("resume", "client", fine("client", "REST 6000, the 150 names the size of the whole file, and the 6000 bytes "
              "that are left come."))]),
    Scenario(
        "ftplib sends ABOR as urgent data; proftpd loses its LF and reads the next command as one with it.",
        proftpd("TransferRate RETR 8"), ftplib("urgent_abort"),
        [Take("abort-unanswered", "client", fine("client", "426 answers RETR, nothing answers ABOR, and the next command "
              "gets 500 'ABOR TYPE A'.", warning=["abort-unanswered"], info=["transfer-aborted"])),
         Take("abort-unanswered-server", "server", fine("server", "426 answers RETR, nothing answers ABOR, and the next "
              "command gets 500 'ABOR TYPE A'.", warning=["abort-unanswered"], info=["transfer-aborted"]))],
        fault="ftplib sends all of ABOR with MSG_OOB"),
    Scenario(
        "ftplib sends ABOR as urgent data, and vsftpd reads it in line.",
        vsftpd(local_max_rate=8000, trans_chunk_size=4096), ftplib("urgent_abort"),
        [Take("abort-urgent", "client", fine("client", "426 answers RETR, 225 answers ABOR.", info=["transfer-aborted"]))]),
    Scenario(
        "The server stops in mid-transfer and takes no notice of ABOR either.",
        rawserver(data="half", mute="ABOR"), ftplib("abort_in_vain", seconds=12),
        [Take("data-silent-aborted", "client", stalled("client", "data-silent",
              "The data stops half way; ABOR has no reply either in the 12 s until the client leaves: a consequence."))],
        fault="the server's program never answers ABOR"),
    Scenario(
        "On the way every sixth data segment is overtaken by the two after it.",
        overtaken(vsftpd(), 6), ftplib("give_up", file="large.bin"),
        [Take("data-reordered", "client", fine("client", "Segments come after later ones, all within a round trip, none is "
              "sent again.", info=["data-reordered"])),
         Take("data-reordered-server", "server", fine("server", "All segments leave in order, each once; only the ACKs "
              "repeat themselves."))],
        fault="a wire behind the server's firewall lets two packets pass before every sixth long one"),
    Scenario(
        "A router strips the window scale from the server's SYN-ACKs: each side believes something else.",
        vsftpd(), curl("-T", "upload.bin", path="incoming/"),
        [Take("data-window-limited", "client", fine("client", "The SYN-ACK comes without a scale, so the server's windows of "
              "78 mean 78 bytes; the upload needs 17 s.", warning=["data-window-limited"])),
         Take("data-window-limited-server", "server", fine("server", "Both SYNs have a scale here, but the client sends "
              "exactly what the window field says without it.", warning=["data-window-limited"]))],
        rules=[Rule("core", "forward", "tcp flags & (syn | ack) == syn | ack reset tcp option window")]),
    Scenario(
        "The client reads promptly, but with a receive buffer of 4 KB.",
        vsftpd(), ftplib("small_buffer", file="large.bin"),
        [Take("small-buffer", "server", fine("server", "The window is full all the time, but with a short round trip it is "
              "done within a second."))]),
    Scenario(
        "NOOP and STAT while a file comes slowly, and a server that answers them at once.",
        pyftpdlib(rate=8000), ftplib("ask_meanwhile", file="large.bin"),
        [Take("asked-meanwhile", "server", fine("server", "200 and 211 answer NOOP and STAT in mid-transfer, the 226 at the end "
              "answers RETR."))]),
]
