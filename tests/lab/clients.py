"""Starting the FTP clients. Each is a function of the lab that runs to its end."""

import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from topology import Lab, Rule
from world import PASSWORD, USER

HERE = Path(__file__).resolve().parent
SERVER = "10.88.1.2"


@dataclass
class Client:
    title: str
    run: Callable[[Lab], None]


def curl(*options: str, host: str = SERVER, path: str = "readme.txt", scheme: str = "ftp", seconds: float = 60,
         password: str = PASSWORD) -> Client:
    def run(lab: Lab) -> None:
        target = host if host.count(":") < 2 else f"[{host}]"
        lab.run("client", ["curl", "-sS", "-o", "/dev/null", "--user", f"{USER}:{password}", *options,
                           f"{scheme}://{target}/{path}"], seconds)
    return Client("curl", run)


def lftp(*commands: str, host: str = SERVER, settings: tuple[str, ...] = (), seconds: float = 60) -> Client:
    def run(lab: Lab) -> None:
        fixed = ("set net:max-retries 1", "set net:reconnect-interval-base 1", "set ssl:verify-certificate no",
                 "set ftp:sync-mode yes", "set dns:order inet")
        script = "; ".join([*fixed, *settings, f"open -u {USER},{PASSWORD} ftp://{host}", *commands, "quit"])
        lab.run("client", ["lftp", "--norc", "-c", script], seconds)
    return Client("lftp", run)


def ncftpput(*files: str, options: tuple[str, ...] = (), seconds: float = 60) -> Client:
    def run(lab: Lab) -> None:
        lab.run("client", ["ncftpput", "-u", USER, "-p", PASSWORD, "-V", "-r", "1", *options, SERVER, "/incoming",
                           *[lab.work / "clienthome" / name for name in files]], seconds)
    return Client("ncftp", run)


def tnftp(*commands: str, options: tuple[str, ...] = (), host: str = SERVER, seconds: float = 60) -> Client:
    def run(lab: Lab) -> None:
        script = "\n".join(["prompt", f"user {USER} {PASSWORD}", *commands, "quit"]) + "\n"
        lab.run("client", ["tnftp", "-n", "-g", "-V", *options, host], seconds, feed=script)
    return Client("tnftp", run)


def ftplib(behaviour: str, limit: float = 60, **options: object) -> Client:
    """One of the dialogues of labclient.py."""
    def run(lab: Lab) -> None:
        words = [f"{key}={value}" for key, value in options.items()]
        lab.run("client", [sys.executable, HERE / "labclient.py", behaviour, USER, PASSWORD, *words], limit)
    return Client(f"ftplib of Python {sys.version_info[0]}.{sys.version_info[1]}", run)


def together(*clients: Client, pause: float = 0.25) -> Client:
    """Clients that work at the same time, started one after the other."""
    def run(lab: Lab) -> None:
        threads = [threading.Thread(target=client.run, args=(lab,)) for client in clients]
        for thread in threads:
            thread.start()
            lab.wait(pause)
        for thread in threads:
            thread.join()
    return Client(", ".join(dict.fromkeys(client.title for client in clients)), run)


def while_broken(after: float, seconds: float, *rules: Rule, client: Client) -> Client:
    """A client that works while the network is broken for some seconds."""
    def run(lab: Lab) -> None:
        def change() -> None:
            lab.wait(after)
            for rule in rules:
                rule.apply(lab)
            lab.wait(seconds)
            for host in {rule.host for rule in rules}:
                lab.command(host, "nft flush table inet lab")
        thread = threading.Thread(target=change)
        thread.start()
        client.run(lab)
        thread.join()
    return Client(client.title, run)


def at_addresses(*addresses: str, client: Client) -> Client:
    """A client on a host that has further addresses."""
    def run(lab: Lab) -> None:
        for address in addresses:
            lab.ip("client", "addr", "replace", f"{address}/24", "dev", "eth0")
        client.run(lab)
    return Client(client.title, run)


def while_adding(seconds: float, *rules: Rule, client: Client) -> Client:
    """A client that works while the network changes under it: rules come after some seconds."""
    def run(lab: Lab) -> None:
        def change() -> None:
            lab.wait(seconds)
            for rule in rules:
                rule.apply(lab)
        thread = threading.Thread(target=change)
        thread.start()
        client.run(lab)
        thread.join()
    return Client(client.title, run)
