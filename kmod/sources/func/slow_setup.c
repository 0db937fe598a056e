// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: memory, start and stop.
 *
 * The scheduler's events are followed before the first function is hooked, and until
 * none is: a call is never without them.
 *
 * Locking: as that of the session's operations; notes are read under its lock.
 */
#include <linux/err.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "core/refuse.h"
#include "sources/func/slow_tree.h"

/* Calls of a thread in progress, unless the client says how many. */
#define SLOW_DEPTH	8

/**
 * kobs_func_is_slow() - whether a session is of mode slow
 * @s: session of this source
 *
 * Context: any.
 * Return: true if so.
 */
bool kobs_func_is_slow(const struct kobs_session *s)
{
	return !strcmp(s->mode->name, "slow");
}

/**
 * kobs_func_slow_check() - check what concerns mode slow in a session's request
 * @s: session, of any mode
 * @extack: takes the reason of a failure
 *
 * Context: task.
 * Return: 0 or -EINVAL.
 */
int kobs_func_slow_check(const struct kobs_session *s,
			 struct netlink_ext_ack *extack)
{
	const struct kobs_value *params = s->source_params;
	unsigned int i;

	if (kobs_func_is_slow(s)) {
		if (!params[FUNC_P_TREE].number || !params[FUNC_P_WAIT].text)
			return 0;
		return kobs_refuse(extack, -EINVAL,
				   "parameter tree needs functions that are there: it does not go with wait");
	}
	if (params[FUNC_P_OVER].given || params[FUNC_P_SYSCALLS].given ||
	    params[FUNC_P_EVENTS].given || params[FUNC_P_TREE].given)
		return kobs_refuse(extack, -EINVAL,
				   "parameters over, syscalls, events and tree belong to func slow");
	for (i = 0; i < s->n_columns; i++) {
		if (s->columns[i]->word >= FUNC_W_DURATION)
			return kobs_refuse(extack, -EINVAL,
					   "func %s has no column %s: func slow has",
					   s->mode->name, s->columns[i]->name);
	}
	return 0;
}

static int slow_alloc(struct kobs_slow *d, u64 tasks)
{
	struct kobs_memory *m = &d->s->memory;
	int err;

	d->fast = alloc_percpu_gfp(u64, GFP_KERNEL_ACCOUNT);
	if (!d->fast)
		return -ENOMEM;
	d->stride = sizeof(struct kobs_slow_task) +
		    d->depth * sizeof(struct kobs_slow_frame);
	d->below = d->stride;
	if (d->tree)
		d->stride += d->depth * (sizeof(struct kobs_slow_below) +
					 SLOW_INNER * sizeof(struct kobs_slow_inner));
	err = kobs_inflight_table_init(&d->tasks, m, tasks, 1);
	if (err)
		return err;
	d->records = kobs_memory_get(m, (d->tasks.mask + 1ULL) *
					KOBS_INFLIGHT_BUCKET * d->stride,
				     NUMA_NO_NODE);
	return d->records ? 0 : -ENOMEM;
}

static int slow_tree(struct kobs_slow *d, const struct kobs_value *params)
{
	const struct kobs_value *roots = &params[FUNC_P_FUNCTIONS];
	const struct kobs_value *tree = &params[FUNC_P_TREE];

	if (!tree->number)
		return 0;
	d->tree = true;
	d->inner = alloc_percpu_gfp(u64, GFP_KERNEL_ACCOUNT);
	if (!d->inner)
		return -ENOMEM;
	return kobs_slow_roles_init(&d->roles, roots->addresses, roots->number,
				    tree->addresses, tree->number);
}

static int slow_events(struct kobs_slow *d, const struct kobs_value *events,
		       struct netlink_ext_ack *extack)
{
	struct kobs_counting *counting;

	if (!events->number)
		return 0;
	counting = kobs_counting_new(events, extack);
	if (IS_ERR(counting))
		return PTR_ERR(counting);
	d->counting = counting;
	return 0;
}

/**
 * kobs_func_slow_new() - prepare a session of mode slow
 * @f: session of the source
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, -EINVAL or -ENOMEM; kobs_func_slow_free() is to be called anyway.
 */
