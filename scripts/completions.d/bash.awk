# What bash completes; for scripts/completions.

FNR == NR { commands = commands " " $1; next }
$2 == "" { operand[$1] = operand[$1] (operand[$1] ? " " : "") $3; next }
{
	flags[$1] = flags[$1] " " $2
	n = split($2, flag, " ")
	for (i = 1; i <= n && $3 != ""; i++)
		values = values "\t" $1 ":" flag[i] ") kind=\"" $3 "\" ;;\n"
}

END {
	print "# bash completion for rt; written by scripts/completions.\n"
	print "_rt() {"
	print "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev='' cmd=${COMP_WORDS[0]##*/}"
	print "\tlocal i kind='' IFS=$' \\t\\n' config=() place=()"
	print "\t((COMP_CWORD == 0)) || prev=${COMP_WORDS[COMP_CWORD - 1]}"
	print "\tif [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then"
	print "\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n\tfi"
	print "\tfor ((i = 1; i < COMP_CWORD; i++)); do"
	print "\t\tcase $cmd:${COMP_WORDS[i]} in"
	print "\t\trt:--config)"
	print "\t\t\t[[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))"
	print "\t\t\tconfig=(--config \"${COMP_WORDS[++i]}\") ;;"
	print "\t\trt:help) break ;;"
	print "\t\trt:[a-z]*) cmd=rt-${COMP_WORDS[i]} ;;"
	print "\t\t*:--db | *:--archives | *:--policy)"
	print "\t\t\tplace+=(\"${COMP_WORDS[i]}\")"
	print "\t\t\t[[ ${COMP_WORDS[i + 1]} != = ]] || ((i++))"
	print "\t\t\tplace+=(\"${COMP_WORDS[++i]}\") ;;"
	print "\t\tesac\n\tdone"
	print "\tcase $cmd:$prev in"
	printf "%s", values
	print "\tesac"
	print "\tif [[ -z $kind && $cur == -* ]]; then\n\t\tcase $cmd in"
	for (name in flags)
		print "\t\t" name ") kind='" substr(flags[name], 2) "' ;;"
	print "\t\tesac\n\telif [[ -z $kind ]]; then\n\t\tcase $cmd in"
	for (name in operand)
		print "\t\t" name ") kind='" operand[name] "' ;;"
	print "\t\tesac\n\tfi"
	print "\tcase $kind in"
	print "\tfile) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") && return ;;"
	print "\tdir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") && return ;;"
	print "\ttables | targets | days)"
	print "\t\tkind=$(rt \"${config[@]}\" policy --words \"$kind\" \"${place[@]}\" 2>/dev/null) ;;"
	print "\tsettings) kind=$(cd /etc/rt 2>/dev/null && printf '%s\\n' *.conf; cd ~/.config/rt 2>/dev/null && printf '%s\\n' *.conf)"
	print "\t\tkind=${kind//.conf/} ;;"
	gsub(/ rt-/, " ", commands); sub(/ rt$/, " help", commands)
	print "\tcommands) kind='" substr(commands, 2) "' ;;"
	print "\tany) return ;;\n\tesac"
	print "\tmapfile -t COMPREPLY < <(compgen -W \"$kind\" -- \"$cur\")\n}"
	printf "complete -F _rt rt"
	n = split(substr(commands, 2), all, " ")
	for (i = 1; i < n; i++) printf " rt-%s", all[i]
	print ""
}
