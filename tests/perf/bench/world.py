"""Where things are, what they are, and the databases that cases share."""

import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import content
import nights

HERE = Path(__file__).resolve().parent.parent
TOP = HERE.parent.parent
NOW = "2026-01-15T00:00:00.000Z"
# Half of the sixty days that the generator fills.
MIDDLE = "2025-12-16T00:00:00.000Z"
# Before all rows.
NEVER = "2025-01-01T00:00:00.000Z"
TIME = {"agent_logs": "timestamp", "tool_uses": "start_time"}


@dataclass(frozen=True)
class Data:
    """A table in a database of its own, as the generator makes it.

    Or a whole database that one of the makers in nights.py makes, which is
    given `rows` as its measure; `table` is then one of its tables.
    """

    table: str
    rows: int
    key: str = "uuid"
    index: bool = False
    maker: str = ""

    @property
    def name(self) -> str:
        if self.maker:
            return f"{self.maker}-{self.rows}"
        index = "-index" if self.index else ""
        return f"{self.table}-{self.rows}-{self.key}{index}"


@dataclass(frozen=True)
class World:
    """Folders and settings of this run."""

    folder: Path
    bins: Path
    datagen: str
    scale: float

    @property
    def work(self) -> Path:
        """What a way works on and writes; emptied before each."""
        return self.folder / "work"

    def scaled(self, data: Data) -> Data:
        rows = max(100, int(data.rows * self.scale) // 2 * 2)
        if data.maker:
            rows = max(2, int(data.rows * self.scale))
        return replace(data, rows=rows)

    def database(self, data: Data) -> Path:
        """The database, made if it is not there; nobody writes into it."""
        data = self.scaled(data)
        path = self.folder / f"{data.name}.db"
        if not path.exists():
            say(f"make {path.name}")
            draft = path.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            if data.maker:
                # By its own name: a ledger knows the database by its path.
                self.make(data, path)
                return path
            command = [self.datagen, data.table, str(draft), "--plain"]
            command += ["--rows", str(data.rows), "--now", NOW]
            command += ["--integer"] * (data.key == "integer")
            command += ["--index"] * data.index
            subprocess.run(command, check=True)
            draft.rename(path)
        return path

    def truth(self, data: Data, where: str) -> content.Digest:
        """The rows of a database, by SQLite and Python alone; kept."""
        path = self.database(data)
        notes = path.with_suffix(".truth")
        known = json.loads(notes.read_text()) if notes.exists() else {}
        if where not in known:
            found = content.of_database(path, data.table, where)
            known[where] = [found[0], f"{found[1]:032x}"]
            notes.write_text(json.dumps(known, indent=1))
        rows, digest = known[where]
        return rows, int(digest, 16)

    def text(self, data: Data) -> Path:
        """The rows as JSON Lines, made by the sqlite3 program."""
        database = self.database(data)
        path = database.with_suffix(".jsonl")
        if not path.exists():
            say(f"make {path.name}")
            draft = path.with_suffix(".draft")
            query = json_object(database, data.table)
            with draft.open("wb") as out:
                command = ["sqlite3", str(database), query]
                subprocess.run(command, stdout=out, check=True)
            draft.rename(path)
        return path

    def packed(self, data: Data) -> Path:
        """The same as rt-gzip packs it, anew in each run."""
        text = self.text(data)
        path = text.with_suffix(".jsonl.gz")
        with text.open("rb") as lines, path.open("wb") as out:
            command = [str(self.bins / "rt-gzip")]
            subprocess.run(command, stdin=lines, stdout=out, check=True)
        return path

    def make(self, data: Data, path: Path) -> None:
        """A maker's database; half a one is taken for none."""
        try:
            nights.MAKERS[data.maker](path, data.rows)
        except BaseException:
            path.unlink(missing_ok=True)
            shutil.rmtree(path.with_suffix(".archives"), ignore_errors=True)
            raise

    def beside(self, data: Data, suffix: str) -> Path | None:
        """What a maker put beside the database."""
        path = self.database(data).with_suffix(suffix)
        return path if path.exists() else None

    def empty_work(self) -> None:
        # The folder stays, and with it a copy's place; see fresh().
        self.work.mkdir(parents=True, exist_ok=True)
        for path in self.work.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def fresh(self, data: Data) -> Path:
        """A copy of the database to work on."""
        copy = self.work / "db"
        shutil.copyfile(self.database(data), copy)
        return copy


def json_object(database: Path, table: str) -> str:
    """The query that lets SQLite write the JSON."""
    query = f"SELECT name FROM pragma_table_info('{table}')"
    names = output(["sqlite3", str(database), query]).split()
    pairs = ",".join(f"'{name}',{name}" for name in names)
    return f"SELECT json_object({pairs}) FROM {table}"


def say(text: str) -> None:
    print(f"run: {text}", file=sys.stderr, flush=True)


def output(command: list[str]) -> str:
    """What a command prints, or nothing where there is no such command."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip()


def load() -> str:
    """What else the machine has to do: a busy one gives no figures."""
    return " ".join(f"{n:.2f}" for n in os.getloadavg())


def machine(world: World) -> list[tuple[str, str]]:
    """What a figure depends on beside the programs."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    kind = output(["stat", "-f", "-c", "%T", str(world.folder)])
    mount = output(["findmnt", "-n", "-o", "FSTYPE,OPTIONS", "-T",
                    str(world.folder)]).split()
    return [
        ("cpu", f"{cpu}, {os.cpu_count()} cores"),
        ("memory", f"{memory / 2**30:.1f} GiB"),
        ("system", f"{platform.system()} {platform.release()}"),
        ("files", " ".join(mount) or kind),
        ("load", f"{load()} at the start"),
    ]


def versions(world: World) -> list[tuple[str, str]]:
    """Of the programs; the commit is that of the checkout."""
    commit = output(["git", "-C", str(TOP), "rev-parse", "--short=12", "HEAD"])
    changed = output(["git", "-C", str(TOP), "status", "--porcelain", "--",
                      ":!tests/perf/runs"])
    first = {
        "rt": [str(world.bins / "rt-export"), "--version"],
        "sqlite3": ["sqlite3", "--version"],
        "gzip": ["gzip", "--version"],
        "pigz": ["pigz", "--version"],
        "bgzip": ["bgzip", "--version"],
        "sqlite-utils": ["sqlite-utils", "--version"],
        "duckdb": ["python3", "-c", "import duckdb; print('duckdb',"
                   " duckdb.__version__)"],
    }
    found = []
    for name, command in first.items():
        line = output(command).partition("\n")[0]
        wrong = not line or "Error" in line or "Traceback" in line
        found.append(f"{name} none" if wrong else " ".join(line.split()[:3]))
    state = "with changes" if changed else "clean"
    return [
        ("commit", f"{commit or 'unknown'} {state}"),
        ("versions", "; ".join(found)),
        ("python", platform.python_version()),
    ]
