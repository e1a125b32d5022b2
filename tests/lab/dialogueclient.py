"""Dialogues about the control connection itself: dialogueclient.py BEHAVIOUR USER PASSWORD [OPTION=VALUE...]"""

import ftplib
import sys

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
