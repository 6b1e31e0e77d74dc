# What zsh completes; for scripts/completions.

function action(kind) {
	if (kind == "file") return "_files"
	if (kind == "dir") return "_files -/"
	if (kind ~ /^(tables|targets|days)$/) return "{_rt_words " kind "}"
	if (kind == "settings") return "_rt_settings"
	if (kind == "any") return " "
	return "(" kind ")"
}
function quote(text) {
	gsub(/\[/, "\\[", text); gsub(/\]/, "\\]", text)
	gsub(/:/, "\\:", text); gsub(/'/, "'\\''", text)
	return text
}

FNR == NR { commands = commands " " $1; next }
$3 == "commands" { next }
$2 == "" { kinds[$1] = kinds[$1] (kinds[$1] ? " " : "") $3; next }
{
	n = split($2, flag, " ")
	for (i = 1; i <= n; i++) {
		spec = flag[i]
		if ($3 != "") spec = spec (spec ~ /^--/ ? "=" : "+")
		specs[$1] = specs[$1] " \\\n\t\t'*" spec "[" quote($4) "]" \
			($3 == "" ? "" : ":value:" action($3)) "'"
	}
}

END {
	print "#compdef" commands
	print "# zsh completion for rt; written by scripts/completions.\n"
	print "_rt_words() {\n\tlocal -a found place\n\tlocal i"
	print "\tfor ((i = 1; i < $#words; i++)); do"
	print "\t\tcase $words[i] in"
	print "\t\t--db | --archives | --policy) place+=($words[i] ${(Q)words[i+1]}) ;;"
	print "\t\t--db=* | --archives=* | --policy=*) place+=(${(Q)words[i]}) ;;"
	print "\t\tesac\n\tdone"
	print "\tfound=(${(f)\"$(rt $_rt_config policy --words $1 $place 2>/dev/null)\"})"
	print "\tcompadd -a found\n}\n"
	print "_rt_settings() {\n\tlocal -a found"
	print "\tfound=(/etc/rt/*.conf(N:t:r) ~/.config/rt/*.conf(N:t:r))"
	print "\tcompadd -a found\n}\n"
	print "_rt_command() {\n\tcase $1 in"
	n = split(substr(commands, 2), all, " ")
	for (i = 1; i <= n; i++) {
		if (all[i] == "rt") continue
		rest = kinds[all[i]] == "" ? "" : \
			" \\\n\t\t'*:operand:" action(kinds[all[i]]) "'"
		print "\t" all[i] ") _arguments -s" specs[all[i]] rest " ;;"
	}
	print "\tesac\n}\n"
	sub(/ rt$/, "", commands); list = commands; gsub(/ rt-/, " ", list)
	print "local -a _rt_config"
	print "if [[ $service != rt ]]; then\n\t_rt_command $service\n\treturn\nfi"
	print "local state\nlocal -A opt_args"
	print "_arguments -C" specs["rt"] " \\\n\t\t'1:command:(" substr(list, 2) \
		" help)' '*::argument:->rest'"
	print "if [[ $state == rest ]]; then"
	print "\t[[ -z $opt_args[--config] ]] || _rt_config=(--config ${(Q)opt_args[--config]})"
	print "\t_rt_command rt-$words[1]\nfi"
}
