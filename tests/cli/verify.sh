# SPDX-License-Identifier: LGPL-2.1-or-later
# The replay against the kernel, and what the exit code says of it: an exact
# zone, snapshots that claim something else, and nothing to compare with.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@"
	echo "exit $?"
}
run verify --zone DMA examples/mix
run verify -v --zone DMA --seed first examples/boot
run verify --zone DMA --order 10 --format csv examples/boot
run verify --zone DMA --order 10 --format jsonl examples/boot
run verify --seed none examples/boot
run verify --zone DMA --order 10 -s verify_type --format csv examples/boot
run verify --zone DMA -s verify_pageblock examples/boot
run verify -s verify_summary --format csv examples/boot
run verify --decisions --format csv examples/boot
run verify --decisions -s verify_type examples/boot

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r examples/boot "$folder/boot" && chmod -R u+w "$folder/boot" && cd "$folder" || exit
sed -i '/ DMA /s/  3 *$/  2/; s/ DMA  *0 / DMA 7 /' boot/snap-01-anon/buddyinfo
rm boot/snap-02-fork/buddyinfo
cp -r boot/snap-03-cache boot/snap-99-elsewhere
sed -i 's/^buddyinfo .*//' boot/snap-99-elsewhere/times
run verify --zone DMA boot
run verify --zone DMA --order 1-9 boot
run verify --zone DMA --order 0 --format csv boot
run verify --seed both boot
rm -r boot/snap-01-anon
run verify --zone DMA boot
exit 0
