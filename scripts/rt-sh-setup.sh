# shellcheck shell=sh
# rt-sh-setup.sh: what the rt scripts have in common; sourced, never run.
#
# Needs set -eu, and self, the script's own file: a link to a script, in ~/bin
# say, stands for the script.  Gives die; usage and rt_parse (rt-sh-flags.sh);
# and for a run, to be called in this order: rt_settings, rt_lock "$@", and from
# rt-sh-end.sh rt_tmp, rt_print, rt_exit.

unset CDPATH && umask 077 && export LC_ALL=C
IFS=' 	
'
RT_NAME=${0##*/}
# shellcheck disable=SC2154 # the script sets it
RT_HOME=${RT_EXEC_PATH:-${self%/*}}
# Programs beside the scripts come before others, and under cron's PATH too.
export PATH="$RT_HOME:$PATH"
# shellcheck source=scripts/rt-sh-flags.sh
. "$RT_HOME/rt-sh-flags.sh"
# shellcheck source=scripts/rt-sh-stop.sh
. "$RT_HOME/rt-sh-stop.sh"
# shellcheck source=scripts/rt-sh-end.sh
. "$RT_HOME/rt-sh-end.sh"

# shellcheck disable=SC2034 # the scripts use them
RT_STOP='' RT_VERSION=0.1.0 RT_JOB_FLAGS='    --db FILE|database [RT_DB, database/ideas.db]
    --archives DIR|archive tree [RT_ARCHIVES, archives]
    --policy FILE|retention policy [RT_POLICY, built in]
    --database NAME|the database'"'"'s name in the tree [RT_DATABASE]
    --now TIME|take TIME for the clock [RT_NOW]
    --busy-timeout D|wait D for a locked database [10s]
-n, --dry-run|change nothing, say what would be done
    --json|print the report as JSON
    --output FILE|write the report to FILE instead
    --yes|ask nothing
    --no-progress|draw no line on the terminal
    --wait D|wait D for another run to end [0s]
    --no-compress|write files that are not gzipped
    --batch-size N|rows of a batch [1000]
    --max-runtime D|stop deleting from a table after D
    --sleep D|pause at least D after each batch
    --max-stall D|hold the database at most D at a time [100ms]
    --reclaim WHAT|free pages: none, incremental or full [none]'
# shellcheck disable=SC2034 # and the words that stand for tables
RT_TARGETS='all|every table of the policy
daily|its tables of every day
weekly|its tables of every week
GROUP|the tables of a group of the policy
TABLE|one table'

# The one operand that there may be; a script that takes more has its own.
rt_operand() {
	[ -z "${OPERAND+x}" ] || usage "unexpected operand '$1'"
	OPERAND=$1
}
# What the flags say about the place and the time, for every program of the
# run: one clock above all.  The start is that before the lock was waited for.
rt_settings() {
	for rt_var in DB ARCHIVES POLICY DATABASE; do
		eval "rt_value=\${OPT_$rt_var-unset}"
		[ -n "$rt_value" ] || usage 'the value of a flag is empty'
		eval "[ -z \"\${OPT_$rt_var+x}\" ] || export RT_$rt_var=\"\$rt_value\""
	done
	[ -z "${RT_UNDER_LOCK-}" ] || return 0
	RT_STARTED=$(RT_NOW='' rt-policy --clock)
	RT_NOW=$(rt-policy --clock ${OPT_NOW+--now="$OPT_NOW"})
	export RT_NOW RT_STARTED
}

# Starts the script again, with its arguments, under the lock of the tree.
# The mark is for that one start: a job inside this one asks for itself.
rt_lock() {
	if [ -n "${RT_UNDER_LOCK-}" ]; then
		unset RT_UNDER_LOCK
		return
	fi
	export RT_UNDER_LOCK=1
	exec rt-lock ${OPT_DRY_RUN+-n} ${OPT_WAIT+--wait="$OPT_WAIT"} \
		--create -- "${RT_ARCHIVES:-archives}" "$0" "$@"
}
