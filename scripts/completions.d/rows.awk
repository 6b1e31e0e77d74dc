# Rows for scripts/completions, from what -h of the command `name` says.

BEGIN {
	OFS = "\t"
	kind["FILE"] = "file"; kind["DIR"] = "dir"; kind["TABLE"] = "tables"
	kind["TARGET"] = "targets"; kind["TIME"] = "days"
	kind["AGE"] = "7d 30d 90d 6m 1y"; kind["D"] = "500ms 10s 5min 1h 6h"
	kind["SIZE"] = "100MiB 1GiB 10GiB"
	kind["U"] = "s ms us ns julian webkit_us filetime ticks mac_s mac_ns compact"
	kind["--config"] = "settings"; kind["--reclaim"] = "none incremental full"
	kind["--on-conflict"] = "abort skip replace"
	kind["--triggers"] = "refuse fire"; kind["--by"] = "day month table"
	kind["--words"] = "tables targets days"; kind["--to"] = "dir"
	kind["--since"] = kind["--until"] = kind["--before"] = "days"
	kind["--show"] = "status stats check"
	kind["--expect"] = "consolidation purge"
	# Operands that are words, by command.
	kind["rt"] = "commands"; kind["rt-cleanup"] = "archives"
	kind["rt-retention"] = "status policy stats check page"
	kind["rt-hold"] = "list add release"
	kind["rt-remote"] = "check leaving stage shipped ledger withdraw withdrawn build"
}

/^usage:/ { usage = 1 }
usage && match($0, /(TABLE|TARGET|FILE)[^-]*$/) && !/--[a-z]+ (TABLE|FILE)[ .]*$/ {
	word = substr($0, RSTART); sub(/[^A-Z].*/, "", word)
	if (!(name in kind)) print name, "", kind[word], ""
}
/^$/ { usage = 0 }
usage { next }

/^  ( |-)/ && / --|^  -/ {
	text = $0; sub(/^ */, "", text)
	help = text; sub(/^.*[^ ]  +/, "", help); sub(/  .*/, "", text)
	flags = ""; value = ""; long = ""
	n = split(text, part, /,? +/)
	for (i = 1; i <= n; i++) {
		if (part[i] !~ /^-/) { value = part[i]; continue }
		flag = part[i]
		if (match(flag, /\[=/)) flag = substr(flag, 1, RSTART - 1)
		flags = flags (flags ? " " : "") flag
		if (flag ~ /^--/) long = flag
	}
	if (value == "") what = ""
	else if (long in kind) what = kind[long]
	else if (value in kind) what = kind[value]
	else if (value ~ /^[a-z|]+$/) { what = value; gsub(/\|/, " ", what) }
	else what = "any"
	print name, flags, what, help
}

END { if (name in kind) print name, "", kind[name], "" }
