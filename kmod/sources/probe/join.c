// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: handlers of hits that begin and end pairs (join.h).
 *
 * Locking: none; any context, NMI included. A begin and an end of one key can run on
 * two CPUs at once, and so can two begins or two ends: the in-flight table sets an
 * order, and each begin ends in one of the counters once.
 */
#include <asm/syscall.h>
#include <linux/ftrace.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <trace/events/syscalls.h>

#include "sources/probe/join_run.h"

static bool is_fault(const u64 *text)
{
	static const char fault[] = "(fault)";

	return !memcmp(text, fault, sizeof(fault));
}

/* Two words of all of them, where there are more. */
static void make_words(struct kobs_join_key *k, unsigned int n)
{
	u64 a = n, b = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		a = (a ^ k->words[i]) * KOBS_HASH_FACTOR;
		a ^= a >> 32;
		b = (b + k->words[i]) * KOBS_HASH_FACTOR;
		b ^= b >> 29;
	}
	k->key.word[0] = a;
	k->key.word[1] = b;
}

/**
 * kobs_join_key_run() - a key that a program gives
 * @j: pairs of the session
 * @side: side of a pair
 * @args: arguments of the hit
 * @k: set to the key
 *
 * Context: any, NMI included; preemption off.
 * Return: false if it cannot be read.
 */
bool kobs_join_key_run(const struct kobs_joins *j,
		       const struct kobs_join_side *side, const u64 *args,
		       struct kobs_join_key *k)
{
	u64 texts[KOBS_PROG_TEXTS * KOBS_PROG_TEXT_WORDS] = {};
	const struct kobs_program_in in = { .args = args };
	u64 numbers[KOBS_PROG_KEYS] = {};
	struct kobs_program_out out = { .keys = numbers, .texts = texts };
	unsigned int n = KOBS_JOIN_NUMBERS;
	unsigned int i;

	if (kobs_program_run(&side->key, &in, &out) != KOBS_PROGRAM_PASS ||
	    out.faults)
		return false;
	memcpy(k->words, numbers, KOBS_JOIN_NUMBERS * sizeof(*numbers));
	k->key.word[0] = numbers[0];
	k->key.word[1] = numbers[1];
	if (!j->more)
		return true;
	for (i = 0; i < KOBS_PROG_TEXTS; i++) {
		const u64 *text = texts + i * KOBS_PROG_TEXT_WORDS;

		if (!(side->key.texts >> i & 1))
			continue;
		if (is_fault(text))
			return false;
		memcpy(k->words + n, text, KOBS_PROG_TEXT_WORDS * sizeof(*text));
		n += KOBS_PROG_TEXT_WORDS;
	}
	make_words(k, n);
	return true;
}

/**
 * kobs_join_replaced() - count begins that were replaced
 * @pc: the session's part of this CPU
 * @n: their number
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_join_replaced(struct kobs_cpu *pc, unsigned int n)
{
	local64_sub(n, &pc->counters.n[KOBS_N_IN_FLIGHT]);
	local64_add(n, &pc->counters.n[PROBE_N_REPLACED]);
}

/**
 * kobs_join_claim_full() - claim an entry though no slot is free
 * @j: pairs of the session
 * @pc: the session's part of this CPU
 * @key: key of the entry
 * @ref: set to the entry
 *
 * The slot of an older begin of the key is free, as that is replaced.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when there is none.
 */
bool kobs_join_claim_full(const struct kobs_joins *j, struct kobs_cpu *pc,
			  const struct kobs_inflight_key *key,
			  struct kobs_inflight_ref *ref)
{
	struct kobs_inflight_ref old KOBS_UNINIT;
	unsigned int tries = 0;

	do {
		if (!kobs_inflight_find(&j->inflight, key->word[0],
					key->word[1], &old) ||
		    memcmp(old.entry->data, key->more, key->n * sizeof(u64)))
			return false;
		if (kobs_inflight_end_changing(&old))
			kobs_join_replaced(pc, 1);
		if (kobs_inflight_claim(&j->inflight, key, ref))
			return true;
	} while (++tries < KOBS_JOIN_TRIES);
	return false;
}

/* What is known of where a begin is. Returns false when the stack table is full. */
static __always_inline bool join_context(struct kobs_probe_point *p, u64 *v,
					 unsigned long entry,
					 const struct kobs_at *at, bool simple)
{
	if (!simple && unlikely(p->place.inode))
		return kobs_join_user_context(p, v);
	return kobs_context_at(p->s, v, p->s->need, entry, at, !simple);
}

