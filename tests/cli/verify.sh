# SPDX-License-Identifier: LGPL-2.1-or-later
# The replay against the kernel, and what the exit code says of it.
run() {
	echo "\$ buddyscope $*"
	"$BUDDYSCOPE" "$@"
	echo "exit $?"
}
run verify examples/mix
run verify -v --seed first examples/boot
run verify --zone DMA examples/mix
run verify --zone DMA32 --order 9-10 examples/boot
run verify --seed none examples/boot
run verify --zone DMA --order 10 --format csv examples/boot
run verify --zone DMA --order 10 --format jsonl examples/boot
exit 0
