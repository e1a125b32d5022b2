"""Dialogues of a client over TLS, by Python's ftplib: tlsclient.py BEHAVIOUR USER PASSWORD [OPTION=VALUE...]

Options: host, port, timeout (seconds), file, versions (1.2 or 1.3, no other is offered),
data (the same for data connections), ciphers, level (OpenSSL's security level),
protect (C: the data channel in clear; none: never says PROT; unasked, forgotten: does as if
it had said the other thing), clear=yes (CCC: the control channel in clear again).
"""

import ftplib
import socket
import ssl
import struct
import sys
import time


def context(options: dict[str, str]) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.set_ciphers(f"{options.get('ciphers', 'DEFAULT')}@SECLEVEL={options.get('level', '2')}")
    if version := options.get("versions"):
        only = ssl.TLSVersion.TLSv1_3 if version == "1.3" else ssl.TLSVersion.TLSv1_2
        made.minimum_version = made.maximum_version = only
    return made


def connect(options: dict[str, str]) -> ftplib.FTP_TLS:
    ftp = ftplib.FTP_TLS(timeout=float(options.get("timeout", "20")), context=context(options))
    ftp.connect(options.get("host", "10.88.1.2"), int(options.get("port", "21")))
    ftp.login(options["user"], options["password"])
    if options.get("protect") == "C":
        ftp.prot_c()
    elif options.get("protect") == "unasked":
        ftp._prot_p = True
    elif options.get("protect") == "forgotten":
        ftp.prot_p()
        ftp._prot_p = False
    elif options.get("protect") == "none":
        pass
    else:
        ftp.prot_p()
    if version := options.get("data"):
        ftp.context = context(options | {"versions": version})
    if options.get("clear") == "yes":
        ftp.ccc()
    return ftp


def get(options: dict[str, str]) -> None:
    """A file, whose data connection gets a TLS session of its own, then QUIT."""
    ftp = connect(options)
    if folder := options.get("list"):
        ftp.retrlines("LIST " + folder, lambda line: None)
    try:
        ftp.retrbinary("RETR " + options.get("file", "readme.txt"), lambda block: None)
    except (OSError, EOFError, ftplib.Error) as error:
        print(f"get: {error!r}", file=sys.stderr)
    ftp.quit()


def put(options: dict[str, str]) -> None:
    """An upload; end=unwrap: with a close_notify."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("STOR incoming/upload.bin")
    data.sendall(bytes(12_000))
    if options.get("end") == "unwrap":
        data.unwrap()
    data.close()
    try:
        ftp.voidresp()
    except ftplib.Error as error:
        print(f"put: {error!r}", file=sys.stderr)
    ftp.quit()


def stall(options: dict[str, str]) -> None:
    """An upload that stops half way, for 14 s; end=reset: then an RST ends it."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("STOR incoming/upload.bin")
    data.sendall(bytes(6_000))
    time.sleep(14)
    if options.get("end") == "reset":
        data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        data.sendall(bytes(6_000))
        data.unwrap()
    data.close()
    try:
        ftp.voidresp()
    except ftplib.Error as error:
        print(f"stall: {error!r}", file=sys.stderr)
    ftp.quit()


def talk(options: dict[str, str]) -> None:
    """Speaks in clear before it is greeted."""
    with socket.create_connection((options.get("host", "10.88.1.2"), int(options["port"])), timeout=9) as control:
        control.sendall(b"USER " + options["user"].encode() + b"\r\n")
        while control.recv(512):
            pass


def main() -> None:
    options = dict(word.split("=", 1) for word in sys.argv[4:])
    options.setdefault("user", sys.argv[2])
    options.setdefault("password", sys.argv[3])
    try:
        globals()[sys.argv[1]](options)
    except (OSError, EOFError, ftplib.Error) as error:
        print(f"{sys.argv[1]}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
