// SPDX-License-Identifier: GPL-2.0
/*
 * Source refs: functions of modules that go while a session has them. They leave the
 * filter of their hook: else functions of a module that is loaded to the same
 * address would be hooked.
 *
 * Locking: the notifier runs under its chain's lock, and takes kobs_refs.lock.
 */
#include <linux/module.h>

#include "hooks/ftrace.h"
#include "sources/refs/refs.h"

/**
 * kobs_refs_goes() - whether code is about to go, or has just come
 * @ip: an address in it
 * @state: state of a module
 * @mod: the module
 *
 * Context: any.
 * Return: true when it is in that module, or where this begins to run in its init code.
 */
bool kobs_refs_goes(unsigned long ip, unsigned long state, const struct module *mod)
{
	return state == MODULE_STATE_LIVE ? within_module_init(ip, mod) :
					    within_module(ip, mod);
}

/* Unhook functions that go. Returns their number. */
static unsigned int point_drop(struct kobs_refs_point *p, unsigned long state,
			       const struct module *mod)
{
	unsigned int left = p->n;
	unsigned int i = 0;
	unsigned int gone;

	while (i < left) {
		if (!kobs_refs_goes(p->ips[i], state, mod)) {
			i++;
			continue;
		}
		left--;
		swap(p->ips[i], p->ips[left]);
	}
	gone = p->n - left;
	p->n = left;
	if (gone && p->calls)
		kobs_calls_drop(p->calls, left);
	/* An empty filter would hook all functions. */
	else if (gone &&
		 (!left || kobs_ftrace_drop(&p->ops, p->ips + left, gone)))
		kobs_refs_unhook_point(p);
	return gone;
}

static int refs_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct kobs_refs *r = container_of(nb, struct kobs_refs, modules);
	unsigned int gone = 0;
	unsigned int i;

	mutex_lock(&r->lock);
	for (i = 0; i < r->n; i++)
		gone += point_drop(&r->points[i], state, data);
	gone += kobs_refs_text_drop(&r->sites.text, state, data);
	kobs_refs_text_drop(&r->outer, state, data);
	if (state == MODULE_STATE_GOING && READ_ONCE(r->s->armed))
		WRITE_ONCE(r->gone, r->gone + gone);
	mutex_unlock(&r->lock);
	return NOTIFY_DONE;
}

/**
 * kobs_refs_follow_modules() - begin to follow modules that go
 * @r: session without functions
 *
 * Context: task, may sleep.
 */
void kobs_refs_follow_modules(struct kobs_refs *r)
{
	r->modules.notifier_call = refs_module;
	register_module_notifier(&r->modules);
}
