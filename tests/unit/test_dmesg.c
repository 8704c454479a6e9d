/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/read/dmesg.h"

static void read_text(bud_klog *klog, const char *text)
{
	char *copy = strdup(text);
	bud_klog_init(klog);
	bud_dmesg_read(klog, copy, 12);
	free(copy);
}

static const char failure[] =
	"[   10.365228] lab two: page allocation failure: order:3, "
	"mode:0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO), "
	"nodemask=(null),cpuset=/,mems_allowed=0\n"
	"[   10.365495] CPU: 1 UID: 0 PID: 387 Comm: lab Not tainted 6.12.1 #1\n"
	"[   10.365802] Mem-Info:\n"
	"[   10.366962] Node 0 active_anon:207828kB inactive_anon:6976kB all_unreclaimable? yes\n"
	"[   10.367150] Node 0 DMA free:1392kB boost:0kB min:100kB low:124kB high:148kB reserved_highatomic:2048KB "
	"active_anon:13700kB present:15992kB managed:15360kB mlocked:0kB bounce:0kB free_pcp:124kB local_pcp:120kB "
	"free_cma:0kB\n"
	"[   10.367319] lowmem_reserve[]: 0 336 336 336 336\n"
	"[   10.367586] Node 0 DMA: 1*4kB (U) 2*8kB (UMEHCI) 0*16kB = 20kB\n"
	"[   10.367830] Node 0 hugepages_total=0 hugepages_free=0 hugepages_surp=0 hugepages_size=1048576kB\n";

static void failures_are_read(void **state)
{
	(void)state;
	bud_klog k;
	read_text(&k, failure);
	assert_int_equal(k.nr_reports, 1);
	const bud_klog_report *r = &k.reports[0];
	assert_int_equal(r->kind, BUD_KLOG_FAILURE);
	assert_string_equal(r->comm, "lab two");
	assert_int_equal(r->t_ns, 10365228000);
	assert_int_equal(r->order, 3);
	assert_int_equal(r->gfp_flags, 0x140dca);
	assert_string_equal(r->gfp_text, "GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO");
	assert_string_equal(r->nodemask, "(null)");
	assert_string_equal(r->cpuset, "/");
	assert_int_equal(r->cpu, 1);
	assert_int_equal(r->pid, 387);
	assert_int_equal(r->nr_zones, 1);
	const bud_klog_zone *z = &r->zones[0];
	assert_string_equal(z->name, "DMA");
	assert_int_equal(z->free, 348);
	assert_int_equal(z->min, 25);
	assert_int_equal(z->low, 31);
	assert_int_equal(z->high, 37);
	assert_int_equal(z->reserved_highatomic, 512);
	assert_true(z->free_highatomic == BUD_UNKNOWN);
	assert_int_equal(z->managed, 3840);
	assert_int_equal(z->free_pcp, 31);
	assert_int_equal(z->local_pcp, 30);
	assert_int_equal(z->nr_reserve, 5);
	assert_int_equal(z->reserve[1], 336);
	assert_int_equal(z->nr_orders, 3);
	assert_int_equal(z->nr_free[1], 2);
	assert_int_equal(z->types[0], 1 << BUD_MT_UNMOVABLE);
	assert_int_equal(z->types[1], 0x3f);
	assert_int_equal(z->types[2], 0);
	assert_int_equal(z->t_ns, 10367586000);
	bud_klog_fini(&k);
}

