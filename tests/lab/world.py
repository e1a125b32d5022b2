"""The files of one scenario: users, certificate, what the server offers.

The accounts exist only inside the lab's mount namespaces.
"""

import os
import random
import subprocess
from functools import lru_cache
from pathlib import Path

USER, PASSWORD = "labuser", "not-a-secret"
UID = 2001
MTIME = 1767225600  # 2026-01-01
SIZES = {"readme.txt": 900, "data.bin": 12_000, "medium.bin": 30_000, "large.bin": 60_000}


@lru_cache
def password_hash() -> str:
    return subprocess.run(["openssl", "passwd", "-6", "-salt", "lab", PASSWORD],
                          capture_output=True, text=True, check=True).stdout.strip()


def content(name: str, size: int) -> bytes:
    if name.endswith(".txt"):
        line = b"This file was made for the lab. It says nothing.\r\n"
        return (line * (size // len(line) + 1))[:size]
    return random.Random(name).randbytes(size)


def make_world(work: Path, cache: Path) -> None:
    work.chmod(0o755)
    for name in ("etc/pam.d", "home/incoming", "clienthome/.config", "empty", "run"):
        (work / name).mkdir(parents=True)
    home = work / "home"
    for name, size in SIZES.items():
        (home / name).write_bytes(content(name, size))
        os.utime(home / name, (MTIME, MTIME))
        os.chown(home / name, UID, UID)
    os.utime(home / "incoming", (MTIME, MTIME))
    for folder in (home, home / "incoming"):
        os.chown(folder, UID, UID)
    (work / "clienthome/upload.bin").write_bytes(content("upload.bin", 20_000))
    accounts = {
        "passwd": f"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
                  f"ftp:x:2000:2000::{work}/home:/usr/sbin/nologin\n{USER}:x:{UID}:{UID}::{home}:/bin/sh\n",
        "group": f"root:x:0:\nnogroup:x:65534:\nftp:x:2000:\n{USER}:x:{UID}:\n",
        "shadow": f"root:*:20000:0:99999:7:::\n{USER}:{password_hash()}:20000:0:99999:7:::\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
        "resolv.conf": "",
        "hosts": "127.0.0.1 localhost\n10.77.1.2 lab-client\n10.88.1.2 lab-server\n",
        "pam.d/vsftpd": "auth required pam_unix.so nodelay\naccount required pam_permit.so\n"
                        "session required pam_permit.so\n",
    }
    for name, text in accounts.items():
        (work / "etc" / name).write_text(text)
    (work / "proftpd.passwd").write_text(f"{USER}:{password_hash()}:{UID}:{UID}::{home}:/bin/sh\n")
    (work / "proftpd.passwd").chmod(0o600)
    (work / "clienthome/.netrc").write_text(f"machine 10.88.1.2 login {USER} password {PASSWORD}\n")
    (work / "clienthome/.netrc").chmod(0o600)


def certificate(work: Path) -> Path:
    """A self-signed certificate with its key in one file."""
    path = work / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj",
                    "/CN=ftp.lab.example", "-keyout", work / "key.pem", "-out", work / "cert.pem"],
                   check=True, capture_output=True)
    path.write_bytes((work / "key.pem").read_bytes() + (work / "cert.pem").read_bytes())
    path.chmod(0o600)
    return path
