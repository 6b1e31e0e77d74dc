"""The record of a run: lines for a reader, whose first word awk can take."""

import datetime
import statistics
from pathlib import Path

from cases import Case, Way
from rounds import Run

HEADS = {
    "round": "way n wall_s cpu_s peak_MiB bytes",
    "median": "way wall_s min max cpu_s peak_MiB bytes",
    "ratio": "way wall min max cpu bytes floor goal (its figure / the first"
    " way's, round by round)",
    "memory": "way program peak_MiB",
}


def row(kind: str, name: str, *figures: object) -> str:
    cells = [
        f"{figure:9.3f}" if isinstance(figure, float) else f"{figure!s:>9}"
        for figure in figures
    ]
    return f"{kind:<7} {name:<14} {' '.join(cells)}".rstrip()


def rounds(run: Run) -> list[str]:
    lines = []
    for name, samples in run.samples.items():
        for turn, s in enumerate(samples, 1):
            figures = (turn, s.wall_s, s.cpu_s, s.peak_mib, s.size or "-")
            lines.append(row("round", name, *figures))
    return lines


def medians(run: Run) -> list[str]:
    lines = []
    for name, samples in run.samples.items():
        walls = [s.wall_s for s in samples]
        cpu = statistics.median(s.cpu_s for s in samples)
        peak = max(s.peak_mib for s in samples)
        lines.append(
            row("median", name, statistics.median(walls), min(walls),
                max(walls), cpu, peak, samples[-1].size or "-")
        )
    return lines


def ratios(case: Case, run: Run) -> list[str]:
    first = run.samples.get(case.ways[0].name)
    lines = []
    for way in case.ways[1:]:
        samples = run.samples.get(way.name)
        if not first or not samples or case.memory:
            continue
        pairs = list(zip(samples, first))
        walls = [a.wall_s / b.wall_s for a, b in pairs]
        cpu = statistics.median(
            a.cpu_s / max(b.cpu_s, 0.001) for a, b in pairs
        )
        a, b = pairs[-1]
        sizes = a.size / b.size if a.size and b.size else "-"
        middle = statistics.median(walls)
        judged_by = cpu if case.by == "cpu" else middle
        lines.append(
            row("ratio", way.name, middle, min(walls), max(walls), cpu,
                sizes, *wanted(way, judged_by if run.full else None))
        )
    return lines


def wanted(way: Way, found: float | None) -> tuple[object, ...]:
    """What a ratio is held to; judged where there is one to judge."""
    if way.most is not None:
        held = found is None or found <= way.most
        return (f"most {way.most:g}", judged(found, held, "held"))
    if way.floor is None:
        return ()
    goal = way.goal or way.floor
    word = "goal" if found is not None and found >= goal else "reached"
    reached = found is None or found >= way.floor
    return (f"{way.floor:g}", f"{goal:g}", judged(found, reached, word))


def judged(found: float | None, good: bool, word: str) -> str:
    if found is None:
        return "-"
    return word if good else "MISSED"


def memory(case: Case, run: Run) -> list[str]:
    lines = []
    for name, samples in run.samples.items():
        for program in samples[0].peaks:
            peak = max(s.peaks.get(program, 0.0) for s in samples)
            ours = case.memory is not None and program.startswith("rt-")
            words: tuple[object, ...] = ()
            if ours and case.memory is not None:
                word = "held" if peak < case.memory else "MISSED"
                words = (f"below {case.memory:g}", word)
            lines.append(row("memory", name, f"{program:<12}", peak, *words))
    return lines


def text(case: Case, run: Run, facts: list[tuple[str, str]]) -> str:
    """The whole record."""
    lines = [f"# {case.name}: {case.about}"]
    lines += [f"# {name}: {value}" for name, value in facts]
    lines.append(f"# BEFORE: {case.before}")
    for way in case.ways:
        setup = [f"(first, untimed) {way.setup}"] if way.setup else []
        steps = [f"# {way.name}: {step}" for step in
                 setup + way.command.split("\n")]
        lines += steps
    parts = {
        "round": rounds(run),
        "median": medians(run),
        "ratio": ratios(case, run),
        "memory": memory(case, run),
    }
    for kind, found in parts.items():
        if found:
            lines += ["#", f"# {kind} {HEADS[kind]}", *found]
    if run.lines:
        lines += ["#", *run.lines]
    for name, reason in run.skipped.items():
        lines.append(f"skipped {name} {reason}")
    return "\n".join(lines) + "\n"


def write(folder: Path, case: Case, record: str) -> Path:
    """One record a day and case: a later one replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    day = datetime.datetime.now(datetime.timezone.utc).date()
    path = folder / f"{day}-{case.name}.txt"
    path.write_text(record, encoding="utf-8")
    return path
