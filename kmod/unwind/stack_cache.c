// SPDX-License-Identifier: GPL-2.0
/*
 * Stack cache: making room for one, and keeping it. What is recorded
 * of it is the work of frame_cache.c. Pure.
 *
 * Locking: see stack_cache.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/vmalloc.h>

#include "unwind/stack_cache.h"

/**
 * kobs_stack_cache_init() - allocate the stacks of a CPU, with none in it
 * @r: stacks
 * @node: memory node of the CPU
 * @nr: how many to keep; a power of two, at least 2 * KOBS_STACK_CACHE_WAYS
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_stack_cache_init(struct kobs_stack_cache *r, int node, unsigned int nr)
{
	r->stacks = vzalloc_node(nr * sizeof(*r->stacks), node);
	r->shift = 64 - ilog2(nr / KOBS_STACK_CACHE_WAYS);
	return r->stacks ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_init);

/**
 * kobs_stack_cache_free() - free the stacks of a CPU, which are not used any more
 * @r: stacks; may be zeroed memory
 *
 * Context: task, may sleep.
 */
void kobs_stack_cache_free(struct kobs_stack_cache *r)
{
	vfree(r->stacks);
	r->stacks = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_free);

/**
 * kobs_stack_cache_new() - make room for a stack
 * @r: stacks of this CPU
 * @key: hash of its first addresses; not 0
 *
 * Context: any, NMI included; preemption off, and only where @r->nest is 1.
 * Return: to be recorded to and given to kobs_stack_cache_keep(). Until then it is
 * found by nobody.
 */
struct kobs_cached_stack *kobs_stack_cache_new(struct kobs_stack_cache *r, u64 key)
{
	struct kobs_cached_stack *set = kobs_stack_cache_set(r, key);
	unsigned int way;

	for (way = 0; way < KOBS_STACK_CACHE_WAYS && set[way].key; way++)
		;
	if (way == KOBS_STACK_CACHE_WAYS)
		way = r->next++ % KOBS_STACK_CACHE_WAYS;
	WRITE_ONCE(set[way].key, 0);
	/* An interrupt may come from here on. */
	barrier();
	return &set[way];
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_new);

/**
 * kobs_stack_cache_keep() - keep a stack that was recorded
 * @e: from kobs_stack_cache_new(), recorded to by kobs_frame_cache_record()
 * @key: hash of its first addresses; not 0
 * @entry: function that was entered, or 0
 * @state: kobs_stack_cache_state() when the recording began
 * @id: number of the stack
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_stack_cache_keep(struct kobs_cached_stack *e, u64 key, unsigned long entry,
			   u32 state, u32 id)
{
	/* It cannot be cached. */
	if (!e->nr)
		return;
	e->entry = entry;
	e->state = state;
	e->id = id;
	barrier();
	WRITE_ONCE(e->key, key);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_stack_cache_keep);
