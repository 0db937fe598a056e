// SPDX-License-Identifier: GPL-2.0
/*
 * Frame cache: changing it, and walking a stack by it. Learning facts is
 * the work of compat/orc.c. Pure.
 *
 * Locking: see frame_cache.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "unwind/frame_cache.h"
#include "unwind/stack_cache.h"

/**
 * kobs_frame_cache_init() - allocate an empty frame cache
 * @m: frame cache
 * @nr: facts to keep at most; a power of two, at least 2 * KOBS_FRAME_CACHE_WAYS
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_frame_cache_init(struct kobs_frame_cache *m, unsigned int nr)
{
	m->facts = vzalloc(nr * sizeof(*m->facts));
	if (!m->facts)
		return -ENOMEM;
	m->nr = nr;
	m->shift = 64 - ilog2(nr / KOBS_FRAME_CACHE_WAYS);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_init);

/**
 * kobs_frame_cache_free() - free a frame cache that nobody uses any more
 * @m: frame cache; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_frame_cache_free(struct kobs_frame_cache *m)
{
	vfree(m->facts);
	m->facts = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_free);

/**
 * kobs_frame_cache_put() - remember a fact
 * @m: frame cache
 * @ip: return address; one below the uppermost 2 GiB is not remembered
 * @fact: from kobs_fact()
 *
 * Takes the place of a fact of the same address, or a free one, or that of
 * another fact.
 *
 * Context: any, NMI included.
 */
void kobs_frame_cache_put(struct kobs_frame_cache *m, unsigned long ip, u64 fact)
{
	u64 *set = kobs_frame_cache_set(m->facts, m->shift, ip);
	/* Which one goes is as good as random. */
	unsigned int place = (ip >> 2) % KOBS_FRAME_CACHE_WAYS;
	unsigned int i;

	if ((unsigned long)(s64)(s32)ip != ip)
		return;
	for (i = 0; i < KOBS_FRAME_CACHE_WAYS; i++) {
		u64 old = READ_ONCE(set[i]);

		if (!old || (u32)old == (u32)ip) {
			place = i;
			break;
		}
	}
	WRITE_ONCE(set[place], fact | (u32)ip);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_put);

/**
 * kobs_frame_cache_forget() - drop what is known of code that may go
 * @m: frame cache
 * @from: lowest address of such code
 * @to: highest one
 *
 * Context: any.
 */
void kobs_frame_cache_forget(struct kobs_frame_cache *m, unsigned long from,
			     unsigned long to)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		u64 fact = READ_ONCE(m->facts[i]);
		unsigned long ip = (s64)(s32)fact;

		if (fact && ip >= from && ip <= to)
			WRITE_ONCE(m->facts[i], 0);
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_forget);

static __always_inline unsigned long word_at(unsigned long address)
{
	return kobs_stack_word((const unsigned long *)address, 0);
}

/**
 * struct kobs_frame_walk - a walk under way
 * @sp: stack pointer
 * @bp: frame pointer
 * @bp_at: where that lies on the stack, 0 when it is that of the start
 * @room: words from @sp to the end of the stack
 * @base: what the words that are recorded are placed by
 * @part: number of the part that they belong to
 * @records: all could be recorded so far
 * @to: where they are recorded; a constant NULL for a walk that does not
 */
struct kobs_frame_walk {
	unsigned long sp;
	unsigned long bp;
	unsigned long bp_at;
	unsigned long room;
	unsigned long base;
	unsigned int part;
	bool records;
	struct kobs_cached_stack *to;
};

/* A stack that cannot be cached is marked by having no words. */
static void record(struct kobs_frame_walk *t, unsigned long address, unsigned long value)
{
	unsigned long place = (address - t->base) / sizeof(long);
	struct kobs_cached_stack *to = t->to;

	if (!t->records)
		return;
	/* A span that its part cannot hold would not bound what is read. */
	if (to->nr == KOBS_STACK_CACHE_WORDS || place >= U16_MAX / sizeof(long) ||
	    (unsigned long)(s64)(s32)value != value) {
		t->records = false;
		return;
	}
	to->words[to->nr++] = (struct kobs_cached_word){ value, place };
	to->parts[t->part].span = (place + 1) * sizeof(long);
}

/* Words are compared by so many at a time: repeat the last one. */
static void record_pad(struct kobs_frame_walk *t)
{
	struct kobs_cached_stack *to = t->to;

	while (to->nr % KOBS_STACK_CACHE_STEP) {
		to->words[to->nr] = to->words[to->nr - 1];
		to->nr++;
	}
}

static void record_bp(struct kobs_frame_walk *t)
{
	struct kobs_cached_stack *to = t->to;
	unsigned long at = (t->bp_at - t->base) / sizeof(long);

	/* A frame pointer that is found where nothing is compared is not. */
	t->records &= t->part < KOBS_STACK_CACHE_PARTS - 1 &&
		      (!t->bp_at || (t->bp_at >= t->base &&
				     t->bp_at - t->base <
				     to->parts[t->part].span));
	if (!t->records)
		return;
	record_pad(t);
	to->parts[t->part++].end = to->nr;
	to->parts[t->part] = (struct kobs_cached_part){
		.bp = t->bp_at ? at : KOBS_STACK_CACHE_BP,
	};
	t->base = t->bp;
}

