"""Scenarios about the control connection: connect, banner, login, limits; and many sessions in one capture."""

from clients import curl, ftplib, lftp, together, while_adding
from faults import failed, stalled
from servers import nothing, proftpd, pureftpd, rawserver, several, vsftpd
from table import Scenario, Take, Truth
from topology import Rule


SCENARIOS: list[Scenario] = [
    Scenario(
        "Nothing listens on port 21.",
        nothing(), curl("--connect-timeout", "5"),
        [Take("control-refused", "client", failed("client", "control-refused",
              "The server's host answers the SYN with RST; no other packet of it is there to compare the TTL with."))]),
    Scenario(
        "Port 21 is dropped by the server's firewall.",
        vsftpd(), curl("--connect-timeout", "6"),
        [Take("control-unanswered", "client", stalled("client", "control-unanswered",
              "Several SYNs to port 21 without any answer."))],
        rules=[Rule("fire", "forward", "tcp dport 21 drop")]),
    Scenario(
        "Port 21 is rejected by the server's firewall with ICMP.",
        vsftpd(), curl("--connect-timeout", "6"),
        [Take("control-unreachable", "client", failed("client", "control-unreachable",
              "ICMP type 3 code 10 from 192.0.2.2 quotes the SYN to port 21."))],
        rules=[Rule("fire", "forward", "tcp dport 21 reject with icmp type host-prohibited")]),
    Scenario(
        "The server accepts the connection and never says 220; the client leaves after 9 s.",
        rawserver(banner_delay="never"), ftplib("wait_for_banner", seconds=9),
        [Take("banner-missing", "client", stalled("client", "banner-missing",
              "Handshake, then nothing from the server; the client waited 9 s before it closed."))]),
    Scenario(
        "The banner comes after four seconds, all else is well.",
        rawserver(banner_delay=4), ftplib("get"),
        [Take("banner-late", "server", [Truth("healthy", "server", "4 s from the handshake to the 220, no SYN to port "
              "113 in between; the transfers completed.", warning=["banner-late"])])]),
    Scenario(
        "A health check reads the greeting and closes.",
        vsftpd(), ftplib("probe"),
        [Take("control-probe", "client", [Truth("healthy", "client", "The client closes after the 220 without a "
              "command.", info=["control-probe"])])]),
    Scenario(
        "Another service listens on port 21: its greeting is SSH's.",
        rawserver(banner="SSH-2.0-OpenSSH_9.2p1"), ftplib("probe"),
        [Take("not-ftp", "client", [Truth("healthy", "client", "The server's first bytes are SSH-2.0-; the client "
              "waits for the end of a long reply and leaves after 30 s.", info=["not-ftp"])])]),
    Scenario(
        "The server thinks for four seconds about the password, all else is well.",
        rawserver(think=4), ftplib("get"),
        [Take("login-slow", "client", [Truth("healthy", "client", "4 s from PASS to the 230; the transfers completed.",
              warning=["login-slow"])])]),
    Scenario(
        "The client insists on TLS and the server has none.",
        proftpd(), curl("--ssl-reqd"),
        [Take("auth-refused", "client", failed("client", "auth-refused",
              "500 to AUTH SSL and AUTH TLS; the client leaves without USER."))]),
    Scenario(
        "PORT names the port for mail of a third host.",
        vsftpd(), ftplib("bounce"),
        [Take("bounce-attempt", "server", [Truth("suspicious", "server", "500 to PORT 10.88.1.3:25, while the client is "
              "10.77.1.2; the LIST after it gets a 425.", critical=["bounce-attempt"])])]),
    Scenario(
        "The server never answers PASS; the client leaves after 14 s.",
        rawserver(mute="PASS"), ftplib("give_up_early", timeout=14),
        [Take("command-unanswered", "server", stalled("server", "command-unanswered",
              "PASS is acknowledged by TCP and not answered within 14 s."))]),
    Scenario(
        "The server's process ends when it is asked for a file.",
        rawserver(close="RETR"), ftplib("give_up_early"),
        [Take("control-closed", "client", failed("client", "control-closed",
              "The server's FIN comes while RETR has no reply; no 421 came before."))]),
    Scenario(
        "The server has no free port for PASV.",
        rawserver(passive="421_No_port_is_free."), ftplib("give_up_early"),
        [Take("passive-unavailable", "client", failed("client", "passive-unavailable",
              "421 to EPSV or PASV, and nothing else was tried."))]),
    Scenario(
        "The reply to PASV holds no endpoint that can be read.",
        rawserver(passive="227_Entering_Passive_Mode_(10,88,1,2,195)."), ftplib("give_up_early"),
        [Take("announcement-unreadable", "client", failed("client", "announcement-unreadable",
              "Five numbers instead of six; the client leaves."))]),
    Scenario(
        "The client asks for a file without PASV or PORT.",
        vsftpd(), ftplib("without_announcement"),
        [Take("no-data-announcement", "client", failed("client", "transfer-refused",
              "425 Use PORT or PASV first, and no announcement came before.", warning=["no-data-announcement"]))]),
    Scenario(
        "The password is wrong.",
        vsftpd(), curl(password="also-not-a-secret"),
        [Take("login-refused", "client", failed("client", "login-refused", "530 to PASS and no later success."))]),
    Scenario(
        "The server wants TLS before a login and the client offers none.",
        vsftpd(tls=True, force_local_logins_ssl="YES"), curl(),
        [Take("login-needs-tls", "client", failed("client", "login-needs-tls",
              "530 to USER, whose text asks for encryption."))]),
    Scenario(
        "The server allows one connection per address and a second one comes.",
        vsftpd(max_per_ip=1), together(ftplib("hold", seconds=2), curl(), pause=0.6),
        [Take("too-many-connections", "client", [
            Truth("healthy", "client", "Logs in, stays for two seconds, leaves with QUIT."),
            Truth("failed", "client", "421 instead of a banner, while the first session was open.",
                  critical=["too-many-connections"])])]),
    Scenario(
        "The server closes the idle control connection after the work was done.",
        vsftpd(idle_session_timeout=10), ftplib("idle", seconds=20),
        [Take("idle-closed", "client", [Truth("healthy", "client",
              "The listing completed; 421 after 10 s of silence on both channels.", warning=["idle-closed"])])]),
    Scenario(
        "A device resets the control connection in mid-dialogue.",
        vsftpd(), while_adding(2.2, Rule("fire", "forward", "tcp dport 21 reject with tcp reset"),
                               client=ftplib("slow", seconds=1.5)),
        [Take("control-reset", "client", failed("client", "control-reset",
              "RST answers NOOP, with a TTL one higher than that of the server's packets: a device in between."))],
        fault="after 2.2 s the server's firewall answers packets to port 21 with a TCP reset"),
    Scenario(
        "Eight sessions at the same time with two servers; two of them fail.",
        several(vsftpd(listen_address="10.88.1.2"), pureftpd(address="10.88.1.3")),
        together(curl(), lftp("ls"), ftplib("get", active="yes"), curl(password="also-not-a-secret"),
                 ftplib("missing_then_fine"), curl("--disable-epsv", "--connect-timeout", "6", host="10.88.1.3"),
                 curl("-P", "-", path="data.bin"), lftp("get readme.txt", settings=("set ftp:prefer-epsv no",)), pause=0.6),
        [Take("mixed-many", "client", [
            Truth("healthy", "client", "curl, passive."),
            Truth("healthy", "client", "lftp, passive; the 530 to its AUTH before the login is harmless."),
            Truth("healthy", "client", "ftplib, active."),
            Truth("failed", "client", "530 to PASS.", critical=["login-refused"]),
            Truth("healthy", "client", "550 to the first RETR, the second completed.", warning=["transfer-refused"]),
            Truth("stalled", "client", "With 10.88.1.3: the SYNs to the port of the 227 have no answer.",
                  critical=["data-syn-unanswered"]),
            Truth("healthy", "client", "curl, active with EPRT."),
            Truth("healthy", "client", "lftp, passive; the 530 to its AUTH before the login is harmless.")])],
        rules=[Rule("fire", "forward", "ip daddr 10.88.1.3 tcp dport 50000-50100 drop")]),
]
