// SPDX-License-Identifier: GPL-2.0
/*
 * Entry frames: a stack starts after those of kobs, and after those of the
 * kernel's functions between a hook and its handler, such as a tracepoint's
 * iterator.
 *
 * Locking: entries_lock serializes additions to the list of those functions,
 * which only grows and is read without a lock.
 */
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "unwind/entry_frames.h"

/* Maximum number of functions. */
#define ENTRIES		64

static struct {
	unsigned long start;
	unsigned long end;
} entries[ENTRIES];

static unsigned int n_entries;
static DEFINE_MUTEX(entries_lock);

/**
 * kobs_entry_frame() - is a function left out at the start of a stack
 * @ip: return address in it
 *
 * Context: any, NMI included.
 * Return: true for functions of kobs, and of kobs_entry_frames_add().
 */
bool kobs_entry_frame(unsigned long ip)
{
	/* Pairs with the release in kobs_entry_frames_add(). */
	unsigned int n = smp_load_acquire(&n_entries);
	unsigned int i;

	if (within_module_core(ip, THIS_MODULE))
		return true;
	for (i = 0; i < n; i++) {
		if (ip - entries[i].start < entries[i].end - entries[i].start)
			return true;
	}
	return false;
}

/**
 * kobs_entry_frames_skip() - where a stack from stack_trace_save() starts
 * @ips: its addresses
 * @n: number of addresses
 * @max: maximum number of entry frames
 * @entry: address of the hooked function, or 0
 *
 * With @entry, at the hooked function: its address there is the one after the
 * call of the trampoline. Without, after the entry frames.
 *
 * Context: any.
 * Return: index of the first address of interest, 0 when none is found.
 */
unsigned int kobs_entry_frames_skip(const unsigned long *ips, unsigned int n,
				    unsigned int max, unsigned long entry)
{
	unsigned int i;

	for (i = 0; i < n && i < max; i++) {
		if (entry ? ips[i] - entry - 1 < 2 * MCOUNT_INSN_SIZE :
			    !kobs_entry_frame(ips[i]))
			return i;
	}
	return 0;
}

/* Bytes of a function; 0 when unknown. */
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
 * kobs_entry_frames_add() - leave a function out at the start of stacks
 * @fn: function of the kernel that only calls handlers
 *
 * Context: task, may sleep.
 * Return: the address after its code, or 0 when it is known already or there
 * are too many.
 */
unsigned long kobs_entry_frames_add(const void *fn)
{
	unsigned long start = (unsigned long)fn;
	unsigned long end = 0;
	unsigned int i;

	mutex_lock(&entries_lock);
	for (i = 0; i < n_entries && entries[i].start != start; i++)
		;
	if (i == n_entries && i < ENTRIES) {
		end = start + size_of(fn);
		entries[i].start = start;
		entries[i].end = end;
		/* Pairs with the acquire in kobs_entry_frame(). */
		smp_store_release(&n_entries, i + 1);
	}
	mutex_unlock(&entries_lock);
	return end;
}
