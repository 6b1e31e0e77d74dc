"""Runs one way to do a case's work, and takes its time.

A way is written as for a shell, a step a line.  Each program of a pipe runs
under GNU time, which tells its exit status and its peak of memory; the CPU
seconds are those of the whole family.  What is done before the clock starts
is synced to the disk, so that nobody pays for another's writes.
"""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

GNU_TIME = "/usr/bin/time"


@dataclass(frozen=True)
class Sample:
    """What one run took."""

    wall_s: float
    cpu_s: float
    peaks: dict[str, float]
    size: int = 0
    log: str = field(default="", repr=False)

    @property
    def peak_mib(self) -> float:
        """Of the greatest of its processes."""
        return max(self.peaks.values(), default=0.0)


class Failed(Exception):
    """A program of a way ended with a status other than 0."""


def timed(command: str, log: Path) -> str:
    """The shell's text with every program of it under GNU time."""
    steps = []
    prefix = f"{GNU_TIME} -q -a -o '{log}' -f '%x %M %C' "
    for step in command.strip().split("\n"):
        stages = [prefix + stage.strip() for stage in step.split(" | ")]
        steps.append(" | ".join(stages))
    return "\n".join(steps)


def run(command: str, env: dict[str, str], folder: Path) -> Sample:
    """One run, in `folder`."""
    log, errors = folder / "time.log", folder / "stderr"
    log.unlink(missing_ok=True)
    script = timed(command, log)
    os.sync()
    with errors.open("wb") as out:
        begun = time.monotonic()
        process = subprocess.Popen(
            ["/bin/sh", "-e", "-c", script],
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=out,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    said = errors.read_text(errors="replace")
    peaks: dict[str, float] = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        code, kib, name = line.split(maxsplit=2)
        name = program(name)
        if code != "0":
            raise Failed(f"{name} ended with {code}: {said.strip()[-300:]}")
        peaks[name] = max(peaks.get(name, 0.0), int(kib) / 1024)
    if process.returncode:
        raise Failed(f"status {process.returncode}: {said.strip()[-300:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Sample(wall, cpu, peaks, log=said)


def program(command: str) -> str:
    """What a process is called: a Python program by its own name."""
    words = command.split()
    scripts = [word for word in words[1:2] if word.endswith(".py")]
    return Path((scripts or words)[0]).name
