"""pyftpdlib as a server: pyserver.py HOME USER PASSWORD [OPTION=VALUE...]"""

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, ThrottledDTPHandler
from pyftpdlib.servers import FTPServer


def main() -> None:
    home, user, password = sys.argv[1:4]
    options = dict(word.split("=", 1) for word in sys.argv[4:])
    logging.basicConfig(level=logging.WARNING)
    authorizer = DummyAuthorizer()
    authorizer.add_user(user, password, home, perm="elradfmwMT")
    FTPHandler.authorizer = authorizer
    FTPHandler.passive_ports = range(50000, 50101)
    FTPHandler.banner = "pyftpdlib based FTP server ready."
    if "masquerade" in options:
        FTPHandler.masquerade_address = options["masquerade"]
    if "rate" in options:
        ThrottledDTPHandler.write_limit = int(options["rate"])
        FTPHandler.dtp_handler = ThrottledDTPHandler
    FTPServer(("0.0.0.0", 21), FTPHandler).serve_forever()


if __name__ == "__main__":
    main()
