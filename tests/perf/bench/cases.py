"""The cases: what is done, by whom, and what is wanted of the times.

In a command, DB is the database (a fresh copy where rows are deleted), OUT
the file to write, TEXT the rows as JSON Lines, PACKED the same from rt-gzip,
BEFORE the time before which rows go.  RT_DB, RT_ARCHIVES and RT_NOW are set.
"""

from dataclasses import dataclass, replace

from world import MIDDLE, NEVER, NOW, TIME, Data


@dataclass(frozen=True)
class Way:
    """One way to do the work; of a case's, the first is the measure."""

    name: str
    command: str
    # What it leaves in OUT or in the archives: rows, text (as TEXT), a
    # number, or nothing.
    leaves: str = "rows"
    deletes: bool = False
    # Done before the clock starts.
    setup: str = ""
    # How many times the first way's time this one takes: at least, wished
    # for, at most.
    floor: float | None = None
    goal: float | None = None
    most: float | None = None
    # The case's, but for those that compare sizes.
    data: Data | None = None


@dataclass(frozen=True)
class Case:
    """Ways that are measured in turn."""

    name: str
    about: str
    data: Data
    ways: tuple[Way, ...]
    before: str = NOW
    # The output is looked at once, and goes to /dev/null when timed.
    discard: bool = False
    rounds: int = 5
    # MiB that no process may pass.
    memory: float | None = None
    # `writer`: beside an application that writes; with this journal.
    journal: str = ""
    # What is held to floors and bounds: time by the clock, or of the CPU.
    by: str = "wall"

    @property
    def due(self) -> str:
        """The rows that go, as SQL."""
        return f"{TIME.get(self.data.table, 'start_time')} < '{self.before}'"


LOGS = Data("agent_logs", 322_000)
LARGE = Data("agent_logs", 1_288_000)
TOOLS = Data("tool_uses", 1_000_000)
NUMBERED = Data("tool_uses", 1_000_000, "integer")
INDEXED = Data("tool_uses", 1_000_000, index=True)

NIGHTLY = Data("tool_uses", 5_000_000, index=True)
# The first of a hundred parts of the sixty days.
NIGHT = "2025-11-16T14:24:00.000Z"

SELECT = 'sqlite3 -json "$DB" "SELECT * FROM {}"'
SELECT_DUE = SELECT[:-1] + " WHERE {} < '$BEFORE'\""
OBJECT = 'sqlite3 "$DB" "$JSON_OBJECT"'
OBJECT_DUE = 'sqlite3 "$DB" "$JSON_OBJECT WHERE start_time < \'$BEFORE\'"'
UTILS = 'sqlite-utils rows "$DB" {} --nl'
DUCK = 'python3 "$PERF/duck.py" "$DB" {} "$OUT"'
NAIVE = 'python3 "$PERF/naive.py" "$DB" tool_uses start_time "$BEFORE" "$OUT"'
# Debian's program overwrites what it deletes, ours does not.
DELETE = (
    'sqlite3 "$DB" "PRAGMA secure_delete=OFF;'
    " DELETE FROM tool_uses WHERE start_time < '$BEFORE'\""
)
STORE = (
    'rt-export --due --before "$BEFORE" tool_uses'
    " | rt-store tool_uses >receipts"
)
JOB = STORE.replace(">receipts", "| rt-purge -v tool_uses")
PURGE = "rt-purge -v tool_uses <receipts"
STORE_LOGS = (
    "rt-export agent_logs"
    " | rt-store --timestamp-column timestamp agent_logs >receipts"
)


def at_level_6(way: Way) -> tuple[Way, Way]:
    """Ours, and what it takes to write as few bytes as the peers do."""
    other = way.command.replace("rt-store", "rt-store -6")
    return (way, replace(way, name="rt-6", command=other))


def to_file(
    ours: tuple[Way, ...], plain, objects, serial
) -> tuple[Way, ...]:
    """All ways from agent_logs to a .gz file; floors and goals in order."""
    select = SELECT.format("agent_logs")
    utils, duck = UTILS.format("agent_logs"), DUCK.format("agent_logs")
    return (
        *ours,
        Way("json-pigz", f'{select} | pigz -p2 -6 >"$OUT"',
            floor=plain[0], goal=plain[1]),
        Way("object-pigz", f'{OBJECT} | pigz -p2 -6 >"$OUT"',
            floor=objects[0], goal=objects[1]),
        Way("json-gzip", f'{select} | gzip -6 >"$OUT"',
            floor=serial[0], goal=serial[1]),
        Way("json-bgzip", f'{select} | bgzip -@2 -c >"$OUT"'),
        Way("sqlite-utils", f'{utils} | gzip -6 >"$OUT"'),
        Way("duckdb", f"{duck} gzip"),
    )