int kobs_func_slow_new(struct kobs_func *f, struct netlink_ext_ack *extack)
{
	const struct kobs_value *params = f->s->source_params;
	struct kobs_slow *d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);

	if (!d)
		return -ENOMEM;
	f->slow = d;
	d->s = f->s;
	d->over = params[FUNC_P_OVER].number;
	d->depth = params[FUNC_P_DEPTH].given ? params[FUNC_P_DEPTH].number :
						SLOW_DEPTH;
	d->syscalls = params[FUNC_P_SYSCALLS].number;
	d->stacks = f->s->need & BIT(KOBS_W_KSTACK);
	d->n_probes = kobs_slow_probes(d->probes, d->stacks);
	if (slow_tree(d, params))
		return kobs_session_no_memory(f->s, extack, "the functions of tree");
	if (slow_alloc(d, params[FUNC_P_TASKS].number))
		return kobs_session_no_memory(f->s, extack, "tasks or depth");
	return slow_events(d, &params[FUNC_P_EVENTS], extack);
}

/**
 * kobs_func_slow_free() - undo kobs_func_slow_new()
 * @f: session of the source, of any mode
 *
 * Context: task, may sleep.
 */
void kobs_func_slow_free(struct kobs_func *f)
{
	struct kobs_slow *d = f->slow;

	if (!d)
		return;
	f->slow = NULL;
	if (d->counting)
		kobs_counting_free(d->counting);
	vfree(d->records);
	kobs_inflight_table_free(&d->tasks);
	kobs_slow_roles_free(&d->roles);
	free_percpu(d->inner);
	free_percpu(d->fast);
	kfree(d);
}

/**
 * kobs_func_slow_calls() - prepare to hook the functions and their returns
 * @f: session of the source
 *
 * Context: task, may sleep; @f->lock is held.
 * Return: the calls, or ERR_PTR; @f->n is the number of functions hooked.
 */
struct kobs_calls *kobs_func_slow_calls(struct kobs_func *f)
{
	return kobs_calls_new(f->slow->tree ? kobs_slow_tree_call : kobs_slow_call,
			      f->slow, f->ips, &f->n,
			      f->s->source_params[FUNC_P_INFLIGHT].number,
			      &f->s->memory);
}

/**
 * kobs_func_slow_attach() - follow the scheduler's events
 * @f: session of the source, none of whose functions is hooked
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, or an error of kobs_tracepoint_attach() or kobs_counting_start().
 */
int kobs_func_slow_attach(struct kobs_func *f, struct netlink_ext_ack *extack)
{
	struct kobs_slow *d = f->slow;
	const char *failed;
	int err = d->counting ? kobs_counting_start(d->counting, extack) : 0;

	if (err)
		return err;
	err = kobs_tracepoint_attach(d->probes, d->n_probes, d->s, &failed);
	if (!err)
		return 0;
	if (d->counting)
		kobs_counting_stop(d->counting);
	kobs_stolen_forget(d->s);
	return kobs_refuse(extack, err,
			   "cannot attach to the tracepoint %s: error %d",
			   failed, -err);
}

/**
 * kobs_func_slow_detach() - undo it, and record calls that have not returned
 * @f: session of the source, none of whose functions is hooked any more
 *
 * Context: task, may sleep.
 */
void kobs_func_slow_detach(struct kobs_func *f)
{
	kobs_tracepoint_detach(f->slow->probes, f->slow->n_probes, f->s);
	/* A handler that cannot be unhooked goes on reading. */
	if (f->slow->counting && !kobs_calls_stuck(f->calls))
		kobs_counting_stop(f->slow->counting);
	if (!kobs_calls_stuck(f->calls))
		kobs_slow_finish(f->slow);
	kobs_stolen_forget(f->s);
}

static u64 slow_sum(const u64 __percpu *of)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(of, cpu));
	return sum;
}

/**
 * kobs_func_slow_note() - how calls went of which there is no record
 * @f: session of the source
 * @i: number of the note among those of this mode
 * @note: set to it
 *
 * Context: task.
 * Return: false after the last one.
 */
bool kobs_func_slow_note(const struct kobs_func *f, unsigned int i,
			 struct kobs_note *note)
{
	const struct kobs_slow *d = f->slow;
	const struct kobs_note notes[] = {
		{ "fast", "calls that took less than over", d ? slow_sum(d->fast) : 0 },
		{
			"missed",
			"events that do not follow from the one before: one was not seen",
			d ? atomic64_read(&d->missed) : 0
		},
		{
			"stacks_full",
			"stacks of blocked threads, and locks, that found no room: raise stacks",
			d ? atomic64_read(&d->no_stack) : 0
		},
		{
			"child_calls",
			"calls of functions of tree, in calls that are followed",
			d && d->tree ? slow_sum(d->inner) : 0
		},
	};

	if (!d || i >= ARRAY_SIZE(notes))
		return false;
	*note = notes[i];
	return true;
}
