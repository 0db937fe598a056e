// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: from the parameters to points. Functions that run the same
 * program are one point, hooked by one ftrace_ops; each tracepoint is a point.
 *
 * A module with a tracepoint that is hooked is kept loaded, from here to the
 * session's end; one with functions can go (modules.c).
 *
 * Locking: the session is being prepared, or released. Functions are chosen under
 * struct kobs_probes.lock, as modules go meanwhile.
 */
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "core/refuse.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources/probe/probe.h"

static bool is_function(const u64 *target)
{
	return target_kind(target) == KOBS_PROBE_FUNCTION ||
	       target_kind(target) == KOBS_PROBE_RETURN;
}

/* Functions first, by kind, program and address; the others in their order. */
static int target_compare(const void *a, const void *b)
{
	const u64 *x = a;
	const u64 *y = b;

	if (is_function(x) != is_function(y))
		return is_function(x) ? -1 : 1;
	if (target_kind(x) != target_kind(y))
		return target_kind(x) < target_kind(y) ? -1 : 1;
	if (is_function(x) &&
	    target_program(x) != target_program(y))
		return target_program(x) < target_program(y) ? -1 : 1;
	return x[1] < y[1] ? -1 : x[1] > y[1];
}

/* Name number @i of the text, as it is needed: with a NUL. */
static const char *target_name(char *names, u64 i)
{
	for (; i && names; i--)
		names = strsep(&names, " ") ? names : NULL;
	return names ? strsep(&names, " ") : NULL;
}

/* A point's program, or those of its pairs, and how it is run. */
static void set_program(struct kobs_probes *p, struct kobs_probe_point *point,
			const struct kobs_program *code, const u64 *target)
{
	const struct kobs_mode *mode = p->s->mode;

	point->s = p->s;
	point->probes = p;
	if (p->joins) {
		point->join = &p->joins->v[target_program(target)];
		point->program = point->join->both;
		return;
	}
	point->program = code[target_program(target)];
	/* Only hist has a place for values below 0. */
	point->gives_value = mode->n_fields;
	point->shape = kobs_probe_shape(point);
}

/* A function joins a point, or is kept out of the session. */
static int add_function(struct kobs_probes *p, struct kobs_probe_point *point,
			struct ftrace_ops *trial, unsigned long ip)
{
	const char *reason = kobs_func_denied(ip);
	int err;

	if (point->n && point->ips[point->n - 1] == ip)
		return 0;
	if (reason)
		return kobs_session_keep_out(p->s, ip, reason, true);
	err = kobs_ftrace_check(trial, ip);
	if (err == -EINVAL)
		return kobs_session_keep_out(p->s, ip,
					     "ftrace cannot trace it", false);
	if (!err)
		point->ips[point->n++] = ip;
	return err;
}

static int functions_refuse(int err, struct netlink_ext_ack *extack)
{
	const char *why = kobs_ftrace_refusal(&err);

	if (why)
		return kobs_refuse(extack, err,
				   "functions cannot be hooked: %s", why);
	return err;
}

/* The functions of the targets, which are sorted; returns how many targets. */
static int add_functions(struct kobs_probes *p, const struct kobs_program *code,
			 const u64 (*targets)[2], unsigned int n,
			 struct netlink_ext_ack *extack)
{
	struct kobs_probe_point *point = NULL;
	struct ftrace_ops trial = {};
	unsigned long *ips = p->ips;
	unsigned int hooks = 0;
	unsigned int i;
	int err = 0;

	for (i = 0; i < n; i++) {
		if (!is_function(targets[i]))
			break;
		/* The kind and the program. */
		if (!i || targets[i][0] != targets[i - 1][0]) {
			ips += point ? point->n : 0;
			if (!point || point->n)
				point = &p->points[p->n++];
			set_program(p, point, code, targets[i]);
			point->ips = ips;
			point->is_function = true;
			point->returns = target_kind(targets[i]) ==
					 KOBS_PROBE_RETURN;
			if (++hooks > (point->returns ? PROBE_RETURNS :
							PROBE_ENTRIES))
				return kobs_refuse(extack, -EINVAL,
						   "functions with more than %d programs, or %d at their return, cannot be hooked at once",
						   PROBE_ENTRIES, PROBE_RETURNS);
		}
		err = add_function(p, point, &trial, targets[i][1]);
		if (!err && kobs_session_unwanted(p->s))
			err = -ECONNREFUSED;
		if (err)
			return functions_refuse(err, extack);
		cond_resched();
	}
	/* None of the last program's can be traced. */
	if (point && !point->n) {
		memset(point, 0, sizeof(*point));
		p->n--;
	}
	return i;
}

/* The program's own faults would be hits of it. */
static bool is_fault(const char *name)
{
	return !strncmp(name, "page_fault_", 11);
}

