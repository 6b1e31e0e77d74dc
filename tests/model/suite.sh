#!/bin/sh
# suite.sh: the model's runs, each with what is expected of it
#
# usage: tests/model/suite.sh [short | big]
#
# Each run is a line: ok or UNEXPECTED, the verdict, the words in brackets
# (README.md explains them), and what was found.  One UNEXPECTED makes the
# status 1.  `short` takes seconds; all runs take 3 minutes, with `big` 7.

set -eu
unset CDPATH
cd "$(dirname "$0")"

target=../../target/model
unexpected=0

# run fails|holds WORD...
run() {
	want=$1
	shift
	found=$("$target/release/rt-model" "$@" quiet max_cex=1 cap=60000000 |
		tr '\n' ' ')
	case $found in
	*exhausted*) got=holds ;;
	*COUNTEREXAMPLES*) got=fails ;;
	*) got=nothing ;;
	esac
	mark=ok
	if [ "$want" != "$got" ]; then
		mark=UNEXPECTED
		unexpected=1
	fi
	echo "$mark $got [$*] $found"
}

first_wording() {
	echo '# the first wording, one hole after the other'
	set -- literal window=1 guard=0 digest=1
	run fails "$@" rows=2 kills=0 apps=0 agents=HJ
	run fails "$@" settled_skip rows=2 kills=1 apps=0 agents=JR
	run fails "$@" rows=2 kills=1 powers=1 apps=0 agents=JJ pub_sync cons
	run fails literal window=1 rows=2 kills=1 apps=0
	run fails "$@" rows=2 kills=1 apps=1
	run fails literal window=1 guard=0 digest=0 redo rows=1 kills=1 apps=1
	run fails "$@" redo rows=2 kills=1 powers=1 apps=0 agents=JJ
	run fails "$@" redo refs rows=1 kills=1 apps=1
	run fails literal window=0 guard=0 digest=1 redo rows=2 kills=1 apps=1
	run fails fixed purging=0 settled_skip=0 rows=2 kills=1 apps=0 agents=HJ
	run fails fixed kl=0 keyless rows=3 batch=3 same=0 kills=1 apps=1
	run fails fixed kl=0 keyless rows=2 batch=1 kills=1 apps=1
	run fails fixed keyless prio=0 vacuum rows=3 batch=1 same=0 kills=1 \
		apps=1 agents=JJ
}

less_one() {
	echo '# all rules, less one'
	set -- fixed rows=2 kills=1 powers=1 apps=1 agents=JJ
	run fails "$@" pub_sync=0
	run fails "$@" settled_skip=0 agents=HJ
	run fails "$@" purging=0 agents=JR
	run fails "$@" purging=1 agents=HJ
	run fails "$@" digest=0
	run fails "$@" guard=1
	run fails "$@" guard=2 rows=1
	run fails "$@" cons_sync=0 cons
	run fails "$@" held_out=0 refs
	run fails "$@" redo=0
	run fails "$@" rec_each=0 cons_blind substage cons
	run fails fixed window=0 rows=1 kills=1 apps=1
	run fails "$@" lazy=1
	run fails "$@" lazy=2 applazy
	run fails fixed lazy=3 rows=2 kills=0 apps=0 agents=JJ snaps=1
	run fails fixed lazy=3 rows=2 kills=1 apps=0 agents=J snaps=1
	run fails fixed lazy=3 rows=2 kills=0 apps=0 agents=J cuts=1
}

planted_faults() {
	echo '# planted faults are found'
	run fails fixed mut_nolock agents=HJ kills=0 apps=0 rows=1
	run fails fixed mut_nofsync pub_sync=0 agents=JJ kills=1 powers=1 \
		apps=0 rows=1
	run fails fixed mut_nolsync agents=JJ kills=0 powers=1 apps=0 rows=2
	run fails fixed mut_nointent agents=JJ kills=1 powers=1 apps=0 rows=2
}

today_in_short() {
	echo '# the rules of today, small'
	set -- fixed lazy=3 keep repeated once window=1 kills=1
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JJ dupexp refs \
		once=0
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JJ applazy refs
	run holds "$@" purging=1 rows=2 powers=1 apps=0 agents=HJR
	run holds "$@" purging=1 rows=2 powers=0 apps=0 agents=JJ snaps=1 cons
	run holds "$@" purging=1 rows=1 powers=1 apps=1 agents=JR snaps=1
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JJ refs cons cuts=1
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=HJ cons substage \
		days=2
	run holds "$@" keyless same=0 rows=3 batch=2 powers=1 apps=1 agents=JJ
	run holds "$@" keyless same=0 rows=3 batch=2 powers=0 apps=0 agents=JJ \
		snaps=1
	run holds "$@" keyless same=0 rows=3 batch=2 powers=0 apps=1 agents=JJ \
		cuts=1
	run fails "$@" repeated=0 purging=1 rows=2 kills=0 apps=1 agents=JJ cons
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JJ cons
	echo '# erasure'
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JE cons refs
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JE days=2 cons
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=HE applazy
	run holds "$@" purging=1 rows=2 powers=0 apps=0 agents=HE cons snaps=1
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JE cons cuts=1
	run holds "$@" keyless same=0 rows=3 batch=2 powers=1 apps=1 agents=JE
	run fails "$@" purging=1 rows=2 powers=1 apps=0 agents=JEJ erase_sync=0
	run fails "$@" purging=1 rows=2 powers=1 apps=0 agents=HE erase_blind
}

