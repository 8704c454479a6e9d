# SPDX-License-Identifier: LGPL-2.1-or-later
# The model beside the trace: unchanged, with other settings, as tables; and what may not be asked of it.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@" 2>&1
	echo "exit $?"
}
cd examples || exit
run simulate boot
run simulate --zone DMA32 mix --set min_free_kbytes=18360 --case pcp=off,thp=off --case kernel=5.10
run simulate boot -s happening --format csv --case compaction=off
run simulate boot -s judgement --zone DMA32 --order 8-9 --format csv --set memory=DMA32+64M
run simulate boot -s zone --at snapshots --zone DMA --format csv --set without=sh
run simulate boot -s index --samples 2 --zone DMA32 --order 9 --format jsonl --case pageblock_order=8,max_order=9
run simulate mix -s stall --order 9 --set thp=off
run simulate mix -s episode_part --time 9.38,9.4 --format csv
run simulate mix -s stall,site
run simulate boot --set without=nobody
run simulate boot --seed none
run simulate --set help
run simulate boot --set nonsense=1
run simulate boot --set nonsense
run simulate boot --set min_free_kbytes=lots
run simulate boot --set kernel=new
run simulate boot --set memory=Normal+1G
run simulate boot --set memory=DMA32-1G
run simulate boot --set pageblock_order=12
run simulate boot --set without=
run simulate boot --set thp=maybe
run simulate boot -s nonsense
run simulate boot --format csv
exit 0
