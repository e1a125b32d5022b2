#!/usr/bin/env python3
"""Makes the captures that the lab can't record, out of some that it did.

    synth.py            write them and their sidecars into samples/
    synth.py --check    say whether those in samples/ are what this program makes

The same input gives the same bytes. record.py calls it after recording.
"""

import json
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import readdress
import wires
from wires import Pcap, carried

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@dataclass
class Synthetic:
    name: str
    source: str
    says: str
    change: Callable[[Pcap], Pcap]
    truth: dict = field(default_factory=dict)  # what differs from the source's, in each session


CLIENT = bytes([10, 77, 1, 2])
PUBLIC = {"10.77.1.2": "192.0.32.20", "10.88.1.2": "192.0.43.8", "203.0.113.10": "192.0.43.8"}

SYNTHETIC = [
    Synthetic("gre", "passive-range-dropped-router", "In a GRE tunnel with a key.", carried(wires.gre)),
    Synthetic("erspan-ii", "data-path-dead-client", "Mirrored with ERSPAN type II.", carried(wires.erspan_2)),
    Synthetic("erspan-iii", "eprt-ipv6-ftplib", "Mirrored with ERSPAN type III.", carried(wires.erspan_3)),
    Synthetic("mpls", "pasv-private-address-client", "Under two MPLS labels.", carried(wires.mpls)),
    Synthetic("mpls-pseudowire", "data-refused-client", "Under an MPLS label, as Ethernet with a control word.",
              carried(wires.pseudowire)),
    Synthetic("pppoe", "data-zero-window-client", "On a DSL line (PPPoE).", carried(wires.pppoe)),
    Synthetic("radiotap", "active-blocked-client", "On the air, unencrypted IEEE 802.11 behind radiotap.",
              wires.on_air(CLIENT)),
    Synthetic("public-ftps-range-blocked", "ftps-range-blocked", "With public addresses.", readdress.to(PUBLIC)),
    Synthetic("public-cleartext-login", "passive-pasv-proftpd-lftp", "With public addresses.", readdress.to(PUBLIC),
              {"warning": ["cleartext-login"]}),
]


def sidecar(s: Synthetic, source: dict) -> str:
    head = {key: value for key, value in source.items() if isinstance(value, str)}
    head |= {"scenario": s.name, "description": f"{source['description']} {s.says}",
             "recorded_by": f"tests/lab/synth.py, from {s.source}"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in head.items()]
    for truth in source["session"]:
        lines += ["", "[[session]]"] + [f"{key} = {json.dumps(value)}" for key, value in (truth | s.truth).items()]
    return "\n".join(lines) + "\n"


def made(s: Synthetic) -> dict[Path, bytes]:
    source = SAMPLES / s.source
    pcap = s.change(Pcap.read(source.with_suffix(".pcap")))
    text = sidecar(s, tomllib.loads(source.with_suffix(".toml").read_text()))
    return {SAMPLES / f"{s.name}.pcap": pcap.bytes(), SAMPLES / f"{s.name}.toml": text.encode()}


def main(check: bool) -> int:
    different = 0
    for synthetic in SYNTHETIC:
        for path, content in made(synthetic).items():
            if check and (not path.exists() or path.read_bytes() != content):
                print(f"{path.name} is not what synth.py makes", file=sys.stderr)
                different += 1
            elif not check:
                path.write_bytes(content)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
