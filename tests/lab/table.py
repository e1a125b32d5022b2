"""The words in which a scenario is written down, and its sidecar."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from clients import Client
from servers import Server
from topology import Rule, Setting

@dataclass
class Truth:
    """What must be said of one session, seen from where the take was recorded."""
    status: str
    vantage: str
    notes: str
    critical: list[str] = field(default_factory=list)
    warning: list[str] = field(default_factory=list)
    info: list[str] = field(default_factory=list)


@dataclass
class Take:
    """One capture of a scenario; it becomes samples/`name`."""
    name: str
    at: str
    sessions: list[Truth] | Callable  # or a function of the capture's path, where the server chose by chance
    snaplen: int = 0
    nano: bool = False
    pcapng: bool = False
    only: str | None = None       # a further capture filter
    interface: str | None = None
    link: str | None = None       # a link type that tcpdump is to write
    edit: Callable | None = None  # a function of capture.py
    says: str | None = None       # when this capture deserves its own sentence
    findings: list[str] = field(default_factory=list)  # codes of what is critical or a warning over all sessions

    @property
    def file(self) -> str:
        return f"{self.name}.pcap" + ("ng" if self.pcapng else "")

    def truths(self, path: Path) -> list[Truth]:
        """What is true of each session of this recording."""
        return self.sessions(path) if callable(self.sessions) else self.sessions


@dataclass
class Scenario:
    says: str
    server: Server
    client: Client
    takes: list[Take]
    rules: list[Rule | Setting] = field(default_factory=list)
    fault: str | None = None      # when it is not only the rules
    # VLAN tags that "switch" shows ("8100:77", "88a8:5,8100:77").
    mirror: str | None = None
    limit: float = 60.0           # seconds, for all of it
    linger: float = 0.6           # seconds that the capture goes on after the client's end


def named(title: str, versions: dict[str, str]) -> str:
    """A title with the version after each program's name."""
    return re.sub(r"[a-z-]+", lambda word: f"{word[0]} {versions[word[0]]}" if word[0] in versions else word[0], title)


def sidecar(scenario: Scenario, take: Take, truths: list[Truth], versions: dict[str, str]) -> str:
    fault = "; ".join([*([scenario.fault] if scenario.fault else []), *map(str, scenario.rules)]) or "none"
    head = {
        "scenario": scenario.takes[0].name,
        "description": take.says or scenario.says,
        "server": named(scenario.server.title, versions),
        "client": named(scenario.client.title, versions),
        "captured_at": take.at,
        "fault": fault,
        "recorded_by": f"tests/lab/record.py {take.name}",
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in head.items()]
    if take.findings:
        lines.append(f"findings = {json.dumps(take.findings)}")
    for truth in truths:
        lines += ["", "[[session]]"]
        lines += [f"{key} = {json.dumps(getattr(truth, key))}"
                  for key in ("status", "vantage", "critical", "warning", "info", "notes")]
    return "\n".join(lines) + "\n"
