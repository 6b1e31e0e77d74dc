# shellcheck shell=sh
# rt-sh-pipeline.sh: how rt-archive's programs are called, and the pipeline of
# rt-export, rt-store and rt-purge; sourced by it.

# Becomes the program, so that a signal finds no shell in between.
common() { # PROGRAM ARG ...
	program=$1 && shift
	exec "$program" ${OPT_DRY_RUN+-n} ${OPT_QUIET+-q} ${OPT_VERBOSE+-v} \
		${OPT_BUSY_TIMEOUT+--busy-timeout="$OPT_BUSY_TIMEOUT"} "$@"
}
due() { # ARG ...
	common rt-export --due ${OPT_OLDER_THAN+--older-than="$OPT_OLDER_THAN"} \
		${OPT_TIMESTAMP_COLUMN+--timestamp-column="$OPT_TIMESTAMP_COLUMN"} \
		${OPT_UNIT+--unit="$OPT_UNIT"} \
		${OPT_BATCH_SIZE+--batch-size="$OPT_BATCH_SIZE"} \
		${OPT_DRY_RUN+--after="$RT_TMP/results"} "$@"
}
purge() { # ARG ...
	common rt-purge ${OPT_BATCH_SIZE+--batch-size="$OPT_BATCH_SIZE"} \
		${OPT_SLEEP+--sleep="$OPT_SLEEP"} \
		${OPT_MAX_STALL+--max-stall="$OPT_MAX_STALL"} \
		${OPT_MAX_RUNTIME+--max-runtime="$OPT_MAX_RUNTIME"} "$@"
}

# Leaves what rt-store and rt-purge say in table, what rt-export says in
# exported, and the file right unless rt-export refused its settings.
pipeline() { # TABLE ...
	: >"$RT_TMP/exported" && : >"$RT_TMP/right"
	{ (due --result "$RT_TMP/exported" -- "$@") || [ $? -ne 2 ] ||
		rm "$RT_TMP/right"; } |
		common rt-store ${OPT_NO_COMPRESS+--no-compress} \
			${OPT_TIMESTAMP_COLUMN+--timestamp-column="$OPT_TIMESTAMP_COLUMN"} \
			${OPT_UNIT+--unit="$OPT_UNIT"} -- "$@" |
		purge -- "$@" >"$RT_TMP/table" || :
}

# shellcheck disable=SC2154 # rt-archive sets target
# One table, whatever there is to say of it.
by_itself() { # TABLE
	rt_place "$target $((n += 1))/$of"
	case ${OPT_DRY_RUN+n}${OPT_VERBOSE+v} in nv) rt-policy --explain -- "$1" >&2 || : ;; esac
	pipeline "$1"
	cat "$RT_TMP/table" "$RT_TMP/exported" >>"$RT_TMP/results"
	# Settings that rt-export refuses, and a table that was named and is not
	# there, end the run.
	[ ! -f "$RT_TMP/right" ] || return 0
	grep -q '"type":"exported"' "$RT_TMP/table" "$RT_TMP/exported" || exit 2
	! printf %s "$1" | grep -qixF -- "$target" || exit 2
}

# Small tables; where rt-store took none of them, each by itself, which then
# says why.
together() { # WORDS
	eval "set -- $1"
	rt_place "$target"
	pipeline "$@"
	if grep -q '"type":"stored"' "$RT_TMP/table"; then
		cat "$RT_TMP/table" "$RT_TMP/exported" >>"$RT_TMP/results"
		return
	fi
	of=$((of + $#))
	for table; do
		[ -z "$RT_STOP" ] || break
		by_itself "$table"
	done
}
