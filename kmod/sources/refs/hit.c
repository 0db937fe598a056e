// SPDX-License-Identifier: GPL-2.0
/*
 * Source refs: handlers of the functions that take references and give them back.
 *
 * Every get of an object is followed, as any put of it can be of that one: those that
 * the filter excludes are of KOBS_GROUP_OTHER, those of kobs and its controller of
 * KOBS_GROUP_OWN, which count in no row.
 *
 * Locking: none but that of the table; any context. In an NMI nothing is followed,
 * and the hit is lost.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/ptrace.h>

#include "compat/ftrace_args.h"
#include "core/hit.h"
#include "hooks/ftrace.h"
#include "sources/refs/refs.h"

/**
 * struct kobs_refs_call - data of a call in progress
 * @cost: of the handler at its entry, ns; 0: not timed
 * @kstack: kernel stack at the entry
 * @ustack: user stack there
 * @full: there was no room for these
 * @args: arguments
 */
struct kobs_refs_call {
	u64 cost;
	u32 kstack;
	u32 ustack;
	u64 full;
	u64 args[REFS_ARGS];
};

static local64_t *counts_of(struct kobs_refs *r, u32 group)
{
	return kobs_census_is_group(group) ?
	       kobs_group_table_counts(&r->groups, group) : NULL;
}

/**
 * kobs_refs_add() - add to a counter of a group
 * @r: session
 * @group: group; one without counters is left alone
 * @counter: counter
 * @n: number
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_refs_add(struct kobs_refs *r, u32 group, unsigned int counter, s64 n)
{
	local64_t *counts = counts_of(r, group);

	if (counts)
		local64_add(n, &counts[counter]);
}

/*
 * The group of a get or a put, of whose words the stacks are known, as far as @need
 * has none. *fate is what becomes of the hit without a group of its own.
 */
static u32 refs_group(struct kobs_refs *r, u64 *v, u32 need, unsigned long ip,
		      const struct kobs_at *at, enum kobs_counter *fate)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	struct kobs_session *s = r->s;
	u32 group;

	*fate = KOBS_N_FILTERED;
	if (unlikely(kobs_hit_is_own(s, current->tgid)) && in_task())
		return KOBS_GROUP_OWN;
	if (s->filter.task && !kobs_context_filter(s))
		return KOBS_GROUP_OTHER;
	*fate = KOBS_N_STACK_FULL;
	if (!kobs_context_at(s, v, need, ip, at, true))
		return KOBS_GROUP_OTHER;
	*fate = KOBS_N_TABLE_FULL;
	v[REFS_W_FUNC] = ip;
	kobs_hit_gather(s, v, key);
	group = kobs_group_table_find(&r->groups, key);
	if (group == KOBS_GROUP_NONE)
		return KOBS_GROUP_OTHER;
	*fate = counts_of(r, group) ? KOBS_N_RECORDED : KOBS_N_NO_TABLE;
	return group;
}

static enum kobs_counter refs_get(struct kobs_refs *r, u64 address, u32 group,
				  enum kobs_counter fate)
{
	static const u8 lost[] = {
		[KOBS_REF_FULL] = REFS_N_FULL,
		[KOBS_REF_CROWDED] = REFS_N_CROWDED,
		[KOBS_REF_NMI] = REFS_N_NMI,
	};
	enum kobs_ref_fate got = kobs_ref_get(&r->table, address, group, jiffies);

	/* Its put will be taken for that of another get, whoever took it. */
	if (got != KOBS_REF_DONE)
		return lost[got];
	if (fate != KOBS_N_RECORDED)
		return fate;
	kobs_refs_add(r, group, KOBS_CENSUS_ALLOCATED, 1);
	return fate;
}

static enum kobs_counter refs_put(struct kobs_refs *r, u64 address, u32 group)
{
	struct kobs_ref_given given;

	switch (kobs_ref_put(&r->table, address, group, jiffies, &given)) {
	case KOBS_REF_DONE:
		break;
	case KOBS_REF_NMI:
		return REFS_N_NMI;
	default:
		if (group != KOBS_GROUP_OWN)
			local64_inc(&this_cpu_ptr(r->cpu)->unknown);
		return KOBS_N_FILTERED;
	}
	kobs_refs_add(r, group, REFS_CENSUS_PUTS, 1);
	if (!kobs_census_is_group(given.get))
		return KOBS_N_FILTERED;
	if (!counts_of(r, given.get))
		return KOBS_N_NO_TABLE;
	kobs_refs_add(r, given.get, KOBS_CENSUS_FREED, 1);
	if (given.chosen)
		kobs_refs_add(r, given.get, KOBS_CENSUS_FAILED, 1);
	return KOBS_N_RECORDED;
}

/* The references that are held go with the object. */
static enum kobs_counter refs_end(struct kobs_refs *r, u64 address)
{
	struct kobs_ref_object was;
	unsigned int i;

