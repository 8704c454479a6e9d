# SPDX-License-Identifier: LGPL-2.1-or-later
# Why the allocations of examples/mix failed, and what does not work.
cd examples
b() { echo "\$ buddyscope $*"; "$BUDDYSCOPE" "$@" -q 2>&1; echo "exit $?"; }
# Behind compaction the numbers are the replay's best estimate (tests/checks/explain holds them to report): only words.
# What is simulated moves with the model: tests/checks/explain holds it to simulate.
words() { b "$@" --replay-only | sed -E 's/ \(not surely\)//; s/, not surely:.*//; s/ \+-[0-9]+//; s/(0x)?[0-9a-f]*[0-9][0-9a-f.]*[KMG]?/#/g; s/ +#/ #/g' | sed '/^ # # DMA/d; /^ # # #  *[a-zA-Z]/d; /[.]{3}/d; /^ {20}/d'; }
words explain mix
words explain mix --failure 27
b explain mix --at 5 --order 3 --gfp 'GFP_ATOMIC|__GFP_COMP'
b explain mix --at 5 --order 3 --gfp 'GFP_ATOMIC|__GFP_COMP' --zone DMA
words explain mix --at 9.9 --format csv
b explain mix | grep -E '^SIMULATED|^    changed|^  (alike|kept|stalls|how)'
b explain mix -s simulated_remedy --format csv | sed '2,$s/.*,//'
b explain mix -s simulated_remedy --replay-only --format csv
b explain mix -s nothing
words explain mix --node 0 --zone dma32
b explain mix --node 1 --zone DMA --format csv
b explain mix --comm nobody
b explain boot
b explain mix --failure 28
b explain mix --at 99%
b explain mix --at 5 --gfp GFP_FAST --order 0
b explain mix --at 5 --gfp GFP_KERNEL
b explain mix --episode 999999
b explain mix --dmesg mix/dmesg.zst
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/log" <<'LOG'
[   10.365228] web: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null),cpuset=/,mems_allowed=0
[   10.365495] CPU: 1 UID: 0 PID: 387 Comm: web Not tainted 6.12.1 #1
[   10.365802] Mem-Info:
[   10.367150] Node 0 DMA32 free:41392kB boost:0kB min:6356kB low:6920kB high:7484kB reserved_highatomic:0KB present:393076kB managed:344516kB free_pcp:2164kB local_pcp:1972kB free_cma:0kB
[   10.367319] lowmem_reserve[]: 0 0 0 0 0
[   10.367586] Node 0 DMA32: 5*4kB (UME) 5171*8kB (UM) 0*16kB 0*32kB 0*64kB 0*128kB 0*256kB 0*512kB 0*1024kB 0*2048kB 0*4096kB = 41388kB
LOG
cd "$folder"
b explain --dmesg log
b explain --dmesg nothing
