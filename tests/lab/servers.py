"""Starting the FTP servers. Each returns when its control port listens.

A server is described by a function of the lab, made by one of the functions
here with its options: vsftpd(idle_session_timeout=10).
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from topology import Lab
from world import PASSWORD, USER, certificate

HERE = Path(__file__).resolve().parent
PASSIVE = (50000, 50100)


@dataclass
class Server:
    title: str
    start: Callable[[Lab], None]


def nothing() -> Server:
    return Server("none", lambda lab: None)


def vsftpd(tls: bool = False, port: int = 21, host: str = "server", **options: object) -> Server:
    def start(lab: Lab) -> None:
        settings = {
            "listen": "YES", "listen_port": port, "background": "NO", "anonymous_enable": "NO",
            "local_enable": "YES", "write_enable": "YES", "chroot_local_user": "YES", "allow_writeable_chroot": "YES",
            "pasv_min_port": PASSIVE[0], "pasv_max_port": PASSIVE[1], "connect_from_port_20": "YES",
            "seccomp_sandbox": "NO", "secure_chroot_dir": lab.work / "empty", "pam_service_name": "vsftpd",
            "xferlog_enable": "NO", "nopriv_user": "nobody", "ftp_username": "ftp",
        }
        if tls:
            settings |= {"ssl_enable": "YES", "rsa_cert_file": certificate(lab.work), "ssl_ciphers": "HIGH"}
        settings |= options
        if "listen_ipv6" in settings:
            del settings["listen"]
        config = lab.work / f"vsftpd-{host}-{port}.conf"
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        lab.start(host, [lab.cache / "vsftpd/usr/sbin/vsftpd", config])
        lab.wait_for_port(host, port)
    return Server("vsftpd", start)


def proftpd(*directives: str, tls: bool = False, passive: tuple[int, int] = PASSIVE) -> Server:
    def start(lab: Lab) -> None:
        run = lab.work / "run"
        lines = [
            f"ModulePath {lab.cache}/proftpd-core/usr/lib/proftpd", "ServerType standalone", "ServerName lab",
            "DefaultServer on", "Port 21", "UseIPv6 off", "UseReverseDNS off", "User nobody", "Group nogroup",
            f"PidFile {run}/pid", f"ScoreboardFile {run}/scoreboard", "WtmpLog off", "TransferLog none",
            f"SystemLog {run}/system.log", "AuthPAM off", "AuthOrder mod_auth_file.c", "RequireValidShell off",
            f"AuthUserFile {lab.work}/proftpd.passwd", f"DefaultRoot {lab.work}/home", "AllowOverwrite on",
            f"PassivePorts {passive[0]} {passive[1]}", "DelayTable none",
        ]
        if tls:
            module = lab.cache / "proftpd-mod-crypto/usr/lib/proftpd/mod_tls.so"
            (lab.work / "modules").mkdir()
            (lab.work / "modules/mod_tls.so").symlink_to(module)
            certificate(lab.work)
            lines[0] = f"ModulePath {lab.work}/modules"
            lines += ["LoadModule mod_tls.c", "TLSEngine on", f"TLSRSACertificateFile {lab.work}/cert.pem",
                      f"TLSRSACertificateKeyFile {lab.work}/key.pem", f"TLSLog {run}/tls.log"]
            lines += [] if any(line.startswith("TLSRequired") for line in directives) else ["TLSRequired on"]
        config = lab.work / "proftpd.conf"
        config.write_text("\n".join([*lines, *directives]) + "\n")
        config.chmod(0o600)
        lab.start("server", [lab.cache / "proftpd-core/usr/sbin/proftpd", "-n", "-q", "-c", config])
        lab.wait_for_port("server", 21)
    return Server("proftpd", start)


def pureftpd(*options: str, address: str = "10.88.1.2") -> Server:
    def start(lab: Lab) -> None:
        program = lab.cache / "pure-ftpd/usr/sbin/pure-ftpd"
        lab.start("server", [program, "-S", f"{address},21", "-l", "unix", "-A", "-E", "-H",
                             "-p", f"{PASSIVE[0]}:{PASSIVE[1]}", "-g", lab.work / "run/pure.pid", *options])
        lab.wait_for_port("server", 21)
    return Server("pure-ftpd", start)


def pyftpdlib(**options: object) -> Server:
    def start(lab: Lab) -> None:
        words = [f"{key}={value}" for key, value in options.items()]
        lab.start("server", [sys.executable, HERE / "pyserver.py", lab.work / "home", USER, PASSWORD, *words])
        lab.wait_for_port("server", 21)
    return Server("pyftpdlib", start)


def rawserver(**options: object) -> Server:
    """The lab's own server, which does what no real one does on purpose."""
    def start(lab: Lab) -> None:
        words = [f"{key}={value}" for key, value in options.items()]
        lab.start("server", [sys.executable, HERE / "rawserver.py", lab.work / "home", *words])
        lab.wait_for_port("server", 21)
    return Server("lab server (tests/lab/rawserver.py)", start)


def several(*servers: Server) -> Server:
    def start(lab: Lab) -> None:
        for server in servers:
            server.start(lab)
    return Server(" and ".join(server.title for server in servers), start)


def tuned(server: Server, *settings: str) -> Server:
    """A server whose host has other kernel settings."""
    def start(lab: Lab) -> None:
        lab.sysctl("server", *settings)
        server.start(lab)
    return Server(server.title, start)


def shaped(server: Server, rate: str) -> Server:
    """A server whose interface sends slowly."""
    def start(lab: Lab) -> None:
        lab.tc("server", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", rate, "burst", "2000", "limit", "200000")
        server.start(lab)
    return Server(server.title, start)


def overtaken(server: Server, every: int) -> Server:
    """A server some of whose long packets are overtaken by others behind its firewall."""
    def start(lab: Lab) -> None:
        lab.overtake("core", every)
        server.start(lab)
    return Server(server.title, start)
