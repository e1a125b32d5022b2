#!/usr/bin/env python3
"""The lab, kept open for a test that drives it: commands on standard input,
an answer to each on standard output.

    stage.py [vsftpd | pyftpdlib]

    get NAME                the client fetches a file with curl, meanwhile
    rule HOST CHAIN RULE    adds an nftables rule
    clear HOST              removes all of them
    ip HOST WORDS           calls ip(8) on a host

The first answer is "ready NETNS-OF-THE-SERVER NETNS-OF-THE-CLIENT". Where there can be no lab, one
sentence says why and the exit status is 77.
"""

import os
import subprocess
import sys
import threading

import install
from clients import curl
from servers import pyftpdlib, vsftpd
from topology import Lab, call

SKIPPED = 77


def obstacle() -> str | None:
    if os.geteuid() != 0:
        return "namespaces need root"
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode != 0:
        return "namespaces are not allowed here"
    if lacking := install.missing(install.default_cache()):
        return f"missing: {', '.join(lacking)} (run tests/lab/record.py --install)"
    return None


def obey(lab: Lab, line: str) -> None:
    verb, _, rest = line.partition(" ")
    if verb == "get":
        threading.Thread(target=curl("--max-time", "30", path=rest).run, args=[lab], daemon=True).start()
        return
    host, _, rest = rest.partition(" ")
    if verb == "rule":
        lab.rule(host, *rest.split(" ", 1))
    elif verb == "clear":
        call("ip", "netns", "exec", lab.netns(host), "nft", "flush", "ruleset")
    elif verb == "ip":
        lab.ip(host, *rest.split())
    else:
        raise ValueError(f"no such command: {verb}")


def main() -> int:
    if why := obstacle():
        print(why)
        return SKIPPED
    server = {"vsftpd": vsftpd, "pyftpdlib": pyftpdlib}[sys.argv[1] if len(sys.argv) > 1 else "vsftpd"]()
    with Lab("stage", install.default_cache(), seconds=300) as lab:
        server.start(lab)
        print("ready", lab.netns("server"), lab.netns("client"), flush=True)
        for line in sys.stdin:
            try:
                obey(lab, line.strip())
                print("done", flush=True)
            except Exception as error:
                print(f"failed: {error}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
