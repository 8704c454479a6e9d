# SPDX-License-Identifier: LGPL-2.1-or-later
# Help, and what is said and returned when the command line is wrong.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@" </dev/null 2>&1
	echo "exit $?"
}
cd examples || exit
run --version
run --help
run help report
run help nonsense
for command in info simulate verify view; do
	run $command --help
done
run nonsense
run mix
run info
run info nowhere
run info README.md
run info .
run info --bogus mix
run info -z mix
run info --quiet=1 mix
run info --format csv mix
run info mix boot
run info --seed
run info --seed second mix
run info --buffer nope mix
run info --kernel-feature foo mix
run info --kernel-feature max_order=99 mix
run report --order 9-3 mix
run report --time 5 mix
run report --time 9,8 mix
run report -s nonsense mix
run report -s zone,index mix
run report -s zone,zone -o x mix
run report --format json mix
run report --at 5 mix
run report -s zone --at 5 --step 1s mix
run report -s zone --at 1e3 mix
run report -s zone --step 0s mix
run report -s zone --step 1ns mix
run report --zone Foo mix
run report --node 7 --zone DMA mix
run report -s zone -o /nowhere/at/all mix
run verify mix/trace.dat
exit 0
