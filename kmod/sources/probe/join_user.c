// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of places of programs whose hits begin and end pairs. Those
 * at a function's return are in user_calls.c: the entry is kept there, and is no hit.
 *
 * Locking: none; task context, in which nothing else of user space is hit.
 */
#include "core/hit.h"
#include "sources/probe/user.h"

/**
 * kobs_join_user_stable() - whether the list of hooked returns can be walked
 * @p: point of a place
 *
 * Context: a handler of the place.
 * Return: false in a handler of a return, of kernels that free what returned
 * before they take it off the list.
 */
bool kobs_join_user_stable(const struct kobs_probe_point *p)
{
	return KOBS_UPROBE_POPS || !p->place.consumer.ret_handler;
}

/**
 * kobs_join_user_context() - what is known of where a begin is
 * @p: point of the place
 * @v: words of the hit
 *
 * A place in a program has no kernel stack.
 *
 * Context: a handler of a place of a program; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_join_user_context(struct kobs_probe_point *p, u64 *v)
{
	struct kobs_session *s = p->s;
	bool room;

	v[KOBS_W_KSTACK] = 0;
	this_cpu_write(kobs_context_in_uprobe, kobs_join_user_stable(p));
	room = kobs_context(s, v, s->need & ~BIT(KOBS_W_KSTACK), true);
	this_cpu_write(kobs_context_in_uprobe, false);
	return room;
}

static KOBS_UPROBE_HANDLER(join_user)
{
	struct kobs_probe_point *p = kobs_probe_point_of(consumer);
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;

	kobs_probe_user_args(regs, args, p->program.n_args);
	kobs_join_hit(p, p->id, args, 0, NULL);
	return 0;
}

/**
 * kobs_join_user() - the handler of a place that is hooked without a return
 * @point: point with its place, whose session is configured
 *
 * Context: task.
 */
void kobs_join_user(struct kobs_probe_point *point)
{
	point->place.consumer.handler = join_user;
}
