# What fish completes; for scripts/completions.

function values(kind) {
	if (kind == "") return ""
	if (kind == "file") return " -r -F"
	if (kind == "dir") return " -x -a '(__fish_complete_directories)'"
	if (kind ~ /^(tables|targets|days)$/) return " -x -a '(__rt_words " kind ")'"
	if (kind == "settings") return " -x -a '(__rt_settings)'"
	if (kind == "any") return " -x"
	return " -x -a '" kind "'"
}
# A line for the command itself, and one for it behind rt.
function both(name, text) {
	if (name == "rt") { out = out "complete -c rt -n __fish_use_subcommand" text "\n"; return }
	out = out "complete -c " name text "\n"
	out = out "complete -c rt -n '__fish_seen_subcommand_from " \
		substr(name, 4) "'" text "\n"
}

FNR == NR { commands = commands " " $1; next }
$3 == "commands" { next }
$2 == "" { both($1, ($3 == "file" ? " -F" : " -f" substr(values($3), 4))); next }
{
	text = ""
	n = split($2, flag, " ")
	for (i = 1; i <= n; i++) {
		if (flag[i] ~ /^--/) text = text " -l " substr(flag[i], 3)
		else if (length(flag[i]) == 2) text = text " -s " substr(flag[i], 2)
		else text = text " -o " substr(flag[i], 2)
	}
	gsub(/'/, "\\'", $4)
	both($1, text values($3) " -d '" $4 "'")
}

END {
	print "# fish completion for rt; written by scripts/completions.\n"
	print "function __rt_words"
	print "\tset -l place"
	print "\tset -l words (commandline -opc)"
	print "\tfor i in (seq (count $words))"
	print "\t\tswitch $words[$i]"
	print "\t\t\tcase --db --archives --policy --config"
	print "\t\t\t\tset -a place $words[$i] $words[(math $i + 1)]"
	print "\t\t\tcase '--db=*' '--archives=*' '--policy=*' '--config=*'"
	print "\t\t\t\tset -a place $words[$i]"
	print "\t\tend\n\tend"
	print "\tif string match -q -- '--config*' $place[1]"
	print "\t\tset -l n 2; string match -q '*=*' -- $place[1]; and set n 1"
	print "\t\trt $place[1..$n] policy --words $argv $place[(math $n + 1)..-1] 2>/dev/null"
	print "\telse\n\t\trt policy --words $argv $place 2>/dev/null\n\tend\nend\n"
	print "function __rt_settings"
	print "\tfor file in /etc/rt/*.conf ~/.config/rt/*.conf"
	print "\t\tbasename $file .conf\n\tend\nend\n"
	printf "%s", out
	n = split(substr(commands, 2), all, " ")
	for (i = 1; i < n; i++)
		print "complete -c rt -f -n __fish_use_subcommand -a " substr(all[i], 4)
	print "complete -c rt -f -n __fish_use_subcommand -a help"
}
