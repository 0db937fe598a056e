// SPDX-License-Identifier: GPL-2.0
/*
 * Source refs: from the parameters to points. Functions that do the same with the
 * same program are one point, with one hook.
 *
 * Locking: the session is being prepared, or released. Functions are chosen under
 * kobs_refs.lock, as modules go meanwhile.
 */
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "core/refuse.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources/refs/refs.h"

static u32 role_of(const u64 *word)
{
	return word[0] & 0xff;
}

static bool at_return(const u64 *word)
{
	return word[0] & KOBS_REFS_RETURN;
}

/* Programs of a session, and how many words. */
static int check_code(struct kobs_refs *r, struct kobs_program *programs,
		      struct netlink_ext_ack *extack)
{
	const struct kobs_value *code = &r->s->source_params[REFS_P_CODE];
	unsigned int at = 0;
	char why[128];
	unsigned int n;
	int words;

	for (n = 0; at < code->number; n++) {
		struct kobs_program *p = &programs[n];

		if (n == KOBS_REFS_POINTS)
			return kobs_refuse(extack, -EINVAL,
					   "parameter code: more than %d programs",
					   KOBS_REFS_POINTS);
		words = kobs_program_check(p, code->addresses + at,
					   code->number - at,
					   KOBS_PROBE_RESULT + 1, why, sizeof(why));
		if (words < 0)
			return kobs_refuse(extack, words,
					   "parameter code: program %u: %s", n, why);
		if (!p->value || p->keys || p->texts || p->record)
			return kobs_refuse(extack, -EINVAL,
					   "parameter code: program %u: it must give a value, and no number and no text, and can take no register",
					   n);
		at += words;
		cond_resched();
	}
	return n;
}

static int check_points(const u64 *words, unsigned int n,
			const struct kobs_program *programs, u64 n_programs,
			struct netlink_ext_ack *extack)
{
	unsigned int roles = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const u64 *w = words + i * KOBS_REFS_WORDS;
		u64 program = w[0] >> 32;

		if (role_of(w) >= KOBS_REFS_ROLES || (w[0] & 0xfffffe00))
			return kobs_refuse(extack, -EINVAL,
					   "parameter points: point %u: 0x%llx is nothing that it does",
					   i, w[0] & U32_MAX);
		if (program >= n_programs)
			return kobs_refuse(extack, -EINVAL,
					   "parameter points: point %u: there is no program %llu",
					   i, program);
		if (programs[program].n_args > REFS_ARGS && !at_return(w))
			return kobs_refuse(extack, -EINVAL,
					   "parameter points: point %u: it has %d arguments only",
					   i, REFS_ARGS);
		roles |= BIT(role_of(w) == KOBS_REFS_NEW ? KOBS_REFS_GET : role_of(w));
	}
	if ((roles & (BIT(KOBS_REFS_GET) | BIT(KOBS_REFS_PUT))) !=
	    (BIT(KOBS_REFS_GET) | BIT(KOBS_REFS_PUT)))
		return kobs_refuse(extack, -EINVAL,
				   "parameter points: there must be a function that takes a reference, and one that gives it back");
	return 0;
}

static int compare_points(const void *a, const void *b)
{
	const u64 *x = a;
	const u64 *y = b;

	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return x[1] < y[1] ? -1 : x[1] > y[1];
}

/* A function joins a point, or is kept out of the session. */
static int add_function(struct kobs_refs *r, struct kobs_refs_point *p,
			struct ftrace_ops *trial, unsigned long ip)
{
	const char *reason = kobs_func_denied(ip);
	int err;

	if (p->n && p->ips[p->n - 1] == ip)
		return 0;
	if (reason)
		return kobs_session_keep_out(r->s, ip, reason, true);
	err = kobs_ftrace_check(trial, ip);
	if (err == -EINVAL)
		return kobs_session_keep_out(r->s, ip, "ftrace cannot trace it",
					     false);
	if (!err)
		p->ips[p->n++] = ip;
	return err;
}

/* A function that is not followed makes all numbers wrong. */
static int refuse_kept_out(const struct kobs_refs *r, struct netlink_ext_ack *extack)
{
	const struct kobs_session *s = r->s;

	if (!kobs_session_kept_out(s))
		return 0;
	return kobs_refuse(extack, -EINVAL, "%ps cannot be traced: %s",
			   (void *)(long)s->kept_out[0].address,
			   s->kept_out[0].reason);
}

/* The number of the argument that a program gives; -1: it does more. */
static int only_argument(const struct kobs_program *p)
{
	const u64 *w = p->words;

	if (KOBS_PROG_OP(w[0]) != KOBS_OP_ARG ||
	    KOBS_PROG_OP(w[1]) != KOBS_OP_VALUE ||
	    KOBS_PROG_SRC(w[1]) != KOBS_PROG_DST(w[0]) ||
	    KOBS_PROG_OP(w[2]) != KOBS_OP_END)
		return -1;
	return KOBS_PROG_ARG(w[0]);
}

