// SPDX-License-Identifier: GPL-2.0
/* Samples that come in parts, and in others' midst. */

#include <stdio.h>
#include <string.h>

#include "cmd/pmu/samples.h"

#define REGS	3

static int tests;
static int failures;

static void ok(bool good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, name);
	failures += !good;
}

static const uint64_t key[] = { 11, 12 };

/* A part with so many bytes of memory, all of which are its number. */
static void part(struct samples *s, uint32_t cpu, uint64_t sample, uint64_t number, uint64_t flags,
		 size_t bytes)
{
	uint64_t w[KOBS_USTACK_HEAD + REGS + 64] = { sample, number, flags, bytes };
	size_t n = KOBS_USTACK_WORDS;
	uint64_t i;

	if (!number) {
		w[KOBS_USTACK_PID] = 7;
		w[KOBS_USTACK_PERIOD] = 100;
		w[KOBS_USTACK_REGS] = REGS;
		for (i = 0; i < REGS; i++)
			w[KOBS_USTACK_HEAD + i] = 20 + i;
		n = KOBS_USTACK_HEAD + REGS;
	}
	memset(&w[n], (int)number + 1, bytes);
	samples_take(s, cpu, key, w, n + (bytes + 7) / 8);
}

static bool is_sample(const struct sample *s, uint64_t number, size_t bytes)
{
	return s->head[KOBS_USTACK_SAMPLE] == number && s->memory.len == bytes &&
	       s->nr_regs == REGS && s->regs[2] == 22 && s->head[KOBS_USTACK_PID] == 7 &&
	       s->head[KOBS_USTACK_PERIOD] == 100 && !memcmp(s->key, key, sizeof(key));
}

static void test_parts(void)
{
	struct samples s = { .words = 2 };

	part(&s, 0, 1, 0, KOBS_USTACK_LAST, 24);
	ok(s.nr_done == 1 && is_sample(&s.done[0], 1, 24), "one part");
	part(&s, 0, 2, 0, 0, 32);
	part(&s, 0, 3, 0, 0, 8);
	part(&s, 1, 2, 0, KOBS_USTACK_LAST, 16);
	part(&s, 0, 3, 1, KOBS_USTACK_LAST | KOBS_USTACK_FAULT, 5);
	part(&s, 0, 2, 1, KOBS_USTACK_LAST, 40);
	ok(s.nr_done == 4 && is_sample(&s.done[1], 2, 16), "that of another CPU");
	ok(is_sample(&s.done[2], 3, 13) && s.done[2].head[KOBS_USTACK_FLAGS] & KOBS_USTACK_FAULT,
	   "a sample that interrupted another one");
	ok(is_sample(&s.done[3], 2, 72) && s.done[3].memory.p[31] == 1 &&
	   s.done[3].memory.p[32] == 2, "that one, later");
	samples_empty(&s);
	part(&s, 0, 4, 0, KOBS_USTACK_LAST, 0);
	ok(s.nr_done == 1 && is_sample(&s.done[0], 4, 0), "memory is used again");
	samples_free(&s);
}

static void test_lost(void)
{
	struct samples s = { .words = 2 };
	uint64_t i;

	part(&s, 0, 1, 0, 0, 8);
	part(&s, 0, 1, 2, KOBS_USTACK_LAST, 8);
	ok(!s.nr_done, "a sample without its middle");
	part(&s, 0, 2, 1, KOBS_USTACK_LAST, 8);
	ok(!s.nr_done, "a sample without its begin");
	for (i = 3; i < 50; i++)
		part(&s, 0, i, 0, 0, 8);
	part(&s, 0, 3, 1, KOBS_USTACK_LAST, 8);
	ok(!s.nr_done, "the oldest of many that do not end gives way");
	part(&s, 0, 49, 1, KOBS_USTACK_LAST, 8);
	ok(s.nr_done == 1 && is_sample(&s.done[0], 49, 16), "the newest does not");
	samples_free(&s);
}

static void test_broken(void)
{
	struct samples s = { .words = 2 };
	uint64_t w[KOBS_USTACK_HEAD + 2] = { 1, 0, KOBS_USTACK_LAST, 0 };
	size_t n;
	uint64_t i;

	for (n = 0; n < KOBS_USTACK_HEAD; n++)
		samples_take(&s, 0, key, w, n);
	w[KOBS_USTACK_REGS] = 3;
	samples_take(&s, 0, key, w, KOBS_USTACK_HEAD + 2);
	w[KOBS_USTACK_REGS] = KOBS_USTACK_REGS_MAX + 1;
	samples_take(&s, 0, key, w, KOBS_USTACK_HEAD + 2);
	w[KOBS_USTACK_REGS] = 1;
	w[KOBS_USTACK_BYTES] = 9;
	samples_take(&s, 0, key, w, KOBS_USTACK_HEAD + 2);
	ok(!s.nr_done, "parts that are shorter than they say");
	w[KOBS_USTACK_BYTES] = 8;
	samples_take(&s, 0, key, w, KOBS_USTACK_HEAD + 2);
	ok(s.nr_done == 1, "one that is as long");
	part(&s, 0, 2, 0, 0, 512);
	for (i = 1; i < 200; i++)
		part(&s, 0, 2, i, 0, 512);
	part(&s, 0, 2, 200, KOBS_USTACK_LAST, 0);
	ok(s.nr_done == 1, "a sample that does not end");
	samples_free(&s);
}

int main(void)
{
	test_parts();
	test_lost();
	test_broken();
	printf("1..%d\n", tests);
	return failures != 0;
}
