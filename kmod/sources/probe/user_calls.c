// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of functions of user-space programs that are hooked at
 * their entry and their return.
 *
 * A call is an entry of the in-flight table, whose key is the task, the stack
 * pointer at the call's entry, and the point. The calls of a task are linked, the
 * innermost first, below an entry of the task itself. So what does not return is
 * found: calls that a longjmp() or an exception jumped over, and those whose
 * return the kernel does not hook (it hooks 64 of nested calls). They lie deeper in
 * the stack than the call that begins, or ends, then. A task that exits, or
 * executes another program, is in its calls for ever.
 *
 * A return without an entry is no hit: its call began before the session, or in
 * the process that this one was forked from.
 *
 * Where the return begins or ends a pair, it is the hit, and the entry is none: a call
 * that has not returned is in none of the counters, unless its return cannot be seen.
 *
 * Locking: none; task context. A task's entries are its own.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <trace/events/sched.h>

#include "sources/probe/run.h"
#include "sources/probe/user.h"

/*
 * Data words of a call: arguments; the user stack at its entry, and the cost of that
 * in the upper half; the call around it.
 */
enum {
	USER_D_ENTRY = PROBE_ENTRY_ARGS,
	USER_D_NEXT,
	USER_D_WORDS = USER_D_NEXT + 2
};

static_assert(USER_D_WORDS <= PROBE_CALL_WORDS);

/*
 * The number of a point is where nothing else is: in the lower bits of a task's
 * address, and in the upper ones of a stack's.
 */
#define POINT_LOW	6
#define STACK_BITS	57

static_assert(!(L1_CACHE_BYTES % BIT(POINT_LOW)));
static_assert(!(PROBE_PLACES >> (POINT_LOW + 64 - STACK_BITS - 1)));

/* The second word of the entry that a task's calls are linked to. */
#define KEY_OF_TASK	U64_MAX

struct kobs_user_key {
	u64 word[2];
};

static __always_inline struct kobs_user_key
key_of(const struct kobs_probe_point *p, u64 sp)
{
	return (struct kobs_user_key){ {
		(u64)current | (p->nr & (BIT(POINT_LOW) - 1)),
		sp | (u64)p->nr >> POINT_LOW << STACK_BITS,
	} };
}

static __always_inline u64 stack_of(const struct kobs_user_key *key)
{
	return key->word[1] & (BIT_ULL(STACK_BITS) - 1);
}

/* Where the call's return address is; it can be in a register instead. */
static __always_inline u64 stack_at_entry(struct pt_regs *regs)
{
	return user_stack_pointer(regs);
}

static __always_inline u64 stack_at_return(struct pt_regs *regs)
{
	/* On x86, the return has taken the address off. */
	return user_stack_pointer(regs) -
	       (IS_ENABLED(CONFIG_X86_64) ? sizeof(u64) : 0);
}

static __always_inline bool find(const struct kobs_inflight_table *t,
				 const struct kobs_user_key *key,
				 struct kobs_inflight_ref *ref)
{
	return kobs_inflight_find(t, key->word[0], key->word[1], ref);
}

static __always_inline struct kobs_user_key
next_of(const struct kobs_inflight_ref *r)
{
	return (struct kobs_user_key){ { r->entry->data[USER_D_NEXT],
				    r->entry->data[USER_D_NEXT + 1] } };
}

static __always_inline void set_next(const struct kobs_inflight_ref *ref,
				     const struct kobs_user_key *next)
{
	ref->entry->data[USER_D_NEXT] = next->word[0];
	ref->entry->data[USER_D_NEXT + 1] = next->word[1];
}

/* End the innermost call of a task, whose entry is @head. */
static void drop_first(const struct kobs_inflight_table *t,
		       const struct kobs_inflight_ref *head)
{
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_user_key first = next_of(head);
	struct kobs_user_key next = {};

	if (find(t, &first, &ref)) {
		next = next_of(&ref);
		kobs_inflight_end_own(&ref);
	}
	set_next(head, &next);
}

/* A call whose return will not be seen. */
static void count_stale(struct kobs_probe_point *p, struct kobs_cpu *pc)
{
	if (p->join) {
		kobs_join_alone(p->s, pc, PROBE_N_STALE);
		return;
	}
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	kobs_count(&pc->counters, PROBE_N_STALE);
}

/* Calls that lie deeper than @sp have no end. */
static __always_inline void drop_deeper(struct kobs_probe_point *p,
					const struct kobs_inflight_ref *head,
					struct kobs_cpu *pc, u64 sp)
{
	const struct kobs_inflight_table *t = &p->probes->inflight;

	for (;;) {
		struct kobs_user_key first = next_of(head);

		if (!first.word[0] || likely(stack_of(&first) >= sp))
			return;
		drop_first(t, head);
		count_stale(p, pc);
	}
}

/* The entry of the current task; made if it has none. */
static bool head_get(const struct kobs_inflight_table *t,
		     struct kobs_inflight_ref *head)
{
	const struct kobs_user_key none = {};

