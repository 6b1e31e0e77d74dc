#!/usr/bin/env python3
"""Does a remote hold what the ledger says?  usage: python3 ship.py

One tree with the file W of a day and the tar T of its month, one remote, and
rt-ship, which does one step at a time while jobs go on and may be killed
between any two; a copy may end half without a word.  A backup of the tree may be put back.  A content is the rows
that a file holds, as a text of digits; an object of the remote is a file's
content under a name of its own, whole or half copied.

In every state:

  reader   each file that the ledger at the remote names is there, whole
  last     rows that an expiry with --shipped-only took out of the tree are
           at the remote, whole, unless they had ended for good before
  end      where nobody disturbs it, rt-ship ends: the remote holds what the
           ledger names, what was expired so, and nothing else

Rules, each to be turned back by itself:

  begun    `ship` is entered before an object is copied
  check    `shipped` is entered only for what was looked at and is whole
  clean    a half copy that no event names is removed before the next copy
  whole    the ledger goes only when nothing is open and all that it names is
           at the remote
  after    an object goes only when the ledger at the remote does not name it
  intent   `withdraw` is entered before an object goes
  shipped  --shipped-only looks whether a file was shipped
  refuse   a tree whose ledger is not that of the remote ships nothing
  named    an object's name tells its content; else a new one replaces it
"""

import sys
from collections import deque
from functools import cache

RULES = ('begun', 'check', 'clean', 'whole', 'after', 'intent', 'shipped',
         'refuse', 'named')


@cache
class Says:
    """What a ledger says."""

    def __init__(self, ledger):
        self.files, self.open = {}, False
        self.begun, self.shipped = set(), set()
        self.leaving, self.kept = set(), set()
        self.piece, self.news = 0, False
        for n, (event, *of) in enumerate(ledger):
            self.news |= event in ('open', 'is', 'gone', 'off')
            if event in ('open', 'is'):
                self.files[of[0]] = of[1]
                self.open = event == 'open'
            elif event in ('gone', 'off'):
                content = self.files.pop(of[0])
                if event == 'off':
                    self.kept.add((of[0], content))
            elif event == 'ship':
                self.begun |= set(of)
            elif event == 'shipped':
                self.shipped.add(of[0])
            elif event == 'withdraw':
                self.leaving.add(of[0])
            elif event == 'withdrawn':
                self.begun.discard(of[0])
                self.shipped.discard(of[0])
                self.leaving.discard(of[0])
            elif event == 'piece':
                self.piece = of[0]
                self.news = any(e[0] in ('open', 'is', 'gone', 'off')
                                for e in ledger[of[0]:n])

    def sealed(self):
        return {o for o in self.files.items() if o[0] != 'W' or not self.open}

    def safe(self):
        return self.shipped - self.leaving


JOBS = ('store', 'tar', 'erase', 'gone', 'off')


def jobs(ledger, rules, does):
    """The ledgers behind each step that a job may do; rows that it takes out
    of the tree only, and rows that end for good."""
    says = Says(ledger)
    warm, tar = says.files.get('W'), says.files.get('T')
    if says.open:
        yield ledger + (('is', 'W', warm),), '', ''
        if warm == '12':
            yield ledger + (('is', 'W', '1'),), '', ''
        return
    if 'store' in does and not tar and warm != '12':
        yield ledger + (('open', 'W', '12' if warm else '1'),), '', ''
    if 'tar' in does and warm:
        yield ledger + (('is', 'T', warm), ('gone', 'W')), '', ''
    for file, content in says.files.items():
        if 'erase' in does and '1' in content:
            left = content.replace('1', '')
            end = ('is', file, left) if left else ('gone', file)
            yield ledger + (end,), '', '1'
        if 'gone' in does:
            yield ledger + (('gone', file),), '', content
        safe = 'shipped' not in rules or (file, content) in says.safe()
        if 'off' in does and safe:
            yield ledger + (('off', file),), content, ''


def ship(ledger, remote, pieces, at, rules):
    """One step of rt-ship, which is `at` a place with what it has to do."""
    place, work, cut = at
    says, remote = Says(ledger), dict(remote)

    def to(place, work=(), ledger=ledger, pieces=pieces, cut=cut):
        return ledger, frozenset(remote.items()), pieces, (place, work, cut)

    def name(o):
        return o if 'named' in rules else o[0]

    if place == 'begin':
        ours = all(p == ledger[:len(p)] for p, _ in pieces)
        if 'refuse' in rules and not ours:
            return to('refused')
        return to('delete', tuple(sorted(says.leaving)))
    if place == 'delete':
        if not work:
            todo = tuple(sorted(says.sealed() - says.safe()))
            begins = todo and 'begun' in rules
            event = (('ship', *todo),) if begins else ()
            return to('clean', todo, ledger + event)
        remote.pop(name(work[0]), None)
        return to('deleted', work)
    if place == 'deleted':
        return to('delete', work[1:], ledger + (('withdrawn', work[0]),))
    if place == 'clean':
        if not work:
            return to('cut')
        if 'clean' in rules and remote.get(name(work[0])) == (work[0], False):
            del remote[name(work[0])]
        return to('copy', work)
    if place == 'copy':
        there = remote.get(name(work[0]))
        if there and (there[0] == work[0] or 'named' in rules):
            return to('copied', work)
        remote[name(work[0])] = (work[0], False)
        return to('half', work)
    if place == 'half':
        remote[name(work[0])] = (work[0], True)
        return to('copied', work)
    if place == 'copied':
        if 'check' in rules and remote.get(name(work[0])) != (work[0], True):
            return to('failed')
        return to('clean', work[1:], ledger + (('shipped', work[0]),))
    if place == 'cut':
        lacks = says.open or set(says.files.items()) - says.safe()
        if lacks and 'whole' in rules:
            return to('waits')
        return to('piece' if says.news else 'choose', cut=ledger)
    if place == 'piece':
        return to('pieced', pieces=pieces | {(cut, False)})
    if place == 'pieced':
        return to('enter', pieces=(pieces - {(cut, False)}) | {(cut, True)})
    if place == 'enter':
        return to('choose', (), ledger + (('piece', len(cut)),))
    if place == 'choose':
        goes = says.begun | says.shipped
        goes -= says.leaving | set(says.files.items()) | says.kept
        if 'after' in rules:
            goes -= set(Says(ledger[:says.piece]).files.items())
        work = tuple(sorted(goes))
        event = tuple(('withdraw', o) for o in work if 'intent' in rules)
        return to('remove', work, ledger + event)
    if place == 'remove':
        if not work:
            return to('done')
        remote.pop(name(work[0]), None)
        return to('removed', work)
    if place == 'removed':
        return to('remove', work[1:], ledger + (('withdrawn', work[0]),))
    raise ValueError(place)


