"""Clients that dial data connections as no ordinary one does: dialclient.py BEHAVIOUR USER PASSWORD [OPTION=VALUE...]

The options are those of labclient.py.
"""

import ftplib
import socket
import sys
import time

from labclient import connect

STRANGER = "10.77.1.3"  # another address of the client's network


def passive(ftp: ftplib.FTP, verb: str = "PASV") -> tuple[str, int]:
    if verb == "EPSV":
        return ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())
    return ftplib.parse227(ftp.sendcmd("PASV"))


def drain(data: socket.socket) -> None:
    while data.recv(8192):
        pass
    data.close()


def stolen(options: dict[str, str]) -> None:
    """A stranger dials the announced port first and waits for what comes; then the client dials."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    endpoint = passive(ftp)
    thief = socket.create_connection(endpoint, timeout=5, source_address=(STRANGER, 0))
    try:
        own = socket.create_connection(endpoint, timeout=float(options.get("wait", "3")))
        own.settimeout(3)
    except OSError:
        own = None
    ftp.putcmd("RETR readme.txt")
    for _ in range(2):
        try:
            thief.settimeout(3)
            drain(thief)
        except OSError:
            pass
        if own is not None:
            try:
                drain(own)
            except OSError:
                pass
        try:
            print(ftp.getmultiline())
        except (OSError, EOFError):
            break
    ftp.quit()


def three(options: dict[str, str]) -> None:
    """A listing and two files."""
    ftp = connect(options)
    ftp.retrlines("LIST", lambda line: None)
    for name in ("readme.txt", "data.bin"):
        ftp.retrbinary("RETR " + name, lambda block: None)
    ftp.quit()


def epsv_then_pasv(options: dict[str, str]) -> None:
    """EPSV; when its port can't be reached, PASV."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    wait = float(options.get("wait", "4"))
    try:
        data = socket.create_connection(passive(ftp, "EPSV"), timeout=wait)
    except OSError:
        data = socket.create_connection(passive(ftp), timeout=wait)
    ftp.sendcmd("RETR readme.txt")
    drain(data)
    ftp.voidresp()
    ftp.quit()


def reused(options: dict[str, str]) -> None:
    """Two files over the same pair of ports, the second one as if another host behind the same NAT asked for it: its
    timestamps are older than those that the server keeps in TIME_WAIT, so the server takes its SYN for an old one."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    own = ftp.sock.getsockname()[0]
    offsets("1")
    ahead = transfer(ftp, (own, 45000)) - clock() & 0xFFFFFFFF < 1 << 31
    # Always the same ports: Linux 6.18 lets the timestamps of others begin elsewhere.
    transfer(ftp, (own, 45000))
    if not ahead:
        offsets("1")
        transfer(ftp, (own, 45000))
    ftp.quit()


def offsets(mode: str) -> None:
    """1: timestamps begin anywhere, as another host's would; 2: at this host's clock."""
    with open("/proc/sys/net/ipv4/tcp_timestamps", "w", encoding="ascii") as setting:
        setting.write(mode)


def timestamp(connected: socket.socket) -> int:
    return connected.getsockopt(socket.IPPROTO_TCP, 24) & 0xFFFFFFFF


def clock() -> int:
    offsets("2")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as end:
        return timestamp(end)


def transfer(ftp: ftplib.FTP, source: tuple[str, int]) -> int:
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    data.bind(source)
    data.settimeout(9)
    data.connect(passive(ftp))
    now = timestamp(data)
    ftp.sendcmd("RETR readme.txt")
    drain(data)
    ftp.voidresp()
    return now


def main() -> None:
    options = dict(word.split("=", 1) for word in sys.argv[4:])
    options |= {"user": sys.argv[2], "password": sys.argv[3]}
    try:
        globals()[sys.argv[1]](options)
    except (OSError, EOFError, ftplib.Error) as error:
        print(f"{sys.argv[1]}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
