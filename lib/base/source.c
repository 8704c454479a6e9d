/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/source.h"

uint64_t bud_trace_lost(const bud_trace_info *info)
{
	uint64_t lost = 0;
	for (unsigned i = 0; info->loss && i < info->nr_cpus; i++) {
		uint64_t recorded = info->loss[i].overrun + info->loss[i].dropped;
		lost += info->loss[i].counted > recorded ? info->loss[i].counted : recorded;
	}
	return lost;
}

uint64_t bud_trace_uncounted_gaps(const bud_trace_info *info)
{
	uint64_t gaps = 0;
	for (unsigned i = 0; info->loss && i < info->nr_cpus; i++)
		gaps += info->loss[i].gaps_uncounted;
	return gaps;
}
