"""Records scenarios anew and holds what ftpscope says of the captures against the table."""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable

import install
import truth
from table import Scenario
from topology import sweep

# Where captures stay of which something else is said.
KEPT = truth.REPOSITORY / "target" / "lab"


def hindrance(cache: Path, fetch: bool) -> str | None:
    """Why there can be no lab here. With `fetch`, what is missing is installed first."""
    if os.geteuid() != 0:
        return "it must run as root"
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
        return "network namespaces aren't allowed here"
    lacking = install.missing(cache)
    if lacking and fetch:
        try:
            install.install(cache)
        except (OSError, StopIteration, subprocess.CalledProcessError) as error:
            return f"what the lab needs can't be installed: {error}"
        lacking = install.missing(cache)
    if lacking:
        return f"missing: {', '.join(lacking)} (record.py --install fetches it)"
    name = f"ftpscope-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "del", name], capture_output=True)
    if made.returncode != 0:
        return f"network namespaces aren't allowed here: {made.stderr.strip()}"
    return None


def prepare(cache: Path) -> int:
    """Fetches what is missing. That there can be no lab here is said, and is no failure."""
    why = hindrance(cache, fetch=True)
    print(f"SKIPPED: {why}" if why else "the lab is ready", flush=True)
    return 0


class Check:
    def __init__(self, arguments: argparse.Namespace, ftpscope: Path, record: Callable, folder: Path):
        self.cache, self.verbose = arguments.cache, arguments.verbose
        self.until = time.monotonic() + arguments.budget
        self.ftpscope, self.record, self.folder = ftpscope, record, folder
        self.late: list[str] = []
        self.unrecorded: list[str] = []

    def once(self, number: int, scenario: Scenario) -> list[str] | None:
        """What is said otherwise than the table says; None where the scenario couldn't be played."""
        try:
            self.record(number, scenario, self.cache, self.folder, self.verbose)
        except Exception as error:  # one failed scenario must not stop the others
            print(f"not recorded: {scenario.takes[0].name}: {error}", flush=True)
            return None
        return [f"{take.name}: {line}" for take in scenario.takes
                for line in truth.differences(self.ftpscope, self.folder / take.file)]

    def scenario(self, number: int, scenario: Scenario) -> bool:
        name, began = scenario.takes[0].name, time.monotonic()
        # An unhappy moment of a busy machine isn't the program's; a second one would be.
        for last in (False, True):
            if time.monotonic() > self.until:
                self.late.append(name)
                return True
            wrong = self.once(number, scenario)
            if wrong is None:
                if last:
                    # What this kernel can't do says nothing of the program.
                    self.unrecorded.append(name)
                    return True
                continue
            spent = f"{time.monotonic() - began:5.1f} s"
            if not wrong:
                print(f"ok {spent}  {', '.join(take.name for take in scenario.takes)}", flush=True)
                return True
            print(f"{'WRONG' if last else 'again'} {spent}  {name}: {'; '.join(wrong)}", flush=True)
        KEPT.mkdir(parents=True, exist_ok=True)
        for take in scenario.takes:
            if (self.folder / take.file).exists():
                shutil.copy(self.folder / take.file, KEPT)
        return False


def run(scenarios: list[tuple[int, Scenario]], arguments: argparse.Namespace, record: Callable) -> int:
    ftpscope = arguments.ftpscope or truth.program()
    reason = hindrance(arguments.cache, arguments.install)
    if ftpscope is None:
        reason = reason or "ftpscope isn't built (cargo build)"
    if reason or ftpscope is None:
        print(f"SKIPPED: the lab's scenarios were not recorded anew: {reason}")
        return 0
    sweep()
    began = time.monotonic()
    # Those that wait longest begin first.
    scenarios = sorted(scenarios, key=lambda work: -work[1].limit)
    with tempfile.TemporaryDirectory(prefix="ftpscope-check-") as folder:
        check = Check(arguments, ftpscope.resolve(), record, Path(folder))
        with ThreadPoolExecutor(arguments.jobs or 8) as pool:
            right = list(pool.map(lambda work: check.scenario(*work), scenarios))
        # Alone, nothing but the program can be to blame.
        doubtful = [work for work, fine in zip(scenarios, right) if not fine]
        wrong = [check.scenario(*work) for work in doubtful].count(False)
    done = len(right) - wrong - len(check.late) - len(check.unrecorded)
    print(f"{done} scenarios recorded anew and diagnosed as the table says, {wrong} not, "
          f"in {time.monotonic() - began:.0f} s")
    if check.late:
        print(f"SKIPPED, the time was over: {', '.join(check.late)}")
    if check.unrecorded:
        print(f"SKIPPED, they can't be recorded here: {', '.join(check.unrecorded)}")
    if wrong:
        print(f"their captures are in {KEPT}")
    return 1 if wrong else 0
