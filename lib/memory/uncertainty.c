/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/memory/uncertainty.h"

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
