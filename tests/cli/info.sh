# SPDX-License-Identifier: LGPL-2.1-or-later
# info on a bundle and on a bare trace, for people and for programs. How
# true the replay is, is for tests/checks/captures to judge.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@" | sed -E 's/exact at [0-9]+ of/exact at N of/; s/error\| [0-9.]+/error| X/; s/\+-[0-9]+ pages by .*/+-N pages by .../
		s/^(  [a-z]+_of_[a-z]+) .*/\1 .../; / order .* held /d
		/"contradictions": \{/,/^  \},/d'
	echo "exit ${PIPESTATUS[0]}"
}
run info examples/mix
run info -v examples/boot
run info examples/mix/trace.dat
run info --format json examples/boot
exit 0
