# SPDX-License-Identifier: LGPL-2.1-or-later
# The tables made of events: episodes, stalls, sites.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@" 2>&1
	echo "exit $?"
}
# Behind the first compaction what the zone looked like depends on how well the replay guesses.
echo "\$ buddyscope report -s episode examples/mix --format csv, without site, indices and free pages"
"$BUDDYSCOPE" report -s episode examples/mix --format csv | cut -d, -f1-14,17-21,24-
run report -s episode --time ,7.4 examples/mix
run report -s episode --order 0 --comm kswapd1 examples/mix --format jsonl
run report -s episode examples/boot
run report -s episode_part --comm sh --time 9.38,9.73 examples/mix --format csv
run report -s stall examples/mix
run report -s stall --comm nobody examples/mix --format csv
run report -s site --order 2-4 --time ,7.4 examples/mix
run report -s site --migratetype Reclaimable --comm lab --zone DMA --time ,7.4 examples/mix --format csv
run report -s site --pid 1 --time ,6 examples/boot --format csv
run report -s site --migratetype nonsense examples/boot
run report -s episode --pid x examples/boot
run report -s site --order 3 --memory 1 examples/boot
run report -s steal_pair examples/mix --format csv
run report -s steal_pair --comm lab --migratetype Unmovable --time ,8 examples/mix
