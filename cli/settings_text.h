/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For people: the settings of a capture, how each is known, and whether the
 * watermarks, reserves and per-CPU sizes computed from them are zoneinfo's.
 */
#ifndef BUD_CLI_SETTINGS_TEXT_H
#define BUD_CLI_SETTINGS_TEXT_H

#include <stdio.h>

#include "cli/workbench.h"
#include "formats/write/json.h"

/* For `info -v`. */
void bud_settings_text_print(const bud_workbench *bench, FILE *out);
/* For `info --format json`: members "sysctls" and "settings" of the object at hand. */
void bud_settings_text_json(const bud_workbench *bench, bud_json *json);

#endif
