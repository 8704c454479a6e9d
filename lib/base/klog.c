/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/base/klog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_REPORTS 4096
#define MAX_ZONES   4096 /* of a report: a machine has no more */

void bud_klog_init(bud_klog *klog)
{
	*klog = (bud_klog){ .boot = { BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN, BUD_UNKNOWN } };
}

void bud_klog_fini(bud_klog *klog)
{
	for (size_t i = 0; i < klog->nr_reports; i++)
		free(klog->reports[i].zones);
	free(klog->reports);
	klog->reports = NULL;
	klog->nr_reports = 0;
}

bud_klog_report *bud_klog_add_report(bud_klog *klog)
{
	if (klog->nr_reports == MAX_REPORTS) {
		klog->capped = true;
		return NULL;
	}
	bud_klog_report *reports = realloc(klog->reports, (klog->nr_reports + 1) * sizeof *reports);
	if (!reports)
		return NULL;
	klog->reports = reports;
	bud_klog_report *report = &reports[klog->nr_reports++];
	*report = (bud_klog_report){
		.t_ns = BUD_TIME_NONE, .t_end_ns = BUD_TIME_NONE, .pid = -1, .cpu = -1, .order = -1, .victim_pid = -1
	};
	return report;
}

bud_klog_zone *bud_klog_zone_of(bud_klog_report *report, int32_t node, const char *name)
{
	for (size_t i = 0; i < report->nr_zones; i++)
		if (report->zones[i].node == node && strcmp(report->zones[i].name, name) == 0)
			return &report->zones[i];
	if (report->nr_zones == MAX_ZONES)
		return NULL;
	bud_klog_zone *zones = realloc(report->zones, (report->nr_zones + 1) * sizeof *zones);
	if (!zones)
		return NULL;
	report->zones = zones;
	bud_klog_zone *zone = &zones[report->nr_zones++];
	*zone = (bud_klog_zone){ .node = node };
	snprintf(zone->name, sizeof zone->name, "%s", name);
	uint64_t *const unknown[] = { &zone->free,
				      &zone->boost,
				      &zone->min,
				      &zone->low,
				      &zone->high,
				      &zone->reserved_highatomic,
				      &zone->free_highatomic,
				      &zone->present,
				      &zone->managed,
				      &zone->free_pcp,
				      &zone->local_pcp,
				      &zone->free_cma,
				      &zone->t_before_ns,
				      &zone->t_ns };
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		*unknown[i] = BUD_UNKNOWN;
	return zone;
}
