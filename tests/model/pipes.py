#!/usr/bin/env python3
"""Can lock and pipes deadlock?  usage: python3 pipes.py

A process is a list of steps, a pipe holds CAP records, the lock is one flock:

  lock      waits for the lock
  try       takes it at once or exits (status 75)
  inherit   has it from rt-lock, and lets nothing go
  free      lets go, as does the process's end
  put P     blocks while pipe P is full; where nobody reads, exits (141)
  get P     takes one record; blocks while P is empty and has a writer
  drain P   reads P to its end
  begin     a short SQLite transaction that nobody else may have at once
  commit    its end

All interleavings are explored.  A state in which somebody has not ended and
nobody can move is a deadlock.  Each case says whether there must be one; the
status is 1 where it is not so.
"""

import sys

CAP = 2
# Records through each pipe: more than all pipes hold.
RECORDS = 8


class System:
    """Processes by name: (steps, the pipe they read, the pipe they write)."""

    def __init__(self, processes):
        self.names = list(processes)
        self.steps = {n: p[0] for n, p in processes.items()}
        self.reader = {p[1]: n for n, p in processes.items() if p[1]}
        self.writer = {p[2]: n for n, p in processes.items() if p[2]}
        self.pipes = sorted(self.writer)

    def start(self):
        """Where each process is, what is in each pipe, who has the lock, and
        who is in a transaction."""
        at = {name: 0 for name in self.names}
        filled = {pipe: 0 for pipe in self.pipes}
        return at, filled, None, None

    def ended(self, state, name):
        return state[0][name] >= len(self.steps[name])

    def move(self, state, name):
        """The state after a process's next step; None where it blocks."""
        at, filled, lock, inside = state
        at, filled = dict(at), dict(filled)
        end = len(self.steps[name])
        does, *pipe = self.steps[name][at[name]]
        pipe = pipe[0] if pipe else None
        to = at[name] + 1
        if does in ('lock', 'try'):
            if lock in (None, name):
                lock = name
            elif does == 'lock':
                return None
            else:
                to = end
        elif does == 'free':
            lock = None if lock == name else lock
        elif does == 'begin':
            if inside not in (None, name):
                return None
            inside = name
        elif does == 'commit':
            inside = None
        elif does == 'put':
            if self.ended(state, self.reader[pipe]):
                to = end
            elif filled[pipe] >= CAP:
                return None
            else:
                filled[pipe] += 1
        elif does in ('get', 'drain'):
            if filled[pipe]:
                filled[pipe] -= 1
                to = at[name] if does == 'drain' else to
            elif not self.ended(state, self.writer[pipe]):
                return None
        at[name] = to
        if to >= end:
            lock = None if lock == name else lock
            inside = None if inside == name else inside
        return at, filled, lock, inside

    def explore(self):
        """The number of states, and what a deadlock waits for, if any."""

        def key(state):
            at, filled, lock, inside = state
            return tuple(at.values()), tuple(filled.values()), lock, inside

        start = self.start()
        seen, todo, deadlock = {key(start)}, [start], None
        while todo:
            state = todo.pop()
            waiting = [n for n in self.names if not self.ended(state, n)]
            moves = [self.move(state, name) for name in waiting]
            if waiting and not any(moves):
                deadlock = {n: self.steps[n][state[0][n]] for n in waiting}
            for after in filter(None, moves):
                if key(after) not in seen:
                    seen.add(key(after))
                    todo.append(after)
        return len(seen), deadlock


def pipeline(
    tag='', store_lock='try', frees_early=False, purge_locks_first=False
):
    """rt-export | rt-store | rt-purge.  rt-store lets go of the lock before
    it prints receipts (frees_early), or when it ends."""
    rows, receipts = 'rows' + tag, 'receipts' + tag
    export = [('begin',), ('commit',), ('put', rows)] * RECORDS
    store = [(store_lock,), ('drain', rows)]
    store += [('free',)] if frees_early else []
    store += [('put', receipts)] * RECORDS
    purge = [('drain', receipts), ('lock',)]
    if purge_locks_first:
        purge.reverse()
    purge += [('begin',), ('commit',)] * 2 + [('free',)]
    return {
        'export' + tag: (export, None, rows),
        'store' + tag: (store, rows, receipts),
        'purge' + tag: (purge, receipts, None),
    }


def under_rt_lock(processes):
    """rt-lock DIR -- sh -c PIPELINE: who inherits the lock lets nothing go."""
    locks = ('lock', 'try', 'free')

    def inherit(steps):
        return [('inherit',) if s[0] in locks else s for s in steps]

    return {n: (inherit(p[0]), p[1], p[2]) for n, p in processes.items()}


def overlapped(put_inside):
    """What no program does: receipts flow while rows are still read."""
    if put_inside:
        export = [('begin',), *[('put', 'rows')] * RECORDS, ('commit',)]
    else:
        export = [('begin',), ('commit',), ('put', 'rows')] * RECORDS
    store = [('get', 'rows'), ('put', 'receipts')] * RECORDS
    purge = [('get', 'receipts'), ('begin',), ('commit',)] * RECORDS
    return {
        'export': (export, None, 'rows'),
        'store': (store, 'rows', 'receipts'),
        'purge': (purge, 'receipts', None),
    }


NO, YES = False, True
CASES = [
    ('under rt-lock', NO, under_rt_lock(pipeline())),
    ('by hand', NO, pipeline()),
    ('two by hand at once', NO, {**pipeline('1'), **pipeline('2')}),
    ('two by hand, rt-store waits for the lock in place of 75', NO,
     {**pipeline('1', store_lock='lock'), **pipeline('2', store_lock='lock')}),
    ('rt-store t | rt-lock --wait D DIR -- rt-purge t', YES,
     pipeline(purge_locks_first=True)),
    ('the same, rt-store lets go before its receipts', NO,
     pipeline(purge_locks_first=True, frees_early=True)),
    ('two by hand, rt-store lets go before its receipts', NO,
     {**pipeline('1', frees_early=True), **pipeline('2', frees_early=True)}),
    ('overlapped, no pipe inside a transaction', NO, overlapped(False)),
    ('overlapped, rt-export writes inside its transaction', YES,
     overlapped(True)),
]


def main():
    status = 0
    for name, expected, processes in CASES:
        states, deadlock = System(processes).explore()
        mark = 'ok'
        if expected != (deadlock is not None):
            mark, status = 'UNEXPECTED', 1
        found = f'deadlock, waiting {deadlock}' if deadlock else 'no deadlock'
        print(f'{mark} {name}: {states} states, {found}')
    return status


sys.exit(main())
