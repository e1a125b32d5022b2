"""Dialogues that take detours and arrive: twinclient.py BEHAVIOUR USER PASSWORD [OPTION=VALUE...]"""

import ftplib
import socket
import sys
import time

from labclient import connect


def fetch(ftp: ftplib.FTP, name: str = "readme.txt") -> None:
    ftp.retrbinary("RETR " + name, lambda block: None)


def keepalive(options: dict[str, str]) -> None:
    """A long silence on the control connection, filled with TCP keep-alives; then work."""
    ftp = connect(options)
    ftp.retrlines("LIST", lambda line: None)
    ftp.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    ftp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2)
    ftp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2)
    time.sleep(float(options["seconds"]))
    fetch(ftp)
    ftp.quit()


def noop(options: dict[str, str]) -> None:
    """A NOOP every few seconds between two transfers."""
    ftp = connect(options)
    fetch(ftp)
    for _ in range(4):
        time.sleep(float(options["seconds"]) / 4)
        ftp.voidcmd("NOOP")
    fetch(ftp)
    ftp.quit()


def reads_late(options: dict[str, str]) -> None:
    """Stops reading for a while in mid-transfer, then goes on to the end."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    port = ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())[1]
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    data.connect((ftp.host, port))
    ftp.sendcmd("RETR " + options.get("file", "medium.bin"))
    data.recv(2000)
    time.sleep(float(options["seconds"]))
    while data.recv(65536):
        pass
    data.close()
    ftp.voidresp()
    ftp.quit()


def switches(options: dict[str, str]) -> None:
    """PORT, then another mind: PASV, and the transfer."""
    ftp = connect(options)
    with ftp.makeport():
        pass
    fetch(ftp)
    ftp.quit()


def abandons(options: dict[str, str]) -> None:
    """Three announcements that nobody uses, waits, and one that works."""
    ftp = connect(options)
    for command in ("PASV", "EPSV", "PASV"):
        ftp.sendcmd(command)
    time.sleep(float(options.get("seconds", "0")))
    fetch(ftp)
    ftp.quit()


def leaves_one(options: dict[str, str]) -> None:
    """Works, asks for one more port, and has enough."""
    ftp = connect(options)
    fetch(ftp)
    ftp.sendcmd("PASV")
    ftp.quit()


def retries(options: dict[str, str]) -> None:
    """Asks again until it gets the file."""
    ftp = connect(options)
    for _ in range(4):
        try:
            fetch(ftp)
            break
        except ftplib.Error:
            time.sleep(float(options.get("seconds", "0.3")))
    ftp.quit()


def typo(options: dict[str, str]) -> None:
    """A wrong password, then the right one on the same connection."""
    ftp = connect(options, login=False)
    for password in ("not-a-sceret", options["password"]):
        try:
            ftp.login(options["user"], password)
        except ftplib.Error:
            pass
    fetch(ftp)
    ftp.quit()


def pieces(options: dict[str, str]) -> None:
    """Fetches the end of a file, then its beginning, and stops there, as segmented downloads do."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    ftp.retrbinary("RETR large.bin", lambda block: None, rest=50_000)
    data = ftp.transfercmd("RETR large.bin")
    data.recv(3000)
    data.close()
    try:
        ftp.voidresp()
    except ftplib.Error:
        pass
    ftp.quit()


def bursts(options: dict[str, str]) -> None:
    """An upload that comes in bursts with pauses between them."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("STOR incoming/bursts.bin")
    for _ in range(3):
        data.sendall(bytes(3000))
        time.sleep(float(options["seconds"]))
    data.close()
    ftp.voidresp()
    ftp.quit()


def many(options: dict[str, str]) -> None:
    """A few files one after the other, up and down, active and passive in turn."""
    ftp = connect(options)
    for number in range(2):
        ftp.set_pasv(number % 2 == 0)
        fetch(ftp)
        with open("upload.bin", "rb") as upload:
            ftp.storbinary(f"STOR incoming/{number}.bin", upload)
    ftp.quit()


def vanish(options: dict[str, str]) -> None:
    """Works and closes without QUIT."""
    ftp = connect(options)
    fetch(ftp)
    ftp.close()


def main() -> None:
    options = dict(word.split("=", 1) for word in sys.argv[4:])
    options |= {"user": sys.argv[2], "password": sys.argv[3]}
    try:
        globals()[sys.argv[1]](options)
    except (OSError, EOFError, ftplib.Error) as error:
        print(f"{sys.argv[1]}: {error!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
