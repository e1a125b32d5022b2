"""Scenarios under TLS (RFC 4217)."""

import sys
from pathlib import Path

from clients import Client, curl, ftplib
from servers import proftpd, vsftpd
from table import Scenario, Take, Truth
from topology import Lab, Rule
from world import PASSWORD, USER

HERE = Path(__file__).resolve().parent
HIDDEN = ["control-hidden"]


def ftplib_tls(behaviour: str, limit: float = 60, **options: object) -> Client:
    """One of the dialogues of tlsclient.py."""
    def run(lab: Lab) -> None:
        words = [f"{key}={value}" for key, value in options.items()]
        lab.run("client", [sys.executable, HERE / "tlsclient.py", behaviour, USER, PASSWORD, *words], limit)
    return Client(f"ftplib of Python {sys.version_info[0]}.{sys.version_info[1]}", run)


def failed(vantage: str, code: str, notes: str, **more) -> list[Truth]:
    return [Truth("failed", vantage, notes, critical=[code], **more)]


SCENARIOS: list[Scenario] = [
    Scenario(
        "vsftpd wants the data connection to resume the control connection's TLS session; the client begins a new one.",
        vsftpd(tls=True), ftplib_tls("get"),
        [Take("tls-session-not-reused", "client", failed("client", "tls-session-not-reused",
              "The ClientHello on the data connection offers no pre-shared key; the server ends it right after the "
              "handshake and then the session.", info=HIDDEN)),
         Take("tls-session-not-reused-server", "server", failed("server", "tls-session-not-reused",
              "As at the client.", info=HIDDEN))]),
    Scenario(
        "The same with TLS 1.2, where session IDs and tickets count.",
        vsftpd(tls=True), ftplib_tls("get", versions="1.2"),
        [Take("tls-session-not-reused-tls12", "client", failed("client", "tls-session-not-reused",
              "The ClientHello on the data connection has no session ID and no ticket.", info=HIDDEN))]),
    Scenario(
        "proftpd wants the data connection to resume the control connection's TLS session; the client begins a new one.",
        proftpd(tls=True), ftplib_tls("get"),
        [Take("tls-session-not-reused-proftpd", "server", failed("server", "tls-session-not-reused",
              "The ClientHello on the data connection offers no pre-shared key; the server ends it right after the "
              "handshake.", info=HIDDEN))]),
    Scenario(
        "The client does not resume, and the server does not ask for it.",
        vsftpd(tls=True, require_ssl_reuse="NO"), ftplib_tls("get", list="incoming"),
        [Take("tls-new-session-fine", "client", [Truth("healthy", "client",
              "Each data connection begins a TLS session of its own: an empty listing, which looks like a refusal until "
              "its 226, and a file.", info=HIDDEN)])]),
    Scenario(
        "curl does not know who signed the server's certificate.",
        vsftpd(tls=True), curl("--ssl-reqd"),
        [Take("tls-handshake-failed-unknown-ca", "client", failed("client", "tls-handshake-failed",
              "A fatal alert of the client, unknown_ca, ends the handshake."))]),
    Scenario(
        "The server speaks no TLS below 1.3, the client none above 1.2.",
        proftpd("TLSProtocol TLSv1.3", tls=True), ftplib_tls("get", versions="1.2"),
        [Take("tls-handshake-failed", "server", failed("server", "tls-handshake-failed",
              "A fatal alert of the server, protocol_version, answers the ClientHello."))]),
    Scenario(
        "The server wants a certificate of the client, which has none.",
        vsftpd(tls=True, ssl_request_cert="YES", require_cert="YES"), ftplib_tls("get"),
        [Take("tls-handshake-failed-client-certificate", "client", failed("client", "tls-handshake-failed",
              "In TLS 1.3 the client is done before the server looks at its certificate: the server's first record after "
              "the handshake is as long as an alert, and its last.", info=HIDDEN))]),
    Scenario(
        "curl speaks implicit FTPS to the port for explicit TLS.",
        vsftpd(tls=True), curl("-k", scheme="ftps", host="10.88.1.2:21"),
        [Take("tls-on-plain-port", "client", failed("client", "tls-on-plain-port",
              "The client's first bytes are a ClientHello, the server greets in clear."))]),
    Scenario(
        "ftplib waits for a greeting on the port for implicit FTPS.",
        vsftpd(tls=True, implicit_ssl="YES", port=990), ftplib("get", port=990, timeout=6),
        [Take("plain-on-tls-port", "client", [Truth("stalled", "client",
              "Neither side says anything, and the client leaves after 6 s. Then the server sends a TLS alert.",
              critical=["plain-on-tls-port"])])]),
    Scenario(
        "A client that does not wait for a greeting speaks in clear on the port for implicit FTPS.",
        vsftpd(tls=True, implicit_ssl="YES", port=990), ftplib_tls("talk", port=990),
        [Take("plain-on-tls-port-spoken", "client", failed("client", "plain-on-tls-port",
              "Clear text is answered with an error of the server's TLS library."))]),
    Scenario(
        "An upload under TLS ends with a FIN and no close_notify, and vsftpd is strict about it.",
        vsftpd(tls=True, require_ssl_reuse="NO", strict_ssl_read_eof="YES"), ftplib_tls("put"),
        [Take("tls-truncated-close", "server", [Truth("healthy", "server",
              "The whole upload is acknowledged, the client's FIN comes without a close_notify, and the answer on control "
              "is as long as vsftpd's 426.", warning=["tls-truncated-close"], info=HIDDEN)])]),
    Scenario(
        "An upload under TLS ends with a FIN and no close_notify, and vsftpd does not mind.",
        vsftpd(tls=True, require_ssl_reuse="NO", strict_ssl_read_eof="NO"), ftplib_tls("put"),
        [Take("tls-truncated-fine", "server", [Truth("healthy", "server",
              "The client's FIN comes without a close_notify, and the answer on control is as long as vsftpd's 226.",
              info=HIDDEN)])]),
    Scenario(
        "The client begins with TLS on the data connection, the server was never asked for it and sends in clear.",
        vsftpd(tls=True, force_local_data_ssl="NO"), ftplib_tls("get", protect="unasked"),
        [Take("tls-protection-mismatch", "client", failed("client", "tls-protection-mismatch",
              "The ClientHello on the data connection crosses the file in clear.", info=HIDDEN))]),
    Scenario(
        "vsftpd wants the data channel protected, the client leaves it in clear.",
        vsftpd(tls=True, force_local_data_ssl="YES"), ftplib_tls("get", protect="C"),
        [Take("tls-protection-mismatch-522", "client", failed("client", "tls-protection-mismatch",
              "The data connection is opened and stays empty; the answer to RETR is as long as vsftpd's 522.",
              info=HIDDEN))]),
    Scenario(
        "proftpd wants the data channel protected, the client asks for clear.",
        proftpd(tls=True), ftplib_tls("get", protect="C"),
        [Take("tls-protection-mismatch-534", "client", failed("client", "tls-protection-mismatch",
              "A command as long as PROT C gets an answer as long as proftpd's 534, and the client leaves.", info=HIDDEN))]),
    Scenario(
        "Control under TLS, data in clear, as both agreed.",
        vsftpd(tls=True, force_local_data_ssl="NO"), ftplib_tls("get", protect="C"),
        [Take("tls-data-in-clear", "client", [Truth("healthy", "client",
              "PROT C: the file goes over in clear.", info=HIDDEN)])]),
    Scenario(
        "proftpd wants the data channel protected, the client never says PROT.",
        proftpd(tls=True), ftplib_tls("get", protect="none"),
        [Take("tls-protection-mismatch-unsaid", "client", failed("client", "tls-protection-mismatch",
              "The data connection is opened and stays empty; the answer to RETR is as long as proftpd's 522.",
              info=HIDDEN))]),
    Scenario(
        "The server speaks no TLS below 1.3, the client none above 1.2 on the data connection.",
        proftpd("TLSProtocol TLSv1.3", "TLSOptions NoSessionReuseRequired", tls=True),
        ftplib_tls("get", versions="1.3", data="1.2"),
        [Take("tls-handshake-failed-data", "client", failed("client", "tls-handshake-failed",
              "A fatal alert of the server, protocol_version, answers the ClientHello on the data connection.",
              info=HIDDEN))]),
    Scenario(
        "Server and client have no cipher in common.",
        proftpd("TLSProtocol TLSv1.2", "TLSCipherSuite ECDHE-RSA-CHACHA20-POLY1305", tls=True),
        ftplib_tls("get", versions="1.2", ciphers="ECDHE-RSA-AES256-GCM-SHA384"),
        [Take("tls-handshake-failed-cipher", "client", failed("client", "tls-handshake-failed",
              "A fatal alert of the server, handshake_failure, answers the ClientHello."))]),
    Scenario(
        "The server wants a certificate of the client, which has none, in TLS 1.2.",
        vsftpd(tls=True, ssl_request_cert="YES", require_cert="YES"), ftplib_tls("get", versions="1.2"),
        [Take("tls-handshake-failed-client-certificate-tls12", "server", failed("server", "tls-handshake-failed",
              "After the client's Finished a fatal alert of the server in clear, handshake_failure, and an error of its "
              "TLS library in clear."))]),
    Scenario(
        "The client said PROT P, forgets it, and waits on the data connection for clear bytes.",
        vsftpd(tls=True, require_ssl_reuse="NO"), ftplib_tls("get", protect="forgotten", timeout=14),
        [Take("tls-protection-mismatch-silent", "client", [Truth("stalled", "client",
              "Neither side says anything on the data connection; when the client closes it, the server sends a TLS "
              "alert.", critical=["tls-protection-mismatch"], info=HIDDEN)])]),
    Scenario(
        "Under TLS an upload stops half way, and is reset after 14 s.",
        vsftpd(tls=True, require_ssl_reuse="NO"), ftplib_tls("stall", end="reset"),
        [Take("tls-data-silent", "server", [Truth("stalled", "server",
              "6 kB are sent and acknowledged, then nothing comes until the client's RST.", critical=["data-silent"],
              info=HIDDEN)])]),
    Scenario(
        "Under TLS an upload pauses for 14 s and is then completed.",
        vsftpd(tls=True, require_ssl_reuse="NO"), ftplib_tls("stall"),
        [Take("tls-data-paused", "server", [Truth("healthy", "server",
              "Nothing comes for 14 s, then the rest, close_notify and FIN.", info=HIDDEN)])]),
    Scenario(
        "After the login and PROT P the client asks for a control connection in clear again (CCC).",
        proftpd("TLSRequired off", "TLSOptions NoSessionReuseRequired", tls=True), ftplib_tls("get", clear="yes"),
        [Take("tls-ccc", "client", [Truth("healthy", "client",
              "PASV, its 227, RETR and the 226 are in clear, the data is not.", info=HIDDEN)])]),
    Scenario(
        "CCC, and the server's firewall drops the passive range.",
        proftpd("TLSRequired off", "TLSOptions NoSessionReuseRequired", tls=True),
        ftplib_tls("get", clear="yes", timeout=8),
        [Take("tls-ccc-range-dropped", "client", [Truth("stalled", "client",
              "The SYNs to the port of a 227 in clear have no answer.", critical=["data-syn-unanswered"], info=HIDDEN)]),
         Take("tls-ccc-range-dropped-server", "server", [Truth("stalled", "server",
              "A 227 in clear, and nobody dials it.", critical=["data-never-attempted"], info=HIDDEN)])],
        rules=[Rule("fire", "forward", "tcp dport 50000-50100 drop")]),
]