static int find_tracepoint(struct kobs_probe_point *point, const char *name,
			   struct netlink_ext_ack *extack)
{
	struct kobs_probe *trace = point->trace;

	/* As people write it. */
	if (!strncmp(name, "t:", 2))
		name += 2;
	trace->tp = kobs_tracepoint_get(name, &point->event);
	if (!trace->tp)
		return kobs_refuse(extack, -ENOENT,
				   "there is no tracepoint %s", name);
	if (is_fault(trace->tp->name) &&
	    (point->program.reads || point->program.n_args > PROBE_TRACE_ARGS))
		return kobs_refuse(extack, -EINVAL,
				   "tracepoint %s: a program there cannot read memory, as that can fault",
				   name);
	trace->name = trace->tp->name;
	/* The code of a module's tracepoint can go. */
	trace->plain = point->event || !(point->s->need & KOBS_W_STACKS);
	trace->probe = kobs_probe_trace(point);
	point->n_traces = 1;
	return 0;
}

/* Whether a program has arguments of a system call, and not just about it. */
static bool has_own_args(const struct kobs_program *p)
{
	unsigned int i;

	/* A literal can look like one: that costs time. */
	for (i = 0; i < p->n; i++)
		if (KOBS_PROG_OP(p->words[i]) == KOBS_OP_ARG &&
		    KOBS_PROG_ARG(p->words[i]) < KOBS_PROBE_NR)
			return true;
	return false;
}

static int add_named(struct kobs_probes *p, const struct kobs_program *code,
		     const u64 *target, char *names,
		     struct netlink_ext_ack *extack)
{
	struct kobs_probe_point *point = &p->points[p->n];
	u32 number = target_number(target);
	const char *name = target_name(names, number);
	enum kobs_probe_kind kind = target_kind(target);
	int err;

	if ((!name || !*name) && (number != PROBE_NAMELESS ||
				  kind != KOBS_PROBE_INSTRUCTION))
		return kobs_refuse(extack, -EINVAL,
				   "parameter targets: there is no name %u",
				   number);
	set_program(p, point, code, target);
	if (kind == KOBS_PROBE_INSTRUCTION)
		return kobs_probe_instruction(p, target, extack);
	point->id = number + 1ULL;
	point->nr = (long)(target[1] >> 32) - 1;
	p->n++;
	if (kind == KOBS_PROBE_TRACEPOINT)
		return find_tracepoint(point, name, extack);
	if (kind == KOBS_PROBE_EVENT)
		return kobs_probe_event(point, name, extack);
	if (kind == KOBS_PROBE_USER || kind == KOBS_PROBE_USER_RETURN) {
		err = kobs_probe_place(point, kind, extack);
		if (err || kind == KOBS_PROBE_USER)
			return err;
	} else {
		point->own_args = has_own_args(&point->program);
		if (++p->n_syscalls > PROBE_SYSCALLS)
			return kobs_refuse(extack, -EINVAL,
					   "more than %d system calls cannot be hooked one by one: hook all of them with one program",
					   PROBE_SYSCALLS);
		kobs_probe_syscall(point, kind);
		if (kind != KOBS_PROBE_CALL)
			return 0;
	}
	if (p->inflight.states)
		return 0;
	if (kobs_inflight_table_init(&p->inflight, &p->s->memory,
				     p->s->source_params[PROBE_P_INFLIGHT].number ?:
				     PROBE_CALLS, PROBE_CALL_WORDS))
		return kobs_session_no_memory(p->s, extack, "inflight");
	return 0;
}

/* The hooks of the functions, of which some may turn out to have none. */
static int set_hooks(struct kobs_probes *p, struct netlink_ext_ack *extack)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < p->n && !err; i++) {
		struct kobs_probe_point *point = &p->points[i];

		if (!point->is_function)
			continue;
		if (point->returns) {
			err = kobs_probe_calls(point);
			continue;
		}
		point->ops.func = kobs_probe_entry(point);
		point->ops.flags = KOBS_FTRACE_FLAGS;
		if (point->program.record)
			point->ops.flags |= FTRACE_OPS_FL_SAVE_REGS;
		point->ops.private = point;
		err = ftrace_set_filter_ips(&point->ops, point->ips, point->n,
					    0, 1);
	}
	return err ? functions_refuse(err, extack) : 0;
}

/* The words that programs give, of those in the key. */
static void set_given(struct kobs_probes *p)
{
	const struct kobs_session *s = p->s;
	unsigned int i;
	unsigned int k;

	for (i = 0; i < p->n; i++) {
		struct kobs_probe_point *point = &p->points[i];

		for (k = 0; k < s->n_words; k++)
			if (s->gather[k] >= PROBE_W_NUMBER &&
			    s->gather[k] < PROBE_WORDS)
				point->given[point->n_given++] = s->gather[k];
	}
}