/* Keep what is known of a begin. Returns what becomes of the hit. */
static __always_inline enum kobs_counter
join_keep(struct kobs_probe_point *p, struct kobs_cpu *pc, u64 id,
	  const u64 *args, unsigned long entry, const struct kobs_at *at,
	  u64 t0, bool simple)
{
	const struct kobs_program_in in = { .args = args };
	const struct kobs_joins *j = p->probes->joins;
	struct kobs_inflight_ref ref KOBS_UNINIT;
	struct kobs_session *s = p->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	enum kobs_counter fate;
	unsigned int i, ended;
	struct kobs_join_key k KOBS_UNINIT;
	u64 *data;
	u64 start;

	v[PROBE_W_PROBE] = id;
	v[PROBE_W_FAULTS] = 0;
	fate = join_pass(&p->join->from, &in, v, j->from, j->n_from, simple);
	if (unlikely(fate != KOBS_N_RECORDED))
		return fate;
	if (unlikely(!join_key(j, &p->join->from, args, &k, simple)))
		return PROBE_N_FAULT;
	if (s->need && !join_context(p, v, entry, at, simple))
		return KOBS_N_STACK_FULL;
	if (unlikely(!kobs_inflight_claim(&j->inflight, &k.key, &ref)) &&
	    !kobs_join_claim_full(j, pc, &k.key, &ref))
		return KOBS_N_INFLIGHT_FULL;
	data = ref.entry->data;
	for (i = 0; i < k.key.n; i++)
		data[i] = k.words[i];
	data += k.key.n;
	for (i = 0; i < j->n_fixed; i++)
		data[1 + i] = v[j->keep[i]];
	for (; unlikely(i < j->n_keep); i++)
		data[1 + i + join_copy(j, &ref)] = v[j->keep[i]];
	start = ktime_get_mono_fast_ns();
	ref.entry->start = start;
	data[0] = t0 ? (start - t0) ?: 1 : 0;
	ended = kobs_inflight_publish_last(&j->inflight, &ref, &k.key, start);
	if (unlikely(ended)) {
		kobs_join_replaced(pc, ended);
		/* Such begins have no end that would do it. */
		kobs_hit_end(s, pc, t0, 0);
	}
	return KOBS_N_IN_FLIGHT;
}

static __always_inline void join_begin(struct kobs_probe_point *p,
				       struct kobs_cpu *pc, u64 id,
				       const u64 *args, unsigned long entry,
				       const struct kobs_at *at, bool simple)
{
	struct kobs_session *s = p->s;
	enum kobs_counter fate;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return;
	if (kobs_hit_wanted(s, pc)) {
		fate = join_keep(p, pc, id, args, entry, at, t0, simple);
		kobs_count(&pc->counters, fate);
		if (likely(fate == KOBS_N_IN_FLIGHT))
			return;
	}
	kobs_hit_end(s, pc, t0, 0);
}

/**
 * kobs_join_alone() - count an end that is none of a pair
 * @s: session
 * @pc: its part of this CPU
 * @fate: what becomes of it
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_join_alone(struct kobs_session *s, struct kobs_cpu *pc,
		     enum kobs_counter fate)
{
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return;
	if (kobs_hit_wanted(s, pc))
		kobs_count(&pc->counters, fate);
	kobs_hit_end(s, pc, t0, 0);
}

static __always_inline void join_end(struct kobs_probe_point *p,
				     struct kobs_cpu *pc, u64 id,
				     const u64 *args, u64 now, bool simple)
{
	struct kobs_program_in in = { .args = args };
	const struct kobs_joins *j = p->probes->joins;
	struct kobs_session *s = p->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	enum kobs_counter fate;
	struct kobs_join_key k KOBS_UNINIT;
	u64 start, cost;

	v[PROBE_W_FAULTS] = 0;
	if (unlikely(!join_key(j, &p->join->to, args, &k, simple))) {
		kobs_join_alone(s, pc, PROBE_N_FAULT);
		return;
	}
	if (!join_take(j, &k.key, v, &start, &cost)) {
		if (p->join->to.own)
			kobs_hit_call(s, pc, now);
		else
			kobs_join_alone(s, pc, PROBE_N_UNMATCHED);
		return;
	}
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	in.elapsed = kobs_elapsed(start, now);
	v[PROBE_W_TO] = id;
	fate = join_pass(&p->join->to, &in, v, j->to, j->n_to, simple);
	if (unlikely(fate != KOBS_N_RECORDED))
		kobs_count(&pc->counters, fate);
	else
		kobs_hit_record(s, pc, &(struct kobs_hit){
			.v = v, .value = in.elapsed,
		}, KOBS_HIT_EITHER);
	kobs_hit_end(s, pc, cost ? now : 0, cost);
}

/* The end of a pair comes before the begin of the next one. */
static __always_inline void join_hit(struct kobs_probe_point *p, u64 id,
				     const u64 *args, unsigned long entry,
				     const struct kobs_at *at, bool simple)
{
	struct kobs_cpu *pc = kobs_hit_enter(p->s);

	if (!pc)
		return;
	if (!simple && unlikely(p->join->via.on))
		kobs_join_via(p, pc, id, args);
	/* The time is read here: a begin that comes later is not this end's. */
	if (p->join->to.on)
		join_end(p, pc, id, args, ktime_get_mono_fast_ns(), simple);
	if (p->join->from.on)
		join_begin(p, pc, id, args, entry, at, simple);
	kobs_hit_leave(pc);
}

