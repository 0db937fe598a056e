// SPDX-License-Identifier: GPL-2.0
/*
 * Source refs: ranges of code that a client names, of which those in a module go with it.
 *
 * Locking: changed under kobs_refs.lock; handlers read without one.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "sources/refs/refs.h"

/**
 * kobs_refs_text_init() - take ranges from a parameter
 * @t: ranges, zeroed
 * @name: name of the parameter
 * @value: its value, pairs of addresses
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep; the lock of the session's points is held.
 * Return: 0, -EINVAL (ranges that are not in order), or -ENOMEM; kobs_refs_text_free() is
 * to be called in any case.
 */
int kobs_refs_text_init(struct kobs_refs_text *t, const char *name,
			const struct kobs_value *value,
			struct netlink_ext_ack *extack)
{
	struct kobs_code_ranges given;
	int err = kobs_code_ranges_init(&given, name, value, extack);

	if (err || !given.n)
		return err;
	t->v = kvmalloc_array(given.n, sizeof(*given.v), GFP_KERNEL_ACCOUNT);
	if (!t->v)
		return -ENOMEM;
	memcpy(t->v, given.v, given.n * sizeof(*given.v));
	t->code.v = t->v;
	t->code.n = given.n;
	return 0;
}

/**
 * kobs_refs_text_drop() - take out what is in code of a module that changes
 * @t: ranges
 * @state: state of the module
 * @mod: module
 *
 * Context: task; the lock of the session's points is held.
 * Return: the number of ranges.
 */
unsigned int kobs_refs_text_drop(struct kobs_refs_text *t, unsigned long state,
				 const struct module *mod)
{
	unsigned int gone = 0;
	unsigned int i;

	for (i = 0; i < t->code.n; i++) {
		struct kobs_code_range *c = &t->v[i];

		if (c->end <= c->start || !kobs_refs_goes(c->start, state, mod))
			continue;
		/* A range without code: the others stay in order. */
		WRITE_ONCE(c->end, c->start);
		gone++;
	}
	return gone;
}

/**
 * kobs_refs_text_free() - free the ranges
 * @t: ranges, which no handler reads
 *
 * Context: task, may sleep.
 */
void kobs_refs_text_free(struct kobs_refs_text *t)
{
	kvfree(t->v);
	t->v = NULL;
}
