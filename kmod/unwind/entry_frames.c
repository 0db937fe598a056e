// SPDX-License-Identifier: GPL-2.0
/*
 * Where a stack begins: behind kobs, and behind the functions of the kernel
 * between a hook and its handler, such as a tracepoint's.
 *
 * Locking: hooks_lock protects the list of those functions, which only grows
 * and is read without.
 */
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "unwind/entry_frames.h"

#define HOOKS		64

static struct {
	unsigned long start;
	unsigned long end;
} hooks[HOOKS];

static unsigned int n_hooks;
static DEFINE_MUTEX(hooks_lock);

/**
 * kobs_unwind_is_hook() - is a function left out where a stack begins with it
 * @ip: return address in it
 *
 * Context: any, NMI included.
 * Return: true for those of kobs, and of kobs_unwind_hook().
 */
bool kobs_unwind_is_hook(unsigned long ip)
{
	/* Pairs with the release in kobs_unwind_hook(). */
	unsigned int n = smp_load_acquire(&n_hooks);
	unsigned int i;

	if (within_module_core(ip, THIS_MODULE))
		return true;
	for (i = 0; i < n; i++) {
		if (ip - hooks[i].start < hooks[i].end - hooks[i].start)
			return true;
	}
	return false;
}

/**
 * kobs_unwind_first() - where a stack begins that stack_trace_save() found
 * @ips: its addresses
 * @n: how many
 * @max: how many at most are of kobs and of a hook
 * @entry: address of the hooked function, or 0
 *
 * With @entry it is the hooked function, whose address lies just behind the
 * call to the trampoline there. Without one it is the first that is no hook.
 *
 * Context: any.
 * Return: its number, 0 when it is not found.
 */
unsigned int kobs_unwind_first(const unsigned long *ips, unsigned int n,
			       unsigned int max, unsigned long entry)
{
	unsigned int i;

	for (i = 0; i < n && i < max; i++) {
		if (entry ? ips[i] - entry - 1 < 2 * MCOUNT_INSN_SIZE :
			    !kobs_unwind_is_hook(ips[i]))
			return i;
	}
	return 0;
}

/* Bytes of a function; 0 when there is no knowing. */
static unsigned long size_of(const void *fn)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned long size = 0;
	const char *slash;

	/* "name+0x0/0x5a" */
	sprint_symbol(name, (unsigned long)fn);
	slash = strchr(name, '/');
	if (slash && sscanf(slash, "/0x%lx", &size) != 1)
		return 0;
	return size;
}

/**
 * kobs_unwind_hook() - leave a function out where a stack begins with it
 * @fn: function of the kernel that does no more than call handlers
 *
 * Context: task, may sleep.
 */
void kobs_unwind_hook(const void *fn)
{
	unsigned long start = (unsigned long)fn;
	unsigned int i;

	mutex_lock(&hooks_lock);
	for (i = 0; i < n_hooks && hooks[i].start != start; i++)
		;
	if (i == n_hooks && i < HOOKS) {
		hooks[i].start = start;
		hooks[i].end = start + size_of(fn);
		/* Pairs with the acquire in is_hook(). */
		smp_store_release(&n_hooks, i + 1);
		/* It may have been learned as any other. */
		synchronize_rcu();
		kobs_unwind_forget(start, hooks[i].end);
	}
	mutex_unlock(&hooks_lock);
}