static void oom_reports_are_read(void **state)
{
	(void)state;
	bud_klog k;
	read_text(&k, "<4>Nov 24 12:00:01 host kernel: [    5.043808][  T315] lab invoked oom-killer: "
		      "gfp_mask=0x500cc2(GFP_HIGHUSER|__GFP_ACCOUNT), order=0, oom_score_adj=1000\n"
		      "CPU: 0 PID: 315 Comm: lab\n"
		      "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/\n"
		      "[    5.667113] Memory cgroup out of memory: Killed process 348 (la\x1b[31mb) total-vm:49328kB\n"
		      "[    6.000000] kworker/0:1: page allocation failure: order:99999, mode:0x\n"
		      "[    6.000000] sysrq invoked oom-killer: gfp_mask=0x0(), order=-1, oom_score_adj=0\n");
	assert_int_equal(k.nr_reports, 3);
	assert_int_equal(k.reports[0].kind, BUD_KLOG_OOM);
	assert_int_equal(k.reports[0].t_ns, 5043808000);
	assert_int_equal(k.reports[0].pid, 315);
	assert_true(k.reports[0].memcg);
	assert_int_equal(k.reports[0].victim_pid, 348);
	assert_string_equal(k.reports[0].victim, "la?[31mb");
	assert_int_equal(k.reports[1].order, -1);
	assert_int_equal(k.reports[2].order, -1);
	bud_klog_fini(&k);
}

static void boot_tells_what_it_frees(void **state)
{
	(void)state;
	bud_klog k;
	read_text(&k, "[    0.021822] RAMDISK: [mem 0x44768000-0x44bcffff]\n"
		      "[    0.021984] Allocated new RAMDISK: [mem 0x36b96000-0x36ffd7d9]\n"
		      "[    0.032453] Move RAMDISK from [mem 0x44768000-0x44bcf7d9] to [mem 0x36b96000-0x36ffd7d9]\n"
		      "[    0.256677] Freeing SMP alternatives memory: 32K\n"
		      "[    1.035987] Freeing initrd memory: 4512K\n"
		      "[    2.953432] Freeing unused decrypted memory: 2036K\n"
		      "[    2.953432] Freeing unused kernel image (initmem) memory: 928K\n");
	assert_int_equal(k.boot.initrd_at, 0x36b96000);
	assert_int_equal(k.boot.initrd_kib, 4512);
	assert_int_equal(k.boot.image_kib, 2964);
	assert_true(k.boot.image_at == BUD_UNKNOWN);
	bud_dmesg_read_iomem(&k, "00001000-0009fbff : System RAM\n  0a800000-0b4025f1 : Kernel code\n");
	assert_int_equal(k.boot.image_at, 0xa800000);
	bud_klog_fini(&k);
}

/* Any cut of a report is read without harm. */
static void cuts_are_harmless(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof failure; n++) {
		bud_klog k;
		char text[sizeof failure];
		memcpy(text, failure, n);
		text[n] = '\0';
		read_text(&k, text);
		assert_in_range(k.nr_reports, 0, 1);
		bud_klog_fini(&k);
	}
}

/* Lines of other zones between a zone's line and its reserve: whose it is nobody knows. */
static void reserves_follow_their_zone(void **state)
{
	(void)state;
	bud_klog k;
	read_text(&k, "a: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL)\n"
		      "Node 0 DMA free:1392kB min:100kB\n"
		      "Node 0 DMA32: 1*4kB = 4kB\nNode 1 DMA32: 1*4kB = 4kB\nNode 2 DMA32: 1*4kB = 4kB\n"
		      "lowmem_reserve[]: 0 336 336\n");
	assert_int_equal(k.nr_reports, 1);
	assert_int_equal(k.reports[0].order, 0);
	assert_int_equal(k.reports[0].nr_zones, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(k.reports[0].zones[i].nr_reserve, 0);
	bud_klog_fini(&k);
}

/* An order that no kernel has is none. */
static void orders_are_bounded(void **state)
{
	(void)state;
	bud_klog k;
	read_text(&k, "a: page allocation failure: order:56, mode:0xcc0(GFP_KERNEL)\n"
		      "a invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=99999999999, oom_score_adj=0\n");
	assert_int_equal(k.nr_reports, 2);
	assert_int_equal(k.reports[0].order, -1);
	assert_int_equal(k.reports[1].order, -1);
	bud_klog_fini(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_read),	      cmocka_unit_test(oom_reports_are_read),
		cmocka_unit_test(boot_tells_what_it_frees),   cmocka_unit_test(cuts_are_harmless),
		cmocka_unit_test(reserves_follow_their_zone), cmocka_unit_test(orders_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
