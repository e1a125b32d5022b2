"""Dialogues of a client, by Python's ftplib: labclient.py BEHAVIOUR USER PASSWORD [OPTION=VALUE...]

Options: host, file, timeout (seconds), active=yes, trust=yes (dial the address
that 227 names), seconds, source (the address to dial from).
"""

import ftplib
import socket
import sys
import threading
import time


def connect(options: dict[str, str], login: bool = True) -> ftplib.FTP:
    timeout = float(options.get("timeout", "30"))
    source = (options["source"], 0) if "source" in options else None
    ftp = ftplib.FTP(timeout=timeout, source_address=source)
    ftp.trust_server_pasv_ipv4_address = options.get("trust") == "yes"
    ftp.connect(options.get("host", "10.88.1.2"), int(options.get("port", "21")))
    ftp.set_pasv(options.get("active") != "yes")
    if login:
        ftp.login(options["user"], options["password"])
    return ftp


def get(options: dict[str, str]) -> None:
    """A listing and a file, then QUIT."""
    ftp = connect(options)
    if options.get("list", "yes") == "yes":
        ftp.retrlines("LIST", lambda line: None)
    ftp.retrbinary("RETR " + options.get("file", "readme.txt"), lambda block: None)
    ftp.quit()


def give_up(options: dict[str, str]) -> None:
    """As get, but on any trouble says QUIT and leaves."""
    ftp = connect(options)
    try:
        if options.get("list") == "yes":
            ftp.retrlines("LIST", lambda line: None)
        ftp.retrbinary("RETR " + options.get("file", "readme.txt"), lambda block: None)
    except (OSError, EOFError, ftplib.Error):
        pass
    ftp.quit()


def missing_then_fine(options: dict[str, str]) -> None:
    """Asks for a file that isn't there, then for one that is."""
    ftp = connect(options)
    for name in ("no-such-file.txt", "readme.txt"):
        try:
            ftp.retrbinary("RETR " + name, lambda block: None)
        except ftplib.Error:
            pass
    ftp.quit()


def missing(options: dict[str, str]) -> None:
    ftp = connect(options)
    try:
        ftp.retrbinary("RETR no-such-file.txt", lambda block: None)
    except ftplib.Error:
        pass
    ftp.quit()


def login(options: dict[str, str]) -> None:
    """Logs in, or tries to, and leaves."""
    ftp = connect(options, login=False)
    try:
        ftp.login(options["user"], options["password"])
        ftp.voidcmd("NOOP")
    except ftplib.Error:
        pass
    ftp.quit()


def wait_for_banner(options: dict[str, str]) -> None:
    with socket.create_connection((options.get("host", "10.88.1.2"), 21), timeout=float(options["seconds"])) as control:
        try:
            control.recv(512)
        except TimeoutError:
            pass


def give_up_early(options: dict[str, str]) -> None:
    """Logs in as far as it gets; leaves without a word when an answer doesn't come."""
    ftp = connect(options, login=False)
    try:
        ftp.login(options["user"], options["password"])
        ftp.retrbinary("RETR " + options.get("file", "readme.txt"), lambda block: None)
        ftp.quit()
    except (OSError, EOFError, ftplib.Error):
        ftp.close()


def without_announcement(options: dict[str, str]) -> None:
    """RETR without PASV or PORT before it."""
    ftp = connect(options)
    try:
        ftp.sendcmd("RETR " + options.get("file", "readme.txt"))
    except ftplib.Error:
        pass
    ftp.quit()


def bounce(options: dict[str, str]) -> None:
    """Wants a listing sent to the port for mail of another host."""
    ftp = connect(options)
    for command in ("PORT 10,88,1,3,0,25", "LIST"):
        try:
            ftp.sendcmd(command)
        except ftplib.Error:
            pass
    ftp.quit()


def probe(options: dict[str, str]) -> None:
    """Reads the greeting and leaves, as a health check does."""
    ftp = connect(options, login=False)
    ftp.close()


def stop_reading(options: dict[str, str]) -> None:
    """Opens a data connection with a small buffer and never reads from it."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    port = ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())[1]
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    data.connect((ftp.host, port))
    ftp.sendcmd("RETR " + options.get("file", "large.bin"))
    time.sleep(float(options["seconds"]))


def read_late(options: dict[str, str]) -> None:
    """Reads nothing for some seconds, then all."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    port = ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())[1]
    data = socket.socket()
    data.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    data.connect((ftp.host, port))
    ftp.sendcmd("RETR " + options.get("file", "data.bin"))
    time.sleep(float(options["seconds"]))
    while data.recv(2000):
        pass
    data.close()
    ftp.voidresp()
    ftp.quit()


def sized(options: dict[str, str]) -> None:
    """Asks for a file's size, then for the file."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    ftp.size(options["file"])
    ftp.retrbinary("RETR " + options["file"], lambda block: None)
    ftp.quit()


def half_upload(options: dict[str, str]) -> None:
    """Says how much it will send, and sends half of that."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    ftp.sendcmd("ALLO 10000")
    data = ftp.transfercmd("STOR incoming/half.bin")
    data.sendall(b"x" * 5000)
    data.close()
    ftp.voidresp()
    ftp.quit()


def small_buffer(options: dict[str, str]) -> None:
    """Reads at once, into a small buffer."""
    read_late(options | {"seconds": "0"})


