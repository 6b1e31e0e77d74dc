# shellcheck shell=sh
# rt-sh-doctor.sh: what rt-doctor looks at, a function each; sourced, never run.

# shellcheck disable=SC2154 # rt-doctor sets db and tree

readable() {
	why=''
	[ -f "$db" ] || why="'$db' is not there"
	[ -n "$why" ] || [ -r "$db" ] || why="'$db' cannot be read by $(id -un)"
	look "$why" database "ls -l '$db'"
	[ -z "$why" ]
}
permissions() {
	for place in "$db" "$(dirname -- "$db")" "$(nearest "$tree")"; do
		[ -w "$place" ] || look "$(id -un) may not write '$place'" \
			permissions "ls -ld '$place'"
	done
	owner=$(stat -Lc %U -- "$db" 2>/dev/null) || return 0
	[ "$(id -un)" = "$owner" ] || look "'$db' belongs to $owner, and files that \
$(id -un) leaves beside it shut its program out" user "runuser -u $owner -- rt-doctor"
}
nearest() { # DIR: it, or the folder above that is there
	if [ -d "$1" ]; then echo "$1"; else nearest "$(dirname -- "$1")"; fi
}
journal() {
	mode=$(od -An -tu1 -j18 -N1 -- "$db" | tr -d ' ')
	[ "$mode" = 2 ] || note "readers wait while a batch is written; in WAL \
mode, if its program may have that, they do not" journal \
		"sqlite3 '$db' 'PRAGMA journal_mode=WAL'"
}
# A reader that never ends keeps the log from beginning anew.
readers() {
	log=$(stat -Lc %s -- "$db-wal" 2>/dev/null) || log=0
	[ "$log" -lt 67108864 ] || look "the log has $log bytes: a reader keeps it" \
		readers "fuser -v '$db'"
}
# A month is written anew beside the old one; VACUUM needs the database twice.
room() {
	month=$(find "$tree/cold" -name '*.tar.gz' -printf '%s\n' 2>/dev/null |
		sort -n | sed -n '$p')
	free "$(nearest "$tree")" "${month:-0}" "to write the largest month anew"
	size=$(stat -Lc %s -- "$db" 2>/dev/null) || size=0
	free "$(dirname -- "$db")" "$((size * 2))" 'for --reclaim full (VACUUM)'
}
free() { # DIR BYTES WHAT-FOR
	kib=$(df -Pk -- "$1" | awk 'NR == 2 { print $4 }')
	[ "$kib" -ge $(($2 / 1024)) ] || look "$kib KiB are free at '$1', and \
$(($2 / 1024)) are needed $3" room "df -h '$1'"
}
clock() {
	last=$(sed -n '$s/.*"at":"\([^"]*\)".*/\1/p' "$tree/ledger.jsonl" 2>/dev/null) || :
	case $(timedatectl show -p NTPSynchronized --value 2>/dev/null) in no)
		look 'nothing keeps it right' clock timedatectl
		;;
	esac
	case $(printf '%s\n' "$last" "$RT_NOW" | sort | tail -n 1) in "$RT_NOW") ;; *)
		look "it says $RT_NOW, and the last run was at $last" clock date
		;;
	esac
}
timers() {
	systemctl list-timers --all 'rt-*' 2>/dev/null | grep -q '\.timer' ||
		crontab -l 2>/dev/null | grep -q '^[^#].*rt' ||
		look 'no timer and no line of the crontab runs a job' timers \
			'man rt-schedule'
}
