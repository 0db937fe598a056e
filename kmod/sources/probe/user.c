// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of places in user-space programs that are hooked without
 * their return: the entry of a function, or an instruction.
 *
 * A handler does not wait for memory, though it could sleep: a page can take as long
 * as its file system likes, and the end of the session waits for the handler. What a
 * program reads that is not there is a fault.
 *
 * Locking: none; task context, in which nothing else of user space is hit.
 */
#include "sources/probe/run.h"
#include "sources/probe/user.h"

static __always_inline int user_hit(struct kobs_probe_point *p,
				    struct pt_regs *regs,
				    enum kobs_hit_kind kind)
{
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 t0;

	kobs_probe_user_args(regs, args, p->program.n_args);
	pc = probe_open(p->s, &t0);
	if (!pc)
		return 0;
	v[PROBE_W_PROBE] = p->id;
	v[KOBS_W_KSTACK] = 0;
	this_cpu_write(kobs_context_in_uprobe, true);
	probe_run(p, pc, v, args, p->s->need & ~BIT(KOBS_W_KSTACK), 0, NULL,
		  KOBS_NO_VALUE, kind);
	this_cpu_write(kobs_context_in_uprobe, false);
	probe_close(p->s, pc, t0);
	return 0;
}

static KOBS_UPROBE_HANDLER(user_plain)
{
	return user_hit(kobs_probe_point_of(consumer), regs, KOBS_HIT_EITHER);
}

static KOBS_UPROBE_HANDLER(user_stacks)
{
	return user_hit(kobs_probe_point_of(consumer), regs,
			KOBS_HIT_EITHER_STACKS);
}

static __always_inline int user_quick(struct kobs_probe_point *p,
				      struct pt_regs *regs,
				      enum kobs_quick_shape shape)
{
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 t0;

	pc = probe_open(p->s, &t0);
	if (!pc)
		return 0;
	if (shape != KOBS_QUICK_BARE)
		kobs_probe_user_args(regs, args, p->program.n_args);
	probe_run_quick(p, pc, args, p->id, KOBS_NO_VALUE, t0, shape);
	return 0;
}

static KOBS_UPROBE_HANDLER(user_bare)
{
	return user_quick(kobs_probe_point_of(consumer), regs, KOBS_QUICK_BARE);
}

static KOBS_UPROBE_HANDLER(user_count)
{
	return user_quick(kobs_probe_point_of(consumer), regs,
			  KOBS_QUICK_COUNT);
}

static KOBS_UPROBE_HANDLER(user_value)
{
	return user_quick(kobs_probe_point_of(consumer), regs,
			  KOBS_QUICK_VALUE);
}

/*
 * Which memory has the breakpoint: that of the processes that are wanted, and the
 * owner's. It maps the place, so that the kernel looks at the instruction at once.
 */
static KOBS_UPROBE_FILTER(user_filter)
{
	const struct kobs_session *s = kobs_probe_point_of(consumer)->s;
	const u32 owner = s->own_tgid;

	return kobs_uprobe_uses(mm, s->filter.pid, s->filter.n_pid) ||
	       kobs_uprobe_uses(mm, &owner, 1);
}

/**
 * kobs_probe_user() - the hook of a place in a program
 * @point: point with its program and place, whose session is configured
 * @kind: when it is hooked
 *
 * Context: task.
 */
void kobs_probe_user(struct kobs_probe_point *point, enum kobs_probe_kind kind)
{
	static KOBS_UPROBE_HANDLER((* const quick[])) = {
		[KOBS_QUICK_BARE] = user_bare,
		[KOBS_QUICK_COUNT] = user_count,
		[KOBS_QUICK_VALUE] = user_value,
		[KOBS_QUICK_PLAIN] = user_value,
	};
	struct uprobe_consumer *consumer = &point->place.consumer;
	bool stacks = point->s->need & KOBS_W_STACKS;
	const struct kobs_join *join = point->join;

	if (kind == KOBS_PROBE_USER_RETURN)
		kobs_probe_user_calls(point);
	else if (point->join)
		kobs_join_user(point);
	else if (point->shape)
		consumer->handler = quick[point->shape];
	else
		consumer->handler = stacks ? user_stacks : user_plain;
	/* Another process can end what one of those begins. */
	if (point->s->filter.n_pid && !(join && (join->via.on || join->to.on)))
		consumer->filter = user_filter;
}