/**
 * kobs_join_hit() - a hit of a point that begins or ends pairs
 * @p: point
 * @id: what is shown as its begin or end
 * @args: its arguments, as far as the point's program has them
 * @entry: as for kobs_context_at()
 * @at: likewise
 *
 * For hooks without a handler of their own here.
 *
 * Context: any, NMI included.
 */
void kobs_join_hit(struct kobs_probe_point *p, u64 id, const u64 *args,
		   unsigned long entry, const struct kobs_at *at)
{
	join_hit(p, id, args, entry, at, false);
}

/**
 * kobs_join_hit_long() - kobs_join_hit() with arguments on the stack
 * @p: point of a tracepoint
 * @args: those in registers, with room for the others
 * @more: where the others are, if the tracepoint has them
 *
 * Context: any, NMI included.
 */
void kobs_join_hit_long(struct kobs_probe_point *p, u64 *args, const u64 *more)
{
	size_t n = p->program.n_args - PROBE_TRACE_ARGS;
	struct kobs_cpu *pc;

	if (likely(!copy_from_kernel_nofault(args + PROBE_TRACE_ARGS, more,
					     n * sizeof(*args)))) {
		kobs_join_hit(p, p->id, args, 0, NULL);
		return;
	}
	pc = kobs_hit_enter(p->s);
	if (!pc)
		return;
	kobs_join_alone(p->s, pc, PROBE_N_FAULT);
	kobs_hit_leave(pc);
}

static void join_entry(unsigned long ip, unsigned long parent_ip,
		       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_probe_point *p = ops->private;
	struct kobs_at at = kobs_at_fregs(fregs);
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;

	kobs_probe_args(fregs, args, p->program.n_args);
	join_hit(p, ip, args, ip, &at, false);
}

static void join_entry_simple(unsigned long ip, unsigned long parent_ip,
			      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_probe_point *p = ops->private;
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;

	kobs_probe_args(fregs, args, p->program.n_args);
	join_hit(p, ip, args, 0, NULL, true);
}

/**
 * kobs_join_entry() - the handler of functions' entries
 * @point: point whose session is configured
 *
 * Context: task.
 * Return: the handler, an ftrace_func_t.
 */
void *kobs_join_entry(const struct kobs_probe_point *point)
{
	void *plain = kobs_join_plain_entry(point);

	if (plain)
		return plain;
	return point->join->simple ? join_entry_simple : join_entry;
}

static void join_trace(void *data, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };
	struct kobs_probe_point *p = data;

	join_hit(p, p->id, args, 0, NULL, false);
}

static void join_trace_simple(void *data, u64 a0, u64 a1, u64 a2, u64 a3,
			      u64 a4)
{
	const u64 args[PROBE_TRACE_ARGS] = { a0, a1, a2, a3, a4 };
	struct kobs_probe_point *p = data;

	join_hit(p, p->id, args, 0, NULL, true);
}

/**
 * kobs_join_trace() - the handler of a tracepoint
 * @point: point with PROBE_TRACE_ARGS arguments at most, whose session is configured
 *
 * Context: task.
 * Return: the handler.
 */
void *kobs_join_trace(const struct kobs_probe_point *point)
{
	return kobs_join_plain_trace(point) ?:
	       (point->join->simple ? (void *)join_trace_simple :
				      (void *)join_trace);
}

/* The entry of a system call. */
static void join_enter(void *data, struct pt_regs *regs, long nr)
{
	u64 args[KOBS_PROBE_SYSCALL_ARGS] KOBS_UNINIT;
	struct kobs_probe_point *p = data;

	nr = probe_call_number(nr);
	if (p->nr >= 0 && nr != p->nr)
		return;
	if (p->program.n_args)
		syscall_get_arguments(current, regs, (unsigned long *)args);
	args[KOBS_PROBE_NR] = nr;
	args[KOBS_PROBE_RET] = 0;
	args[KOBS_PROBE_TOOK] = 0;
	join_hit(p, p->id, args, 0, NULL, false);
}

static void join_exit(void *data, struct pt_regs *regs, long ret)
{
	long nr = probe_current_number(regs);
	u64 args[KOBS_PROBE_SYSCALL_ARGS] KOBS_UNINIT;
	struct kobs_probe_point *p = data;

	if (p->nr >= 0 && nr != p->nr)
		return;
	if (p->program.n_args)
		syscall_get_arguments(current, regs, (unsigned long *)args);
	args[KOBS_PROBE_NR] = nr;
	args[KOBS_PROBE_RET] = ret;
	args[KOBS_PROBE_TOOK] = 0;
	join_hit(p, p->id, args, 0, NULL, false);
}

KOBS_PROBE_TYPE(join_enter, sys_enter);
KOBS_PROBE_TYPE(join_exit, sys_exit);

/**
 * kobs_join_syscall() - the handler of system calls
 * @kind: when they are hooked
 *
 * Context: task.
 * Return: the handler.
 */
void *kobs_join_syscall(enum kobs_probe_kind kind)
{
	return kind == KOBS_PROBE_EXIT ? (void *)join_exit : (void *)join_enter;
}
