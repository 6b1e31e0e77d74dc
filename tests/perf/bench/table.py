"""What a night costs, out of the newest record of each case, as a table.

What has no record has no row.
"""

import sys
from pathlib import Path

# Case, way, what it is, and beside which other way of the case.
ROWS = (
    ("night-idle", "rt", "7 tables, nothing due, a new ledger", ""),
    ("night-history", "rt-history", "the same behind three years of nights",
     ""),
    ("tables-800", "rt-50", "50 tables, nothing due", ""),
    ("tables-800", "rt-800", "800 tables, nothing due", ""),
    ("tables-200-due", "rt", "200 tables, ten rows of each due", ""),
    ("night-index", "rt", "5 M rows, 1 % due, index on the time",
     "json-gzip"),
    ("night-scan", "rt", "the same without an index", "json-gzip"),
    ("foreign", "rt-larger", "200,000 parents of an unindexed child, half due",
     "json-gzip"),
    ("fts", "rt", "200,000 rows in an FTS5 table by triggers, half due",
     "json-gzip"),
    ("large", "rt-12-days", "twelve rows of 64 MiB on twelve days", ""),
    ("expire-3y", "rt-expire", "expiry of three years of 7 tables", ""),
    ("redact", "rt-redact", "export of 0.5 GB with `--redact-secrets`",
     "rt-export"),
)


def medians(folder: Path, case: str) -> dict[str, list[str]]:
    """The newest record's medians: wall, least, most, CPU, memory, bytes."""
    records = sorted(folder.glob(f"????-??-??-{case}.txt"))
    lines = records[-1].read_text().splitlines() if records else []
    found = {}
    for line in lines:
        words = line.split()
        if words[:1] == ["median"]:
            found[words[1]] = words[2:]
    return found


def row(
    folder: Path, case: str, way: str, what: str, peer: str
) -> str | None:
    known = medians(folder, case)
    if way not in known:
        return None
    wall, cpu, peak = (float(known[way][at]) for at in (0, 3, 4))
    beside = "–"
    if peer in known:
        beside = f"{float(known[peer][3]):.2f} s"
    return (f"| {what} | {cpu:.2f} s | {wall:.2f} s | {peak:.0f} MiB |"
            f" {beside} |")


def main() -> None:
    folder = Path(sys.argv[1])
    print("| night | CPU | by the clock | memory of the greatest process |"
          " CPU of the peer |")
    print("|---|---|---|---|---|")
    for entry in ROWS:
        if line := row(folder, *entry):
            print(line)


main()
