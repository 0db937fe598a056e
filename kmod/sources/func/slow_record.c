// SPDX-License-Identifier: GPL-2.0
/*
 * Source func, mode slow: the records of slow calls. See uapi/kobs_slow.h for what is
 * in them beside the columns.
 *
 * Locking: see slow.c.
 */
#include <linux/string.h>

#include "sources/func/slow_tree.h"

static_assert((int)KOBS_SLOW_EVENTS == (int)KOBS_COUNTING_EVENTS);
static_assert((KOBS_SLOW_HEAD + KOBS_SLOW_PARTS * KOBS_SLOW_PART +
	       KOBS_SLOW_CHILDREN * KOBS_SLOW_CHILD) * sizeof(u64) <=
	      KOBS_STREAM_DATA);

static void slow_fill(const struct kobs_slow_frame *f, u64 *v)
{
	v[KOBS_W_KSTACK] = kobs_slow_parts_stack(&f->parts);
	v[FUNC_W_RUN] = f->ns[SLOW_RUN];
	v[FUNC_W_IRQ] = f->ns[SLOW_IRQ];
	v[FUNC_W_WOKEN] = f->ns[SLOW_WOKEN];
	v[FUNC_W_PREEMPTED] = f->ns[SLOW_PREEMPTED];
	v[FUNC_W_BLOCKED] = f->ns[SLOW_BLOCKED];
}

/* What the call called; the data has room for it behind the parts. */
static void slow_write_children(const struct kobs_slow_children *c, u64 *data,
				u64 *to)
{
	data[KOBS_SLOW_FUNCS] = c->n;
	data[KOBS_SLOW_FUNCS_REST] = c->rest;
	data[KOBS_SLOW_FUNCS_REST_CALLS] = c->rest_calls;
	memcpy(to, c->child, c->n * sizeof(c->child[0]));
}

/* Write a record. Returns what becomes of the hit. */
static enum kobs_counter slow_write(struct kobs_slow *d, const u64 *v, u64 flags,
				    u64 begin, struct kobs_slow_task *t,
				    const struct kobs_slow_frame *f)
{
	struct kobs_slow_children *c = d->tree && f ? slow_children(d, t, f) : NULL;
	size_t parts = f ? f->parts.n * sizeof(f->parts.part[0]) : 0;
	size_t bytes = KOBS_SLOW_HEAD * sizeof(u64) + parts;
	struct kobs_stream_data out;

	if (c) {
		kobs_slow_children_trim(c);
		bytes += c->n * sizeof(c->child[0]);
	}
	if (!kobs_stream_reserve(d->s, v, bytes, &out))
		return KOBS_N_RING_FULL;
	memset(out.data, 0, KOBS_SLOW_HEAD * sizeof(u64));
	out.data[KOBS_SLOW_FLAGS] = flags;
	out.data[KOBS_SLOW_BEGIN] = begin;
	if (f) {
		out.data[KOBS_SLOW_WAITS] = f->parts.waits;
		out.data[KOBS_SLOW_REST] = f->parts.rest;
		out.data[KOBS_SLOW_REST_WAITS] = f->parts.rest_waits;
		memcpy(&out.data[KOBS_SLOW_ARG], f->args, sizeof(f->args));
		memcpy(&out.data[KOBS_SLOW_EVENT], f->counts, sizeof(f->counts));
		if (d->counting && !f->uncounted)
			out.data[KOBS_SLOW_FLAGS] |= KOBS_SLOW_COUNTED;
		memcpy(&out.data[KOBS_SLOW_HEAD], f->parts.part, parts);
	}
	if (c)
		slow_write_children(c, out.data,
				    &out.data[KOBS_SLOW_HEAD + parts / sizeof(u64)]);
	kobs_stream_commit(d->s, &out, bytes);
	return KOBS_N_RECORDED;
}

/**
 * kobs_slow_record() - record a slow call that returns
 * @d: session
 * @pc: its part of this CPU
 * @v: words of the hit: function, caller and duration are set
 * @begin: when the call began, ns
 * @t: record of its thread; NULL in an interrupt, as is the next
 * @f: the call
 *
 * Context: any, NMI included; preemption off.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_slow_record(struct kobs_slow *d, struct kobs_cpu *pc,
				   u64 *v, u64 begin, struct kobs_slow_task *t,
				   const struct kobs_slow_frame *f)
{
	struct kobs_session *s = d->s;
	enum kobs_counter fate = KOBS_N_STACK_FULL;

	v[KOBS_W_KSTACK] = 0;
	v[FUNC_W_RUN] = v[FUNC_W_DURATION];
	memset(&v[FUNC_W_IRQ], 0,
	       (FUNC_W_BLOCKED + 1 - FUNC_W_IRQ) * sizeof(*v));
	if (f)
		slow_fill(f, v);
	/* A return that the guard refuses has been counted as another hit by it. */
	if (!kobs_hit_enter(s))
		return KOBS_N_RECURSION;
	if (kobs_context(s, v, s->need & ~BIT(KOBS_W_KSTACK), true))
		fate = slow_write(d, v, f ? 0 : KOBS_SLOW_INTERRUPT,
				  begin, t, f);
	kobs_hit_leave(pc);
	return fate;
}

/* Calls that have not returned are recorded if they are slow by now. */
static void slow_finish_task(struct kobs_slow *d, struct kobs_slow_task *t,
			     struct kobs_cpu *pc, u64 end)
{
	u64 v[KOBS_WORDS] = {
		[KOBS_W_CPU] = t->cpu,
		[KOBS_W_PID] = t->pid,
		[KOBS_W_TID] = t->tid,
		[KOBS_W_COMM] = t->comm[0],
		[KOBS_W_COMM + 1] = t->comm[1],
		[KOBS_W_CGROUP] = t->cgroup,
	};

	/* Another CPU's counters cannot be read. */
	t->frame[t->depth - 1].uncounted |= t->class == SLOW_RUN;
	slow_account(t, end, per_cpu_ptr(d->s->cpu, t->cpu)->stolen.ns, NULL);
	if (d->tree)
		kobs_slow_tree_finish(d, t, pc);
	while (t->depth) {
		struct kobs_slow_frame *f = &t->frame[--t->depth];

		v[FUNC_W_FUNC] = f->ip;
		v[FUNC_W_DURATION] = t->since - f->begin;
		slow_fill(f, v);
		if (v[FUNC_W_DURATION] >= d->over) {
			local64_dec(&pc->counters.n[FUNC_N_IN_FLIGHT]);
			kobs_count(&pc->counters,
				   slow_write(d, v, KOBS_SLOW_OPEN, f->begin, t,
					      f));
		}
		if (t->depth)
			slow_fold(f - 1, f);
	}
}

/**
 * kobs_slow_finish() - record calls that have not returned
 * @d: session none of whose handlers runs any more
 *
 * Context: task.
 */
void kobs_slow_finish(struct kobs_slow *d)
{
	struct {
		struct kobs_inflight entry;
		u64 data[1];
	} copy;
	struct kobs_slow_task *t;
	u32 place = 0;

	while (kobs_inflight_next(&d->tasks, &place, &copy.entry)) {
		t = (struct kobs_slow_task *)copy.data[0];
		preempt_disable();
		if (t->depth)
			slow_finish_task(d, t, this_cpu_ptr(d->s->cpu),
					 READ_ONCE(d->s->stopped));
		preempt_enable();
		cond_resched();
	}
}
