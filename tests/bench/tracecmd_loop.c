/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracecmd_loop FILE: the least a program built on libtracecmd can do with a
 * trace of page events: look up pfn and order of each, by cached offsets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trace-cmd.h>

enum { MAX_ID = 65536 };

struct sums {
	struct tep_handle *tep;
	struct field {
		struct tep_format_field *pfn, *order;
		int looked_up;
	} fields[MAX_ID];
	unsigned long long records, pages;
};

static int add(struct tracecmd_input *handle, struct tep_record *record, int cpu, void *data)
{
	struct sums *sums = data;
	int id = tep_data_type(sums->tep, record);
	(void)handle, (void)cpu;
	sums->records++;
	if (id < 0 || id >= MAX_ID)
		return 0;
	struct field *field = &sums->fields[id];
	if (!field->looked_up) {
		struct tep_event *event = tep_find_event(sums->tep, id);
		field->looked_up = 1;
		if (event && !strcmp(event->system, "kmem")) {
			field->pfn = tep_find_field(event, "pfn");
			field->order = tep_find_field(event, "order");
		}
	}
	unsigned long long pfn, order;
	if (field->pfn && field->order && !tep_read_number_field(field->pfn, record->data, &pfn) &&
	    !tep_read_number_field(field->order, record->data, &order))
		sums->pages += pfn != ~0ull ? 1ull << (order & 63) : 0;
	return 0;
}

int main(int argc, char **argv)
{
	struct tracecmd_input *handle = argc == 2 ? tracecmd_open(argv[1], 0) : NULL;
	struct sums *sums = calloc(1, sizeof *sums);
	if (!handle || !sums)
		return 2;
	sums->tep = tracecmd_get_tep(handle);
	if (tracecmd_iterate_events(handle, NULL, 0, add, sums))
		return 1;
	printf("%llu records, %llu pages\n", sums->records, sums->pages);
	tracecmd_close(handle);
	free(sums);
	return 0;
}
