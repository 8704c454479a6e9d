/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The feature vector of one kernel: the few switches by which allocators of
 * different versions differ. Behaviour is keyed on these, never on the
 * version itself; the version only gives first guesses.
 */
#ifndef BUD_BASE_KERNEL_H
#define BUD_BASE_KERNEL_H

#include "lib/base/error.h"
#include "lib/base/gfp.h"
#include "lib/base/mmtypes.h"

/* clang-format off */
/* X(name, what it says). Every value is an int. */
#define BUD_KERNEL_FEATURES(X) \
	X(page_shift,       "log2 of the page size in bytes") \
	X(max_order,        "largest order of the buddy system, inclusive") \
	X(pageblock_order,  "order of a pageblock") \
	X(has_cma,          "MIGRATE_CMA exists, so Isolate is number 5") \
	X(pcp_high_orders,  "orders 1-3 and the huge-page order live on per-CPU lists too (5.14)") \
	X(extfrag_removes,  "mm_page_alloc_extfrag names the page handed out (6.10), not the block chosen") \
	X(zone_locked_list, "mm_page_alloc_zone_locked names the list used (5.19), not the type asked for") \
	X(gfp_layout,       "bits of gfp flags: 0 as in 4.19, 1 since 5.4") \
	X(gfp_atomic,       "__GFP_ATOMIC is a bit of its own (to 6.2)") \
	X(gfp_nowait_nowarn, "GFP_NOWAIT holds __GFP_NOWARN (6.12)") \
	X(gfp_by_bit,       "gfp flags are printed in the order of their bits (6.15)") \
	X(fallback,         "fallback 1 moves blocks, then takes (4.19), 2 takes (6.10), 3 claims, then steals (6.15)") \
	X(merge_mergeable,  "blocks of a pageblock and more merge only within types 0-2 (5.18)") \
	X(list_is_block,    "a free block is on the list of its pageblock's type (6.10)") \
	X(moves_to_tail,    "blocks that change lists go to the tail (5.10)") \
	X(nofragment,       "ALLOC_NOFRAGMENT and boosting: 1 for all orders (5.0), 2 below a pageblock (6.0)") \
	X(pcp_policy,       "per-CPU high 0 is 6 batches (to 5.13), 1 by the low mark (5.14), 2 tunes itself (6.7)") \
	X(pcp_rework,       "per-CPU drains begin with the list freed to; two lists of huge pages (6.0)") \
	X(pcp_irqs_on,      "interrupts may come while a per-CPU list is locked, and free past it (6.2, 6.1.y)") \
	X(alloc_flags,      "reserves 0 by HARDER, 1 by NON_BLOCK (6.3), 2 high-atomic needs __GFP_HIGH too (6.12)") \
	X(highatomic_free,  "marks hold back free high-atomic pages (6.13), not the whole reserve") \
	X(highatomic_cap,   "no high-atomic reserve below 100 pageblocks (6.12)") \
	X(highatomic_rescue, "high-atomic blocks also serve 1 OOM victims (6.2), 2 those who cannot block (6.12)") \
	X(min_free_max_kib, "largest min_free_kbytes the kernel computes (65536, since 5.10 262144)") \
	X(movable_in_sum,   "zone Movable shares in min_free_kbytes (to 6.1)") \
	X(boost_baked_in,   "marks recomputed during a boost keep it (5.4)") \
	X(reserve_skips_zero, "a zone with ratio 0 is left out of lowmem reserves below it (5.10)") \
	X(wmark_fast,       "order-0 shortcut 0 ignores high-atomic (to 5.7), 1 may wrap (5.8), 2 does not (5.15)") \
	X(zone_types,       "zone types built in, a bit each: DMA 1, DMA32 2, Normal 4, HighMem 8, Movable 16, Device 32") \
	X(entry,            "order bound and scopes 0 seen on the slow path, 1 bound at entry (5.0), 2 both (5.13)") \
	X(cma_first,        "CMA pages serve first while they are over half of what is free (5.9)") \
	X(pcp_cma_bypass,   "movable requests that may not have CMA go past the per-CPU lists (5.9 to 6.4)") \
	X(noretry,          "costly NORETRY gives up 0 when deferred, 1 as in 5.4, 2 or skipped (5.5), 3 or one node") \
	X(compact_per_order, "compaction moves folios of any order, into blocks of their own (6.9)") \
	X(compact_finishes, "compaction finishes a pageblock in which a page could not move (6.3)") \
	X(compact_needs_io, "no compaction without __GFP_IO (6.9)") \
	X(unreserve_early,  "the high-atomic reserve is given up whenever reclaim sees no hope (6.7)") \
	X(suitable_level,   "compaction is suited to the level asked for, not to MIN or LOW (6.15)") \
	X(compact_gap_cap,  "compaction asks for no more than 32 pages of room, whatever the order (7.2)") \
	X(spares_kswapd,    "the first pass leaves nodes whose kswapd is at work (6.18)") \
	X(has_proactive,    "kcompactd compacts ahead of need, by vm.compaction_proactiveness (5.9)") \
	X(has_defrag_mode,  "there is a vm.defrag_mode (6.15)") \
	X(reclaimable_free, "a zone where nothing can be reclaimed counts its free pages as such (6.13, 6.1.y, 6.12.y)") \
	X(boost_in_vain,    "kswapd's runs for a boost alone that free nothing count as failures (5.0 to 6.18)") \
	X(lru_gen,          "reclaim goes by generations of pages (6.1), as distributions have it since 6.12") \
	X(page_reporting,   "a guest may take large free blocks off the lists for a moment, to tell its host (5.7)")
