# shellcheck shell=sh
# rt-sh-end.sh: how a run ends: what it leaves, its report and its status;
# sourced by the setup.

# A folder for scratch files, gone at the end.  A signal ends the run after
# the program that is at work has stopped: RT_STOP is then its exit status.
rt_tmp() {
	RT_TMP=$(mktemp -d "${TMPDIR:-/tmp}/rt.XXXXXX")
	trap 'rm -rf "$RT_TMP"' EXIT
	trap 'RT_STOP=130' INT
	trap 'RT_STOP=143' HUP TERM
}

# Prints the report.  Where it cannot be written, the work is done all the
# same, and whoever finds the disk full must know that.
rt_print() { # FILE
	cat -- "$1" 2>"$RT_TMP/unwritten" && return
	rt_ended=$?
	[ "$rt_ended" -ne 141 ] || exit 141
	die 1 "cannot write to standard output: $(
		sed 's/.*: //' "$RT_TMP/unwritten"
	)" \
		'hint: make room; what the run did is done, the next one goes on'
}

# Ends with STATUS; what rt(7) does not list is a failure.
rt_exit() { # STATUS
	case $1 in 0 | 1 | 2 | 3 | 4 | 5 | 6 | 75 | 130 | 141 | 143) exit "$1" ;; esac
	exit 1
}
