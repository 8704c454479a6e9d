/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/uncertainty.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *bud_uncertainty_name(bud_uncertainty cause)
{
	static const char *const names[] = {
#define X(cause, name, text) name,
		BUD_UNCERTAINTY(X)
#undef X
	};
	return names[cause];
}

const char *bud_uncertainty_text(bud_uncertainty cause)
{
	static const char *const texts[] = {
#define X(cause, name, text) text,
		BUD_UNCERTAINTY(X)
#undef X
	};
	return texts[cause];
}

char *bud_uncertainty_list(const uint64_t by[BUD_NR_UNCERTAINTIES], char text[BUD_UNCERTAINTY_LIST])
{
	uint64_t left[BUD_NR_UNCERTAINTIES];
	size_t used = 0;
	memcpy(left, by, sizeof left);
	*text = '\0';
	for (int n = 0; n < BUD_NR_UNCERTAINTIES; n++) {
		int most = 0;
		for (int i = 1; i < BUD_NR_UNCERTAINTIES; i++)
			most = left[i] > left[most] ? i : most;
		if (!left[most])
			break;
		used += (size_t)snprintf(text + used, BUD_UNCERTAINTY_LIST - used, "%s%s:%" PRIu64, used ? " " : "",
					 bud_uncertainty_name((bud_uncertainty)most), left[most]);
		left[most] = 0;
	}
	return text;
}
