# shellcheck shell=sh
# rt-sh-config.sh: the settings of one database in one file, and what is told
# when its jobs end; sourced by rt.  See rt-conf(5).

# The file is read a line at a time and never run: what stands behind a key is
# a value to the end of its line, whatever it holds.
rt_conf_read() { # FILE
	unset RT_DB RT_ARCHIVES RT_POLICY RT_DATABASE RT_USER RT_JOB RT_CHECK
	unset RT_ON_SUCCESS RT_ON_FAILURE RT_ON_BREACH
	rt_n=0 rt_known=' '
	while IFS= read -r rt_line || [ -n "$rt_line" ]; do
		rt_n=$((rt_n + 1)) && rt_key=${rt_line%%=*} rt_value=${rt_line#*=}
		case $rt_line in '' | '#'*) continue ;; esac
		case $rt_line in *=*) ;; *) rt_conf_bad 'is not KEY=VALUE' ;; esac
		case $rt_known in *" $rt_key "*) rt_conf_bad "$rt_key comes again" ;; esac
		rt_known="$rt_known$rt_key "
		case $rt_value in '' | ' '* | *' ' | *"$(printf '\r')")
			rt_conf_bad "$rt_key is empty, or has a blank at an end"
			;;
		esac
		case $rt_key$rt_value in
		RT_DB/* | RT_ARCHIVES/* | RT_POLICY/*) ;;
		RT_DB* | RT_ARCHIVES* | RT_POLICY*)
			rt_conf_bad "$rt_key is no path from the root"
			;;
		RT_JOB*[\'\"\\]* | RT_CHECK*[\'\"\\]*)
			rt_conf_bad "$rt_key: quotes have no meaning here"
			;;
		esac
		case $rt_key in
		RT_DB | RT_ARCHIVES | RT_POLICY | RT_DATABASE) export "${rt_key?}" ;;
		RT_USER | RT_JOB | RT_CHECK) ;;
		RT_ON_SUCCESS | RT_ON_FAILURE | RT_ON_BREACH) ;;
		*) rt_conf_bad "there is no key '$rt_key'" ;;
		esac
		eval "$rt_key=\$rt_value"
	done <"$1"
	for rt_key in RT_DB RT_ARCHIVES; do
		eval "[ -n \"\${$rt_key-}\" ]" || die 2 "'$1' has no $rt_key" \
			'hint: rt-conf(5) has the form'
	done
}
rt_conf_bad() { # WHY
	die 2 "'$rt_file', line $rt_n: $1" 'hint: rt-conf(5) has the form'
}

# The user's own file comes first, then that of the prefix, then the machine's.
rt_conf_find() { # NAME
	case $1 in
	*/*) rt_file=$1 ;;
	'' | [.-]* | *[!A-Za-z0-9._-]*) usage "'$1' is no name of a file" ;;
	*)
		for rt_file in "${RT_CONFIG_DIR:-${XDG_CONFIG_HOME:-${HOME-}/.config}/rt}/$1.conf" \
			"$RT_HOME/../etc/rt/$1.conf" "$RT_HOME/../../etc/rt/$1.conf" \
			"/etc/rt/$1.conf"; do
			[ ! -f "$rt_file" ] || break
		done
		;;
	esac
	[ -r "$rt_file" ] || die 2 "cannot read '$rt_file'" \
		'hint: rt init --db FILE makes one'
}

# Root's files beside the database would shut its program out.
rt_conf_user() {
	rt_owner=$(stat -Lc %U -- "$RT_DB" 2>/dev/null) || rt_owner=''
	rt_self=$(id -un) && : "${RT_USER:=$rt_self}"
	[ "$rt_self" != root ] || [ "$RT_USER" != root ] ||
		case $rt_owner in root | '') ;; *)
			die 2 "'$RT_DB' belongs to '$rt_owner'" \
				"hint: say RT_USER=$rt_owner in '$rt_file'"
			;;
		esac
	[ "$rt_self" = root ] || [ "$rt_self" = "$RT_USER" ] ||
		die 2 "'$rt_file' is for '$RT_USER'" \
			"hint: run it as root or as '$RT_USER'"
}
