"""Three hosts, each with a database, its archives and a lake for all.

The rows that were archived are kept in truth.db: what SQLite says of them is
what every engine must say of the lake. Host c has a column more; its column
`state` holds values of every class; sums need all 63 bits.
"""

import json
import os
import sqlite3
import subprocess
import sys

NOW = "2026-03-15T00:00:00Z"
DAYS = ["2026-01-%02d" % d for d in range(1, 29)] + [
    "2026-02-%02d" % d for d in range(1, 29)
]
POLICY = {
    "table": "events", "group": "g", "timestamp": "at",
    "hot": "7d", "warm": "30d", "cold": "365d",
}
COLUMNS = (
    "id INTEGER PRIMARY KEY, at TEXT, n INTEGER, ratio REAL, kind TEXT, "
    "body BLOB, state INT"
)
STATES = [1, 2, 3, None, "open", 0.5, b"\xff", -7]
RATIOS = [0.5, float("inf"), float("-inf"), -0.0, 1e300, None, 2.0]
PER_DAY = 40


def rows(host, extra):
    """The rows of a host; the same each time."""
    number = 0
    for day in DAYS:
        for i in range(PER_DAY):
            number += 1
            sign = 1 if number % 2 else -1
            row = [
                number,
                "%sT%02d:%02d:00Z" % (day, i % 24, i),
                sign * (2**61 + number * 1_000_003 + ord(host)),
                RATIOS[number % len(RATIOS)],
                "kind-%d" % (number % 5),
                bytes([number % 256]) * 3,
                STATES[number % len(STATES)],
            ]
            yield row + ([number * 0.25] if extra else [])


def main(work):
    truth = sqlite3.connect(os.path.join(work, "truth.db"))
    truth.execute("CREATE TABLE events (host TEXT, %s, extra REAL)"
                  % COLUMNS.replace(" PRIMARY KEY", ""))
    for host in "abc":
        home = os.path.join(work, host)
        os.mkdir(home)
        with open(os.path.join(home, "policy"), "w") as policy:
            policy.write(json.dumps(POLICY) + "\n")
        extra = host == "c"
        db = sqlite3.connect(os.path.join(home, "db"))
        db.execute("CREATE TABLE events (%s%s)"
                   % (COLUMNS, ", extra REAL" if extra else ""))
        for row in rows(host, extra):
            marks = ", ".join("?" * len(row))
            db.execute("INSERT INTO events VALUES (%s)" % marks, row)
            full = [host] + row + ([] if extra else [None])
            marks = ", ".join("?" * len(full))
            truth.execute("INSERT INTO events VALUES (%s)" % marks, full)
        db.execute("INSERT INTO events (id, at, kind) VALUES "
                   "(999999, '2026-03-14T00:00:00Z', 'kind-0')")
        db.commit()
        db.close()
        env = dict(os.environ, RT_DB="db", RT_ARCHIVES="archives",
                   RT_POLICY="policy", RT_NOW=NOW)
        for command in (
            ["rt-archive", "-q", "--yes", "all"],
            ["rt-consolidate"],
            ["rt-lake", "--host", host, os.path.join(work, "lake")],
        ):
            subprocess.run(command, cwd=home, env=env, check=True,
                           stdout=subprocess.DEVNULL)
    truth.commit()


if __name__ == "__main__":
    main(sys.argv[1])
