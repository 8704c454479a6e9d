/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Search in sorted records.
 */
#ifndef BUD_BASE_LOWER_BOUND_H
#define BUD_BASE_LOWER_BOUND_H

#include <stddef.h>
#include <stdint.h>

/*
 * The first of nr records of that size whose uint64_t at offset key_at is key
 * or more; nr if there is none. They are sorted by it. records may be NULL
 * where nr is 0.
 */
static inline size_t bud_lower_bound(const void *records, size_t nr, size_t size, size_t key_at, uint64_t key)
{
	size_t low = 0, high = nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (*(const uint64_t *)((const char *)records + middle * size + key_at) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