ENDS = ('done', 'failed', 'waits', 'refused')


@cache
def wrong(ledger, remote, pieces, rows, was_put_back, rules):
    """Which promise a state breaks, if any."""
    whole = {o for _, (o, is_whole) in remote if is_whole}
    read = max((p for p, is_whole in pieces if is_whole), key=len, default=())
    if set(Says(read).files.items()) - whole:
        return 'reader'
    off, ended = map(set, rows)
    if off - ended - set(''.join(content for _, content in whole)):
        return 'last'
    if Says(ledger).open or was_put_back:
        return None
    at = ('begin', (), ())
    while at[0] not in ENDS:
        ledger, remote, pieces, at = ship(ledger, remote, pieces, at, rules)
    says = Says(ledger)
    must = set(says.files.items()) | says.kept
    if at[0] != 'done' or {o for _, o in remote} != {(o, True) for o in must}:
        return 'end'
    return None


def explore(rules, steps, kills=1, backs=0, does=JOBS):
    """The number of states, and the first promise that is broken."""
    start = ((), frozenset(), frozenset(), None, ('', ''), steps, kills, backs, None)
    seen, todo = {start}, deque([start])
    while todo:
        state = todo.popleft()
        ledger, remote, pieces, at, rows, steps, kills, backs, backup = state
        if at is None or at[0] in ENDS:
            at = None
        back = backup is not None and backup[1]
        broken = wrong(ledger, remote, pieces, rows, back, rules)
        if broken:
            return len(seen), broken
        after = []
        if at is None:
            after.append((ledger, remote, pieces, ('begin', (), ()), rows,
                          steps, kills, backs, backup))
        else:
            after.append((*ship(ledger, remote, pieces, at, rules), rows,
                          steps, kills, backs, backup))
            if kills:
                after.append((ledger, remote, pieces, None, rows, steps,
                              kills - 1, backs, backup))
            if kills and at[0] == 'half':
                short = ('copied', *at[1:])
                after.append((ledger, remote, pieces, short, rows, steps,
                              kills - 1, backs, backup))
        for next_, *more in jobs(ledger, rules, does) if steps else ():
            then = tuple(''.join(sorted({*a, *b})) for a, b in zip(rows, more))
            after.append((next_, remote, pieces, at, then, steps - 1, kills,
                          backs, backup))
        if backs and backup is None:
            after.append((ledger, remote, pieces, at, rows, steps, kills,
                          backs, (ledger, False)))
        if backs and backup and at is None:
            after.append((backup[0], remote, pieces, at, rows, steps, kills,
                          0, (None, True)))
        for one in after:
            if one not in seen:
                seen.add(one)
                todo.append(one)
    return len(seen), None


RETURNS = ('store', 'gone', 'off')
CASES = [
    ('begun', {'steps': 4}),
    ('check', {'steps': 4}),
    ('clean', {'steps': 4}),
    ('whole', {'steps': 4}),
    ('after', {'steps': 4}),
    ('intent', {'steps': 6, 'kills': 0, 'does': RETURNS}),
    ('shipped', {'steps': 4}),
    ('refuse', {'steps': 4, 'kills': 0, 'backs': 1}),
    ('named', {'steps': 4}),
    (None, {'steps': 4, 'kills': 2}),
    (None, {'steps': 6, 'kills': 1, 'does': RETURNS}),
    (None, {'steps': 4, 'kills': 0, 'backs': 1}),
    (None, {'steps': 3, 'kills': 1, 'backs': 1}),
]


def main():
    status = 0
    for rule, budget in CASES:
        rules = frozenset(RULES) - {rule}
        states, broken = explore(rules, **budget)
        mark = 'ok'
        if (rule is not None) != (broken is not None):
            mark, status = 'UNEXPECTED', 1
        name = f'all but {rule}' if rule else f'all rules {budget}'
        print(f'{mark} {name}: {states} states, {broken or "holds"}')
    return status


sys.exit(main())
