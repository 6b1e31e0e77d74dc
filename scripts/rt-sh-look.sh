# shellcheck shell=sh
# rt-sh-look.sh: what rt-retention shows, as records; sourced, never run.
#
# rt_look WHAT puts them into $RT_TMP/records and sets status to the first
# failure.  A record of what went wrong is an answer too: the rest is still
# looked at.

: "${RT_TMP:=}"
status=0

rt_ask() { # ARG ...
	ended=0
	(exec rt-stat ${OPT_QUIET+-q} ${OPT_VERBOSE+-v} \
		${OPT_BUSY_TIMEOUT+--busy-timeout="$OPT_BUSY_TIMEOUT"} "$@") \
		>>"$RT_TMP/records" || ended=$?
	[ "$ended" -ne 2 ] || exit 2
	[ "$status" -ne 0 ] || status=$ended
}

rt_limits() {
	rt_ask --check ${OPT_MARGIN+--margin="$OPT_MARGIN"} \
		${OPT_MAX_SIZE+--max-size="$OPT_MAX_SIZE"} \
		${OPT_MAX_UNDATED+--max-undated="$OPT_MAX_UNDATED"}
	case $ended in 0 | 5 | 6) ;; *)
		echo '{"type":"breach","what":"unreadable","message":"rt-stat' \
			"ended with status $ended: not all was looked at\"}" \
			>>"$RT_TMP/records"
		;;
	esac
}

rt_look() { # WHAT
	: >"$RT_TMP/records"
	case $1 in
	status)
		rt_ask
		rt_ask --archives
		;;
	stats)
		set -- ${OPT_SINCE+--since="$OPT_SINCE"} \
			${OPT_UNTIL+--until="$OPT_UNTIL"}
		rt_ask --archives --files --sums "$@"
		;;
	check) rt_limits ;;
	page | metrics)
		rt_ask
		rt_files=x
		[ "$1" = page ] || unset rt_files
		rt_ask --archives ${rt_files+--files --sums}
		# What passes a limit is in what is made: to have made it is success.
		before=$status
		rt_limits
		case $ended in 0 | 6) status=$before ;; esac
		rt_ask --history
		;;
	esac
}
