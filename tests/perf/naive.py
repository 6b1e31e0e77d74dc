"""The design that a first version of such a tool has, as a peer.

naive.py DB TABLE TIME_COLUMN BEFORE FILE

Reads the thousand oldest rows, appends them to a gzip file, deletes them by
their keys, commits, and begins again until none is left.  It makes nothing
durable and compares nothing.
"""

import gzip
import json
import sqlite3
import sys

BATCH = 1000


def main() -> None:
    path, table, column, before, file = sys.argv[1:]
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    marks = ",".join("?" * BATCH)
    with gzip.open(file, "at") as out:
        while True:
            rows = db.execute(
                f"SELECT * FROM {table} WHERE {column} < ?"
                f" ORDER BY {column} LIMIT {BATCH}",
                (before,),
            ).fetchall()
            if not rows:
                break
            for row in rows:
                out.write(json.dumps(dict(row)) + "\n")
            keys = [row["id"] for row in rows]
            these = marks if len(keys) == BATCH else ",".join("?" * len(keys))
            db.execute(f"DELETE FROM {table} WHERE id IN ({these})", keys)
            db.commit()
    db.close()


main()
