"""Taking captures in a namespace, and cutting them afterwards."""

import shutil
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from topology import PLACES, Lab

# Neighbour discovery and multicast listener reports are left out.
FILTER = "tcp or icmp or (icmp6 and ip6[40] < 128)"


@dataclass
class Record:
    """One packet of a classic pcap file."""
    header: bytes
    data: bytes


class Capture:
    """One tcpdump, from the moment it listens until it has written all."""

    def __init__(self, lab: Lab, place: str, name: str, *, interface: str | None = None, snaplen: int = 0,
                 nano: bool = False, only: str | None = None, link: str | None = None):
        host, device = PLACES[place]
        self.path = lab.work / f"{name}.pcap"
        command = ["ip", "netns", "exec", lab.netns(host), "tcpdump", "-n", "-U", "--immediate-mode", "-Z", "root",
                   "-i", interface or device, "-s", str(snaplen), "-w", str(self.path)]
        if nano:
            command.append("--time-stamp-precision=nano")
        if link:
            command += ["-y", link]
        if place != "switch":  # there, all has tags that a filter doesn't look behind
            command.append(f"({FILTER}) and ({only})" if only else FILTER)
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        lab.processes.append(self.process)
        for line in self.process.stderr:
            if "listening on" in line:
                break
        else:
            raise RuntimeError(f"tcpdump did not start: {command}")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        time.sleep(0.1)

    def stop(self) -> Path:
        self.process.terminate()
        self.process.wait(timeout=5)
        return self.path


def dialogues(path: Path) -> dict[tuple[str, int], str]:
    """What was said on each connection to port 21, by the client's address and port, in order of their first packets
    (Ethernet and IPv4 only)."""
    said: dict[tuple[str, int], bytearray] = {}
    for record in records(path):
        packet = record.data[14:]
        if record.data[12:14] != b"\x08\x00" or packet[9] != 6:
            continue
        tcp = packet[(packet[0] & 15) * 4:struct.unpack_from(">H", packet, 2)[0]]
        source, target = struct.unpack_from(">HH", tcp)
        if 21 in (source, target):
            address, port = (packet[16:20], target) if source == 21 else (packet[12:16], source)
            said.setdefault((".".join(map(str, address)), port), bytearray()).extend(tcp[(tcp[12] >> 4) * 4:])
    return {client: text.decode(errors="replace") for client, text in said.items()}


def records(path: Path) -> list[Record]:
    """The packets of a classic pcap file."""
    raw = path.read_bytes()
    found, offset = [], 24
    while offset < len(raw):
        size = struct.unpack_from("<I", raw, offset + 8)[0]
        found.append(Record(raw[offset:offset + 16], raw[offset + 16:offset + 16 + size]))
        offset += 16 + size
    return found


def edit(path: Path, change: Callable[[list[Record]], list[Record]]) -> None:
    """Rewrites a classic pcap file without some of its packets."""
    kept = change(records(path))
    path.write_bytes(path.read_bytes()[:24] + b"".join(record.header + record.data for record in kept))


def after_login(records: list[Record]) -> list[Record]:
    """Cuts away the handshake and the login: a capture started too late."""
    last = next(index for index, record in enumerate(records) if b"230 Login successful" in record.data)
    return records[last + 1:]


def lose_some(records: list[Record]) -> list[Record]:
    """Loses every third of the full-size packets: a capture that can't keep up."""
    kept, full = [], 0
    for record in records:
        if len(record.data) > 1400:
            full += 1
            if full % 3 == 0:
                continue
        kept.append(record)
    return kept


def sessions(path: Path) -> int:
    """How many connections to a control port begin in a capture."""
    listing = subprocess.run(["tcpdump", "-n", "-r", path, "dst port 21 or dst port 990"],
                             capture_output=True, text=True, check=True).stdout
    return len({line.split(" > ")[0].split()[-1] for line in listing.splitlines() if "Flags [S]," in line})


def store(path: Path, target: Path) -> None:
    """Copies a capture into the samples, converted if its name says so."""
    if target.suffix == ".pcapng":
        subprocess.run(["editcap", "-F", "pcapng", path, target], check=True, capture_output=True)
    else:
        shutil.copyfile(path, target)