today() {
	echo '# the rules of today'
	set -- fixed lazy=3 keep repeated once window=1 kills=1
	run fails "$@" purging=5 rows=2 powers=1 apps=1 agents=HJR
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=HJR
	run holds "$@" purging=1 rows=2 powers=0 apps=1 agents=HHJ cons
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JR snaps=1 cuts=1
	run holds "$@" purging=1 rows=2 powers=1 apps=2 agents=JJ cons refs
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=HJE cons
	run holds "$@" purging=1 rows=2 powers=1 apps=1 agents=JE cons snaps=1
}

today_big() {
	set -- fixed lazy=3 keep repeated once window=1 purging=1 rows=2 kills=1 \
		powers=1 apps=1
	run holds "$@" agents=JJ refs cons snaps=1
	run holds "$@" agents=HJ snaps=1
}

batches_named() {
	echo '# purging names the lines, every commit is durable; with a key'
	set -- fixed window=2 rows=2
	run holds "$@" kills=2 powers=1 apps=2 agents=JJ refs cons
	run holds "$@" kills=2 powers=2 apps=1 agents=JJJ refs cons substage
	run holds "$@" kills=1 powers=1 apps=2 agents=HJ days=2 cons substage
	run holds "$@" kills=1 powers=1 apps=1 agents=HJR
	set -- fixed rows=2 kills=1 powers=1
	run holds "$@" apps=0 agents=HHJ cons
	run holds "$@" apps=1 agents=JJ dupexp
	run holds "$@" purging=4 apps=2 agents=HJ cons
	run holds "$@" purging=4 apps=1 agents=JJ dupexp refs
	echo '# without a key (no identical row is inserted)'
	set -- fixed window=2 keyless same=0 rows=3 batch=2 powers=1 apps=2
	run holds "$@" kills=2 agents=JJ
	run holds "$@" kills=1 agents=HJ days=2 cons
	run holds "$@" kills=1 agents=JJ refs
	set -- fixed keyless same=0 vacuum rows=3 kills=1 apps=2
	run holds "$@" batch=1 powers=1 agents=JJ
	run holds "$@" batch=2 agents=HJ
}

batches_named_big() {
	run holds fixed window=2 rows=3 batch=2 kills=2 powers=1 apps=2 \
		agents=JJ days=2 cons refs substage
}

flushed_later() {
	echo '# commits are durable when somebody flushes'
	set -- fixed rows=2 powers=1 agents=JJ
	run holds "$@" window=2 kills=2 apps=2 refs cons lazy=2
	run holds "$@" kills=1 apps=1 lazy=3 applazy
	run holds "$@" purging=4 kills=1 apps=2 lazy=3 applazy refs
	run holds fixed window=2 keyless same=0 rows=3 batch=2 kills=2 powers=1 \
		apps=1 agents=JJ lazy=3
}

stays_open() {
	echo '# what stays open, and what would close it'
	run fails fixed keyless rows=2 kills=1 apps=1
	run fails fixed multiset rows=2 kills=1 apps=2 agents=JJ
	run holds fixed keyless keepmax rows=3 kills=1 powers=1 apps=1 agents=JJ
	run fails fixed keyless keepmax rows=3 batch=2 kills=1 apps=2 agents=JJ
	run holds fixed purging=3 keyless rows=3 kills=1 powers=1 apps=2 \
		agents=JJ days=2 cons refs
	run holds fixed purging=3 multiset rows=2 kills=2 powers=1 apps=2 \
		agents=JJ
}

form=${1:-all}
case $form in
all | short | big) ;;
*)
	echo 'usage: tests/model/suite.sh [short | big]' >&2
	exit 2
	;;
esac

cargo build --release --quiet --locked --target-dir "$target"
first_wording
less_one
planted_faults
today_in_short
if [ "$form" != short ]; then
	today
	[ "$form" != big ] || today_big
	batches_named
	[ "$form" != big ] || batches_named_big
	flushed_later
	stays_open
fi
echo '# lock and pipes'
python3 pipes.py || unexpected=1
echo '# a remote'
python3 ship.py || unexpected=1
exit "$unexpected"