	switch (kobs_ref_end(&r->table, address, &was)) {
	case KOBS_REF_DONE:
		break;
	case KOBS_REF_NMI:
		return REFS_N_NMI;
	default:
		return KOBS_N_FILTERED;
	}
	for (i = 0; i < KOBS_REF_SLOTS; i++) {
		const struct kobs_ref_slot *slot = &was.slot[i];

		if (slot->n && slot->put == KOBS_REF_HELD)
			kobs_refs_add(r, slot->get, KOBS_CENSUS_MISSED, slot->n);
	}
	return KOBS_N_RECORDED;
}

/* Whether the address is of an object that is followed; it can change to its begin. */
static bool refs_wants(const struct kobs_refs *r, u64 *address)
{
	u64 name[KOBS_CACHE_NAME_WORDS];

	/* A function that returns none has no reference. */
	if (*address < PAGE_SIZE || IS_ERR_VALUE((unsigned long)*address))
		return false;
	if (r->sites.on && !kobs_refs_sites_have(r, address))
		return false;
	if (!*r->cache)
		return true;
	kobs_cache_where((void *)(long)*address, name);
	return !strncmp((char *)name, r->cache, sizeof(name));
}

/**
 * kobs_refs_made() - a site has allocated an object, which takes its first reference
 * @r: session
 * @address: where it is
 * @site: where the call of the allocator returns to
 *
 * Context: any, NMI included; in a handler that has counted the hit.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_refs_made(struct kobs_refs *r, u64 address,
				 unsigned long site)
{
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	enum kobs_counter fate;
	u32 group;

	group = refs_group(r, v, r->s->need, site, NULL, &fate);
	fate = refs_get(r, address, group, fate);
	if (group == KOBS_GROUP_OWN && fate == KOBS_N_FILTERED)
		kobs_count(&this_cpu_ptr(r->s->cpu)->counters, KOBS_N_OWN);
	return fate;
}

/**
 * kobs_refs_gone() - an object of a site is freed
 * @r: session
 * @address: where it was
 *
 * Context: any, NMI included; in a handler that has counted the hit.
 * Return: what becomes of the hit.
 */
enum kobs_counter kobs_refs_gone(struct kobs_refs *r, u64 address)
{
	enum kobs_counter fate = refs_end(r, address);

	/* Without references, it is not in the table, and yet followed. */
	return fate == KOBS_N_FILTERED ? KOBS_N_RECORDED : fate;
}

static enum kobs_counter refs_change(struct kobs_refs_point *p, u64 address,
				     u32 group, enum kobs_counter fate)
{
	if (p->role == KOBS_REFS_PUT)
		return refs_put(p->r, address, group);
	/* Its end was not seen. */
	if (p->role == KOBS_REFS_NEW)
		refs_end(p->r, address);
	return refs_get(p->r, address, group, fate);
}

/* Whether a function is called by another one for the reference of that one. */
static bool refs_is_part(const struct kobs_refs_point *p, unsigned long caller)
{
	return (p->role == KOBS_REFS_GET || p->role == KOBS_REFS_NEW) &&
	       kobs_code_ranges_have(&p->r->outer.code, caller);
}

/* The address that a program gives. Returns what becomes of the hit without one. */
static noinline enum kobs_counter refs_run(const struct kobs_refs_point *p,
					   const u64 *args, u64 *address)
{
	const struct kobs_program_in in = { .args = args };
	struct kobs_program_out out = {};
	enum kobs_program_end end = kobs_program_run(&p->program, &in, &out);

	*address = out.value;
	if (likely(end == KOBS_PROGRAM_PASS))
		return KOBS_N_RECORDED;
	return end == KOBS_PROGRAM_FILTERED ? KOBS_N_FILTERED : REFS_N_FAULT;
}

/* What becomes of a hit. */
static enum kobs_counter refs_hit(struct kobs_refs_point *p, const u64 *args,
				  u64 *v, u32 need, unsigned long ip,
				  const struct kobs_at *at)
{
	enum kobs_counter fate = KOBS_N_RECORDED;
	struct kobs_refs *r = p->r;
	u64 address;
	u32 group;

	if (likely(p->arg >= 0))
		address = args[p->arg];
	else
		fate = refs_run(p, args, &address);
	if (unlikely(fate != KOBS_N_RECORDED))
		return fate;
	if (!refs_wants(r, &address))
		return KOBS_N_FILTERED;
	if (p->role == KOBS_REFS_END)
		return refs_end(r, address);
	group = refs_group(r, v, need, ip, at, &fate);
	fate = refs_change(p, address, group, fate);
	if (group == KOBS_GROUP_OWN && fate == KOBS_N_FILTERED)
		kobs_count(&this_cpu_ptr(r->s->cpu)->counters, KOBS_N_OWN);
	return fate;
}

