"""Chooses the cases, runs them, records them.  See ../run, which starts it."""

import argparse
import dataclasses
import fnmatch
import os
import sys
from pathlib import Path

import record
import world
import writing
from cases import CASES, Case
from rounds import Rounds


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/perf/run")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--floors", action="store_true")
    parser.add_argument("cases", nargs="*")
    found = parser.parse_args()
    if found.scale <= 0 or (found.rounds is not None and found.rounds < 1):
        parser.error("--scale and --rounds count from above 0")
    return found


def chosen(words: list[str]) -> list[Case]:
    cases = []
    for word in words or ["*"]:
        found = [c for c in CASES if fnmatch.fnmatchcase(c.name, word)]
        if not found:
            sys.exit(f"run: there is no case '{word}'; see --list")
        cases += [case for case in found if case not in cases]
    return cases


def without_others(case: Case) -> Case:
    """The measure, and those that it is held to."""
    held = [
        way for way in case.ways[1:]
        if way.floor or way.most or way.name.startswith("rt")
    ]
    ways = (case.ways[0], *held) if held else case.ways
    return dataclasses.replace(case, ways=ways)


def one(case: Case, here: world.World, options: argparse.Namespace) -> bool:
    """Runs and records a case; whether it was right."""
    if options.floors and not case.memory:
        case = without_others(case)
    facts = world.versions(here) + world.machine(here)
    command = " ".join(["tests/perf/run", *sys.argv[1:]])
    facts.append(("command", command))
    facts.append(("data", f"{here.scaled(case.data).name}.db,"
                          f" scale {here.scale:g}"))
    rounds = options.rounds or case.rounds
    beside = writing.Beside if case.journal else Rounds
    run = beside(here, case).all(rounds)
    facts.append(("load", f"{world.load()} at the end"))
    text = record.text(case, run, facts)
    kept = here.folder if here.scale != 1 else world.HERE
    path = record.write(kept / "runs", case, text)
    print(text, flush=True)
    world.say(f"recorded in {path}")
    return not run.failed


def main() -> int:
    options = arguments()
    if options.list:
        for case in CASES:
            print(f"{case.name:<20} {case.about}")
        return 0
    bins = os.environ["RT_PERF_BIN"]
    scripts = world.TOP / "scripts"
    os.environ["PATH"] = f"{bins}:{scripts}:{os.environ['PATH']}"
    here = world.World(
        Path(os.environ["RT_PERF_DIR"]),
        Path(bins),
        os.environ["RT_PERF_DATAGEN"],
        options.scale,
    )
    right = [one(case, here, options) for case in chosen(options.cases)]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
