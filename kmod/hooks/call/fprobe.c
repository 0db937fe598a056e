// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and exit of functions by fprobe: one registration, and one filter
 * update, for all functions.
 *
 * Locking: see hooks/call.h.
 */
#include <linux/fprobe.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core/session.h"
#include "hooks/call.h"

/* Calls in progress at once when nothing else is asked for. */
#define INFLIGHT_AUTO	4096

struct kobs_returns {
	struct fprobe fp;
	struct kobs_session *s;
	unsigned long *ips;
	unsigned int n;
	bool hooked;
	u64 missed;
};

/**
 * kobs_returns_how() - can returns be hooked, and by what
 * @ok: left as it is; every kernel that this file is built for can
 *
 * Context: any.
 * Return: what is used.
 */
const char *kobs_returns_how(bool *ok)
{
	return "by fprobe";
}

static int returns_entry(struct fprobe *fp, unsigned long ip,
			 unsigned long ret_ip, struct pt_regs *regs, void *data)
{
	struct kobs_returns *r = container_of(fp, struct kobs_returns, fp);

	/* Not 0: do not hook the return. */
	return !kobs_func_enter(r->s, ip, regs, data);
}

static void returns_exit(struct fprobe *fp, unsigned long ip,
			 unsigned long ret_ip, struct pt_regs *regs, void *data)
{
	struct kobs_returns *r = container_of(fp, struct kobs_returns, fp);

	kobs_func_exit(r->s, ip, ret_ip, data);
}

/**
 * kobs_returns_new() - make ready to hook functions
 * @s: session
 * @ips: functions; must live as long as the result
 * @n: how many; unchanged
 * @inflight: calls in progress at once, 0 for automatic
 *
 * Context: task, may sleep.
 * Return: to be given to kobs_returns_start(), or ERR_PTR(-ENOMEM).
 */
struct kobs_returns *kobs_returns_new(struct kobs_session *s,
				      unsigned long *ips, unsigned int *n,
				      unsigned int inflight)
{
	struct kobs_returns *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return ERR_PTR(-ENOMEM);
	r->s = s;
	r->ips = ips;
	r->n = *n;
	r->fp.entry_handler = returns_entry;
	r->fp.exit_handler = returns_exit;
	r->fp.entry_data_size = sizeof(struct kobs_call);
	r->fp.nr_maxactive = inflight ?: INFLIGHT_AUTO;
	return r;
}

/**
 * kobs_returns_start() - hook the functions, all or none
 * @r: from kobs_returns_new()
 *
 * Context: task, may sleep.
 * Return: 0, or an error of register_fprobe_ips().
 */
int kobs_returns_start(struct kobs_returns *r)
{
	int err = register_fprobe_ips(&r->fp, r->ips, r->n);

	r->hooked = !err;
	return err;
}

/**
 * kobs_returns_stop() - unhook the functions and wait until no handler runs
 * @r: from kobs_returns_new(), started or not
 *
 * Calls in progress return as ever, unseen.
 *
 * Context: task, may sleep.
 */
void kobs_returns_stop(struct kobs_returns *r)
{
	if (!r->hooked)
		return;
	disable_fprobe(&r->fp);
	/*
	 * An entry that is past the check of that will find no more room for
	 * its return from now on; but it comes after the end, and is no miss.
	 */
	r->missed = READ_ONCE(r->fp.nmissed);
	/* Pairs with the acquire in kobs_returns_missed(). */
	smp_store_release(&r->hooked, false);
	unregister_fprobe(&r->fp);
	/* For the exit handlers, which run with preemption off. */
	synchronize_rcu();
}

/**
 * kobs_returns_keep() - give up functions whose module goes
 * @r: from kobs_returns_new(), started or not
 * @n: how many are left of the functions; those come first among them now
 *
 * Context: task, may sleep.
 */
void kobs_returns_keep(struct kobs_returns *r, unsigned int n)
{
	r->n = n;
	if (!r->hooked)
		return;
	/* No functions in an ftrace filter would mean all of them. */
	if (!n)
		kobs_returns_stop(r);
	else
		WARN_ON_ONCE(ftrace_set_filter_ips(&r->fp.ops, r->ips, n, 0,
						   1));
}

/**
 * kobs_returns_free() - undo kobs_returns_new()
 * @r: stopped or never started
 *
 * Context: task, may sleep.
 */
void kobs_returns_free(struct kobs_returns *r)
{
	kfree(r);
}

/**
 * kobs_returns_missed() - calls whose return could not be hooked
 * @r: from kobs_returns_new()
 *
 * Context: any.
 * Return: how many.
 */
u64 kobs_returns_missed(const struct kobs_returns *r)
{
	/* Pairs with the release in kobs_returns_stop(). */
	return smp_load_acquire(&r->hooked) ? READ_ONCE(r->fp.nmissed) :
					      r->missed;
}
