#!/usr/bin/env python3
"""Records the captures in samples/ from real servers and clients. Needs root.

    record.py --install     fetch what the lab needs
    record.py --prepare     the same where a lab can be, and only what is missing; else say why not
    record.py               record all samples
    record.py NAME...       record some (a sample's name; its sister captures come with it)
    record.py --list        say what there is
    record.py --sidecars    write the sidecars anew, as the table says, without recording
    record.py --check       record all anew, elsewhere, and hold what ftpscope says against the table
"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import check
import install
import synth
from capture import Capture, edit, sessions, store
from scenarios import SCENARIOS
from table import Scenario, sidecar
from topology import Lab, sweep

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
LARGEST = 200_000


def record(number: int, scenario: Scenario, cache: Path, target: Path, verbose: bool) -> None:
    with Lab(str(number), cache, scenario.limit, scenario.mirror) as lab:
        for rule in scenario.rules:
            rule.apply(lab)
        scenario.server.start(lab)
        captures = [Capture(lab, take.at, take.name, interface=take.interface, snaplen=take.snaplen,
                            nano=take.nano, only=take.only, link=take.link) for take in scenario.takes]
        scenario.client.run(lab)
        lab.wait(scenario.linger)
        for take, capture in zip(scenario.takes, captures):
            path = capture.stop()
            if take.edit:
                edit(path, take.edit)
            if path.stat().st_size > LARGEST:
                raise RuntimeError(f"{take.name} has {path.stat().st_size} bytes")
            truths = take.truths(path)
            if sessions(path) not in (0, len(truths)):
                raise RuntimeError(f"{take.name} has {sessions(path)} sessions, not {len(truths)}")
            store(path, target / take.file)
            (target / f"{take.name}.toml").write_text(sidecar(scenario, take, truths, install.versions(cache)))
        if verbose:
            print(lab.tail(), file=sys.stderr)


def write_sidecars(arguments: argparse.Namespace) -> None:
    """For recorded samples whose truth in the table has changed."""
    versions = install.versions(arguments.cache)
    for _, scenario in chosen(arguments.names):
        for take in scenario.takes:
            path = arguments.samples / take.file
            if path.exists():
                text = sidecar(scenario, take, take.truths(path), versions)
                path.with_suffix(".toml").write_text(text)
    synthesise(arguments)


def synthesise(arguments: argparse.Namespace) -> None:
    """What is made of the samples follows them."""
    if arguments.samples.resolve() == synth.SAMPLES:
        synth.main(check=False)


def attempt(number: int, scenario: Scenario, arguments: argparse.Namespace) -> bool:
    names = ", ".join(take.name for take in scenario.takes)
    began = time.monotonic()
    try:
        record(number, scenario, arguments.cache, arguments.samples, arguments.verbose)
    except Exception as error:  # one failed scenario must not stop the others
        print(f"FAILED {names}: {error}", flush=True)
        return False
    print(f"ok {time.monotonic() - began:5.1f} s  {names}", flush=True)
    return True


def chosen(names: list[str]) -> list[tuple[int, Scenario]]:
    known = {take.name for scenario in SCENARIOS for take in scenario.takes}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no such sample: {', '.join(unknown)} (see --list)")
    return [(number, scenario) for number, scenario in enumerate(SCENARIOS)
            if not names or any(take.name in names for take in scenario.takes)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--install", action="store_true", help="fetch servers, clients and tools, then stop")
    parser.add_argument("--prepare", action="store_true",
                        help="fetch what is missing, or say why there can be no lab here; never fails")
    parser.add_argument("--list", action="store_true", help="list the samples")
    parser.add_argument("--sidecars", action="store_true", help="write the sidecars of recorded samples anew")
    parser.add_argument("--cache", type=Path, default=install.default_cache(), help="where the servers are unpacked")
    parser.add_argument("--samples", type=Path, default=SAMPLES, help="where to write")
    parser.add_argument("--check", action="store_true", help="hold fresh captures against the table")
    parser.add_argument("--budget", type=float, default=280, help="seconds that --check may take")
    parser.add_argument("--ftpscope", type=Path, help="the program to check (default: as it was built last)")
    parser.add_argument("--jobs", type=int, help="scenarios at the same time (default: 4, with --check 8)")
    parser.add_argument("--verbose", action="store_true", help="show the end of each scenario's log")
    arguments = parser.parse_args()
    arguments.cache = arguments.cache.resolve()
    if arguments.list:
        for scenario in SCENARIOS:
            for take in scenario.takes:
                print(f"{take.name:38} {take.says or scenario.says}")
        return 0
    if arguments.sidecars:
        write_sidecars(arguments)
        return 0
    if arguments.prepare:
        return check.prepare(arguments.cache)
    if arguments.check:
        return check.run(chosen(arguments.names), arguments, record)
    if os.geteuid() != 0:
        sys.exit("record.py makes network namespaces and must run as root")
    if arguments.install:
        install.install(arguments.cache)
        return 0
    if lacking := install.missing(arguments.cache):
        sys.exit(f"missing: {', '.join(lacking)} (run record.py --install)")
    sweep()
    arguments.samples.mkdir(exist_ok=True)
    with ThreadPoolExecutor(arguments.jobs or 4) as pool:
        results = list(pool.map(lambda work: attempt(*work, arguments), chosen(arguments.names)))
    synthesise(arguments)
    print(f"{sum(results)} scenarios recorded, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