/* Out of a frame based on the frame pointer. */
static bool walk_bp(struct kobs_frame_walk *t, const struct kobs_walk *w, u64 fact)
{
	unsigned long words = kobs_fact_words(fact);

	if (t->bp < t->sp || t->bp >= w->top || t->bp % sizeof(long) ||
	    words > (w->top - t->bp) / sizeof(long))
		return false;
	if (t->to)
		record_bp(t);
	t->sp = t->bp + words * sizeof(long);
	t->room = (w->top - t->sp) / sizeof(long);
	return true;
}

/* At registers: whether they lie on the stack, and if so, whether they end it. */
static bool walk_regs(struct kobs_frame_walk *t, const struct kobs_walk *w, u64 fact,
		      bool *end)
{
	unsigned long words = kobs_fact_words(fact);
	unsigned long cs;

	if (words >= t->room)
		return false;
	cs = word_at(t->sp + words * sizeof(long));
	if (t->to)
		record(t, t->sp + words * sizeof(long), cs);
	/* Its lowest bits are 0 in the kernel. */
	*end = (cs & 3) || w->cut;
	return true;
}

/* Somebody else has to find out of this frame. */
static int walk_stuck(struct kobs_frame_walk *t, struct kobs_walk *w, unsigned int n)
{
	if (!n)
		return -ENOENT;
	w->sp = t->sp;
	w->bp = t->bp;
	w->stuck = true;
	t->records = false;
	return n;
}

static __always_inline int walk(const struct kobs_frame_cache *m,
				struct kobs_walk *w, struct kobs_frame_walk *t,
				unsigned long *ips, unsigned int max)
{
	const u32 shift = m->shift;
	const u64 *facts = m->facts;
	unsigned long at = w->ip;
	unsigned int n = 0;
	bool end;

	w->stuck = false;
	for (;; at = 0) {
		unsigned long ip = at ?: word_at(t->sp - sizeof(long));
		u64 fact = kobs_frame_cache_get(facts, shift, ip);
		unsigned long words = kobs_fact_words(fact);
		unsigned long saved;

		if (unlikely(!fact))
			return -ENOENT;
		if (t->to && !at)
			record(t, t->sp - sizeof(long), ip);
		if (likely((n || !(fact & KOBS_FACT_HOOK) || w->inner) && !at)) {
			ips[n++] = ip;
			if (unlikely(n == max))
				return n;
		}
		if (unlikely(!t->room)) {
			if (t->to)
				t->to->exact = true;
			return w->cut ? n : walk_stuck(t, w, n);
		}
		switch (kobs_fact_kind(fact)) {
		case KOBS_FACT_SP:
			if (unlikely(words > t->room))
				return -ENOENT;
			t->sp += words * sizeof(long);
			t->room -= words;
			break;
		case KOBS_FACT_BP:
			if (!walk_bp(t, w, fact))
				return -ENOENT;
			break;
		case KOBS_FACT_REGS:
			if (!walk_regs(t, w, fact, &end))
				return -ENOENT;
			return end ? n : walk_stuck(t, w, n);
		case KOBS_FACT_END:
			return n;
		default:
			return walk_stuck(t, w, n);
		}
		saved = kobs_fact_saved(fact) * sizeof(long);
		if (saved) {
			t->bp_at = t->sp - saved;
			t->bp = word_at(t->bp_at);
		}
	}
}

static __always_inline struct kobs_frame_walk walk_start(const struct kobs_walk *w,
							 struct kobs_cached_stack *to)
{
	return (struct kobs_frame_walk){
		.sp = w->sp,
		.bp = w->bp,
		.room = (w->top - w->sp) / sizeof(long),
		.base = w->sp - sizeof(long),
		.records = to,
		.to = to,
	};
}

/**
 * kobs_frame_cache_walk() - walk a stack, if all that it takes is known
 * @m: frame cache
 * @w: where to begin and to end; @w->stuck is set
 * @ips: set to the return addresses, leaf first
 * @max: how many at most, at least 1
 *
 * Reads words from the one below @w->sp on, and below @w->top.
 *
 * Context: any, NMI included.
 * Return: the number of return addresses, or -ENOENT.
 */
int kobs_frame_cache_walk(const struct kobs_frame_cache *m, struct kobs_walk *w,
			  unsigned long *ips, unsigned int max)
{
	struct kobs_frame_walk t = walk_start(w, NULL);

	return walk(m, w, &t, ips, max);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_walk);

/**
 * kobs_frame_cache_record() - walk a stack, and record what the walk went by
 * @m: frame cache
 * @w: where to begin and to end; @w->stuck is set
 * @ips: set to the return addresses, leaf first
 * @max: how many at most, at least 1
 * @to: from kobs_stack_cache_new()
 *
 * Context: any, NMI included.
 * Return: the number of return addresses, or -ENOENT.
 */
int kobs_frame_cache_record(const struct kobs_frame_cache *m, struct kobs_walk *w,
			    unsigned long *ips, unsigned int max,
		     struct kobs_cached_stack *to)
{
	struct kobs_frame_walk t = walk_start(w, to);
	int n;

	to->nr = 0;
	to->parts[0] = (struct kobs_cached_part){};
	to->exact = false;
	n = walk(m, w, &t, ips, max);
	if (n < 0 || !t.records)
		to->nr = 0;
	record_pad(&t);
	to->last = t.part;
	to->parts[t.part].end = to->nr;
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_record);