/* clang-format on */

typedef enum bud_kernel_feature {
#define X(name, text) BUD_KF_##name,
	BUD_KERNEL_FEATURES(X)
#undef X
	BUD_NR_KERNEL_FEATURES,
} bud_kernel_feature;

/* Values of the features fallback and pcp_policy. */
enum {
	BUD_FALLBACK_MOVE = 1,
	BUD_FALLBACK_TAKE = 2,
	BUD_FALLBACK_CLAIM = 3,

	BUD_PCP_FIXED6 = 0,
	BUD_PCP_LOWMARK = 1,
	BUD_PCP_AUTO = 2,
};

/* How a value became known; a later one wins over an earlier one. */
typedef enum bud_feature_origin {
	BUD_ORIGIN_DEFAULT, /* nothing known: today's mainline on x86-64 */
	BUD_ORIGIN_VERSION, /* guessed from the version */
	BUD_ORIGIN_FORMAT, /* seen in the trace's event formats */
	BUD_ORIGIN_SNAPSHOT, /* read from kernel files */
	BUD_ORIGIN_TRACE, /* seen in the events themselves */
	BUD_ORIGIN_USER, /* --kernel-feature */
} bud_feature_origin;

typedef struct bud_kernel {
	char release[96]; /* "6.12.117+deb13-cloud-amd64"; "" unknown */
	char machine[32]; /* "x86_64" */
	union {
		int value[BUD_NR_KERNEL_FEATURES];
		struct {
#define X(name, text) int name;
			BUD_KERNEL_FEATURES(X)
#undef X
		};
	};
	bud_feature_origin origin[BUD_NR_KERNEL_FEATURES];
	bud_gfp_table gfp; /* of the raw flags in its events */
} bud_kernel;

/* Defaults, then what release and machine suggest (either may be ""). Kernel behaviour: see the table in kernel.c. */
void bud_kernel_init(bud_kernel *kernel, const char *release, const char *machine);
/* Sets one unless a stronger origin has already spoken. */
void bud_kernel_learn(bud_kernel *kernel, bud_kernel_feature feature, int value, bud_feature_origin origin);
/* Takes the names and places of gfp flags from the trace itself, and what they tell. */
void bud_kernel_learn_gfp(bud_kernel *kernel, const bud_gfp_table *table);
/* "NAME=VALUE" from the user; names the known ones on error. */
bud_status bud_kernel_override(bud_kernel *kernel, const char *setting, bud_error *err);

const char *bud_kernel_feature_name(bud_kernel_feature feature);
const char *bud_kernel_feature_text(bud_kernel_feature feature);
const char *bud_feature_origin_name(bud_feature_origin origin);

/* The canonical type of a raw number in an event, or BUD_MT_UNKNOWN. */
bud_migratetype bud_kernel_migratetype(const bud_kernel *kernel, int raw);
/* Whether a freed block of that order may wait on a per-CPU list (allocator-semantics 4.1). */
static inline bool bud_kernel_pcp_order(const bud_kernel *k, int order)
{
	return order == 0 || (k->pcp_high_orders && (order <= 3 || order == k->pageblock_order));
}

/* The zone type that this kernel numbers so in its events, or BUD_NR_ZONE_TYPES: types not built in have no number. */
bud_zone_type bud_kernel_zone_type(const bud_kernel *kernel, int raw);

#endif
