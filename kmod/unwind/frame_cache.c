// SPDX-License-Identifier: GPL-2.0
/*
 * Frame cache: changing it, and unwinding a stack by its rules. orc_learn.c
 * fills it. Pure.
 *
 * Locking: see frame_cache.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/vmalloc.h>

#include "unwind/frame_cache.h"

/**
 * kobs_frame_cache_init() - allocate an empty frame cache
 * @fc: frame cache
 * @nr: maximum number of rules; a power of two, at least
 *	2 * KOBS_FRAME_CACHE_WAYS
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_frame_cache_init(struct kobs_frame_cache *fc, unsigned int nr)
{
	fc->rules = vzalloc(nr * sizeof(*fc->rules));
	if (!fc->rules)
		return -ENOMEM;
	fc->nr = nr;
	fc->shift = 64 - ilog2(nr / KOBS_FRAME_CACHE_WAYS);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_init);

/**
 * kobs_frame_cache_free() - free a frame cache without users
 * @fc: frame cache; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_frame_cache_free(struct kobs_frame_cache *fc)
{
	vfree(fc->rules);
	fc->rules = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_free);

/**
 * kobs_frame_cache_put() - store a rule
 * @fc: frame cache
 * @ip: return address; one below the uppermost 2 GiB is not stored
 * @rule: from kobs_rule()
 *
 * Replaces the rule of the same address, else takes a free way, else replaces
 * another rule.
 *
 * Context: any, NMI included.
 */
void kobs_frame_cache_put(struct kobs_frame_cache *fc, unsigned long ip, u64 rule)
{
	u64 *set = kobs_frame_cache_set(fc->rules, fc->shift, ip);
	/* Pseudo-random replacement. */
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
	WRITE_ONCE(set[place], rule | (u32)ip);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_put);

/**
 * kobs_frame_cache_forget() - drop the rules of code that may go
 * @fc: frame cache
 * @from: lowest address of that code
 * @to: highest address
 *
 * Context: any.
 */
void kobs_frame_cache_forget(struct kobs_frame_cache *fc, unsigned long from,
			     unsigned long to)
{
	unsigned int i;

	for (i = 0; i < fc->nr; i++) {
		u64 rule = READ_ONCE(fc->rules[i]);
		unsigned long ip = (s64)(s32)rule;

		if (rule && ip >= from && ip <= to)
			WRITE_ONCE(fc->rules[i], 0);
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_forget);

/* The unwinder has to go on from this frame. */
static int frames_stuck(const struct kobs_frame *f, struct kobs_cursor *c,
			unsigned int n)
{
	if (!n)
		return -ENOENT;
	c->sp = f->sp;
	c->bp = f->bp;
	c->stuck = true;
	return n;
}

/**
 * kobs_frame_cache_unwind() - unwind a stack by cached rules
 * @fc: frame cache
 * @c: where to start and its limits; @c->stuck is set
 * @ips: set to the return addresses, leaf first
 * @max: maximum number of addresses, at least 1
 *
 * Reads words from the one below @c->sp on, and below @c->top.
 *
 * Context: any, NMI included.
 * Return: the number of return addresses, or -ENOENT when a rule is missing.
 */
int kobs_frame_cache_unwind(const struct kobs_frame_cache *fc,
			    struct kobs_cursor *c, unsigned long *ips,
			    unsigned int max)
{
	struct kobs_frame f = kobs_frame_first(c);
	const u64 *rules = fc->rules;
	const u32 shift = fc->shift;
	unsigned int n = 0;

	c->stuck = false;
	for (;;) {
		u64 rule = kobs_frame_cache_get(rules, shift, f.ip);

		if (unlikely(!rule))
			return -ENOENT;
		if (likely(kobs_frame_shown(&f, c, rule, n))) {
			ips[n++] = f.ip;
			if (unlikely(n == max))
				return n;
		}
		switch (kobs_frame_step(&f, c, rule)) {
		case KOBS_STEP_CALLER:
			break;
		case KOBS_STEP_END:
			return n;
		case KOBS_STEP_STUCK:
			return frames_stuck(&f, c, n);
		case KOBS_STEP_BROKEN:
			return -ENOENT;
		}
	}
}
EXPORT_SYMBOL_IF_KUNIT(kobs_frame_cache_unwind);
