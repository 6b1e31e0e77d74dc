"""One engine over the lake, held against SQLite over the same rows.

The statements are those of rt-lake(7).
"""

import math
import os
import sqlite3
import subprocess
import sys

# What is asked; {t} is the table, in the engine's own words for it.
QUESTIONS = {
    "rows": "SELECT count(*) FROM {t}",
    "sum of 63 bits": "SELECT sum(n) FROM {t}",
    "greatest": "SELECT max(n) FROM {t}",
    "infinities": "SELECT count(*) FROM {t} WHERE ratio > 1e308",
    "of a host": "SELECT count(*) FROM {t} WHERE host = 'b'",
    "of a month": "SELECT count(*) FROM {t} WHERE month = '2026-02'",
    "by kind": "SELECT kind, count(*) FROM {t} GROUP BY kind ORDER BY kind",
    "added column": "SELECT sum(extra), count(extra) FROM {t}",
    "mixed column": "SELECT sum(state), count(state), count(_exact) FROM {t}",
}


def truth(work):
    db = sqlite3.connect(os.path.join(work, "truth.db"))
    answers = {}
    view = (
        "(SELECT *, substr(at, 1, 7) AS month FROM (SELECT host, at, n, ratio,"
        " kind, extra, CASE typeof(state) WHEN 'integer' THEN state END AS"
        " state, CASE WHEN typeof(state) IN ('integer', 'null') THEN NULL"
        " ELSE '' END AS _exact FROM events))"
    )
    for name, question in QUESTIONS.items():
        if name == "sum of 63 bits":
            numbers = db.execute("SELECT n FROM events")
            answers[name] = [(sum(n for (n,) in numbers),)]
        else:
            answers[name] = db.execute(question.format(t=view)).fetchall()
    return answers


def duckdb(work):
    import duckdb

    db = duckdb.connect()
    lake = os.path.join(work, "lake")
    db.execute(
        "CREATE VIEW events AS SELECT * FROM read_parquet("
        f"'{lake}/events/*/*/*.parquet', hive_partitioning = true, "
        "hive_types_autocast = false, union_by_name = true)"
    )
    by_manifest = db.execute(
        f"SELECT sum(unit.rows) FROM (SELECT unnest(units) AS unit FROM "
        f"read_json('{lake}/manifest.json'))"
    ).fetchone()
    assert by_manifest == db.execute("SELECT count(*) FROM events").fetchone()
    db.execute(
        f"SET VARIABLE files = (SELECT list('{lake}/' || unit.file) FROM "
        f"(SELECT unnest(units) AS unit FROM read_json('{lake}/manifest.json'))"
        " WHERE unit.\"table\" = 'events' AND unit.v = 1)"
    )
    listed = db.execute(
        "SELECT count(*) FROM read_parquet(getvariable('files'), "
        "union_by_name = true)"
    ).fetchone()
    assert listed == by_manifest, (listed, by_manifest)
    states = db.execute(
        "SELECT coalesce(to_json(state), _exact -> 'state')::VARCHAR AS s, "
        "count(*) FROM events GROUP BY s"
    ).fetchall()
    assert len(states) == 8, states
    plan = db.execute(
        "EXPLAIN ANALYZE SELECT count(n) FROM events WHERE host = 'b' AND "
        "month = '2026-02'"
    ).fetchall()[0][1]
    assert "1/6" in plan or "Files Read: 1" in plan, plan
    joined(db, work)
    asked(work)
    return lambda q: db.execute(q.format(t="events")).fetchall()


def joined(db, work):
    """A join with a hot database: by the extension, where it can be had."""
    try:
        db.execute("INSTALL sqlite; LOAD sqlite")
    except Exception as error:
        print("duckdb: no sqlite extension here:", str(error).split("\n")[0])
        return
    join(db, work, "events")


def join(db, work, events):
    hot = os.path.join(work, "a", "db")
    db.execute(f"ATTACH '{hot}' AS hot (TYPE sqlite, READ_ONLY)")
    found = db.execute(
        f"SELECT count(*) FROM {events} AS e JOIN hot.events AS h "
        "USING (kind) WHERE e.host = 'a'"
    ).fetchone()
    assert found[0] > 0, found


