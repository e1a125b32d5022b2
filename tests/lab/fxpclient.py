"""Has one server send a file to another one (FXP): fxpclient.py USER PASSWORD.

203.0.113.130 listens, 10.88.1.2 dials. Whatever comes of it, both are left with QUIT.
"""

import ftplib
import sys


def login(host: str, user: str, password: str) -> ftplib.FTP:
    ftp = ftplib.FTP(host, timeout=30)
    ftp.login(user, password)
    ftp.voidcmd("TYPE I")
    return ftp


def copy(source: ftplib.FTP, target: ftplib.FTP) -> None:
    host, port = ftplib.parse227(target.sendcmd("PASV"))
    source.sendport(host, port)
    target.putcmd("STOR incoming/copy.bin")
    source.putcmd("RETR data.bin")
    for ftp in (source, target):
        if ftp.getresp().startswith("1"):
            ftp.voidresp()


def main(user: str, password: str) -> None:
    target = login("203.0.113.130", user, password)
    source = login("10.88.1.2", user, password)
    try:
        copy(source, target)
    except (OSError, EOFError, ftplib.Error):
        pass
    for ftp in (source, target):
        try:
            ftp.quit()
        except (OSError, EOFError, ftplib.Error):
            ftp.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
