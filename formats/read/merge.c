/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/merge.h"

static inline const bud_event *head(const bud_stream *s)
{
	return &s->events[s->next_event];
}

static inline bool before(const bud_stream *a, const bud_stream *b)
{
	uint64_t t_a = head(a)->t_ns, t_b = head(b)->t_ns;
	return t_a != t_b ? t_a < t_b : a->subbufs.cpu < b->subbufs.cpu;
}

static void sift_down(bud_merge *m, size_t i)
{
	for (;;) {
		size_t least = i;
		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < m->nr; child++)
			if (before(m->heap[child], m->heap[least]))
				least = child;
		if (least == i)
			return;
		bud_stream *s = m->heap[i];
		m->heap[i] = m->heap[least];
		m->heap[least] = s;
		i = least;
	}
}

void bud_merge_begin(bud_merge *merge, bud_stream *streams, size_t nr_streams, bud_event_mask wanted, uint64_t t_ns)
{
	merge->nr = 0;
	merge->emptied = false;
	for (size_t i = 0; i < nr_streams; i++) {
		bud_stream *s = &streams[i];
		bud_stream_seek(s, t_ns, wanted);
		bool any = bud_stream_fill(s);
		while (any && head(s)->t_ns < t_ns) {
			s->next_event++;
			any = bud_stream_fill(s);
		}
		if (any)
			merge->heap[merge->nr++] = s;
	}
	for (size_t i = merge->nr / 2; i-- > 0;)
		sift_down(merge, i);
}

/* The stream whose head comes second, or NULL. */
static const bud_stream *runner_up(const bud_merge *m)
{
	if (m->nr < 2)
		return NULL;
	return m->nr > 2 && before(m->heap[2], m->heap[1]) ? m->heap[2] : m->heap[1];
}

bud_batch bud_merge_next(bud_merge *merge)
{
	bud_merge *m = merge;
	if (m->emptied) {
		m->emptied = false;
		if (!bud_stream_fill(m->heap[0]))
			m->heap[0] = m->heap[--m->nr];
		sift_down(m, 0);
	}
	if (!m->nr)
		return (bud_batch){ 0 };
	bud_stream *s = m->heap[0];
	const bud_stream *next = runner_up(m);
	bud_batch batch = { .events = head(s) };
	if (!next) {
		s->next_event = s->nr_events;
	} else {
		uint64_t limit = head(next)->t_ns;
		bool ties = s->subbufs.cpu < next->subbufs.cpu;
		do
			s->next_event++;
		while (s->next_event < s->nr_events && (head(s)->t_ns < limit || (ties && head(s)->t_ns == limit)));
	}
	batch.nr = (size_t)(&s->events[s->next_event] - batch.events);
	m->emptied = s->next_event == s->nr_events;
	if (!m->emptied)
		sift_down(m, 0);
	return batch;
}