static int add_points(struct kobs_probes *p, const struct kobs_program *code,
		      const u64 (*targets)[2], unsigned int n, const char *names,
		      struct netlink_ext_ack *extack)
{
	int i = add_functions(p, code, targets, n, extack);
	int err = 0;

	if (i < 0)
		return i;
	for (; i < n && !err; i++) {
		/* It cuts the text up. */
		char *copy = kstrdup(names, GFP_KERNEL);

		err = copy ? add_named(p, code, targets[i], copy, extack) :
			     -ENOMEM;
		kfree(copy);
	}
	if (!err)
		err = set_hooks(p, extack);
	if (err)
		return err;
	set_given(p);
	for (i = 0; i < p->n && !p->joins; i++)
		if (p->points[i].n || !p->points[i].is_function)
			return 0;
	if (p->joins && kobs_joins_hooked(p))
		return 0;
	if (!kobs_session_kept_out(p->s))
		return kobs_refuse(extack, -EINVAL,
				   "parameter targets: none of them begins a pair, or none ends one");
	return kobs_refuse(extack, -EINVAL, "%ps%s cannot be traced: %s",
			   (void *)(long)p->s->kept_out[0].address,
			   kobs_session_kept_out(p->s) > 1 ?
			   " and all others" : "", p->s->kept_out[0].reason);
}

static int probes_fill(struct kobs_probes *p, struct kobs_program *code,
		       u64 (*targets)[2], unsigned int n,
		       struct netlink_ext_ack *extack)
{
	const struct kobs_value *params = p->s->source_params;
	const char *names = params[PROBE_P_NAMES].text ?: "";
	int programs = kobs_probe_check_code(code, &params[PROBE_P_CODE], extack);
	int err;

	if (programs < 0)
		return programs;
	memcpy(targets, params[PROBE_P_TARGETS].addresses, n * sizeof(*targets));
	err = kobs_joins_init(p, code, programs, extack) ?:
	      kobs_probe_check_targets(p, targets[0], n, programs, code, extack);
	if (err)
		return err;
	p->points = kvcalloc(n, sizeof(*p->points), GFP_KERNEL_ACCOUNT);
	p->ips = kvcalloc(n, sizeof(*p->ips), GFP_KERNEL_ACCOUNT);
	if (!p->points || !p->ips)
		return -ENOMEM;
	mutex_lock(&p->lock);
	err = kobs_probe_settle(targets[0], n, p->joins ? NULL : code);
	sort(targets, n, sizeof(*targets), target_compare, NULL);
	err = err ? functions_refuse(err, extack) :
		    add_points(p, code, targets, n, names, extack);
	mutex_unlock(&p->lock);
	return err;
}

/**
 * kobs_probes_new() - the hooks that a session's parameters ask for
 * @s: session
 * @extack: takes the reason of a failure
 *
 * None of them is on.
 *
 * Context: task, may sleep.
 * Return: the hooks, or ERR_PTR of -EINVAL (parameters, or nothing can be
 * traced), -ENOENT (no such tracepoint), -ENOMEM, or an error of ftrace.
 */
struct kobs_probes *kobs_probes_new(struct kobs_session *s,
				    struct netlink_ext_ack *extack)
{
	unsigned int n = s->source_params[PROBE_P_TARGETS].number / 2;
	struct kobs_program *code;
	struct kobs_probes *p;
	u64 (*targets)[2];
	int err = -ENOMEM;

	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	code = kvcalloc(PROBE_PROGRAMS, sizeof(*code), GFP_KERNEL_ACCOUNT);
	targets = kvcalloc(n, sizeof(*targets), GFP_KERNEL_ACCOUNT);
	if (p && code && targets) {
		p->s = s;
		mutex_init(&p->lock);
		kobs_probes_follow_modules(p);
		err = probes_fill(p, code, targets, n, extack);
	}
	kvfree(targets);
	kvfree(code);
	if (!err)
		return p;
	if (p && p->s)
		kobs_probes_free(p);
	else
		kfree(p);
	return ERR_PTR(err);
}

/**
 * kobs_probes_free() - free what kobs_probes_new() returned
 * @p: the hooks, none of which is on
 *
 * Context: task, may sleep.
 */
void kobs_probes_free(struct kobs_probes *p)
{
	unsigned int i;

	unregister_module_notifier(&p->modules);
	kobs_probe_unhook_instructions(p);
	for (i = 0; i < p->n; i++) {
		kfree(p->points[i].kprobe);
		if (p->points[i].record)
			kobs_event_free(p->points[i].record);
		if (p->points[i].calls)
			kobs_calls_free(p->points[i].calls);
		ftrace_free_filter(&p->points[i].ops);
		kobs_tracepoint_put(p->points[i].event);
	}
	mutex_destroy(&p->lock);
	kobs_inflight_table_free(&p->inflight);
	kobs_joins_free(p);
	kobs_probe_places_free(p);
	kvfree(p->ips);
	kvfree(p->points);
	kfree(p);
}
