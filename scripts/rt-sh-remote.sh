# shellcheck shell=sh
# rt-sh-remote.sh: what rt-ship and rt-fetch have in common: a folder at a
# remote, and rclone; sourced, never run.

# Sets remote to the folder of this host at REMOTE, the one operand.
rt_remote() {
	[ -n "${OPERAND-}" ] || usage 'REMOTE is missing'
	rt_host=${OPT_HOST-$(uname -n)}
	case $rt_host in '' | *[!A-Za-z0-9._-]*)
		die 2 "a host cannot be called '$rt_host' at a remote" \
			"hint: name it with --host: letters, digits, '.', '_' and '-'"
		;;
	esac
	command -v rclone >/dev/null || die 1 'there is no rclone' \
		'hint: on Debian: apt-get install rclone'
	case $OPERAND in
	*:) remote=${OPERAND}host=$rt_host ;;
	*:*) remote=${OPERAND%/}/host=$rt_host ;;
	*) remote=$(readlink -m -- "$OPERAND")/host=$rt_host ;;
	esac
}

rt_rclone() { # COMMAND [ARG ...]
	rt_level=ERROR
	[ -z "${OPT_VERBOSE+x}" ] || rt_level=INFO
	rclone --log-level "$rt_level" "$@"
}

# The pieces of the ledger that are there, as rclone lists them; none where
# there is no such folder yet.
rt_list_ledger() {
	rt_ended=0
	rt_rclone lsjson --files-only -- "$remote/ledger" >"$RT_TMP/pieces" \
		2>"$RT_TMP/said" || rt_ended=$?
	case $rt_ended in
	0) cat -- "$RT_TMP/pieces" ;;
	3) ;;
	*)
		cat -- "$RT_TMP/said" >&2
		die 1 "cannot list '$remote'" 'hint: rclone lsf shows what is there'
		;;
	esac
}

# The names in records of objects.
rt_names() {
	sed -n 's/.*"object":"\([^"]*\)".*/\1/p'
}

# How a copy is looked at: by the remote's hash, where it has one; of an
# encrypted remote by that of its own remote; else by reading it back.
rt_ways() {
	rclone backend features "$remote" --log-level ERROR >"$RT_TMP/features" ||
		die 1 "rclone does not know '$remote'" 'hint: rclone listremotes has the names'
	sed -n '/"Hashes"/,/\]/s/^[[:space:]]*"\([^"]*\)",*$/\1/p' \
		"$RT_TMP/features" >"$RT_TMP/hashes"
	hash=$(grep -xE "sha256|md5|sha1" "$RT_TMP/hashes" | head -n 1)
	[ -n "$hash" ] || hash=$(head -n 1 "$RT_TMP/hashes")
	how='hash'
	[ -n "$hash" ] || how=crypt
	[ -z "${OPT_DOWNLOAD+x}" ] || how=download
}

# Which copies of $stage are what they should be, and which are not.
rt_look() {
	case $how in crypt) rt_compare cryptcheck ;; esac
	[ "$how" != crypt ] || [ -s "$RT_TMP/match" ] || [ -s "$RT_TMP/differ" ] ||
		how=download
	case $how in
	download) rt_compare check --download ;;
	hash) rt_compare check ;;
	esac
}
rt_compare() { # COMMAND [ARG ...]
	: >"$RT_TMP/match" && : >"$RT_TMP/differ"
	# shellcheck disable=SC2154 # rt-ship sets it
	rt_rclone "$@" --one-way --match "$RT_TMP/match" --differ "$RT_TMP/differ" \
		-- "$stage" "$remote" 2>"$RT_TMP/said" || :
}