def ask_meanwhile(options: dict[str, str]) -> None:
    """Asks for other things while a file comes, as clients do that keep the control connection awake."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR " + options["file"])
    for command in ("NOOP", "STAT", "NOOP"):
        data.recv(2000)
        ftp.putcmd(command)
        time.sleep(0.2)
    while data.recv(2000):
        pass
    data.close()
    for _ in range(4):
        ftp.getresp()
    ftp.quit()


class Slowly:
    """A source of some bytes twice a second, for some seconds; with pause=S one longer pause in the middle."""

    def __init__(self, options: dict[str, str]):
        self.left = 2 * float(options.get("seconds", "5"))
        self.middle = self.left // 2
        self.pause = float(options.get("pause", "0"))

    def read(self, _: int) -> bytes:
        self.left -= 1
        time.sleep(self.pause if self.pause and self.left == self.middle else 0.5)
        return b"x" * 1000 if self.left >= 0 else b""


def upload(options: dict[str, str]) -> None:
    """Uploads slowly, and on any trouble says QUIT and leaves."""
    ftp = connect(options)
    try:
        ftp.storbinary("STOR incoming/slow.bin", Slowly(options))
    except (OSError, EOFError, ftplib.Error):
        pass
    ftp.quit()


def abort(options: dict[str, str]) -> None:
    """Reads the beginning of a file, then ABOR, and a listing after it."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR " + options.get("file", "large.bin"))
    data.recv(2000)
    ftp.putcmd("ABOR")
    time.sleep(0.1)
    data.close()
    for _ in range(2):
        try:
            ftp.getmultiline()
        except (OSError, EOFError):
            break
    ftp.retrlines("LIST", lambda line: None)
    ftp.quit()


def urgent_abort(options: dict[str, str]) -> None:
    """Sends all of ABOR as urgent data, as ftplib does, takes the 426 for its reply, and goes on with a listing."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR " + options.get("file", "large.bin"))
    data.recv(2000)
    ftp.sock.sendall(b"ABOR\r\n", socket.MSG_OOB)
    time.sleep(float(options.get("after", "0.3")))
    data.close()
    ftp.sock.settimeout(3)
    for _ in range(2):
        try:
            ftp.getmultiline()
        except (OSError, EOFError):
            break
    ftp.sock.settimeout(30)
    ftp.file = ftp.sock.makefile("r", encoding="utf-8")  # a file that timed out reads no more
    for command in ("TYPE A", "NOOP"):
        try:
            ftp.sendcmd(command)
        except ftplib.Error:
            pass
    ftp.quit()


def abort_in_vain(options: dict[str, str]) -> None:
    """Sends ABOR and waits for a reply, for some seconds."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR " + options.get("file", "data.bin"))
    data.recv(2000)
    ftp.putcmd("ABOR")
    ftp.sock.settimeout(float(options["seconds"]))
    try:
        ftp.getmultiline()
    except OSError:
        pass
    ftp.close()


def idle(options: dict[str, str]) -> None:
    """Works, then says nothing until the server closes."""
    ftp = connect(options)
    ftp.retrlines("LIST", lambda line: None)
    ftp.sock.settimeout(float(options["seconds"]))
    while ftp.sock.recv(512):
        pass


def unused(options: dict[str, str]) -> None:
    """Asks for a passive port, thinks again, and uses the next one."""
    ftp = connect(options)
    ftp.sendcmd("PASV")
    ftp.retrbinary("RETR readme.txt", lambda block: None)
    ftp.quit()


def hold(options: dict[str, str]) -> None:
    """Logs in and stays for a while."""
    ftp = connect(options)
    time.sleep(float(options["seconds"]))
    ftp.quit()


def slow(options: dict[str, str]) -> None:
    """Commands with pauses between them; trouble ends it without a word."""
    ftp = connect(options)
    for command in ("PWD", "NOOP", "SYST"):
        time.sleep(float(options.get("seconds", "1.5")))
        ftp.sendcmd(command)
    ftp.quit()


def hold_port(options: dict[str, str]) -> None:
    """Asks for a passive port and thinks a while before using it."""
    ftp = connect(options)
    try:
        host, port = ftp.makepasv()
        time.sleep(float(options["seconds"]))
        data = socket.create_connection((host, port), timeout=5)
        ftp.sendcmd("RETR " + options.get("file", "readme.txt"))
        while data.recv(4096):
            pass
        data.close()
        ftp.voidresp()
        ftp.quit()
    except (OSError, EOFError, ftplib.Error):
        ftp.close()


def wait_for_425(options: dict[str, str]) -> None:
    """Dials the passive port without an answer, and asks for the file all the same."""
    ftp = connect(options)
    data = socket.socket()
    data.setblocking(False)
    data.connect_ex(ftp.makepasv())
    try:
        ftp.sendcmd("RETR readme.txt")
    except ftplib.Error:
        pass
    data.close()
    ftp.quit()


def typo(options: dict[str, str]) -> None:
    """A wrong password, then the right one."""
    for password in ("not-a-sceret", options["password"]):
        login(options | {"password": password})


def guess(options: dict[str, str]) -> None:
    """A wrong password and another user's name each time."""
    for name in options["users"].split(","):
        login(options | {"user": name, "password": "guess"})


def crowd(options: dict[str, str]) -> None:
    """Many sessions of another behaviour, some at once, from several addresses in turn."""
    work = iter(range(int(options["count"])))
    sources = options["sources"].split(",")
    lock = threading.Lock()

    def worker(number: int) -> None:
        time.sleep(number * 0.05)
        while True:
            with lock:
                turn = next(work, None)
            if turn is None:
                return
            globals()[options["does"]](options | {"source": sources[number % len(sources)]})
            time.sleep(0.05)

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(int(options["at_once"]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


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
