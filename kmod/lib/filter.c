// SPDX-License-Identifier: GPL-2.0
/*
 * Filter: building and applying. Pure.
 *
 * Locking: see filter.h.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/glob.h>
#include <linux/string.h>

#include "lib/filter.h"

/**
 * kobs_filter_add() - add an alternative to a kind
 * @list: the kind's entries, KOBS_FILTER_MAX of them
 * @n: number of entries used
 * @item: process, thread or CPU
 *
 * Context: any.
 * Return: 0, or -ENOSPC when the list is full.
 */
int kobs_filter_add(u32 *list, u8 *n, u32 item)
{
	if (*n == KOBS_FILTER_MAX)
		return -ENOSPC;
	list[(*n)++] = item;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_filter_add);

/**
 * kobs_filter_add_comm() - add a name
 * @f: filter
 * @comm: name of a thread or glob, shorter than TASK_COMM_LEN
 *
 * Context: any.
 * Return: 0, -EINVAL when it is empty or too long, or -ENOSPC when the list
 * is full.
 */
int kobs_filter_add_comm(struct kobs_filter *f, const char *comm)
{
	size_t len = strlen(comm);

	if (!len || len >= TASK_COMM_LEN)
		return -EINVAL;
	if (f->n_comm == KOBS_FILTER_MAX)
		return -ENOSPC;
	memcpy(f->comm[f->n_comm++], comm, len + 1);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_filter_add_comm);

static bool has(const u32 *list, unsigned int n, u32 item)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (list[i] == item)
			return true;
	}
	return !n;
}

/**
 * kobs_filter_pass() - match a hit, except its value
 * @f: filter
 * @who: where the hit happened
 *
 * Context: any, NMI included.
 * Return: true when each kind without a matching entry has no entries.
 */
bool kobs_filter_pass(const struct kobs_filter *f, const struct kobs_who *who)
{
	unsigned int i;

	if (!has(f->pid, f->n_pid, who->pid) ||
	    !has(f->tid, f->n_tid, who->tid) ||
	    !has(f->cpu, f->n_cpu, who->cpu))
		return false;
	for (i = 0; i < f->n_comm; i++) {
		if (glob_match(f->comm[i], who->comm))
			return true;
	}
	return !f->n_comm;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_filter_pass);
