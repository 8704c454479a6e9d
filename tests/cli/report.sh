# SPDX-License-Identifier: LGPL-2.1-or-later
# The picture and the tables of report.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@"
	echo "exit $?"
}
# The same, without the events and the drift that follow the picture.
picture() {
	run "$@" | sed '/^events, with/,/^$/d; /^free blocks/,/^ev/d; /^drift/,/^exit/{/^exit/!d}'
}
run report examples/mix
run report -v --node 1 --order 8-10 --fold last --samples 20 --time 50%,+6s examples/mix
picture report --zone dma --order 10 --samples 30 --color 256 examples/mix
picture report --zone DMA --order 10 --samples 30 --color 8 examples/mix
picture report --zone DMA --order 10 --samples 30 --color always --theme light examples/mix
picture report examples/mix/trace.dat
run report -s freelist --zone DMA --order 9-10 --at 5,5.2,+1s,100%,5.2,0 examples/boot --format csv
run report -s index --zone DMA32 --order 9 --at snapshots examples/mix --format csv
run report -s zone --at snapshots examples/boot --format csv
run report -s zone --zone DMA32 --samples 3 examples/boot
run report -s freelist --zone DMA32 --order 0 --step 500ms --time 6,8 examples/boot --format jsonl
run report -s freelist --zone DMA32 --order 0 --at 7 examples/boot --format json
run report -s freelist --at snapshots examples/mix/trace.dat --format csv
for fold in last worst min max mean; do
	run report -s zone --node 1 --samples 2 --fold $fold examples/mix --format csv
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
