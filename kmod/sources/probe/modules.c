// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: functions of modules that go while a session has them.
 *
 * They must leave the filter of their ops, else functions of a module that is
 * loaded to the same address would be hooked: all of a module's when it is
 * unloaded, and those of its init text when it has been initialised.
 *
 * Locking: the notifier runs under its chain's lock, and takes
 * struct kobs_probes.lock.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#include "hooks/ftrace.h"
#include "sources/probe/probe.h"

/* Whether an address is in code that is about to go, or has just come. */
static bool probe_goes(unsigned long ip, unsigned long state,
		       const struct module *mod)
{
	return state == MODULE_STATE_LIVE ? within_module_init(ip, mod) :
					    within_module(ip, mod);
}

/* Unhook functions that go; the kernel does it for kprobes. Returns their number. */
static unsigned int point_drop(struct kobs_probe_point *point,
			       unsigned long state, const struct module *mod)
{
	unsigned int left = point->n;
	unsigned int i = 0;
	unsigned int gone;

	if (point->kprobe && !point->gone &&
	    probe_goes(point->kprobe->ip, state, mod)) {
		point->gone = true;
		return 1;
	}
	while (i < left) {
		if (!probe_goes(point->ips[i], state, mod)) {
			i++;
			continue;
		}
		left--;
		swap(point->ips[i], point->ips[left]);
	}
	gone = point->n - left;
	point->n = left;
	if (gone && point->calls)
		kobs_calls_drop(point->calls, left);
	/* An empty filter would hook all functions. */
	else if (gone &&
		 (!left || kobs_ftrace_drop(&point->ops, point->ips + left,
					    gone)))
		kobs_probe_unhook_functions(point);
	return gone;
}

static void probes_tally(struct kobs_probes *p, unsigned int gone,
			 const struct module *mod)
{
	u64 ms = div_u64(ktime_get_mono_fast_ns() - p->began, NSEC_PER_MSEC);

	if (!p->gone)
		snprintf(p->when, sizeof(p->when),
			 "went with their modules, the first with %s after %llu.%03llu s",
			 mod->name, ms / 1000, ms % 1000);
	/* Pairs with the acquire in kobs_probes_note(). */
	smp_store_release(&p->gone, p->gone + gone);
}

static int probes_module(struct notifier_block *nb, unsigned long state,
			 void *data)
{
	struct kobs_probes *p = container_of(nb, struct kobs_probes, modules);
	unsigned int gone = 0;
	unsigned int i;

	mutex_lock(&p->lock);
	for (i = 0; i < p->n; i++)
		gone += point_drop(&p->points[i], state, data);
	/* Init text has done its work, and is no loss. */
	if (gone && state == MODULE_STATE_GOING && p->began &&
	    READ_ONCE(p->s->armed))
		probes_tally(p, gone, data);
	mutex_unlock(&p->lock);
	return NOTIFY_DONE;
}

/**
 * kobs_probes_follow_modules() - begin to follow modules that go
 * @p: session without functions
 *
 * Context: task, may sleep.
 */
void kobs_probes_follow_modules(struct kobs_probes *p)
{
	p->modules.notifier_call = probes_module;
	register_module_notifier(&p->modules);
}

/**
 * kobs_probes_note() - what happened to functions of modules
 * @p: session
 * @i: number of the note
 * @note: set to it
 *
 * Context: task.
 * Return: false after the last one.
 */
bool kobs_probes_note(const struct kobs_probes *p, unsigned int i,
		      struct kobs_note *note)
{
	if (i)
		return false;
	note->name = "functions_gone";
	/* Pairs with the release in probes_tally(). */
	note->number = smp_load_acquire(&p->gone);
	note->doc = p->when;
	return true;
}
