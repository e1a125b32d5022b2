"""Processes that are stopped or killed, routes that go: what happens to hosts, not to packets."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from clients import curl, while_adding
from faults import failed, stalled
from servers import vsftpd
from table import Scenario, Take
from topology import Lab, Setting


def parents() -> dict[int, tuple[int, str]]:
    """Of each process its parent and its name."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = status.read_text().rpartition(")")
        except OSError:
            continue  # it ended meanwhile
        pid, _, name = head.partition(" (")
        found[int(pid)] = (int(tail.split()[1]), name)
    return found


@dataclass
class Signal:
    """A signal to all processes of this name in the lab."""
    name: str
    signal: signal.Signals

    def apply(self, lab: Lab) -> None:
        known, own = parents(), {process.pid for process in lab.processes}
        for pid, (parent, name) in known.items():
            while parent in known and parent not in own:
                parent = known[parent][0]
            if parent in own and name == self.name:
                os.kill(pid, self.signal)


# 60 kB take 7.5 s.
SLOW = {"local_max_rate": 8000, "trans_chunk_size": 4096}
DOWNLOAD = curl("--max-time", "15", path="large.bin")

SCENARIOS: list[Scenario] = [
    Scenario(
        "The server's processes are stopped in mid-download; their kernel goes on answering.",
        vsftpd(**SLOW), while_adding(3, Signal("vsftpd", signal.SIGSTOP), client=DOWNLOAD),
        [Take("server-stopped-client", "client", stalled("client", "data-silent",
              "No byte for 12 s on an open data connection, and nothing outstanding.")),
         Take("server-stopped-server", "server", stalled("server", "data-silent",
              "All that was sent is acknowledged, the window is open, and the server sends nothing more."))],
        fault="after 3 s: kill -STOP of all processes of the server", linger=1),
    Scenario(
        "The server's processes are killed in mid-download.",
        vsftpd(**SLOW), while_adding(3, Signal("vsftpd", signal.SIGKILL), client=DOWNLOAD),
        [Take("server-killed-client", "client", failed("client", "control-closed",
              "The server's FINs on data and control come together, without a 226 or a 421.")),
         Take("server-killed-server", "server", failed("server", "control-closed",
              "The server's FINs on data and control come together, without a 226 or a 421."))],
        fault="after 3 s: kill -KILL of all processes of the server", linger=1),
    Scenario(
        "A router loses its route to the client in mid-download, and says so to the server.",
        vsftpd(**SLOW), while_adding(3, Setting("core", "ip route del 10.77.1.0/24"), client=DOWNLOAD),
        [Take("route-removed-server", "server", stalled("server", "host-unreachable",
              "ICMP network unreachable from the router quotes segments of the data connection, and nothing of the client "
              "comes any more.")),
         Take("route-removed-client", "client", stalled("client", "host-unreachable",
              "Both connections fall silent, and the client's FINs on both are never acknowledged."))],
        fault="after 3 s a router between them has no route to the client's network any more", linger=6),
]
