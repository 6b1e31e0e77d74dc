# shellcheck shell=sh
# manifest.sh: puts files in their places, notes each in a manifest, and takes
# away by it; sourced by scripts/install.
#
# A line of the manifest is a kind (d folder, l link, f file), what tells
# whether it is still as it was put (a link's target, a file's SHA-256) and its
# path.  Folders are noted only where they were not there before.

# shellcheck disable=SC2154 # scripts/install sets root
# Begins with the manifest of an earlier install, if there is one.
manifest() { # PATH
	kept=$1
	[ -z "$root" ] || mkdir -p -- "$root"
	list=$(mktemp) && trap 'rm -rf "$list" "$list".*' EXIT
	: >"$list.old"
	[ ! -f "$root$kept" ] || cp -- "$root$kept" "$list.old"
}
sum() { sha256sum <"$1" | cut -c 1-64; }
note() { printf '%s %s %s\n' "$@" >>"$list"; }

folder() { # DIR
	[ ! -d "$root$1" ] || return 0
	folder "$(dirname -- "$1")"
	mkdir -- "$root$1"
	note d - "$1"
}
put() { # MODE FILE PATH
	folder "$(dirname -- "$3")"
	rm -f -- "$root$3" # a program that runs keeps its old file
	cp -- "$2" "$root$3" && chmod "$1" "$root$3"
	note f "$(sum "$root$3")" "$3"
}
point() { # TARGET PATH
	folder "$(dirname -- "$2")"
	ln -sfn -- "$1" "$root$2"
	note l "$1" "$2"
}
# A setting that is there is the operator's, and stays as it is.
setting() { # MODE FILE PATH
	if [ -e "$root$3" ]; then
		awk -v path="$3" '$1 == "f" && substr($0, 68) == path' \
			"$list.old" >>"$list"
	else
		put "$@"
	fi
}
# What the earlier install put and this one did not goes; its folders are ours
# still.
end_manifest() {
	awk 'FNR == 1 { file++ } { path = $0; sub(/^[^ ]* [^ ]* /, "", path) }
		file == 1 { now[path] = 1; next }
		!(path in now)' "$list" "$list.old" >"$list.gone"
	grep '^d' "$list.gone" >"$list.all" || :
	cat -- "$list" >>"$list.all"
	grep -v '^d' "$list.gone" | remove_listed
	cp -- "$list.all" "$root$kept"
	chmod 644 "$root$kept"
}
take_away() {
	rm -- "$root$kept"
	tac "$list.old" | remove_listed
}
# Removes what is still as it was put.
remove_listed() {
	while read -r kind was path; do
		file=$root$path
		case $kind in
		d) rmdir -- "$file" 2>/dev/null || echo "kept $path: not empty" ;;
		l) [ "$(readlink -- "$file")" != "$was" ] || rm -- "$file" ;;
		f)
			if [ -f "$file" ] && [ "$(sum "$file")" != "$was" ]; then
				echo "kept $path: it was changed"
			else
				rm -f -- "$file"
			fi
			;;
		esac
	done
}
