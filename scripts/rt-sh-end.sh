# shellcheck shell=sh
# rt-sh-end.sh: how a run ends: what it leaves, its report and its status;
# sourced by the setup.

# How far a run has come is for its programs to say.
trap '' USR1

# Where in the run the next programs are, for the line that they draw on the
# terminal; a part of rt-full has the terminal of the whole.
rt_place() { # WORDS
	[ -z "${OPT_NO_PROGRESS+x}${OPT_QUIET+x}" ] || RT_PROGRESS=''
	[ -z "${RT_PROGRESS-$([ ! -t 2 ] || echo x)}" ] || RT_PROGRESS=$1
	export RT_PROGRESS="${RT_PROGRESS-}"
}

# A folder for scratch files, gone at the end.  A signal ends the run after
# the program that is at work has stopped: RT_STOP is then its exit status.
rt_tmp() {
	rt_verified=0
	RT_TMP=$(mktemp -d "${TMPDIR:-/tmp}/rt.XXXXXX")
	trap 'rm -rf "$RT_TMP"' EXIT
	trap 'RT_STOP=130' INT
	trap 'RT_STOP=143' HUP TERM
	# Within the brackets standard output is a pipe.
	[ ! -t 1 ] || { RT_COLUMNS=$(stty size <&3 2>/dev/null) || :; } 3<&1
	export RT_COLUMNS="${RT_COLUMNS-}"
}

# Sets words to the tables that TARGET stands for, quoted.  Where the database
# cannot be read, RT_STOP is the status, and ended the record that says why.
rt_words() { # TARGET [ARG ...]
	rt_target=$1 && shift
	words=$(rt-policy --tables --sh --need-db "$@" ${OPT_DRY_RUN+-n} \
		${OPT_BUSY_TIMEOUT+--busy-timeout="$OPT_BUSY_TIMEOUT"} \
		-- "$rt_target") || RT_STOP=$?
	case $RT_STOP in '') return ;; 2) exit 2 ;; esac
	# shellcheck disable=SC2034 # rt-archive reads it
	ended=$words
	words=$(rt-policy --tables --sh --db /dev/null/none -- "$rt_target" \
		2>/dev/null) || words="\"\$target\""
}

# Takes the lock.  Where there is no tree, the database is opened first: a run
# that cannot do anything makes none, and reports why as rt_words says.
rt_begin() { # ARG ...
	[ -n "${RT_UNDER_LOCK-}" ] || [ -d "${RT_ARCHIVES:-archives}" ] ||
		rt_words all
	[ -n "$RT_STOP" ] || rt_lock "$@"
}

# Reads so many hundredths of the archives, those that nobody has read for the
# longest; what is found is a part of the results, by which rt-report judges.
# Where that itself fails, rt_verified says how.
rt_sample() { # PERCENT
	[ -z "$RT_STOP${OPT_DRY_RUN+x}" ] || return 0
	echo >>"$RT_TMP/results"
	(exec rt-verify --sample="$1") >>"$RT_TMP/results" || rt_verified=$?
	case $rt_verified in 1 | 130 | 143) ;; *) rt_verified=0 ;; esac
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
