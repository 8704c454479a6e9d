# SPDX-License-Identifier: LGPL-2.1-or-later
# info on a bundle and on a bare trace, for people and for programs.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@"
	echo "exit $?"
}
run info examples/mix
run info -v examples/boot
run info examples/mix/trace.dat
run info --format json examples/boot
exit 0