	switch (kobs_inflight_begin(t, (u64)current, KEY_OF_TASK, head)) {
	case KOBS_INFLIGHT_BEGUN:
		set_next(head, &none);
		kobs_inflight_publish(head);
		return true;
	case KOBS_INFLIGHT_FOUND:
		return true;
	default:
		return false;
	}
}

static void head_put(const struct kobs_inflight_ref *head)
{
	if (!head->entry->data[USER_D_NEXT])
		kobs_inflight_end_own(head);
}

/* Take a call out of those of its task: the first one, or one at the same place. */
static bool unlink(const struct kobs_inflight_table *t,
		   const struct kobs_inflight_ref *head,
		   const struct kobs_user_key *key,
		   struct kobs_inflight_ref *ref)
{
	struct kobs_inflight_ref before = *head;
	struct kobs_user_key at = next_of(head);
	struct kobs_user_key next;

	while (at.word[0] && stack_of(&at) == stack_of(key) &&
	       find(t, &at, ref)) {
		next = next_of(ref);
		if (at.word[0] == key->word[0] && at.word[1] == key->word[1]) {
			set_next(&before, &next);
			return true;
		}
		before = *ref;
		at = next;
	}
	return false;
}

/* Make a call an entry. Returns what becomes of the hit. */
static enum kobs_counter call_begin(struct kobs_probe_point *p,
				    struct kobs_cpu *pc, struct pt_regs *regs,
				    u64 ustack, u64 t0)
{
	const struct kobs_inflight_table *t = &p->probes->inflight;
	struct kobs_user_key key = key_of(p, stack_at_entry(regs));
	struct kobs_inflight_ref head KOBS_UNINIT;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	enum kobs_inflight_got got;
	struct kobs_user_key first;
	u64 cost = 0;

	/* No stack that C has: no return is found by it. */
	if (unlikely(stack_at_entry(regs) % sizeof(u64) ||
		     stack_at_entry(regs) >> (STACK_BITS - 1)))
		return PROBE_N_STALE;
	if (unlikely(!head_get(t, &head)))
		return KOBS_N_INFLIGHT_FULL;
	drop_deeper(p, &head, pc, stack_of(&key));
	/* A call of the same place, as of what calls itself by a jump. */
	if (unlikely(unlink(t, &head, &key, &ref))) {
		kobs_inflight_end_own(&ref);
		count_stale(p, pc);
	}
	got = kobs_inflight_begin(t, key.word[0], key.word[1], &ref);
	if (unlikely(got != KOBS_INFLIGHT_BEGUN)) {
		head_put(&head);
		return KOBS_N_INFLIGHT_FULL;
	}
	first = next_of(&head);
	set_next(&ref, &first);
	kobs_probe_user_args(regs, ref.entry->data, p->program.n_args);
	ref.entry->start = ktime_get_mono_fast_ns();
	if (unlikely(t0))
		cost = clamp(ref.entry->start - t0, 1, U32_MAX);
	ref.entry->data[USER_D_ENTRY] = ustack | cost << 32;
	kobs_inflight_publish(&ref);
	set_next(&head, &key);
	return KOBS_N_IN_FLIGHT;
}

/* The entry of a call. */
static KOBS_UPROBE_HANDLER(call_enters)
{
	struct kobs_probe_point *p = kobs_probe_point_of(consumer);
	enum kobs_counter fate = KOBS_N_STACK_FULL;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc;
	u64 ustack = 0;
	u64 t0;

	pc = probe_open(s, &t0);
	if (!pc)
		return KOBS_UPROBE_NO_RETURN;
	this_cpu_write(kobs_context_in_uprobe, true);
	if (!(s->need & BIT(KOBS_W_USTACK)) || kobs_context_ustack(s, &ustack))
		fate = call_begin(p, pc, regs, ustack, t0);
	this_cpu_write(kobs_context_in_uprobe, false);
	kobs_count(&pc->counters, fate);
	if (unlikely(fate != KOBS_N_IN_FLIGHT)) {
		probe_close(s, pc, t0);
		return KOBS_UPROBE_NO_RETURN;
	}
	/* The rest of its cost is the return's. */
	kobs_hit_leave(pc);
	return 0;
}

/* What is known at the return of a call, besides its result. */
struct kobs_user_seen {
	u64 args[KOBS_PROBE_RETURN_ARGS];
	u32 ustack;
	u32 cost;
};

/* Take the entry of a call that returns out. Returns false if there is none. */
static bool call_end(struct kobs_probe_point *p, struct kobs_cpu *pc,
		     struct pt_regs *regs, u64 end, struct kobs_user_seen *seen)
{
	const struct kobs_inflight_table *t = &p->probes->inflight;
	struct kobs_user_key key = key_of(p, stack_at_return(regs));
	struct kobs_inflight_ref head KOBS_UNINIT;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	const u64 *data;

