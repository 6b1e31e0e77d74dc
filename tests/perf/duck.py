"""DuckDB as a peer: a table of a SQLite file, as JSON Lines.

duck.py DB TABLE FILE [gzip]
"""

import sys

import duckdb
import duckdb_ext


def main() -> None:
    path, table, file, *gzip = sys.argv[1:]
    db = duckdb_ext.init(duckdb.connect())
    db.execute("LOAD sqlite")
    kind = ", COMPRESSION gzip" if gzip else ", COMPRESSION none"
    rows = f"SELECT * FROM sqlite_scan('{path}', '{table}')"
    db.execute(f"COPY ({rows}) TO '{file}' (FORMAT json{kind})")


main()
