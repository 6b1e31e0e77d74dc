"""The rounds of a case: every way in turn, and what it left looked at."""

import json
import os
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import content
import measure
from cases import Case, Way
from measure import Sample
from world import HERE, NOW, World, json_object, say


class Unequal(Exception):
    """What a way left is not what it should have left."""


@dataclass
class Run:
    """What came of a case."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    # Why a way has no samples.
    skipped: dict[str, str] = field(default_factory=dict)
    # Further lines of the record.
    lines: list[str] = field(default_factory=list)
    failed: bool = False
    # Whether the sizes are those for which figures are wanted.
    full: bool = True


class Rounds:
    """A case in a world."""

    def __init__(self, world: World, case: Case) -> None:
        self.world = world
        self.case = case
        self.out = world.work / "out"
        self.archives = world.work / "archives"
        # The bytes of outputs whose rows were found to be right.
        self.proven: dict[str, str] = {}

    def environment(self, way: Way, discard: bool) -> dict[str, str]:
        data = way.data or self.case.data
        database = self.world.database(data)
        used = self.world.work / "db" if way.deletes else database
        query = json_object(database, data.table)
        env = {
            "PATH": f"{self.world.bins}:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", "/"),
            "LC_ALL": "C",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PERF": str(HERE),
            "DB": str(used),
            "OUT": "/dev/null" if discard else str(self.out),
            "BEFORE": self.case.before,
            "JSON_OBJECT": query,
            "RT_DB": str(used),
            "RT_ARCHIVES": str(self.archives),
            "RT_NOW": NOW,
        }
        if policy := self.world.beside(data, ".policy"):
            env["RT_POLICY"] = str(policy)
        if way.leaves == "text":
            text = self.world.text(data)
            env["TEXT"] = str(text)
            env["PACKED"] = str(text.with_suffix(".jsonl.gz"))
        return env

    def prepare(self, way: Way) -> None:
        """Everything as it was before any way ran."""
        self.world.empty_work()
        if way.deletes:
            self.world.fresh(way.data or self.case.data)
        archives = self.world.beside(way.data or self.case.data, ".archives")
        if archives:
            shutil.copytree(archives, self.archives)
        if way.setup:
            env = self.environment(way, False)
            measure.run(way.setup, env, self.world.work)

    def take(self, way: Way, discard: bool = False) -> Sample:
        self.prepare(way)
        env = self.environment(way, discard)
        sample = measure.run(way.command, env, self.world.work)
        return replace(sample, size=self.size())

    def size(self) -> int:
        """The bytes of all that a way wrote."""
        files = [*self.left(), *self.archives.glob("cold/*/*.tar.gz")]
        return sum(path.stat().st_size for path in files)

    def left(self) -> list[Path]:
        """The files that hold the rows, as a way wrote them."""
        if self.out.exists():
            return [self.out]
        return sorted(self.archives.glob("warm/*/*.jsonl.gz"))

    def check(self, way: Way) -> None:
        """Raises Unequal unless what is there is what should be."""
        if way.leaves == "rows":
            self.check_rows(way)
        elif way.leaves == "text":
            text = [self.world.text(way.data or self.case.data)]
            want = self.proven.setdefault("TEXT", content.sha256(text))
            if content.sha256([self.out], text=True) != want:
                raise Unequal("the text is another")
        elif way.leaves == "number":
            found = number(self.out)
            want = self.proven.setdefault("number", str(found))
            if str(found) != want:
                raise Unequal(f"{found} is not {want}")
        if way.deletes:
            self.check_rest(way)

    def check_rows(self, way: Way) -> None:
        bytes_now = content.sha256(self.left())
        if self.proven.get(way.name) == bytes_now:
            return
        where = self.case.due if way.deletes else "TRUE"
        want = self.world.truth(way.data or self.case.data, where)
        found = content.of_files(self.left())
        compare("in what it wrote", found, want)
        self.proven[way.name] = bytes_now

    def check_rest(self, way: Way) -> None:
        """Of what others put in meanwhile nothing is looked at here."""
        data = way.data or self.case.data
        others = "session_id IS NOT 'writer'" if self.case.journal else "TRUE"
        copy = self.world.work / "db"
        found = content.of_database(copy, data.table, others)
        want = self.world.truth(data, f"NOT ({self.case.due})")
        compare("that stayed", found, want)

    def ready(self) -> None:
        """Makes what all ways read, and their truths, ahead of the clock."""
        for way in self.case.ways:
            data = way.data or self.case.data
            self.world.database(data)
            if "$PACKED" in way.command:
                self.world.packed(data)

    def all(self, rounds: int) -> Run:
        """The rounds; a way that fails is left out of those that follow."""
        run = Run(full=self.world.scale == 1)
        self.ready()
        ways = [way for way in self.case.ways if self.there(way, run)]
        if self.case.discard:
            ways = [way for way in ways if self.one(way, run, False)]
            run.samples.clear()
        for turn in range(1, rounds + 1):
            say(f"{self.case.name}: round {turn} of {rounds}")
            discard = self.case.discard
            ways = [way for way in ways if self.one(way, run, discard)]
        self.world.empty_work()
        return run

    def there(self, way: Way, run: Run) -> bool:
        """Whether the programs that a way needs are installed."""
        for step in way.command.split("\n"):
            for stage in step.split(" | "):
                name = stage.split()[0]
                path = f"{self.world.bins}:{os.environ['PATH']}"
                if not shutil.which(name, path=path):
                    run.skipped[way.name] = f"there is no {name}"
                    run.failed |= name.startswith("rt-")
                    return False
        return True

    def one(self, way: Way, run: Run, discard: bool) -> bool:
        """One way once; whether it may go on."""
        ours = "rt-" in way.command
        try:
            sample = self.take(way, discard)
            if not discard:
                self.check(way)
        except measure.Failed as failure:
            run.skipped[way.name] = " ".join(str(failure).split())
            run.failed |= ours
        except Unequal as difference:
            run.skipped[way.name] = f"unequal content: {difference}"
            run.failed = True
        else:
            run.samples.setdefault(way.name, []).append(sample)
            return True
        say(f"{way.name}: {run.skipped[way.name]}")
        run.samples.pop(way.name, None)
        return False


def compare(
    where: str, found: content.Digest, want: content.Digest
) -> None:
    if found[0] != want[0]:
        raise Unequal(f"{found[0]} rows {where}, not {want[0]}")
    if found != want:
        raise Unequal(f"other rows {where} than there should be")


def number(file: Path) -> int:
    """Of rt-stat's record, or a number alone."""
    found = json.loads(file.read_text())
    return found["live_bytes"] if isinstance(found, dict) else found
