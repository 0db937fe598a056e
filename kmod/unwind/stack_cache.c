// SPDX-License-Identifier: GPL-2.0
/*
 * Stack cache: memory, recording a stack, and publishing it. A stack is
 * recorded after it was unwound, in a pass of its own over its frames. Pure.
 *
 * Locking: see stack_cache.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/vmalloc.h>

#include "lib/memory.h"
#include "unwind/stack_cache.h"

/**
 * kobs_stack_cache_init() - allocate an empty stack cache of a CPU
 * @sc: stack cache
 * @m: account of its memory
 * @node: memory node of the CPU
 * @nr: maximum number of stacks; a power of two, at least
 *	2 * KOBS_STACK_CACHE_WAYS
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_stack_cache_init(struct kobs_stack_cache *sc, struct kobs_memory *m, int node,
			  unsigned int nr)
{
	sc->stacks = kobs_memory_get(m, nr * sizeof(*sc->stacks), node);
	sc->shift = 64 - ilog2(nr / KOBS_STACK_CACHE_WAYS);
	return sc->stacks ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_init);

/**
 * kobs_stack_cache_free() - free a stack cache without users
 * @sc: stack cache; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_stack_cache_free(struct kobs_stack_cache *sc)
{
	vfree(sc->stacks);
	sc->stacks = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_free);

/**
 * kobs_stack_cache_new() - make room for a stack
 * @sc: stacks of this CPU
 * @key: hash of its first addresses; not 0
 *
 * Context: any, NMI included; preemption off, and only where @sc->nest is 1.
 * Return: an entry for kobs_stack_cache_record() and kobs_stack_cache_keep();
 * no lookup finds it before the latter.
 */
struct kobs_cached_stack *kobs_stack_cache_new(struct kobs_stack_cache *sc, u64 key)
{
	struct kobs_cached_stack *set = kobs_stack_cache_set(sc, key);
	unsigned int way;

	for (way = 0; way < KOBS_STACK_CACHE_WAYS && set[way].key; way++)
		;
	if (way == KOBS_STACK_CACHE_WAYS)
		way = sc->next++ % KOBS_STACK_CACHE_WAYS;
	WRITE_ONCE(set[way].key, 0);
	/* Interrupts must see this before the entry changes. */
	barrier();
	return &set[way];
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_new);

/**
 * struct kobs_recorder - a stack that is being recorded
 * @e: entry that it is recorded in
 * @base: base of the current part
 * @part: number of that part
 */
struct kobs_recorder {
	struct kobs_cached_stack *e;
	unsigned long base;
	unsigned int part;
};

/* Returns false for a word that an entry cannot hold. */
static bool record_word(struct kobs_recorder *r, unsigned long address,
			unsigned long value)
{
	unsigned long place = (address - r->base) / sizeof(long);
	struct kobs_cached_stack *e = r->e;

	/* A size that does not fit would not bound what is read. */
	if (e->nr == KOBS_STACK_CACHE_WORDS || place >= U16_MAX / sizeof(long) ||
	    (unsigned long)(s64)(s32)value != value)
		return false;
	e->words[e->nr++] = (struct kobs_cached_word){ value, place };
	e->parts[r->part].size = (place + 1) * sizeof(long);
	return true;
}

/* Fill the last block of a part: repeat its last word. */
static void record_part_end(struct kobs_recorder *r)
{
	struct kobs_cached_stack *e = r->e;

	while (e->nr % KOBS_STACK_CACHE_STEP) {
		e->words[e->nr] = e->words[e->nr - 1];
		e->nr++;
	}
	e->parts[r->part].end = e->nr;
}

/* The next part: its base is the frame's frame pointer. */
static bool record_part(struct kobs_recorder *r, const struct kobs_frame *f)
{
	unsigned long at = f->bp_at - r->base;
	struct kobs_cached_stack *e = r->e;

	/* A frame pointer is only valid if saved among compared words. */
	if (r->part == KOBS_STACK_CACHE_PARTS - 1 ||
	    (f->bp_at && (f->bp_at < r->base || at >= e->parts[r->part].size)))
		return false;
	record_part_end(r);
	e->parts[++r->part] = (struct kobs_cached_part){
		.bp = f->bp_at ? at / sizeof(long) : KOBS_STACK_CACHE_BP,
	};
	r->base = f->bp;
	return true;
}

/*
 * Record what the step from a frame depends on, besides its return address:
 * the frame pointer, the CS of registers, or the end of the stack.
 */
static bool record_step(struct kobs_recorder *r, const struct kobs_frame *f,
			u64 rule)
{
	unsigned long cs = f->sp + kobs_rule_words(rule) * sizeof(long);

	if (!f->room) {
		r->e->exact = true;
		return true;
	}
	switch (kobs_rule_kind(rule)) {
	case KOBS_RULE_BP:
		return record_part(r, f);
	case KOBS_RULE_REGS:
		return record_word(r, cs, kobs_stack_at(cs));
	default:
		return true;
	}
}

static bool record_frames(struct kobs_recorder *r,
			  const struct kobs_frame_cache *fc,
			  const struct kobs_cursor *c, const unsigned long *ips,
			  unsigned int nr, unsigned int max)
{
	struct kobs_frame f = kobs_frame_first(c);
	unsigned int n = 0;

	for (;;) {
		u64 rule = kobs_frame_cache_get(fc->rules, fc->shift, f.ip);
		struct kobs_frame from = f;
		enum kobs_step step;

		if (!rule || (f.on_stack &&
			      !record_word(r, f.sp - sizeof(long), f.ip)))
			return false;
		if (kobs_frame_shown(&f, c, rule, n)) {
			if (n == nr || ips[n] != f.ip)
				return false;
			if (++n == max)
				return true;
		}
		step = kobs_frame_step(&f, c, rule);
		if (step > KOBS_STEP_END || !record_step(r, &from, rule))
			return false;
		if (step == KOBS_STEP_END)
			return n == nr;
	}
}

/**
 * kobs_stack_cache_record() - record a stack that was unwound
 * @e: from kobs_stack_cache_new()
 * @fc: frame cache, whose rules it was unwound by
 * @c: where the unwind started
 * @ips: the return addresses that it found
 * @nr: number of addresses
 * @max: maximum number of addresses, at which it stopped
 *
 * Context: any, NMI included.
 * Return: false when the stack cannot be cached.
 */
bool kobs_stack_cache_record(struct kobs_cached_stack *e,
			     const struct kobs_frame_cache *fc,
			     const struct kobs_cursor *c,
			     const unsigned long *ips, unsigned int nr,
			     unsigned int max)
{
	struct kobs_recorder r = { .e = e, .base = c->sp - sizeof(long) };

	e->nr = 0;
	e->exact = false;
	e->parts[0] = (struct kobs_cached_part){};
	if (!record_frames(&r, fc, c, ips, nr, max))
		return false;
	record_part_end(&r);
	e->last = r.part;
	return e->nr;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_record);

/**
 * kobs_stack_cache_keep() - publish a stack that was recorded
 * @e: from kobs_stack_cache_new(); recorded
 * @key: hash of its first addresses; not 0
 * @entry: function that was entered, or 0
 * @state: kobs_stack_cache_state() when the unwind began
 * @id: number of the stack
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_stack_cache_keep(struct kobs_cached_stack *e, u64 key,
			   unsigned long entry, u32 state, u32 id)
{
	e->entry = entry;
	e->state = state;
	e->id = id;
	barrier();
	WRITE_ONCE(e->key, key);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_keep);
