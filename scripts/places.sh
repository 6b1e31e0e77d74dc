# shellcheck shell=sh
# places.sh: the units of systemd, each with the paths of this install, and what
# shells complete; sourced by scripts/install.

# shellcheck disable=SC2154 # scripts/install sets the paths
# A service for each job, from the one that they share.
put_units() { # DIR
	for job in daily weekly monthly check; do
		command=$job && [ "$job" != check ] || command='retention check'
		fill 's/@JOB@/'"$job"'/; s/@COMMAND@/'"$command"'/' \
			rt-job@.service "$1/rt-$job@.service"
		fill '' "rt-$job@.timer" "$1/rt-$job@.timer"
	done
	fill '' rt-alert@.service "$1/rt-alert@.service"
}
fill() { # SED FILE PATH
	# What is put in may itself hold /etc/rt/, so that goes first.
	sed "$1; s|/etc/rt/|$etc/|; s|@BIN@|$prefix/bin|; s|@ETC@|$etc|" \
		"scripts/systemd/$2" >"$list.unit"
	put 644 "$list.unit" "$3"
}

# What shells complete, from what the installed commands say.
put_completions() {
	sh scripts/completions "$list.d" "$root$lib"
	bash=$share/bash-completion/completions fish=$share/fish/vendor_completions.d
	zsh=$share/zsh/site-functions
	[ "$prefix" != /usr ] || zsh=$share/zsh/vendor-completions
	put 644 "$list.d/bash/rt" "$bash/rt"
	put 644 "$list.d/zsh/_rt" "$zsh/_rt"
	put 644 "$list.d/fish/rt.fish" "$fish/rt.fish"
	for file in "$list.d"/bash/rt-*; do
		point rt "$bash/${file##*/}"
		point rt.fish "$fish/${file##*/}.fish"
	done
}
