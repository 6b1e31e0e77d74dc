# shellcheck shell=sh
# rt-sh-near.sh: which word was meant, where one is mistyped; sourced when it
# is, never run.
#
# rt_near WORD reads the words that there are, one a line, and says which one
# is nearest, ", did you mean 'X'?", or nothing where none is near.  Two
# neighbours that changed places are one step, as is a letter too much, too
# few or another one.

rt_near() { # WORD
	rt_word=$1 awk '
		function min(a, b) { return a < b ? a : b }
		function steps(a, b, i, j, cost, d) {
			for (i = 0; i <= length(a); i++) d[i, 0] = i
			for (j = 0; j <= length(b); j++) d[0, j] = j
			for (i = 1; i <= length(a); i++)
				for (j = 1; j <= length(b); j++) {
					cost = substr(a, i, 1) != substr(b, j, 1)
					d[i, j] = min(min(d[i - 1, j], d[i, j - 1]) + 1,
						d[i - 1, j - 1] + cost)
					if (i > 1 && j > 1 &&
						substr(a, i - 1, 2) == substr(b, j, 1) substr(b, j - 1, 1))
						d[i, j] = min(d[i, j], d[i - 2, j - 2] + 1)
				}
			return d[length(a), length(b)]
		}
		BEGIN {
			word = ENVIRON["rt_word"]
			best = int(length(word) / 3) + 1
			if (best < 2) best = 2
		}
		{ n = steps(word, $0) }
		n > 0 && n < best { best = n; near = $0 }
		END { if (near) printf ", did you mean \047%s\047?", near }'
}

# Refuses a flag that is none.
rt_invalid() { # FLAG
	usage "invalid option '$1'$(echo "${FLAGS-}" |
		sed -n 's/^[^|]*\(--[a-z-]*\).*/\1/p' | rt_near "${1%%=*}")"
}