	if (!kobs_inflight_find(t, (u64)current, KEY_OF_TASK, &head))
		return false;
	drop_deeper(p, &head, pc, stack_of(&key));
	if (!unlink(t, &head, &key, &ref)) {
		head_put(&head);
		return false;
	}
	data = ref.entry->data;
	if (p->program.n_args)
		memcpy(seen->args, data, PROBE_ENTRY_ARGS * sizeof(*data));
	seen->args[KOBS_PROBE_RESULT] = regs_return_value(regs);
	seen->args[KOBS_PROBE_DURATION] = kobs_elapsed(ref.entry->start, end);
	seen->ustack = lower_32_bits(data[USER_D_ENTRY]);
	seen->cost = upper_32_bits(data[USER_D_ENTRY]);
	kobs_inflight_end_own(&ref);
	head_put(&head);
	return true;
}

static void call_record(struct kobs_probe_point *p, struct kobs_cpu *pc,
			const struct kobs_user_seen *seen, u64 end)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	v[PROBE_W_PROBE] = p->id;
	v[KOBS_W_KSTACK] = 0;
	v[KOBS_W_USTACK] = seen->ustack;
	probe_run(p, pc, v, seen->args, p->s->need & ~KOBS_W_STACKS, 0, NULL,
		  seen->args[KOBS_PROBE_DURATION], KOBS_HIT_EITHER);
	kobs_hit_end(p->s, pc, seen->cost ? end : 0, seen->cost);
}

/* The return of a call. */
static KOBS_UPROBE_RETURN(call_returns)
{
	u64 end = ktime_get_mono_fast_ns();
	struct kobs_probe_point *p = kobs_probe_point_of(consumer);
	struct kobs_cpu *pc = kobs_hit_enter(p->s);
	struct kobs_user_seen seen KOBS_UNINIT;

	if (!pc)
		return 0;
	if (call_end(p, pc, regs, end, &seen))
		call_record(p, pc, &seen, end);
	else
		kobs_hit_call(p->s, pc, end);
	kobs_hit_leave(pc);
	return 0;
}

/* The entry of a call whose return is a hit of a pair. */
static KOBS_UPROBE_HANDLER(join_enters)
{
	struct kobs_probe_point *p = kobs_probe_point_of(consumer);
	struct kobs_cpu *pc = kobs_hit_enter(p->s);
	enum kobs_counter fate;
	u64 t0;

	if (!pc)
		return KOBS_UPROBE_NO_RETURN;
	t0 = kobs_hit_call_begin(p->s, pc);
	fate = READ_ONCE(p->s->armed) ? call_begin(p, pc, regs, 0, 0) :
					PROBE_N_STALE;
	kobs_hit_call_end(p->s, pc, t0);
	if (unlikely(fate != KOBS_N_IN_FLIGHT))
		kobs_join_alone(p->s, pc, fate);
	kobs_hit_leave(pc);
	return fate == KOBS_N_IN_FLIGHT ? 0 : KOBS_UPROBE_NO_RETURN;
}

/* Its return. */
static KOBS_UPROBE_RETURN(join_returns)
{
	u64 end = ktime_get_mono_fast_ns();
	struct kobs_probe_point *p = kobs_probe_point_of(consumer);
	struct kobs_cpu *pc = kobs_hit_enter(p->s);
	struct kobs_user_seen seen KOBS_UNINIT;
	bool found;

	if (!pc)
		return 0;
	found = call_end(p, pc, regs, end, &seen);
	kobs_hit_call(p->s, pc, end);
	kobs_hit_leave(pc);
	/* It is a handler of its own. */
	if (found)
		kobs_join_hit(p, p->id, seen.args, 0, NULL);
	return 0;
}

/* The current task does not return from its calls: they stay pending. */
static void calls_die(void *data)
{
	struct kobs_probe_point *p = data;
	const struct kobs_inflight_table *t = &p->probes->inflight;
	struct kobs_inflight_ref head KOBS_UNINIT;
	struct kobs_cpu *pc;

	if (!kobs_inflight_find(t, (u64)current, KEY_OF_TASK, &head))
		return;
	pc = kobs_hit_enter(p->s);
	if (!pc)
		return;
	while (head.entry->data[USER_D_NEXT])
		drop_first(t, &head);
	kobs_inflight_end_own(&head);
	kobs_hit_leave(pc);
}

static void calls_exit(void *data, struct task_struct *task)
{
	calls_die(data);
}

static void calls_exec(void *data, struct task_struct *task, pid_t old_pid,
		       struct linux_binprm *bprm)
{
	calls_die(data);
}

KOBS_PROBE_TYPE(calls_exec, sched_process_exec);

/**
 * kobs_probe_user_calls() - the hooks of a function's entry and return
 * @point: point with its program and place, whose session is configured
 *
 * Context: task.
 */
void kobs_probe_user_calls(struct kobs_probe_point *point)
{
	static const struct kobs_probe ends[] = {
		{ .name = "sched_process_exit", .probe = calls_exit, .plain = true },
		{ .name = "sched_process_exec", .probe = calls_exec, .plain = true },
	};
	struct kobs_probes *p = point->probes;

	point->place.consumer.handler = point->join ? join_enters : call_enters;
	point->place.consumer.ret_handler =
		point->join ? join_returns : call_returns;
	/* Once for all points of the session. */
	if (p->ends_hooked)
		return;
	p->ends_hooked = true;
	memcpy(point->trace, ends, sizeof(ends));
	point->n_traces = ARRAY_SIZE(ends);
}