/* The points of functions, which are sorted. */
static int add_points(struct kobs_refs *r, const struct kobs_program *programs,
		      const u64 (*words)[KOBS_REFS_WORDS], unsigned int n,
		      struct netlink_ext_ack *extack)
{
	unsigned int hooks[2] = {};
	struct kobs_refs_point *p = NULL;
	struct ftrace_ops trial = {};
	unsigned int i;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		if (!i || words[i][0] != words[i - 1][0]) {
			unsigned long *ips = p ? p->ips + p->n : r->ips;

			p = &r->points[r->n++];
			p->r = r;
			p->ips = ips;
			p->role = role_of(words[i]);
			p->returns = at_return(words[i]);
			p->program = programs[words[i][0] >> 32];
			p->arg = only_argument(&p->program);
			if (++hooks[p->returns] >
			    (p->returns ? REFS_RETURNS : REFS_ENTRIES))
				return kobs_refuse(extack, -EINVAL,
						   "functions with more than %d expressions, or %d at their return, cannot be hooked at once",
						   REFS_ENTRIES, REFS_RETURNS);
		}
		err = add_function(r, p, &trial, words[i][1]);
		if (!err && kobs_session_unwanted(r->s))
			err = -ECONNREFUSED;
	}
	err = err ?: refuse_kept_out(r, extack);
	for (i = 0; i < r->n && !err; i++)
		err = kobs_refs_hook(&r->points[i]);
	return err ?: refuse_kept_out(r, extack);
}

static int points_fill(struct kobs_refs *r, struct kobs_program *programs,
		       u64 (*words)[KOBS_REFS_WORDS], unsigned int n,
		       struct netlink_ext_ack *extack)
{
	const struct kobs_value *points = &r->s->source_params[REFS_P_POINTS];
	int n_programs = check_code(r, programs, extack);
	const char *why;
	bool ok = true;
	unsigned int i;
	int err;

	if (n_programs < 0)
		return n_programs;
	memcpy(words, points->addresses, n * sizeof(*words));
	err = check_points(words[0], n, programs, n_programs, extack);
	for (i = 0; i < n && !err; i++) {
		why = at_return(words[i]) ? kobs_calls_how(&ok) : NULL;
		if (!ok)
			err = kobs_refuse(extack, -EOPNOTSUPP, "%s", why);
	}
	if (err)
		return err;
	sort(words, n, sizeof(*words), compare_points, NULL);
	mutex_lock(&r->lock);
	err = kobs_refs_text_init(&r->outer, "outer_text",
				  &r->s->source_params[REFS_P_OUTER_TEXT], extack);
	err = err ?: add_points(r, programs, words, n, extack);
	mutex_unlock(&r->lock);
	why = err ? kobs_ftrace_refusal(&err) : NULL;
	return why ? kobs_refuse(extack, err, "functions cannot be hooked: %s", why) :
		     err;
}

/**
 * kobs_refs_points_init() - the functions that a session's parameters name
 * @r: session, zeroed but for its session
 * @extack: takes the reason of a failure
 *
 * None of them is hooked.
 *
 * Context: task, may sleep.
 * Return: 0, -EINVAL (parameters, or a function that cannot be traced), -EOPNOTSUPP,
 * -ENOMEM, or an error of ftrace; kobs_refs_points_free() is to be called in any case.
 */
int kobs_refs_points_init(struct kobs_refs *r, struct netlink_ext_ack *extack)
{
	const struct kobs_value *points = &r->s->source_params[REFS_P_POINTS];
	unsigned int n = points->number / KOBS_REFS_WORDS;
	struct kobs_program *programs;
	u64 (*words)[KOBS_REFS_WORDS];
	int err = -ENOMEM;

	mutex_init(&r->lock);
	kobs_refs_follow_modules(r);
	if (!n || points->number % KOBS_REFS_WORDS)
		return kobs_refuse(extack, -EINVAL,
				   "the parameters points and code must be there, with %d words for each point",
				   KOBS_REFS_WORDS);
	r->points = kvcalloc(n, sizeof(*r->points), GFP_KERNEL_ACCOUNT);
	r->ips = kvcalloc(n, sizeof(*r->ips), GFP_KERNEL_ACCOUNT);
	programs = kvcalloc(KOBS_REFS_POINTS, sizeof(*programs), GFP_KERNEL_ACCOUNT);
	words = kvcalloc(n, sizeof(*words), GFP_KERNEL_ACCOUNT);
	if (r->points && r->ips && programs && words)
		err = points_fill(r, programs, words, n, extack);
	kvfree(words);
	kvfree(programs);
	return err;
}

/**
 * kobs_refs_points_free() - undo kobs_refs_points_init()
 * @r: session none of whose hooks is on
 *
 * Context: task, may sleep.
 */
void kobs_refs_points_free(struct kobs_refs *r)
{
	unsigned int i;

	unregister_module_notifier(&r->modules);
	for (i = 0; i < r->n; i++) {
		if (r->points[i].calls)
			kobs_calls_free(r->points[i].calls);
		ftrace_free_filter(&r->points[i].ops);
	}
	mutex_destroy(&r->lock);
	kvfree(r->ips);
	kvfree(r->points);
}
