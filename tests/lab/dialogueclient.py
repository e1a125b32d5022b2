"""Dialogues about the control connection itself: dialogueclient.py BEHAVIOUR USER PASSWORD [OPTION=VALUE...]"""

import ftplib
import socket
import sys
import time

from labclient import connect


def leave_early(options: dict[str, str]) -> None:
    """Closes the control connection in the middle of a download and reads the data to its end."""
    ftp = connect(options)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR " + options.get("file", "data.bin"))
    data.recv(2000)
    ftp.close()
    try:
        while data.recv(4096):
            pass
    except OSError:
        pass
    data.close()


def spoken(options: dict[str, str], lines: list[str], ending: str) -> socket.socket:
    """A dialogue by hand: each line after the reply to the one before."""
    control = socket.create_connection((options.get("host", "10.88.1.2"), 21), timeout=float(options.get("timeout", "30")))
    control.recv(4096)
    for line in lines:
        control.sendall((line + ending).encode())
        control.recv(4096)
    return control


def lf_only(options: dict[str, str]) -> None:
    """Ends its lines in LF."""
    spoken(options, [f"USER {options['user']}", f"PASS {options['password']}", "PWD", "QUIT"], "\n").close()


def never_ends(options: dict[str, str]) -> None:
    """Says PWD without an end, and waits."""
    control = spoken(options, [f"USER {options['user']}", f"PASS {options['password']}"], "\r\n")
    control.sendall(b"PWD")
    time.sleep(float(options["seconds"]))
    control.close()


def main() -> None:
    options = dict(word.split("=", 1) for word in sys.argv[4:])
    options.setdefault("user", sys.argv[2])
    options.setdefault("password", sys.argv[3])
    try:
        globals()[sys.argv[1]](options)
    except (OSError, EOFError, ftplib.Error) as error:
        print(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