def asked(work):
    """rt-query, over the archives of a host and its database."""
    home = os.path.join(work, "a")
    env = dict(os.environ, RT_DB="db", RT_ARCHIVES="archives",
               RT_POLICY="policy", RT_NOW="2026-03-15T00:00:00Z")
    env["PATH"] = os.path.dirname(sys.executable) + ":" + env["PATH"]
    sql = "SELECT count(*), count(DISTINCT id), max(id) FROM events"
    said = subprocess.run(["rt-query", "--hot", sql, "events"], cwd=home,
                          env=env, check=True, capture_output=True, text=True)
    answer = said.stdout.splitlines()[1]
    assert answer == "2241,2241,999999", said.stdout


def polars(work):
    import polars as pl

    lake = os.path.join(work, "lake")
    events = pl.scan_parquet(
        f"{lake}/events/*/*/*.parquet",
        hive_partitioning=True,
        hive_schema={"host": pl.String, "month": pl.String},
        missing_columns="insert",
        extra_columns="ignore",
        schema={
            "id": pl.Int64, "at": pl.String, "n": pl.Int64,
            "ratio": pl.Float64, "kind": pl.String, "body": pl.Binary,
            "state": pl.Int64, "extra": pl.Float64,
            "_time": pl.Datetime("us", "UTC"),
            "_archived_at": pl.Datetime("us", "UTC"),
            "_rowid": pl.Int64, "_exact": pl.String,
        },
    )
    sql = pl.SQLContext(events=events)
    return lambda q: sql.execute(q.format(t="events")).collect().rows()


def pyarrow(work):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    lake = os.path.join(work, "lake")
    parts = ds.partitioning(
        pa.schema([("host", pa.string()), ("month", pa.string())]),
        flavor="hive",
    )
    files = ds.dataset(f"{lake}/events", partitioning=parts)
    schemas = [f.physical_schema for f in files.get_fragments()]
    schema = pa.unify_schemas(schemas + [parts.schema])
    events = ds.dataset(f"{lake}/events", schema=schema, partitioning=parts)
    table = events.to_table()
    assert events.count_rows(filter=ds.field("host") == "b") == 56 * 40

    def total(column):
        return pc.sum(table[column]).as_py()

    def count(column):
        return table.num_rows - table[column].null_count

    kinds = table.group_by("kind").aggregate([("kind", "count")]).to_pylist()
    answers = {
        "rows": [(table.num_rows,)],
        "sum of 63 bits": [(total("n"),)],
        "greatest": [(pc.max(table["n"]).as_py(),)],
        "infinities": [(pc.sum(pc.greater(table["ratio"], 1e308)).as_py(),)],
        "of a host": [(pc.sum(pc.equal(table["host"], "b")).as_py(),)],
        "of a month": [(pc.sum(pc.equal(table["month"], "2026-02")).as_py(),)],
        "by kind": sorted((k["kind"], k["kind_count"]) for k in kinds),
        "added column": [(total("extra"), count("extra"))],
        "mixed column": [(total("state"), count("state"), count("_exact"))],
    }
    names = {question: name for name, question in QUESTIONS.items()}
    return lambda q: answers[names[q]]


def chdb(work):
    import json

    import chdb

    lake = os.path.join(work, "lake")
    table = (
        f"file('{lake}/events/host=*/month=*/*.parquet', Parquet, "
        "'id Nullable(Int64), at Nullable(String), n Nullable(Int64), "
        "ratio Nullable(Float64), kind Nullable(String), "
        "state Nullable(Int64), extra Nullable(Float64), "
        "_exact Nullable(String), host LowCardinality(String), "
        "month LowCardinality(String)')"
    )
    settings = (
        " SETTINGS use_hive_partitioning = 1, "
        "input_format_parquet_allow_missing_columns = 1, "
        "output_format_json_quote_64bit_integers = 0, "
        "output_format_json_quote_denormals = 1"
    )

    def ask(question):
        text = str(chdb.query(question.format(t=table) + settings,
                              "JSONCompactEachRow"))
        return [tuple(json.loads(line)) for line in text.splitlines()]

    return ask


