# shellcheck shell=sh
# rt-sh-stop.sh: how a script ends before its time: an error, or a signal;
# sourced by the setup.
#
# A shell looks at a signal when the program has ended that it waits for.  So a
# script starts itself again, once its flags are good, below a process that
# hands signals on to all that it has started.

# What fails because the run was stopped is no news.
die() { # STATUS MESSAGE [MORE]
	[ -z "$RT_STOP" ] || exit "$RT_STOP"
	printf '%s\n' "$RT_NAME: $2" ${3:+"$3"} >&2
	exit "$1"
}

# Between two steps of a run: what a signal stopped begins no further one.
rt_goes_on() {
	[ -z "$RT_STOP" ] || rt_exit "$RT_STOP"
}

rt_parse() { # ARG ...
	rt_take "$@"
	rt_forward "$@"
}

rt_forward() { # ARG ...
	[ -n "${RT_FORWARD-}" ] || exec rt-lock -n --forward -- . "$0" "$@"
}

# A run that only reads has nothing to bring to an end.
rt_reads() {
	trap 'exit 130' INT
	trap 'exit 143' HUP TERM
}
