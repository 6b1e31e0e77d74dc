# shellcheck shell=sh
# rt-sh-flags.sh: flags and help of the rt scripts; sourced by the setup.
# A script sets ABOUT, USAGE (a line each, without its name) and FLAGS (a row
# a line: what -h prints on the left, "|", the help), and WORDS where its
# operands are words to choose from, and calls rt_parse "$@".  That sets
# OPT_NAME for each flag given (to its value, or to nothing) and OPERAND to the
# one operand there may be.  -h prints one form for scripts and programs.

usage() { # MESSAGE
	die 2 "$1" "$(rt_usage)"
}

rt_usage() {
	echo "$USAGE" | sed "s/^/       $RT_NAME /; 1s/^      /usage:/"
}

rt_help() {
	printf '%s\n\n%s\n\n' "$RT_NAME: $ABOUT" "$(rt_usage)"
	echo "$FLAGS" | rt_columns
	[ -z "${WORDS-}" ] || { echo && echo "$WORDS" | rt_columns; }
}

rt_columns() {
	awk -F '|' '{ left[NR] = $1; help[NR] = $2 }
		length($1) > width { width = length($1) }
		END { for (i = 1; i <= NR; i++)
			printf "  %-" width "s  %s\n", left[i], help[i] }'
}

# Makes rt_flag out of FLAGS, with a branch a row; it takes the words that are
# left, and sets rt_n to 2 when the second one is the value of the first.
rt_compile() {
	echo "$FLAGS" | awk -F '|' '{
		split($1, word, /[ ,]+/); name = toupper(substr(word[2], 3))
		gsub("-", "_", name); print "unset OPT_" name
		both = (word[1] ? word[1] "|" : "") word[2]
		if (word[3])
			row = row both ") rt_set " name " \"$@\" ;;\n" word[2] \
				"=*) rt_set " name " \"${1%%=*}\" \"${1#*=}\"; rt_n=1 ;;\n"
		else
			row = row both ") OPT_" name "= ;;\n"
	} END { print "rt_flag() { case $1 in " row \
		"*) . \"$RT_HOME/rt-sh-near.sh\"; rt_invalid \"$1\" ;; esac; }" }'
}

rt_set() { # NAME FLAG [VALUE ...]
	[ $# -gt 2 ] || usage "$2 needs a value"
	rt_n=2
	! rt_again "$1" "$3" || return 0
	eval "[ -z \"\${OPT_$1+x}\" ]" || usage "$2 is given twice"
	eval "OPT_$1=\$3"
}
rt_again() { return 1; } # a script that takes a flag twice has its own

rt_take() { # ARG ...
	FLAGS="${FLAGS:+$FLAGS
}-q, --quiet|no warnings
-v, --verbose|a line for each thing acted on
-h, --help|print this and exit
-V, --version|print the version and exit"
	eval "$(rt_compile)"
	unset OPERAND rt_end
	while [ $# -gt 0 ]; do
		rt_n=1
		case ${rt_end-}$1 in
		--) rt_end=/ ;;
		--* | -?) rt_flag "$@" ;;
		-?*)
			rt_arg=$1 && shift
			set -- "${rt_arg%"${rt_arg#-?}"}" "-${rt_arg#-?}" "$@"
			continue
			;;
		*) rt_operand "$1" ;;
		esac
		shift "$rt_n"
		if [ -n "${OPT_HELP+x}" ]; then rt_help && exit; fi
		# shellcheck disable=SC2153 # rt-sh-setup.sh sets it
		if [ -n "${OPT_VERSION+x}" ]; then echo "$RT_NAME $RT_VERSION" && exit; fi
	done
}
