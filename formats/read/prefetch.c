/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "formats/read/prefetch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define DEPTH 2 /* runs of chunks inflated ahead, a thread each */

typedef enum state {
	IDLE,
	ASKED, /* the thread has it */
	READY, /* in buffer, as far as it is sound */
	LEAVE, /* the thread is to end */
} state;

typedef struct slot {
	bud_prefetch *prefetch;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	state state;
	size_t first, nr, sound; /* chunks */
	uint8_t *buffer;
} slot;

struct bud_prefetch {
	bud_codec codec;
	const uint8_t *data;
	const bud_chunk *chunks;
	size_t nr_chunks, room;
	size_t next; /* chunk to ask for next */
	slot slots[DEPTH];
};

size_t bud_chunks_inflate(bud_codec codec, const uint8_t *data, const bud_chunk *chunks, size_t nr, uint8_t *to)
{
	size_t sound = 0;
	for (; sound < nr; sound++) {
		const bud_chunk *c = &chunks[sound];
		if (!bud_inflate_block(codec, data + c->offset, c->size, to, c->inflated_size))
			break;
		to += c->inflated_size;
	}
	return sound;
}

static void *work(void *self)
{
	slot *s = self;
	const bud_prefetch *p = s->prefetch;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->state == IDLE || s->state == READY)
			pthread_cond_wait(&s->changed, &s->lock);
		if (s->state == LEAVE)
			break;
		pthread_mutex_unlock(&s->lock);
		size_t sound = bud_chunks_inflate(p->codec, p->data, &p->chunks[s->first], s->nr, s->buffer);
		pthread_mutex_lock(&s->lock);
		s->sound = sound;
		s->state = READY;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Signals are the main thread's. */
static bool start(slot *s)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	s->running = pthread_create(&s->thread, NULL, work, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return s->running;
}

/* Waits until the thread has nothing in hand, then puts it into that state. */
static state settle(slot *s, state to)
{
	pthread_mutex_lock(&s->lock);
	while (s->state == ASKED)
		pthread_cond_wait(&s->changed, &s->lock);
	state was = s->state;
	s->state = to;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return was;
}

bud_prefetch *bud_prefetch_create(bud_codec codec, const uint8_t *data, const bud_chunk *chunks, size_t nr, size_t room)
{
	bud_prefetch *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->codec = codec;
	p->data = data;
	p->chunks = chunks;
	p->nr_chunks = nr;
	p->room = room;
	bool ok = true;
	for (int i = 0; i < DEPTH; i++) {
		slot *s = &p->slots[i];
		s->prefetch = p;
		s->buffer = malloc(room);
		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->changed, NULL);
		ok = ok && s->buffer && start(s);
	}
	if (ok)
		return p;
	bud_prefetch_destroy(p);
	return NULL;
}

void bud_prefetch_destroy(bud_prefetch *prefetch)
{
	if (!prefetch)
		return;
	for (int i = 0; i < DEPTH; i++) {
		slot *s = &prefetch->slots[i];
		settle(s, LEAVE);
		if (s->running)
			pthread_join(s->thread, NULL);
		pthread_cond_destroy(&s->changed);
		pthread_mutex_destroy(&s->lock);
		free(s->buffer);
	}
	free(prefetch);
}

/* The slot the chunk was asked of, once it has it; NULL if it was not. */
static slot *slot_of(bud_prefetch *p, size_t at)
{
	for (int i = 0; i < DEPTH; i++)
		if (p->slots[i].nr && p->slots[i].first == at)
			return &p->slots[i];
	return NULL;
}

/* A slot without work gets the run of chunks that comes next. */
static void ask(bud_prefetch *p, slot *s)
{
	size_t bytes = 0;
	s->nr = 0;
	s->first = p->next;
	while (p->next < p->nr_chunks && bytes + p->chunks[p->next].inflated_size <= p->room) {
		bytes += p->chunks[p->next++].inflated_size;
		s->nr++;
	}
	if (s->nr)
		settle(s, ASKED);
}

size_t bud_prefetch_take(bud_prefetch *prefetch, size_t at, bool on, uint8_t **buffer)
{
	bud_prefetch *p = prefetch;
	slot *s = slot_of(p, at);
	size_t taken;
	if (s) {
		settle(s, IDLE);
		taken = s->sound;
		uint8_t *inflated = s->buffer;
		s->buffer = *buffer;
		*buffer = inflated;
		ask(p, s);
	} else {
		taken = bud_chunks_inflate(p->codec, p->data, &p->chunks[at], 1, *buffer);
		p->next = at + 1;
		for (int i = 0; i < DEPTH && on; i++) {
			settle(&p->slots[i], IDLE);
			ask(p, &p->slots[i]);
		}
	}
	return taken;
}
