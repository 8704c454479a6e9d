# SPDX-License-Identifier: LGPL-2.1-or-later
# The picture and the tables of report, where no compaction makes the replay
# anything but exact.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@" | sed '/^drift: /,$d'
	echo "exit ${PIPESTATUS[0]}"
}
# Without the legend, the events and the drift that follow the picture.
picture() {
	run "$@" | sed '/^free blocks/,/^$/d; /^events, /,/^$/d'
}
run report --zone DMA examples/mix --seed first
run report --time ,7 --seed first examples/boot
picture report --order 8-10 --fold last --samples 20 --time 50%,+6s examples/boot
picture report --zone dma --order 10 --samples 30 --color 256 examples/mix
picture report --zone DMA --order 10 --samples 30 --color 8 examples/mix
picture report --zone DMA --order 10 --samples 30 --color always --theme light examples/mix
run report examples/mix/trace.dat
run report -s freelist --zone DMA --order 9-10 --at 5,5.2,+1s,100%,5.2,0 examples/boot --format csv
run report -s index --zone DMA --order 9-10 --at snapshots examples/mix --format csv
run report -s zone --zone DMA --at snapshots examples/boot --format csv
run report -s zone --zone DMA32 --time 5,7 --samples 3 examples/boot
run report -s freelist --zone DMA --by-type --order 9-10 --at 7 examples/boot
run report -s freelist --zone DMA --by-type --order 5 --fold min --samples 2 examples/boot --format csv
run report -s pageblock --zone DMA --at 7,6.5,5 --seed first examples/boot --format csv
run report -s steal --zone DMA32 --time 6,8 examples/mix --format csv
run report -s steal --order 1 examples/mix --format csv
run report -s freelist --zone DMA32 --order 0 --step 500ms --time 5.4,7 examples/boot --format jsonl
run report -s freelist --zone DMA32 --order 0 --at 7 examples/boot --format json
run report -s freelist --at snapshots examples/mix/trace.dat --format csv
for fold in last worst min max mean; do
	run report -s zone --zone DMA32 --time 5.6,7 --samples 2 --fold $fold examples/boot --format csv
done

out=$(mktemp -d)
trap 'rm -r "$out"' EXIT
"$BUDDYSCOPE" report -s zone,freelist -o "$out/new" --format csv --samples 2 examples/boot
echo "exit $?: $(cd "$out/new" && wc -l *)"
"$BUDDYSCOPE" report -s index -o "$out/new" --format jsonl --samples 2 examples/boot
echo "exit $?: $(cd "$out/new" && wc -l *)"
"$BUDDYSCOPE" report -s zone -o "$out/zone" --format csv --samples 2 examples/boot
echo "exit $?: $(cmp "$out/zone" "$out/new/zone.csv" && echo the same)"
exit 0
