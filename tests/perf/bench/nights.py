"""Databases, policies and archives of ordinary nights.

A maker gets the path of a database that is to be made, and the case's Data.
What else belongs to it stands beside the database under its name: a policy
(.policy), archives (.archives), both copied or named for each way.
"""

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

NOW = datetime(2026, 1, 15, tzinfo=timezone.utc)
HOT = {"hot": "7d", "warm": "30d", "cold": "1095d"}
BODY = "the quick brown fox jumps over the lazy dog, run %d of step %d"


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def over_sixty_days(rows: int) -> Iterator[tuple[int, str]]:
    """Numbers of rows, and times, in order."""
    step = timedelta(days=60) / max(rows, 1)
    for row in range(rows):
        yield row, stamp(NOW - timedelta(days=60) + row * step)


def policy(path: Path, *lines: dict[str, object]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    path.with_suffix(".policy").write_text(text)


@contextmanager
def written(path: Path) -> Iterator[sqlite3.Connection]:
    """A database in which one transaction is made, with its log copied."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("BEGIN")
    yield db
    db.execute("COMMIT")
    db.close()


def foreign(path: Path, rows: int) -> None:
    """Parents, a sixth of which a child points at, without an index."""
    with written(path) as db:
        db.execute("CREATE TABLE tool_uses (id TEXT PRIMARY KEY,"
                   " start_time TEXT, body TEXT)")
        db.execute("CREATE TABLE child (id INTEGER PRIMARY KEY,"
                   " tool_use TEXT REFERENCES tool_uses(id))")
        for row, time in over_sixty_days(rows):
            key = f"use-{row * 7919 % rows:09}"
            db.execute("INSERT INTO tool_uses VALUES (?, ?, ?)",
                       (key, time, BODY % (row, row)))
        db.execute("INSERT INTO child (tool_use) SELECT id FROM tool_uses"
                   f" WHERE start_time >= '{stamp(NOW - timedelta(days=30))}'"
                   f" LIMIT {rows // 6}")


def searched(path: Path, rows: int) -> None:
    """A table whose texts an FTS5 table holds too, kept by triggers."""
    with written(path) as db:
        db.execute("CREATE TABLE tool_uses (id INTEGER PRIMARY KEY,"
                   " start_time TEXT, body TEXT)")
        for row, time in over_sixty_days(rows):
            words = " ".join(f"w{row * n % 9973}" for n in range(1, 25))
            db.execute("INSERT INTO tool_uses VALUES (?, ?, ?)",
                       (row, time, words))
        db.execute("CREATE VIRTUAL TABLE found USING fts5(body,"
                   " content='tool_uses', content_rowid='id')")
        db.execute("INSERT INTO found(found) VALUES ('rebuild')")
        forget = ("INSERT INTO found(found, rowid, body)"
                  " VALUES ('delete', old.id, old.body);")
        add = "INSERT INTO found(rowid, body) VALUES (new.id, new.body);"
        for event, does in (("INSERT", add), ("DELETE", forget),
                            ("UPDATE", forget + add)):
            db.execute(f"CREATE TRIGGER t{event} AFTER {event} ON tool_uses"
                       f" BEGIN {does} END")


def many_tables(path: Path, tables: int, due: int) -> None:
    """Tables of a hundred rows, each with so many that are due."""
    with written(path) as db:
        names = [f"t{table:04}" for table in range(tables)]
        for name in names:
            db.execute(f"CREATE TABLE {name} (id TEXT PRIMARY KEY,"
                       " start_time TEXT, body TEXT)")
            for row in range(100):
                days = 20 if row < due else 1
                db.execute(f"INSERT INTO {name} VALUES (?, ?, ?)",
                           (f"{name}-{row}", stamp(NOW - timedelta(days=days)),
                            BODY % (row, row)))
    policy(path, *({"table": name, "timestamp": "start_time", **HOT}
                   for name in names))


def idle_tables(path: Path, tables: int) -> None:
    many_tables(path, tables, 0)


def busy_tables(path: Path, tables: int) -> None:
    many_tables(path, tables, 10)


def large(path: Path, rows: int, days: int = 12) -> None:
    """Rows of 64 MiB, on as many days as there are, or on one."""
    with written(path) as db:
        db.execute("CREATE TABLE tool_uses (id INTEGER PRIMARY KEY,"
                   " start_time TEXT, body TEXT)")
        for row in range(rows):
            day = NOW - timedelta(days=40 - row % days)
            db.execute("INSERT INTO tool_uses"
                       " VALUES (?, ?, hex(randomblob(1 << 25)))",
                       (row, stamp(day)))


def large_one_day(path: Path, rows: int) -> None:
    large(path, rows, 1)


def no_history(path: Path, _nights: int) -> None:
    """Seven tables without anything due, and no archives."""
    many_tables(path, 7, 0)


def history(path: Path, nights: int) -> None:
    """The same tables behind many nights, each of which moved rows."""
    no_history(path, nights)
    settings = {"RT_DB": str(path),
                "RT_ARCHIVES": str(path.with_suffix(".archives")),
                "RT_POLICY": str(path.with_suffix(".policy"))}
    for night in range(nights, 0, -1):
        when = NOW - timedelta(days=night)
        with written(path) as db:
            for table in range(7):
                db.execute(f"INSERT INTO t{table:04} VALUES (?, ?, ?)",
                           (f"n{night}", stamp(when - timedelta(days=8)),
                            BODY % (night, table)))
        env = {**os.environ, **settings, "RT_NOW": stamp(when)}
        subprocess.run(["rt-archive", "-q", "all"], env=env, check=True,
                       stdout=subprocess.DEVNULL)


MAKERS: dict[str, Callable[[Path, int], None]] = {
    "foreign": foreign,
    "searched": searched,
    "idle_tables": idle_tables,
    "busy_tables": busy_tables,
    "large": large,
    "large_one_day": large_one_day,
    "no_history": no_history,
    "history": history,
}
