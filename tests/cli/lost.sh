# SPDX-License-Identifier: LGPL-2.1-or-later
# Events lost in silence: only the recorder's statistics tell, so nothing is
# certain, and every difference, here none, is within what is claimed.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@"
	echo "exit $?"
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r examples/boot "$folder/boot" && chmod -R u+w "$folder/boot" && cd "$folder" || exit
printf '== cpu0\noverrun: 0\ndropped events: 0\n== cpu1\noverrun: 0\ndropped events: 17\n' >boot/percpu_stats
"$BUDDYSCOPE" info boot | sed -n '/^lost/,/^snap/p; /^replay/,$p'
"$BUDDYSCOPE" info --format json boot | grep -A2 '"lacks"'
run verify --zone DMA -s verify_zone --format csv boot
run verify --passes 1 --zone DMA boot
run report -s zone --zone DMA --samples 2 --format csv boot
# A simulation judges itself by what is there, and says what is not.
"$BUDDYSCOPE" simulate boot | sed -n '2p'
echo "exit ${PIPESTATUS[0]}"
run simulate -s happening --format csv boot 2>&1 | sed -n '1,4p'
# Overwritten ones of which no gap tells are found by reading it all.
sed -i 's/dropped events: 17/dropped events: 0/; s/overrun: 0/overrun: 5/' boot/percpu_stats
run verify --zone DMA boot
exit 0
