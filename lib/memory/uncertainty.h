/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why pages of a zone may not be where the replay holds them. Every doubt
 * is counted in pages under its cause, so that a claim can say why.
 */
#ifndef BUD_MEMORY_UNCERTAINTY_H
#define BUD_MEMORY_UNCERTAINTY_H

#include <stdint.h>

/* clang-format off */
/* X(CAUSE, "its name in tables", "what it is, for people") */
#define BUD_UNCERTAINTY(X) \
	X(SCAN,     "isolation_scan",   "pages a compaction scan took, and no event tells which") \
	X(FAST,     "fast_isolation",   "blocks compaction took out of turn, and no event tells which") \
	X(HIDDEN,   "hidden_isolation", "pages compaction moved beyond what its scans took") \
	X(INTERRUPT, "interrupt_free",  "frees in interrupts that may have passed the per-CPU lists by") \
	X(GAP,      "lost_events",      "pages no event has named since events were lost") \
	X(INFERRED, "inferred_seed",    "pages no event has named since an inferred start") \
	X(REDUCED,  "reduced_trace",    "kinds of events that move pages were not recorded")
/* clang-format on */

typedef enum bud_uncertainty {
#define X(cause, name, text) BUD_UNCERTAIN_##cause,
	BUD_UNCERTAINTY(X)
#undef X
		BUD_NR_UNCERTAINTIES,
} bud_uncertainty;

const char *bud_uncertainty_name(bud_uncertainty cause);
const char *bud_uncertainty_text(bud_uncertainty cause);

#define BUD_UNCERTAINTY_LIST 320 /* bytes that hold any list */

/* "fast_isolation:32 interrupt_free:2": the causes with pages in by, most pages first; "" for none. Returns text. */
char *bud_uncertainty_list(const uint64_t by[BUD_NR_UNCERTAINTIES], char text[BUD_UNCERTAINTY_LIST]);

#endif
