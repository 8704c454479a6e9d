/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define RUN_BYTES ((size_t)256 << 10) /* of sub-buffers, but at least one chunk or sub-buffer */
#define NR_SLOTS  3		      /* the run at hand, and two ahead */

typedef enum state {
	IDLE,
	ASKED, /* the thread, or whoever wants it first, is to make the run */
	READY,
	LEAVE, /* the thread is to end */
} state;

typedef struct slot {
	const bud_ahead *ahead;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	state state;
	bud_run run;
	bud_event_mask wanted;
	uint8_t *inflated;
	bud_event *events;
	uint64_t *stacks;
	bud_ringbuf_page *found;
} slot;

struct bud_ahead {
	bud_subbufs subbufs;
	const bud_eventfmt *formats;
	bool threads;	       /* may have some that are not there yet */
	unsigned nr_slots, at; /* slots in use; the one with the run at hand, NR_SLOTS: none */
	uint64_t next_page;    /* to ask for */
	bud_event_mask wanted;
	uint64_t run_pages; /* the most a run can have */
	slot slots[NR_SLOTS];
};

size_t bud_subbufs_chunk_of(const bud_subbufs *subbufs, uint64_t page)
{
	size_t low = 0, high = subbufs->nr_chunks;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (subbufs->chunks[middle].first_page <= page)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static size_t run_room(const bud_subbufs *subbufs)
{
	return subbufs->largest_chunk > RUN_BYTES ? subbufs->largest_chunk : RUN_BYTES;
}

/* One page more of the run; bytes NULL: it cannot be had. */
static void decode_page(slot *s, uint64_t page, const uint8_t *bytes)
{
	const bud_subbufs *subbufs = &s->ahead->subbufs;
	bud_ringbuf_page *found = &s->found[page - s->run.first_page];
	uint64_t *stack = s->stacks + (page - s->run.first_page) * (subbufs->layout.page_size / 4);
	*found = (bud_ringbuf_page){ .missed = true, .damage = "compressed trace data" };
	if (bytes)
		s->run.nr_events += bud_ringbuf_decode(&subbufs->layout, s->ahead->formats, s->wanted, subbufs->cpu,
						       bytes, s->events + s->run.nr_events, stack, found);
}

/* The pages of one chunk that belong to the run. */
static void make_chunk(slot *s, const bud_chunk *chunk, uint8_t *to)
{
	const bud_subbufs *subbufs = &s->ahead->subbufs;
	uint32_t page_size = subbufs->layout.page_size;
	uint64_t page = chunk->first_page, end = page + chunk->inflated_size / page_size;
	bool sound =
		bud_inflate_block(subbufs->codec, subbufs->data + chunk->offset, chunk->size, to, chunk->inflated_size);
	for (; page < end; page++, to += page_size)
		if (page >= s->run.first_page)
			decode_page(s, page, sound ? to : NULL);
}

static void make_run(slot *s)
{
	const bud_subbufs *subbufs = &s->ahead->subbufs;
	uint64_t page = s->run.first_page, end = page + s->run.nr_pages;
	s->run.nr_events = 0;
	if (subbufs->codec == BUD_CODEC_NONE) {
		for (; page < end; page++)
			decode_page(s, page, subbufs->data + subbufs->offset + page * subbufs->layout.page_size);
		return;
	}
	uint8_t *to = s->inflated;
	for (size_t c = bud_subbufs_chunk_of(subbufs, page); c < subbufs->nr_chunks; c++) {
		const bud_chunk *chunk = &subbufs->chunks[c];
		if (chunk->first_page >= end)
			return;
		make_chunk(s, chunk, to);
		to += chunk->inflated_size;
	}
}

static void *work(void *self)
{
	slot *s = self;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->state == IDLE || s->state == READY)
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->state == LEAVE)
			break;
		pthread_mutex_unlock(&s->lock);
		make_run(s);
		pthread_mutex_lock(&s->lock);
		s->state = READY;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Signals are the main thread's. Without a thread the run is made when it is wanted. */
