/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/replay/contradiction.h"

const char *bud_contradiction_name(bud_contradiction kind)
{
	static const char *const names[] = {
#define X(kind, name, text) name,
		BUD_CONTRADICTIONS(X)
#undef X
	};
	return names[kind];
}

const char *bud_contradiction_text(bud_contradiction kind)
{
	static const char *const texts[] = {
#define X(kind, name, text) text,
		BUD_CONTRADICTIONS(X)
#undef X
	};
	return texts[kind];
}