def spark(work):
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.sources.partitionColumnTypeInference.enabled",
                "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    lake = os.path.join(work, "lake")
    events = session.read.option("mergeSchema", "true").parquet(
        f"{lake}/events")
    events.createOrReplaceTempView("events")
    # What must not be done: rows are counted that are none.
    return lambda q: [tuple(r) for r in
                      session.sql(q.format(t="events")).collect()]


def iceberg(work):
    import glob

    import pyarrow.parquet as pq
    from pyiceberg.catalog.sql import SqlCatalog

    lake = os.path.join(work, "lake")
    catalog = SqlCatalog(
        "lake", uri=f"sqlite:///{work}/catalog.db",
        warehouse=f"file://{work}/warehouse",
    )
    catalog.create_namespace("rt")
    files = sorted(glob.glob(f"{lake}/events/host=c/*/*.parquet"))
    schema = pq.read_schema(files[0])
    table = catalog.create_table("rt.events", schema=schema)
    table.add_files(files)
    rows = table.scan().to_arrow().num_rows
    assert rows == 56 * 40, rows
    table.delete("id = 1")
    assert table.scan().to_arrow().num_rows == rows - 1
    assert all(os.path.exists(f) for f in files), "the rows are on disk still"
    return None


def delta(work):
    import glob

    import shutil

    from deltalake import DeltaTable, Field, Schema, convert_to_deltalake

    lake = os.path.join(work, "lake")
    copy = os.path.join(work, "delta")
    shutil.copytree(f"{lake}/events", copy)
    parts = Schema([Field("host", "string"), Field("month", "string")])
    for name in glob.glob(f"{copy}/host=[ab]"):
        shutil.rmtree(name)
    convert_to_deltalake(copy, partition_by=parts,
                         partition_strategy="hive")
    table = DeltaTable(copy)
    rows = table.to_pyarrow_dataset().count_rows()
    assert rows == 56 * 40, rows
    files = glob.glob(f"{copy}/*/*/*.parquet")
    table.delete("id = 1")
    assert all(os.path.exists(f) for f in files), "the rows are on disk still"
    table = DeltaTable(copy)
    assert table.to_pyarrow_dataset().count_rows() == rows - 1
    return None


def ducklake(work):
    import glob

    import duckdb
    from duckdb_extensions import import_extension

    db = duckdb.connect()
    for extension in ["ducklake", "sqlite_scanner"]:
        import_extension(extension)
        db.execute(f"LOAD {extension}")
    files = f"{work}/lake/events/*/*/*.parquet"
    db.execute(
        f"ATTACH 'ducklake:{work}/ducklake.db' AS d "
        f"(DATA_PATH '{work}/ducklake')"
    )
    db.execute(
        f"CREATE TABLE d.events AS FROM read_parquet('{files}', "
        "hive_partitioning = true, hive_types_autocast = false, "
        "union_by_name = true) LIMIT 0"
    )
    db.execute(
        f"CALL ducklake_add_data_files('d', 'events', '{files}', "
        "hive_partitioning => true, allow_missing => true)"
    )
    join(db, work, "d.events")
    before = db.execute("SELECT count(*) FROM d.events").fetchone()[0]
    db.execute("BEGIN; DELETE FROM d.events WHERE id = 1")
    after = db.execute("SELECT count(*) FROM d.events").fetchone()[0]
    assert after < before, (before, after)
    assert len(glob.glob(files)) == 6, "the rows are on disk still"
    db.execute("ROLLBACK")
    return lambda q: db.execute(q.format(t="d.events")).fetchall()


def same(ours, theirs):
    if isinstance(ours, (list, tuple)):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float) or isinstance(theirs, float):
        return math.isclose(float(ours), float(theirs))
    return ours == theirs


def main(engine, work):
    ask = globals()[engine](work)
    if ask is None:
        print(f"{engine}: ok")
        return 0
    wrong = 0
    for name, wanted in truth(work).items():
        found = ask(QUESTIONS[name])
        if not same(wanted, [tuple(row) for row in found]):
            wrong += 1
            print(f"{engine}: {name}: {found}, SQLite has {wanted}")
    print(f"{engine}: {len(QUESTIONS) - wrong} of {len(QUESTIONS)} answers")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