static void start_thread(slot *s)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->has_thread = pthread_create(&s->thread, NULL, work, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static bool open_slot(bud_ahead *a, slot *s)
{
	const bud_subbufs *subbufs = &a->subbufs;
	s->ahead = a;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	a->nr_slots++;
	s->inflated = subbufs->codec == BUD_CODEC_NONE ? NULL : malloc(run_room(subbufs));
	s->events = malloc(a->run_pages * bud_ringbuf_max_events(&subbufs->layout) * sizeof *s->events);
	s->stacks = malloc(a->run_pages * (subbufs->layout.page_size / 4) * sizeof *s->stacks);
	s->found = malloc(a->run_pages * sizeof *s->found);
	s->run.events = s->events;
	s->run.found = s->found;
	return s->events && s->stacks && s->found && (s->inflated || subbufs->codec == BUD_CODEC_NONE);
}

/* Waits until nobody has the run in hand any more, then puts the slot into that state. */
static void settle(slot *s, state to)
{
	pthread_mutex_lock(&s->lock);
	while (s->has_thread && s->state == ASKED)
		pthread_cond_wait(&s->changed, &s->lock);
	s->state = to;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void close_slot(slot *s)
{
	settle(s, LEAVE);
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s->inflated);
	free(s->events);
	free(s->stacks);
	free(s->found);
	*s = (slot){ 0 };
}

bud_ahead *bud_ahead_create(const bud_subbufs *subbufs, const bud_eventfmt *formats)
{
	bud_ahead *a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->subbufs = *subbufs;
	a->formats = formats;
	a->at = NR_SLOTS;
	a->run_pages = run_room(subbufs) / subbufs->layout.page_size;
	a->run_pages += a->run_pages == 0;
	if (open_slot(a, &a->slots[0]))
		return a;
	bud_ahead_destroy(a);
	return NULL;
}

void bud_ahead_destroy(bud_ahead *ahead)
{
	for (unsigned i = 0; ahead && i < ahead->nr_slots; i++)
		close_slot(&ahead->slots[i]);
	free(ahead);
}

/* How many pages a run from page on has: to the end of a chunk where there are chunks. */
static uint64_t run_length(const bud_ahead *a, uint64_t page)
{
	const bud_subbufs *subbufs = &a->subbufs;
	if (subbufs->codec == BUD_CODEC_NONE)
		return subbufs->nr_pages - page < a->run_pages ? subbufs->nr_pages - page : a->run_pages;
	uint64_t end = page;
	size_t bytes = 0;
	for (size_t c = bud_subbufs_chunk_of(subbufs, page); c < subbufs->nr_chunks; c++) {
		bytes += subbufs->chunks[c].inflated_size;
		if (bytes > run_room(subbufs))
			break;
		end = subbufs->chunks[c].first_page + subbufs->chunks[c].inflated_size / subbufs->layout.page_size;
	}
	return end - page;
}

static void ask(bud_ahead *a, slot *s)
{
	settle(s, IDLE);
	s->run.first_page = a->next_page;
	s->run.nr_pages = a->next_page < a->subbufs.nr_pages ? run_length(a, a->next_page) : 0;
	s->run.nr_events = 0;
	s->wanted = a->wanted;
	a->next_page += s->run.nr_pages;
	if (s->run.nr_pages)
		settle(s, ASKED);
}

/* Who reads a second run goes straight on: have more made meanwhile. */
static void start_threads(bud_ahead *a)
{
	a->threads = false;
	while (a->nr_slots < NR_SLOTS) {
		slot *s = &a->slots[a->nr_slots];
		if (!open_slot(a, s)) {
			close_slot(&a->slots[--a->nr_slots]);
			return;
		}
		start_thread(s);
	}
	if (!a->slots[0].has_thread)
		start_thread(&a->slots[0]);
}

void bud_ahead_seek(bud_ahead *ahead, uint64_t page, bud_event_mask wanted, bool threads)
{
	ahead->threads = threads && ahead->nr_slots == 1;
	ahead->next_page = page;
	ahead->wanted = wanted;
	ahead->at = NR_SLOTS;
}

static void ask_all(bud_ahead *a)
{
	for (unsigned i = 0; i < a->nr_slots; i++)
		ask(a, &a->slots[i]);
	a->at = 0;
}

const bud_run *bud_ahead_next(bud_ahead *ahead)
{
	bud_ahead *a = ahead;
	if (a->at == NR_SLOTS) {
		ask_all(a);
	} else if (a->threads) {
		start_threads(a);
		ask_all(a);
	} else {
		ask(a, &a->slots[a->at]);
		a->at = (a->at + 1) % a->nr_slots;
	}
	slot *s = &a->slots[a->at];
	if (!s->has_thread && s->run.nr_pages)
		make_run(s);
	settle(s, IDLE);
	return &s->run;
}