static void refs_entry(unsigned long ip, unsigned long parent_ip,
		       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_refs_point *p = ops->private;
	u64 args[REFS_ARGS] KOBS_UNINIT;
	struct kobs_session *s = p->r->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	struct kobs_at at;
	unsigned int i;
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(s, pc, &t0)) {
		at = kobs_at_fregs(fregs);
		for (i = 0; i < p->program.n_args; i++)
			args[i] = kobs_ftrace_arg(fregs, i);
		kobs_count(&pc->counters, refs_is_part(p, parent_ip) ?
			   KOBS_N_FILTERED :
			   refs_hit(p, args, v, s->need, ip, &at));
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static __always_inline void *refs_call_begin(void *ctx)
{
	struct kobs_refs_point *p = ctx;

	return kobs_hit_enter(p->r->s);
}

static __always_inline void refs_call_end(void *guarded)
{
	kobs_hit_leave(guarded);
}

static __always_inline void refs_call_missed(void *ctx, void *guarded)
{
	struct kobs_refs_point *p = ctx;
	struct kobs_cpu *pc = guarded;

	if (!READ_ONCE(p->r->s->armed))
		return;
	kobs_count(&pc->counters, KOBS_N_HITS);
	kobs_count(&pc->counters, REFS_N_MISSED);
}

static __always_inline bool refs_call_enter(void *ctx, unsigned long ip,
					    const struct pt_regs *regs, void *data)
{
	struct kobs_refs_point *p = ctx;
	struct kobs_session *s = p->r->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	u32 stacks = s->need & KOBS_W_STACKS;
	struct kobs_at at = kobs_at_regs(regs);
	struct kobs_refs_call *call = data;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	unsigned int i;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return false;
	call->full = stacks && !kobs_context_at(s, v, stacks, ip, &at, true);
	call->kstack = stacks & BIT(KOBS_W_KSTACK) ? v[KOBS_W_KSTACK] : 0;
	call->ustack = stacks & BIT(KOBS_W_USTACK) ? v[KOBS_W_USTACK] : 0;
	for (i = 0; i < REFS_ARGS && p->program.n_args; i++)
		call->args[i] =
			regs_get_kernel_argument((struct pt_regs *)regs, i);
	kobs_count(&pc->counters, REFS_N_IN_FLIGHT);
	call->cost = t0 ? (ktime_get_mono_fast_ns() - t0) ?: 1 : 0;
	return true;
}

static __always_inline void refs_call_exit(void *ctx, unsigned long ip,
					   unsigned long caller,
					   unsigned long ret, const void *data)
{
	u64 args[KOBS_PROBE_RESULT + 1] KOBS_UNINIT;
	const struct kobs_refs_call *call = data;
	struct kobs_refs_point *p = ctx;
	struct kobs_session *s = p->r->s;
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u64 begin;

	local64_dec(&pc->counters.n[REFS_N_IN_FLIGHT]);
	if (!kobs_hit_enter(s)) {
		kobs_count(&pc->counters, KOBS_N_RECURSION);
		return;
	}
	begin = call->cost ? ktime_get_mono_fast_ns() : 0;
	memcpy(args, call->args, sizeof(call->args));
	args[KOBS_PROBE_RESULT] = ret;
	v[KOBS_W_KSTACK] = call->kstack;
	v[KOBS_W_USTACK] = call->ustack;
	if (unlikely(call->full))
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
	else if (refs_is_part(p, caller))
		kobs_count(&pc->counters, KOBS_N_FILTERED);
	else
		kobs_count(&pc->counters,
			   refs_hit(p, args, v, s->need & ~KOBS_W_STACKS, ip,
				    NULL));
	kobs_hit_end(s, pc, begin, call->cost);
	kobs_hit_leave(pc);
}

static int refs_call_keep_out(void *ctx, unsigned long ip, const char *reason)
{
	struct kobs_refs_point *p = ctx;

	return kobs_session_keep_out(p->r->s, ip, reason, false);
}

static bool refs_call_unwanted(void *ctx)
{
	struct kobs_refs_point *p = ctx;

	return kobs_session_unwanted(p->r->s);
}

static const struct kobs_call_ops refs_call_ops = {
	.size = sizeof(struct kobs_refs_call),
	.begin = refs_call_begin,
	.end = refs_call_end,
	.missed = refs_call_missed,
	.enter = refs_call_enter,
	.exit = refs_call_exit,
	.keep_out = refs_call_keep_out,
	.unwanted = refs_call_unwanted,
};

KOBS_CALL_HANDLERS(refs_return, refs_call_ops);

/**
 * kobs_refs_hook() - prepare the hook of a point's functions
 * @p: point with its functions, of which those that cannot be hooked go
 *
 * Context: task, may sleep; the lock of the session's points is held.
 * Return: 0, or an error of kobs_calls_new() or of ftrace_set_filter_ips().
 */
int kobs_refs_hook(struct kobs_refs_point *p)
{
	u64 most = p->r->s->source_params[REFS_P_INFLIGHT].number;
	struct kobs_calls *calls;

	if (!p->returns) {
		p->ops.func = refs_entry;
		p->ops.flags = KOBS_FTRACE_FLAGS;
		p->ops.private = p;
		return ftrace_set_filter_ips(&p->ops, p->ips, p->n, 0, 1);
	}
	calls = kobs_calls_new(&refs_return, p, p->ips, &p->n, most,
			       &p->r->s->memory);
	if (IS_ERR(calls))
		return PTR_ERR(calls);
	p->calls = calls;
	return 0;
}
