"""What rows an output holds, as one digest, whoever wrote it and however.

A row counts as JSON: its keys and values, not its spelling.  The digest of
many rows is the sum of their digests, so that their order does not matter
and two processes can share the work.
"""

import collections
import concurrent.futures
import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

# Metadata of ours, behind a row's own columns.
OURS = ("_archived_at", "_rowid")
BLOCK = 4 << 20
SLICES = 8

Digest = tuple[int, int]


def one(row: dict[str, object]) -> int:
    text = json.dumps(row, sort_keys=True)
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return int.from_bytes(digest, "little")


def of_lines(block: bytes) -> Digest:
    """Of whole lines: JSON Lines, or lines of one array."""
    rows, total = 0, 0
    for line in block.split(b"\n"):
        line = line.strip(b"[],\r ")
        if line:
            row = json.loads(line)
            for key in OURS:
                row.pop(key, None)
            rows, total = rows + 1, total + one(row)
    return rows, total


def of_slice(db: str, query: str) -> Digest:
    connection = sqlite3.connect(db)
    connection.row_factory = sqlite3.Row
    rows, total = 0, 0
    for row in connection.execute(query):
        rows, total = rows + 1, total + one(dict(row))
    connection.close()
    return rows, total


def added(function: Callable, work: Iterable[tuple]) -> Digest:
    """The sum over all work, two processes at it, little in memory."""
    rows, total = 0, 0
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        waiting: collections.deque = collections.deque()
        for part in work:
            waiting.append(pool.submit(function, *part))
            if len(waiting) > 4:
                done = waiting.popleft().result()
                rows, total = rows + done[0], total + done[1]
        for future in waiting:
            done = future.result()
            rows, total = rows + done[0], total + done[1]
    return rows, total % (1 << 128)


def of_database(db: Path, table: str, where: str) -> Digest:
    """Of the rows of a table for which `where` holds."""
    connection = sqlite3.connect(db)
    first, last = connection.execute(
        f"SELECT (SELECT min(rowid) FROM {table}),"
        f" (SELECT max(rowid) FROM {table})"
    ).fetchone()
    connection.close()
    if first is None:
        return 0, 0
    step = (last - first) // SLICES + 1
    return added(
        of_slice,
        (
            (
                str(db),
                f"SELECT * FROM {table} WHERE rowid >= {begin}"
                f" AND rowid < {begin + step} AND ({where})",
            )
            for begin in range(first, last + 1, step)
        ),
    )


def blocks(file: Path) -> Iterator[bytes]:
    """The text of a file, read by gzip's own program if it is gzip."""
    with file.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    reader = "pigz" if shutil.which("pigz") else "gzip"
    command = [reader, "-dc", str(file)] if packed else ["cat", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while block := process.stdout.read(BLOCK):
            yield block
    if process.returncode:
        raise ValueError(f"{command[0]} cannot read {file.name}")


def lines(files: list[Path]) -> Iterator[tuple[bytes]]:
    for file in files:
        rest = b""
        for block in blocks(file):
            whole, end, after = block.rpartition(b"\n")
            if end:
                yield (rest + whole,)
                rest = after
            else:
                rest += block
        if rest:
            yield (rest,)


def of_files(files: list[Path]) -> Digest:
    return added(of_lines, lines(files))


def sha256(files: list[Path], text: bool = False) -> str:
    """Of the bytes of files, or of the text that they hold."""
    digest = hashlib.sha256()
    for file in files:
        if text:
            for block in blocks(file):
                digest.update(block)
        else:
            with file.open("rb") as opened:
                while block := opened.read(BLOCK):
                    digest.update(block)
    return digest.hexdigest()
