"""The network of one scenario: client - gate - core - fire - server, and core - second, another server.

`gate` is the client's gateway, `fire` the firewall in front of the server,
`core` a router between them with public-looking addresses and slow wires to
both sides, so that a capture taken there is near neither end. Nothing is
connected to the world outside.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from world import make_world

PREFIX = "ftpscope-lab-"
HOSTS = ["client", "gate", "core", "fire", "server", "second"]
HERE = Path(__file__).resolve().parent

# The interface that a capture at each place listens on.
PLACES = {"client": ("client", "eth0"), "server": ("server", "eth0"), "router": ("core", "east"),
          "gateway": ("gate", "lan"), "switch": ("core", "mirror")}

SHELL = """
hostname "$1"; etc="$2"; shift 2
for file in passwd shadow group nsswitch.conf resolv.conf hosts; do
  [ -e /etc/$file ] && mount --bind "$etc/$file" /etc/$file
done
[ -d /etc/pam.d ] && mount --bind "$etc/pam.d" /etc/pam.d
# Not exec: as process 1 vsftpd dies of the orphans that it is handed, and proftpd
# outlives its parent because it changes its user.
"$@"
exit $?
"""

CHAINS = {
    "input": "type filter hook input priority 0;",
    "output": "type filter hook output priority 0;",
    "forward": "type filter hook forward priority 0;",
    "prerouting": "type nat hook prerouting priority -100;",
    "postrouting": "type nat hook postrouting priority 100;",
}

OBJECTS = ("set", "ct helper")

HOST_NAMES = {"client": "the client", "gate": "the client's gateway", "core": "a router", "fire": "the server's firewall",
              "server": "the server", "second": "the second server"}


@dataclass
class Rule:
    """One nftables rule on one host; `chain` is one of CHAINS, or "set" or "ct helper" for one that rules use."""
    host: str
    chain: str
    rule: str

    def apply(self, lab: "Lab") -> None:
        lab.rule(self.host, self.chain, self.rule)

    def __str__(self) -> str:
        what = f"{self.chain} inet lab" if self.chain in OBJECTS else f"rule inet lab {self.chain}"
        return f"on {HOST_NAMES[self.host]}: nft add {what} {self.rule}"


@dataclass
class Setting:
    """One command on one host: a queue, a route, an MTU, the FTP helper."""
    host: str
    command: str

    def apply(self, lab: "Lab") -> None:
        lab.command(self.host, self.command)

    def __str__(self) -> str:
        return f"on {HOST_NAMES[self.host]}: {self.command}"


def call(*argv: object, quiet: bool = False) -> None:
    result = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=20)
    if result.returncode != 0 and not quiet:
        raise RuntimeError(f"{' '.join(str(word) for word in argv)}: {result.stderr.strip()}")


class Lab:
    """Namespaces, processes and files of one scenario; a context manager."""

    def __init__(self, tag: str, cache: Path, seconds: float, mirror: str | None = None):
        """`mirror` are the VLAN tags with which the wire between core and fire shows its frames to "switch"."""
        self.tag = f"{PREFIX}{os.getpid()}-{tag}"
        self.cache = cache
        self.mirror = mirror
        self.deadline = time.monotonic() + seconds
        self.processes: list[subprocess.Popen] = []
        self.wires: dict[str, subprocess.Popen] = {}
        self.work = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.log = open(self.work / "log", "w+", encoding="utf-8", errors="replace")

    def __enter__(self) -> "Lab":
        try:
            make_world(self.work, self.cache)
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.kill()
        for process in self.processes:
            process.wait()
        for host in HOSTS:
            call("ip", "netns", "del", self.netns(host), quiet=True)
        self.log.close()
        shutil.rmtree(self.work, ignore_errors=True)

    def netns(self, host: str) -> str:
        return f"{self.tag}-{host}"

    def left(self) -> float:
        """Seconds until the scenario's hard limit."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the scenario's time limit is over")
        return remaining

    # --- the network -----------------------------------------------------
    def build(self) -> None:
        for host in HOSTS:
            call("ip", "netns", "add", self.netns(host))
            self.ip(host, "link", "set", "lo", "up")
            self.sysctl(host, "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0")
        for router in ("gate", "core", "fire"):
            self.sysctl(router, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.cable("client", "eth0", "gate", "lan")
        self.cable("server", "eth0", "fire", "dmz")
        self.cable("second", "eth0", "core", "south")
        self.slow_wire("gate", "wan", "core", "west", 3.0)
        self.slow_wire("core", "east", "fire", "wan", 5.0, *([self.mirror] if self.mirror else []))
        if self.mirror:
            self.ip("core", "link", "set", "mirror", "up")
        for host, interface, *addresses in [
            ("client", "eth0", "10.77.1.2/24", "10.77.1.3/24", "fd00:77::2/64"),
            ("gate", "lan", "10.77.1.1/24", "fd00:77::1/64"),
            ("gate", "wan", "198.51.100.1/24", "198.51.100.3/24", "2001:db8:51::1/64"),
            ("core", "west", "198.51.100.2/24", "2001:db8:51::2/64"),
            ("core", "east", "192.0.2.1/24", "2001:db8:52::1/64"),
            ("core", "south", "203.0.113.129/25"), ("second", "eth0", "203.0.113.130/25"),
            ("fire", "wan", "192.0.2.2/24", "2001:db8:52::2/64"),
            ("fire", "dmz", "10.88.1.1/24", "fd00:88::1/64"),
            ("server", "eth0", "10.88.1.2/24", "10.88.1.3/24", "fd00:88::2/64"),
        ]:
            self.ip(host, "link", "set", interface, "up")
            for address in addresses:
                self.ip(host, "addr", "add", address, "dev", interface, *(["nodad"] if ":" in address else []))
        for host, network, via in [
            ("client", "default", "10.77.1.1"), ("client", "default", "fd00:77::1"),
            ("gate", "default", "198.51.100.2"), ("gate", "default", "2001:db8:51::2"),
            ("core", "10.77.1.0/24", "198.51.100.1"), ("core", "fd00:77::/64", "2001:db8:51::1"),
            ("core", "10.88.1.0/24", "192.0.2.2"), ("core", "fd00:88::/64", "2001:db8:52::2"),
            ("core", "203.0.113.0/24", "192.0.2.2"),
            ("fire", "default", "192.0.2.1"), ("fire", "default", "2001:db8:52::1"),
            ("second", "default", "203.0.113.129"), ("server", "default", "10.88.1.1"), ("server", "default", "fd00:88::1"),
        ]:
            self.ip(host, "-6" if ":" in via else "-4", "route", "add", network, "via", via)
        self.warm_up()

    def cable(self, host_a: str, if_a: str, host_b: str, if_b: str) -> None:
        call("ip", "link", "add", if_a, "netns", self.netns(host_a), "type", "veth",
             "peer", "name", if_b, "netns", self.netns(host_b))

    def slow_wire(self, host_a: str, if_a: str, host_b: str, if_b: str, delay_ms: float,
                  *mirror: str) -> None:
        if not os.path.exists("/dev/net/tun") and not mirror:
            self.cable(host_a, if_a, host_b, if_b)  # works, but without delay
            return
        wire = subprocess.Popen(
            [sys.executable, HERE / "wire.py", self.netns(host_a), if_a, self.netns(host_b), if_b, str(delay_ms),
             self.work / "rewrite", *mirror],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.processes.append(wire)
        self.wires[host_a] = wire
        if wire.stdout.readline().strip() != "ready":
            raise RuntimeError("the slow wire did not start")

    def overtake(self, host: str, every: int) -> None:
        """On the wire that begins at this host every so-manieth long frame lets two others pass."""
        self.wires[host].stdin.write(f"overtake {every}\n")
        self.wires[host].stdin.flush()

    def warm_up(self) -> None:
        """Resolves the neighbours, so that no first packet waits for it."""
        for target in ("10.88.1.2", "10.88.1.3", "203.0.113.130", "fd00:88::2"):
            self.run("client", [sys.executable, "-c", (
                "import socket,sys\n"
                "s=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)\n"
                "s.settimeout(3)\n"
                "s.connect_ex((sys.argv[1],9))"), target], seconds=5)

    def ip(self, host: str, *words: str) -> None:
        call("ip", "-n", self.netns(host), *words)

    def tc(self, host: str, *words: str) -> None:
        call("ip", "netns", "exec", self.netns(host), "tc", *words)

    def sysctl(self, host: str, *settings: str) -> None:
        call("ip", "netns", "exec", self.netns(host), "sysctl", "-qw", *settings)

    def rule(self, host: str, chain: str, rule: str) -> None:
        """Adds one nftables rule on a host, which says itself what it does."""
        nft = ["ip", "netns", "exec", self.netns(host), "nft"]
        call(*nft, "add", "table", "inet", "lab")
        if chain in OBJECTS:
            call(*nft, f"add {chain} inet lab {rule}")
            return
        call(*nft, f"add chain inet lab {chain} {{ {CHAINS[chain]} }}")
        call(*nft, f"add rule inet lab {chain} {rule}")

    def command(self, host: str, command: str) -> None:
        """Runs a command that changes a host's network."""
        call("ip", "netns", "exec", self.netns(host), *command.split())

    # --- processes -------------------------------------------------------
    def start(self, host: str, argv: list, **options) -> subprocess.Popen:
        """A program on a host, with the lab's users and without its world.

        It gets PID and mount namespaces of its own; killing it kills all that
        it started.
        """
        environment = {
            "PATH": os.environ["PATH"], "LANG": "C", "HOME": str(self.work / "clienthome"), "TERM": "dumb",
            "TZ": "UTC", "PYTHONPATH": str(self.cache / "python"), "PYTHONDONTWRITEBYTECODE": "1", "USER": "lab",
        }
        command = ["ip", "netns", "exec", self.netns(host), "setpriv", "--pdeathsig", "KILL",
                   "unshare", "-m", "-p", "-u", "-f", "--kill-child", "--mount-proc",
                   "sh", "-c", SHELL, "sh", f"lab-{host}", str(self.work / "etc"), *[str(word) for word in argv]]
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", self.log)
        process = subprocess.Popen(command, stderr=self.log, env=environment, cwd=self.work / "clienthome", **options)
        self.processes.append(process)
        return process

    def run(self, host: str, argv: list, seconds: float = 60.0, feed: str | None = None) -> int | None:
        """Runs a program to its end; one that takes too long is killed."""
        options = {"stdin": subprocess.PIPE, "text": True} if feed is not None else {}
        process = self.start(host, argv, **options)
        try:
            process.communicate(feed, timeout=min(seconds, self.left()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return process.returncode

    def wait(self, seconds: float) -> None:
        time.sleep(min(seconds, self.left()))

    def wait_for_port(self, host: str, port: int, seconds: float = 5.0) -> None:
        """Returns when a server listens, without connecting to it."""
        end = time.monotonic() + seconds
        while time.monotonic() < min(end, self.deadline):
            listing = subprocess.run(["ip", "netns", "exec", self.netns(host), "ss", "-Hltn", f"sport = :{port}"],
                                     capture_output=True, text=True)
            if listing.stdout.strip():
                return
            time.sleep(0.05)
        raise RuntimeError(f"nothing listens on port {port}: {self.tail()}")

    def tail(self) -> str:
        self.log.flush()
        text = (self.work / "log").read_text(errors="replace")
        return " | ".join(text.strip().splitlines()[-6:])


def sweep() -> None:
    """Removes namespaces that a killed run left behind."""
    listing = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for line in listing.splitlines():
        name = line.split()[0]
        if name.startswith(PREFIX):
            owner = name.removeprefix(PREFIX).split("-")[0]
            if owner.isdigit() and not os.path.exists(f"/proc/{owner}"):
                call("ip", "netns", "del", name, quiet=True)
