# shellcheck shell=sh
# rt-sh-hooks.sh: a command under the settings of a file, as the user that they
# name, and who is told how it ended; sourced by rt.  See rt-conf(5).

# Runs COMMAND by NAME.conf, and ends as it ends.
rt_config() { # NAME COMMAND [ARG ...]
	rt_forward --config "$@"
	rt_conf_find "$1" && shift
	# shellcheck disable=SC2154 # rt_conf_find sets it
	rt_conf_read "$rt_file"
	rt_conf_user
	RT_COMMAND=rt-$1 && shift
	rt_flags='' rt_told=''
	case $RT_COMMAND in
	rt-archive | rt-cleanup) rt_flags=${RT_JOB-} ;;
	rt-daily | rt-weekly | rt-monthly | rt-full)
		rt_flags=${RT_JOB-} rt_told=1
		;;
	rt-retention) [ "${1-}" != check ] || rt_flags=${RT_CHECK-} rt_told=1 ;;
	esac
	# Neither a rehearsal nor a question about flags is news to anybody.
	for rt_word; do
		case $rt_word in
		--) break ;;
		--dry-run | --help | --version | -[!-]*[nhV]* | -[nhV]*) rt_told='' ;;
		esac
	done
	# The words of the flags are parted at blanks, and nothing else is done.
	set -f
	# shellcheck disable=SC2086
	set -- $rt_flags "$@"
	set +f
	[ -n "${RT_ON_SUCCESS-}${RT_ON_FAILURE-}${RT_ON_BREACH-}" ] || rt_told=''
	[ -n "$rt_told" ] || rt_as "$RT_COMMAND" "$@"
	rt_tmp && rt_ended=0
	(rt_as "$RT_COMMAND" "$@") >"$RT_TMP/report" || rt_ended=$?
	rt_print "$RT_TMP/report"
	rt_tell "$rt_ended"
}

# Becomes CMD, run as the user of the settings.
rt_as() { # CMD [ARG ...]
	[ "$(id -un)" != "$RT_USER" ] || exec "$@"
	rt_group=$(id -g -- "$RT_USER") || exit 2
	HOME=$(getent passwd -- "$RT_USER" | cut -d : -f 6) && export HOME
	exec setpriv --reuid="$RT_USER" --regid="$rt_group" --init-groups -- "$@"
}

# Runs the hook for STATUS, with the report on its standard input, and ends
# with STATUS.  A hook that fails is a failure of its own: somebody counts on
# being told.
rt_tell() { # STATUS
	case $RT_COMMAND$1 in
	*[!0-9]0) rt_hook=RT_ON_SUCCESS ;;
	rt-retention[56]) rt_hook=RT_ON_BREACH ;;
	*) rt_hook=RT_ON_FAILURE ;;
	esac
	eval "rt_command=\${$rt_hook-}"
	[ -n "$rt_command" ] || rt_exit "$1"
	[ -s "$RT_TMP/report" ] ||
		echo "$RT_COMMAND ended with status $1" >"$RT_TMP/report"
	rt_told=0
	(
		RT_STATUS=$1 && export RT_STATUS RT_COMMAND RT_CONFIG="$rt_file"
		rt_as timeout -k 10 120 sh -c "$rt_command"
	) <"$RT_TMP/report" || rt_told=$?
	[ "$rt_told" -eq 0 ] || {
		printf '%s\n' "rt: the command of $rt_hook ended with $rt_told" >&2
		[ "$1" -ne 0 ] || rt_exit 1
	}
	rt_exit "$1"
}
