"""What ftpscope says of a capture, held against its sidecar."""

import json
import subprocess
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def program() -> Path | None:
    """The program as it was built last."""
    built = [path for kind in ("release", "debug") if (path := REPOSITORY / "target" / kind / "ftpscope").exists()]
    return max(built, key=lambda path: path.stat().st_mtime, default=None)


def said(session: dict, severity: str) -> list[str]:
    return sorted({found["code"] for found in session["diagnoses"] if found["severity"] == severity})


def differences(ftpscope: Path, capture: Path) -> list[str]:
    """One line for each thing that is not said as the sidecar beside the capture wants it."""
    run = subprocess.run([ftpscope, "report", "--format", "json", capture], capture_output=True, text=True, timeout=60)
    if run.returncode not in (0, 1):
        return [f"exit status {run.returncode}: {run.stderr.strip()}"]
    sessions = json.loads(run.stdout)["sessions"]
    truths = tomllib.loads(capture.with_suffix(".toml").read_text()).get("session", [])
    if len(sessions) != len(truths):
        return [f"{len(sessions)} sessions, truth {len(truths)}"]
    wrong = []
    for session, truth in zip(sessions, truths):
        name = f"session {session['id']}" if len(truths) > 1 else "it"
        for key in ("status", "vantage"):
            if session[key] != truth[key]:
                wrong.append(f"{name}: {key} {session[key]}, truth {truth[key]}")
        for severity in ("critical", "warning"):
            if (mine := said(session, severity)) != sorted(truth[severity]):
                wrong.append(f"{name}: {severity} {mine}, truth {sorted(truth[severity])}")
        if missing := set(truth["info"]) - set(said(session, "info")):
            wrong.append(f"{name}: info without {sorted(missing)}")
    return wrong
