/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types of pageblocks that no event ever tells about: what the kernel's
 * first pagetypeinfo counts beyond the blocks whose type is known is shared
 * out among them, so that it fits as well as it may. That is an assumption,
 * and marked as one, but where the count of an order leaves no choice.
 */
#ifndef BUD_REPLAY_TYPEFIT_H
#define BUD_REPLAY_TYPEFIT_H

#include "lib/memory/memory.h"

/*
 * Gives every pageblock of zone whose type does not rest on evidence one by
 * the kernel's counts. start, if not NULL, is the same zone at the beginning
 * of the trace, and gets them too. Without memory nothing is done.
 */
void bud_typefit_zone(bud_zone *zone, bud_zone *start, const bud_zone_info *kernel);

#endif
