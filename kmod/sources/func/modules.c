// SPDX-License-Identifier: GPL-2.0
/*
 * Source func: modules that come and go while a session has functions of them,
 * or waits for them.
 *
 * A module comes (MODULE_STATE_COMING) when ftrace has its call sites ready and
 * before its init runs: functions that are hooked then are observed from their
 * first call on.
 *
 * Locking: the notifier runs under its chain's lock, and takes
 * struct kobs_func.lock.
 */
#include <linux/kallsyms.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "hooks/ftrace.h"
#include "sources/func/func.h"

/* Whether an address is in code that is about to go, or has just come. */
static bool func_goes(unsigned long ip, unsigned long state,
		      const struct module *mod)
{
	return state == MODULE_STATE_LIVE ? within_module_init(ip, mod) :
					    within_module(ip, mod);
}

/* Move functions that go to the end; returns the number of the others. */
static unsigned int func_part(struct kobs_func *f, unsigned long state,
			      const struct module *mod)
{
	unsigned int left = f->n;
	unsigned int i = 0;

	while (i < left) {
		if (!func_goes(f->ips[i], state, mod)) {
			i++;
			continue;
		}
		left--;
		swap(f->ips[i], f->ips[left]);
	}
	return left;
}

/* Unhook functions, of which there are @left others. */
static void func_drop(struct kobs_func *f, unsigned int left)
{
	unsigned int gone = f->n - left;

	f->n = left;
	if (f->calls)
		kobs_calls_drop(f->calls, left);
	/* An empty filter would hook all functions. */
	else if (!left || kobs_ftrace_drop(&f->ops, f->ips + left, gone))
		kobs_func_unhook(f);
}

/* What happened to functions while the session ran, for its report. */
static const struct {
	const char *name;
	const char *what;
} tallies[] = {
	[FUNC_GONE] = { "functions_gone", "went with their modules" },
	[FUNC_CAME] = { "functions_came", "came with their modules" },
	[FUNC_MISSED] = {
		"functions_missed",
		"came with their modules and could not be hooked"
	},
};

static void func_tally(struct kobs_func *f, enum kobs_func_tally which,
		       unsigned int n, const struct module *mod)
{
	struct kobs_func_count *t = &f->tally[which];
	bool counts = f->began && READ_ONCE(f->s->armed);
	u64 ms;

	/* Calls of what could not be hooked before the start are not seen later. */
	if (!n || f->ended || (!counts && which != FUNC_MISSED))
		return;
	ms = counts ? div_u64(ktime_get_mono_fast_ns() - f->began,
			      NSEC_PER_MSEC) : 0;
	if (!t->n)
		snprintf(t->when, sizeof(t->when),
			 "%s, the first with %s after %llu.%03llu s",
			 tallies[which].what, mod->name, ms / 1000, ms % 1000);
	/* Pairs with the acquire in kobs_func_note(). */
	smp_store_release(&t->n, t->n + n);
}

/**
 * kobs_func_note() - what happened to functions of modules
 * @f: session
 * @i: number of the note
 * @note: set to it
 *
 * Context: task.
 * Return: false after the last one.
 */
bool kobs_func_note(const struct kobs_func *f, unsigned int i,
		    struct kobs_note *note)
{
	if (i >= FUNC_TALLIES)
		return false;
	note->name = tallies[i].name;
	/* Pairs with the release in func_tally(). */
	note->number = smp_load_acquire(&f->tally[i].n);
	note->doc = f->tally[i].when;
	return true;
}

/* Append functions to the session's; returns 0 or -ENOMEM. */
static int func_append(struct kobs_func *f, const unsigned long *ips,
		       unsigned int n)
{
	unsigned long *all = kvmalloc_array(f->n + n, sizeof(*all), GFP_KERNEL);

	if (!all)
		return -ENOMEM;
	memcpy(all, f->ips, f->n * sizeof(*all));
	memcpy(all + f->n, ips, n * sizeof(*all));
	if (f->calls)
		f->calls->ips = all;
	kvfree(f->ips);
	f->ips = all;
	return 0;
}

/* Hook functions that were appended. Returns the number of those that are. */
static unsigned int func_hook_more(struct kobs_func *f, unsigned int n)
{
	unsigned int old = f->n;
	int err;

	f->n += n;
	if (f->calls) {
		kobs_calls_add(f->calls, f->ips, &f->n);
		return f->n - old;
	}
	/* While nothing is hooked, the filter can have functions that went. */
	if (f->hooked)
		err = ftrace_set_filter_ips(&f->ops, f->ips + old, n, 0, 0);
	else
		err = ftrace_set_filter_ips(&f->ops, f->ips, f->n, 0, 1);
	if (!err && f->began && !f->hooked)
		err = kobs_func_hook(f);
	if (err)
		f->n = old;
	return f->n - old;
}

/* A module comes that the session may wait for. */
static void func_take(struct kobs_func *f, const struct module *mod)
{
	unsigned int kept_out = f->kept_out;
	unsigned long *ips = NULL;
	int found = kobs_func_wait_find(f->wait, mod, &ips);
	unsigned int taken = 0;

	if (found <= 0) {
		func_tally(f, FUNC_MISSED, found < 0, mod);
		return;
	}
	if (kobs_func_may(f->s, f->n + found) && !func_append(f, ips, found))
		taken = func_hook_more(f, found);
	func_tally(f, FUNC_CAME, taken, mod);
	/* Of functions whose return cannot be hooked, nothing is expected. */
	func_tally(f, FUNC_MISSED, found - taken - (f->kept_out - kept_out),
		   mod);
	WRITE_ONCE(f->s->targets, max(f->s->targets, f->n));
	kvfree(ips);
}

/*
 * Functions whose code goes must leave the filter, else those of a module that
 * is loaded to the same address would be hooked: all of a module's when it is
 * unloaded, and those of its init text, which is freed, when it has been
 * initialised. What is still in the filter when a module is loaded to that
 * address is of another one, whose end was not seen.
 */
static int func_module(struct notifier_block *nb, unsigned long state,
		       void *data)
{
	struct kobs_func *f = container_of(nb, struct kobs_func, modules);
	unsigned int left;

	mutex_lock(&f->lock);
	left = func_part(f, state, data);
	/* Init text has done its work, and is no loss; nor is what comes again. */
	if (state == MODULE_STATE_GOING && !f->wait)
		func_tally(f, FUNC_GONE, f->n - left, data);
	if (left != f->n)
		func_drop(f, left);
	if (f->wait && f->ips && state == MODULE_STATE_COMING && !f->ended)
		func_take(f, data);
	mutex_unlock(&f->lock);
	return NOTIFY_DONE;
}

/**
 * kobs_func_follow_modules() - begin to follow modules that come and go
 * @f: session without functions
 *
 * Context: task, may sleep.
 */
void kobs_func_follow_modules(struct kobs_func *f)
{
	f->modules.notifier_call = func_module;
	register_module_notifier(&f->modules);
}