def whole_job(floor: float, goal: float) -> tuple[Way, ...]:
    """Ours with its proof; the others export, then delete, and prove none."""
    select = SELECT_DUE.format("tool_uses", "start_time")

    def peer(name: str, export: str, **wanted: float) -> Way:
        return Way(name, f"{export}\n{DELETE}", deletes=True, **wanted)

    return (
        *at_level_6(Way("rt", JOB, deletes=True)),
        peer("json-pigz", f'{select} | pigz -p2 -6 >"$OUT"',
             floor=floor, goal=goal),
        peer("object-pigz", f'{OBJECT_DUE} | pigz -p2 -6 >"$OUT"'),
        peer("json-gzip", f'{select} | gzip -6 >"$OUT"'),
        peer("json-bgzip", f'{select} | bgzip -@2 -c >"$OUT"'),
    )


def all_of_it(ways: tuple[Way, ...]) -> tuple[Way, ...]:
    """With the peers that can only read whole tables."""
    utils, duck = UTILS.format("tool_uses"), DUCK.format("tool_uses")
    return ways + (
        Way("sqlite-utils", f'{utils} | gzip -6 >"$OUT"\n{DELETE}',
            deletes=True),
        Way("duckdb", f"{duck} gzip\n{DELETE}", deletes=True),
    )


def proof(floor: float, goal: float) -> tuple[Way, ...]:
    """Deletion alone: what to delete was stored before."""
    return (
        Way("rt-purge", PURGE, deletes=True, setup=STORE),
        Way("delete", DELETE, "", deletes=True, floor=floor, goal=goal),
    )


def grown(key: str) -> tuple[Way, ...]:
    """The whole job at two sizes: eleven times the time for ten times."""
    sizes = [Data("tool_uses", rows, key) for rows in (100_000, 1_000_000)]
    return (
        Way("rt-100k", JOB, deletes=True, data=sizes[0]),
        Way("rt-1M", JOB, deletes=True, data=sizes[1], most=11.0),
    )


def nothing_due() -> tuple[Way, ...]:
    """A run that has nothing to do, beside a count of what is due."""
    count = "SELECT count(*) FROM tool_uses WHERE start_time < '$BEFORE'"
    return (
        Way("rt", JOB, "", deletes=True),
        Way("count", f'sqlite3 "$DB" "{count}"', ""),
    )


def packers(level: str, floor: float, goal: float) -> tuple[Way, ...]:
    """Compressors, from file to file."""
    def way(name: str, command: str, **wanted: float) -> Way:
        return Way(name, f'{command} <"$TEXT" >"$OUT"', "text", **wanted)

    least = "-l 1 " if level == "-1" else ""
    return (
        way("rt-gzip", "rt-gzip" + (" -1" if level == "-1" else "")),
        way("pigz", f"pigz -p2 {level}", floor=floor, goal=goal),
        way("gzip", f"gzip {level}"),
        way("bgzip", f"bgzip -@2 {least}-c"),
    )


def exporters(table: str, floors: bool) -> tuple[Way, ...]:
    """Rows to standard output, uncompressed."""
    wanted = (3.0, 3.6, 1.8, 2.2) if floors else (None,) * 4
    return (
        Way("rt-export", f'rt-export {table} >"$OUT"'),
        Way("json", SELECT.format(table) + ' >"$OUT"',
            floor=wanted[0], goal=wanted[1]),
        Way("object", f'{OBJECT} >"$OUT"', floor=wanted[2], goal=wanted[3]),
        Way("sqlite-utils", UTILS.format(table) + ' >"$OUT"'),
        Way("duckdb", DUCK.format(table)),
    )


def night(floor: float) -> tuple[Way, ...]:
    """The whole job where one row in a hundred is due."""
    select = SELECT_DUE.format("tool_uses", "start_time")
    peer = f'{select} | gzip >"$OUT"\n{DELETE}'
    return (
        Way("rt", JOB, deletes=True),
        Way("json-gzip", peer, deletes=True, floor=floor),
    )


def grown_beside(data: Data, larger: Data, most: float) -> tuple[Way, ...]:
    """The whole job at eight times the size, and the peer there."""
    select = SELECT_DUE.format("tool_uses", "start_time")
    peer = f'{select} | gzip >"$OUT"\n{DELETE}'
    return (
        Way("rt", JOB, deletes=True, data=data),
        Way("rt-larger", JOB, deletes=True, data=larger, most=most),
        Way("json-gzip", peer, deletes=True, data=larger),
    )


def made(maker: str, measure: int, table: str = "tool_uses") -> Data:
    return Data(table, measure, maker=maker)


