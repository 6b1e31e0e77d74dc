"""The job beside an application that commits a row every 5 ms.

The application begins some seconds before the job: its commits until then
are the idle baseline, on the same database in the same minute.  Before that
it is seen how long the machine itself keeps a busy process waiting, which is
in every hold and every commit.
"""

import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from cases import Way
from measure import Sample
import measure
from record import row
from rounds import Rounds, Run, Unequal
from world import HERE

IDLE_S = 5.0
SPIN_S = 3.0
# A process that does nothing but look at the clock was off its CPU.
STALL_S = 0.002
# Milliseconds: p99 and longest of a commit, by journal.
COMMITS = {"WAL": (15.0, 50.0), "DELETE": (30.0, 100.0)}
HOLDS = (10.0, 50.0)
WAL_MIB = 32.0
HEAD = "# {} way n window commits p50_ms p99_ms max_ms busy"


class Beside(Rounds):
    """Rounds in which somebody else writes."""

    def all(self, rounds: int) -> Run:
        self.lines: list[str] = []
        self.turn = 0
        run = super().all(rounds)
        head = HEAD.format("commits")
        kinds = ("commits", "holds", "wal", "machine")
        run.lines = [head, *sorted(
            self.lines, key=lambda line: kinds.index(line.split()[0]))]
        return run

    def prepare(self, way: Way) -> None:
        super().prepare(way)
        db = sqlite3.connect(self.world.work / "db")
        db.execute(f"PRAGMA journal_mode={self.case.journal}")
        db.close()

    def take(self, way: Way, discard: bool = False) -> Sample:
        self.turn += 1
        self.prepare(way)
        env = self.environment(way, discard)
        work = self.world.work
        store, purge = way.command.split("\n")
        commits = work / "commits"
        stalls = spin()
        writer = subprocess.Popen(
            [sys.executable, str(HERE / "writer.py"), str(work / "db"),
             str(commits)],
            stdin=subprocess.PIPE,
        )
        with Greatest(work / "db-wal") as wal:
            try:
                time.sleep(IDLE_S)
                begun = time.monotonic()
                first = measure.run(store, env, work)
                middle = time.monotonic()
                stolen = steal_s()
                second = measure.run(purge, env, work)
                stolen = steal_s() - stolen
                ended = time.monotonic()
            finally:
                writer.communicate()
        windows = {
            "idle": (0.0, begun),
            "store": (begun, middle),
            "purge": (middle, ended),
        }
        self.commits(commits, windows)
        self.others(second, wal.bytes)
        self.line("machine", "stalls", len(stalls), "max_ms",
                  max(stalls, default=0.0) * 1000, "purge_steal_s", stolen)
        return replace(
            second,
            wall_s=first.wall_s + second.wall_s,
            cpu_s=first.cpu_s + second.cpu_s,
            peaks=first.peaks | second.peaks,
            size=self.size(),
        )

    def commits(self, file: Path, windows: dict) -> None:
        found = [line.split() for line in file.read_text().splitlines()]
        for name, (begun, ended) in windows.items():
            own = [c for c in found if begun <= float(c[0]) < ended]
            took = sorted(float(c[1]) * 1000 for c in own)
            busy = sum(c[2] != "done" for c in own)
            p99, longest = COMMITS[self.case.journal]
            good = at(took, 99) < p99 and at(took, 100) < longest and not busy
            word = "" if name == "idle" else self.word(good)
            self.line("commits", name, len(own), at(took, 50), at(took, 99),
                      at(took, 100), busy, word)

    def others(self, purge: Sample, wal: int) -> None:
        holds = re.search(
            r"held the lock (\d+) times?, p99 ([\d.]+) ms,"
            r" longest ([\d.]+) ms",
            purge.log,
        )
        if holds:
            p99, longest = float(holds[2]), float(holds[3])
            good = p99 < HOLDS[0] and longest < HOLDS[1]
            self.line("holds", holds[1], "p99_ms", p99, "max_ms", longest,
                      self.word(good))
        else:
            self.line("holds", "not reported")
        mib = wal / 2**20
        self.line("wal", "MiB", mib, self.word(mib < WAL_MIB))

    def word(self, good: bool) -> str:
        """How a figure stands to what is wanted, at the size meant."""
        if self.world.scale != 1:
            return "-"
        return "held" if good else "MISSED"

    def line(self, kind: str, *figures: object) -> None:
        self.lines.append(row(kind, "rt", self.turn, *figures))

    def check(self, way: Way) -> None:
        super().check(way)
        lines = (self.world.work / "commits").read_text().splitlines()
        done = sum(line.endswith("done") for line in lines)
        db = sqlite3.connect(self.world.work / "db")
        query = "SELECT count(*) FROM tool_uses WHERE session_id = 'writer'"
        there = db.execute(query).fetchone()[0]
        db.close()
        if there != done:
            raise Unequal(f"{done} rows were written, {there} are there")


class Greatest:
    """The greatest length of a file while this is open."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.bytes = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self) -> None:
        while not self.ended.wait(0.02):
            try:
                self.bytes = max(self.bytes, self.file.stat().st_size)
            except FileNotFoundError:
                pass

    def __enter__(self) -> "Greatest":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()


def spin() -> list[float]:
    """How long a process was kept off its CPU, each time, in seconds."""
    stalls = []
    last = time.perf_counter()
    ends = last + SPIN_S
    while last < ends:
        now = time.perf_counter()
        if now - last > STALL_S:
            stalls.append(now - last)
        last = now
    return stalls


def steal_s() -> float:
    """CPU seconds of all cores that went to other machines so far."""
    cpu = Path("/proc/stat").read_text().splitlines()[0].split()
    return int(cpu[8]) / os.sysconf("SC_CLK_TCK")


def at(took: list[float], percent: int) -> float:
    """That many per cent took this long or less."""
    if not took:
        return 0.0
    return took[max(0, -(-len(took) * percent // 100) - 1)]
