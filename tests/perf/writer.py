"""An application that goes on writing: one row and one commit every 5 ms.

writer.py DB FILE

Runs until its standard input ends, then writes to FILE one line a commit:
when it began and how long it took, in seconds of the monotonic clock, and
`done`, or the error: `busy` where SQLite gave up after five seconds.
"""

import sqlite3
import sys
import threading
import time
import uuid

EVERY_S = 0.005
INSERT = """INSERT INTO tool_uses (id, session_id, tool_name, start_time)
    VALUES (?, 'writer', 'Read', '2026-01-15T00:00:00.000Z')"""
INTEGER_KEYS = 1 << 40


def main() -> None:
    path, file = sys.argv[1:]
    db = sqlite3.connect(path, timeout=5, isolation_level=None)
    kind = db.execute("SELECT type FROM pragma_table_info('tool_uses')")
    # All of it is read: a statement that is not done keeps its snapshot.
    text = kind.fetchall()[0][0] == "TEXT"
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    commits: list[tuple[float, float, str]] = []
    due = time.monotonic()
    while not ended.is_set():
        key = str(uuid.uuid4()) if text else INTEGER_KEYS + len(commits)
        begun, what = time.monotonic(), "done"
        try:
            db.execute(INSERT, (key,))
        except sqlite3.OperationalError as error:
            # Python before 3.11 does not say which error it was.
            name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
            what = name.removeprefix("SQLITE_").lower()
        now = time.monotonic()
        commits.append((begun, now - begun, what))
        # What was missed while it waited is not made up for.
        due = max(due + EVERY_S, now)
        time.sleep(max(0.0, due - time.monotonic()))
    db.close()
    with open(file, "w", encoding="ascii") as out:
        for begun, took, what in commits:
            out.write(f"{begun:.6f} {took:.6f} {what}\n")


main()