def all_tables(*sizes: tuple[str, Data, float | None]) -> tuple[Way, ...]:
    """One run over all tables of the policy, and not the first one there: to
    that the copy of a ledger is another file, whose whole chain it checks."""
    return tuple(
        Way(name, "rt-archive all", "", data=data, most=most,
            setup="rt-archive all")
        for name, data, most in sizes
    )


LIVE_BYTES = (
    "SELECT sum(pgsize - unused) FROM dbstat"
    " WHERE name = 'agent_logs' AND aggregate = TRUE"
)

CASES: tuple[Case, ...] = (
    Case("export", "rt-export alone, agent_logs of 0.5 GB", LOGS,
         exporters("agent_logs", True), discard=True),
    Case("export-tools", "rt-export alone, 1 M tool_uses", TOOLS,
         exporters("tool_uses", False), discard=True),
    Case("gzip", "rt-gzip at its default level, two cores", LOGS,
         packers("-6", 2.0, 2.3)),
    Case("gzip-1", "rt-gzip at its fastest", LOGS, packers("-1", 1.8, 2.2)),
    Case("gunzip", "rt-gzip -d of what rt-gzip wrote", LOGS, (
        Way("rt-gzip", 'rt-gzip -d <"$PACKED" >"$OUT"', "text"),
        Way("gzip", 'gzip -dc <"$PACKED" >"$OUT"', "text",
            floor=4.0, goal=6.0),
        Way("pigz", 'pigz -dc <"$PACKED" >"$OUT"', "text"),
    ), discard=True),
    Case("archive", "rt-export | rt-gzip to a file", LOGS,
         to_file((Way("rt", 'rt-export agent_logs | rt-gzip >"$OUT"'),),
                 (2.2, 2.5), (1.7, 2.0), (3.3, 3.8))),
    Case("store", "rt-export | rt-store: by day, ledger, durable", LOGS,
         to_file(at_level_6(Way("rt", STORE_LOGS)),
                 (2.0, 2.3), (1.6, 1.9), (3.0, 3.6))),
    Case("job-all", "whole job with proof, UUID keys, all goes", TOOLS,
         all_of_it(whole_job(2.2, 3.0))),
    Case("job-half", "whole job with proof, UUID keys, half goes", TOOLS,
         whole_job(1.2, 1.7), before=MIDDLE),
    Case("job-half-index", "the same with an index on the time", INDEXED,
         whole_job(1.2, 1.7), before=MIDDLE),
    Case("job-half-integer", "whole job, INTEGER keys, half goes", NUMBERED,
         whole_job(1.6, 2.2), before=MIDDLE),
    Case("job-naive", "whole job against the naive design, no index", TOOLS, (
        Way("rt", JOB, deletes=True),
        Way("naive", NAIVE, deletes=True, floor=25.0, goal=40.0),
    ), rounds=3),
    Case("job-naive-50k", "the same with 50 k rows, index on the time",
         Data("tool_uses", 50_000, index=True), (
             Way("rt", JOB, deletes=True),
             Way("naive", NAIVE, deletes=True),
         )),
    Case("purge-all", "proof and deletion, UUID keys, all goes", TOOLS,
         proof(0.6, 0.9)),
    Case("purge-half", "proof and deletion, UUID keys, half goes", TOOLS,
         proof(0.6, 0.9), before=MIDDLE),
    Case("purge-all-integer", "proof and deletion, INTEGER keys, all goes",
         NUMBERED, proof(0.4, 0.7)),
    Case("purge-half-integer", "proof and deletion, INTEGER keys, half goes",
         NUMBERED, proof(0.4, 0.7), before=MIDDLE),
    Case("stat", "live bytes of one table of 2 GB", LARGE, (
        Way("rt-stat", 'rt-stat --over 1 agent_logs >"$OUT"', "number"),
        Way("dbstat", f'sqlite3 "$DB" "{LIVE_BYTES}" >"$OUT"', "number",
            floor=0.91),
    )),
    Case("grow-all", "100 k rows to 1 M, UUID keys, all goes", TOOLS,
         grown("uuid")),
    Case("grow-all-large", "1 M rows to 4.6 M, UUID keys, all goes", TOOLS,
         grown_beside(TOOLS, replace(TOOLS, rows=4_600_000), 5.36),
         rounds=3),
    Case("grow-half", "100 k rows to 1 M, UUID keys, half goes", TOOLS,
         grown("uuid"), before=MIDDLE),
    Case("grow-half-integer", "100 k rows to 1 M, INTEGER keys, half goes",
         NUMBERED, grown("integer"), before=MIDDLE),
    Case("hot", "nothing is due among 1 M rows, no index", TOOLS,
         nothing_due(), before=NEVER),
    Case("hot-index", "nothing is due among 1 M rows, index on the time",
         INDEXED, nothing_due(), before=NEVER),
    Case("cat", "rt-cat of 1 M archived rows, beside gzip alone", TOOLS, (
        Way("rt-cat", 'rt-cat tool_uses >"$OUT"', deletes=True, setup=JOB),
        Way("gzip", 'gzip -dc archives/warm/*/tool_uses.jsonl.gz >"$OUT"',
            deletes=True, setup=JOB),
    ), discard=True, rounds=3),
    Case("consolidate", "sixty days to their months, beside tar alone", TOOLS,
         (
             Way("rt-consolidate", "rt-consolidate --older-than 1d", "",
                 deletes=True, setup=JOB),
             Way("tar", 'tar -cf "$OUT" archives/warm\nsync "$OUT"', "",
                 deletes=True, setup=JOB),
         ), rounds=3),
    Case("memory", "peak memory of each process, agent_logs of 2 GB", LARGE, (
        Way("rt-gzip", 'rt-export agent_logs | rt-gzip >"$OUT"'),
        Way("rt-gzip-d", 'rt-gzip -d <"$PACKED" >"$OUT"', "text"),
        Way("rt-purge", STORE_LOGS.replace(
            "rt-export", 'rt-export --due --timestamp-column timestamp'
            ' --before "$BEFORE"').replace(
            ">receipts", "| rt-purge agent_logs"), deletes=True),
        Way("rt-cat", "rt-cat agent_logs", "", setup=STORE_LOGS),
    ), rounds=1, memory=64.0),
    Case("night-index", "5 M rows, 1 % due, index on the time", NIGHTLY,
         night(1.0), before=NIGHT, rounds=3, by="cpu"),
    Case("night-scan", "the same without an index",
         replace(NIGHTLY, index=False), night(1.5), before=NIGHT, rounds=3,
         by="cpu"),
    Case("night-idle", "7 tables, nothing due, no archives yet",
         made("no_history", 1, "t0000"),
         all_tables(("rt", made("no_history", 1, "t0000"), None)), by="cpu"),
    Case("night-history", "the same behind 1095 nights, beside a new ledger",
         made("history", 1095, "t0000"), all_tables(
             ("rt", made("no_history", 1, "t0000"), None),
             ("rt-history", made("history", 1095, "t0000"), 1.2)), by="cpu"),
    Case("tables-800", "50 tables and 800, nothing due", made(
        "idle_tables", 800, "t0000"), all_tables(
            ("rt-50", made("idle_tables", 50, "t0000"), None),
            ("rt-800", made("idle_tables", 800, "t0000"), 21.1)), by="cpu"),
    Case("tables-200-due", "200 tables, ten rows of each due",
         made("busy_tables", 200, "t0000"),
         (Way("rt", "rt-archive all", "", True),), by="cpu",
         before="2026-01-08T00:00:00.000Z"),
    Case("foreign", "parents of an unindexed child, 25 k and 200 k", made(
        "foreign", 200_000), grown_beside(
            made("foreign", 25_000), made("foreign", 200_000), 9.85),
         before=MIDDLE, rounds=3, by="cpu"),
    Case("fts", "200 k rows in an FTS5 table by triggers, half goes",
         made("searched", 200_000), night(1.0), before=MIDDLE, rounds=3),
    Case("large", "twelve rows of 64 MiB, on twelve days and on one",
         made("large", 12), (
             Way("rt-12-days", JOB, "", deletes=True),
             Way("rt-one-day", JOB, "", deletes=True,
                 data=made("large_one_day", 12)),
         ), rounds=1, memory=320.0),
    Case("expire-3y", "rt-expire of 1095 nights of 7 tables",
         made("history", 1095, "t0000"),
         (Way("rt-expire", "env RT_NOW=2033-01-01T00:00:00Z rt-expire --yes",
              ""),), rounds=3),
    Case("redact", "rt-export with and without --redact-secrets", LOGS, (
        Way("rt-export", 'rt-export agent_logs >"$OUT"'),
        Way("rt-redact", 'rt-export --redact-secrets agent_logs >"$OUT"',
            most=1.8),
    ), discard=True, by="cpu"),
    Case("writer-wal", "a commit every 5 ms beside the job, WAL", TOOLS,
         (Way("rt", f"{STORE}\n{PURGE}", deletes=True),), before=MIDDLE,
         rounds=3, journal="WAL"),
    Case("writer-rollback", "the same with a rollback journal", TOOLS,
         (Way("rt", f"{STORE}\n{PURGE}", deletes=True),), before=MIDDLE,
         rounds=3, journal="DELETE"),
)
