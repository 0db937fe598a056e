// SPDX-License-Identifier: GPL-2.0
/*
 * Samples with the memory of their user stack (uapi/kobs_ustack.h). Parts of one come in
 * order, those of a sample that interrupted it between them. One whose last part does not
 * come was lost in the kernel, which has counted it.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/samples.h"

static void free_sample(struct sample *s)
{
	free(s->key);
	buf_free(&s->memory);
}

static void free_cpu(void *item)
{
	struct samples_cpu *c = item;
	size_t i;

	for (i = 0; i < SAMPLES_OPEN; i++)
		free_sample(&c->open[i]);
	free(c);
}

/** samples_free() - Free them; one that was never used is all zero. */
void samples_free(struct samples *s)
{
	size_t i;

	map_free(&s->cpus, free_cpu);
	for (i = 0; i < s->room; i++)
		free_sample(&s->done[i]);
	free(s->done);
	memset(s, 0, sizeof(*s));
}

/** samples_empty() - Forget the complete ones, but not their memory. */
void samples_empty(struct samples *s)
{
	s->nr_done = 0;
}

/* The one that a part goes on, or NULL. */
static struct sample *find_open(struct samples_cpu *c, uint64_t number, uint64_t part)
{
	size_t i;

	for (i = 0; i < SAMPLES_OPEN; i++) {
		struct sample *s = &c->open[i];

		if (!s->parts || s->head[KOBS_USTACK_SAMPLE] != number)
			continue;
		if (s->parts == part)
			return s;
		s->parts = 0;
	}
	return NULL;
}

/* The oldest gives way: its rest was lost. */
static struct sample *new_open(struct samples_cpu *c)
{
	struct sample *oldest = &c->open[0];
	size_t i;

	for (i = 0; i < SAMPLES_OPEN; i++) {
		if (!c->open[i].parts)
			return &c->open[i];
		if (c->open[i].head[KOBS_USTACK_SAMPLE] < oldest->head[KOBS_USTACK_SAMPLE])
			oldest = &c->open[i];
	}
	oldest->parts = 0;
	return oldest;
}

/* Take the head and the registers. Returns the words of both, 0 if they make no sense. */
static size_t begin(struct samples *all, struct sample *s, const uint64_t *key, const char *data,
		    size_t words)
{
	if (words < KOBS_USTACK_HEAD)
		return 0;
	memcpy(s->head, data, sizeof(s->head));
	if (s->head[KOBS_USTACK_REGS] > KOBS_USTACK_REGS_MAX ||
	    s->head[KOBS_USTACK_REGS] > words - KOBS_USTACK_HEAD)
		return 0;
	s->nr_regs = s->head[KOBS_USTACK_REGS];
	memcpy(s->regs, data + sizeof(s->head), s->nr_regs * sizeof(*s->regs));
	if (!s->key)
		s->key = zalloc((all->words + 1) * sizeof(*key));
	memcpy(s->key, key, all->words * sizeof(*key));
	s->memory.len = 0;
	return KOBS_USTACK_HEAD + s->nr_regs;
}

/* It changes places with one whose memory is to be used again. */
static void complete(struct samples *all, struct sample *s)
{
	struct sample unused;

	if (all->nr_done == all->room) {
		all->done = grow(all->done, &all->cap, all->room + 1, sizeof(*all->done));
		memset(&all->done[all->room++], 0, sizeof(*all->done));
	}
	unused = all->done[all->nr_done];
	all->done[all->nr_done++] = *s;
	unused.parts = 0;
	*s = unused;
}

static struct samples_cpu *get_cpu(struct samples *s, uint32_t cpu)
{
	struct samples_cpu *c = map_get(&s->cpus, cpu);

	if (!c) {
		c = zalloc(sizeof(*c));
		map_set(&s->cpus, cpu, c);
	}
	return c;
}

/**
 * samples_take() - Take a part.
 * @key: words of its columns
 * @data: its words
 *
 * One that makes no sense is left out, and its sample with it.
 */
void samples_take(struct samples *all, uint32_t cpu, const uint64_t *key, const void *data,
		  size_t words)
{
	struct samples_cpu *c = get_cpu(all, cpu);
	uint64_t w[KOBS_USTACK_WORDS];
	size_t at = KOBS_USTACK_WORDS;
	struct sample *s;

	if (words < KOBS_USTACK_WORDS)
		return;
	memcpy(w, data, sizeof(w));
	s = find_open(c, w[KOBS_USTACK_SAMPLE], w[KOBS_USTACK_PART]);
	if (!w[KOBS_USTACK_PART]) {
		s = new_open(c);
		at = begin(all, s, key, data, words);
	}
	if (!s || !at)
		return;
	s->parts = 0;
	if (w[KOBS_USTACK_BYTES] > (words - at) * sizeof(uint64_t) ||
	    s->memory.len + w[KOBS_USTACK_BYTES] > KOBS_USTACK_BYTES_MAX)
		return;
	buf_add(&s->memory, (const char *)data + at * sizeof(uint64_t), w[KOBS_USTACK_BYTES]);
	s->head[KOBS_USTACK_FLAGS] = w[KOBS_USTACK_FLAGS];
	s->parts = w[KOBS_USTACK_PART] + 1;
	if (w[KOBS_USTACK_FLAGS] & KOBS_USTACK_LAST)
		complete(all, s);
}
