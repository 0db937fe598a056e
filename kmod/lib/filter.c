// SPDX-License-Identifier: GPL-2.0
/*
 * Filter: building and applying. Pure.
 *
 * Locking: see filter.h.
 */
#include <kunit/visibility.h>
#include <linux/bits.h>
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

/* Place of the first group that is not below a number. */
static unsigned int cgroup_place(const struct kobs_filter *f, u64 id)
{
	unsigned int from = 0;
	unsigned int to = f->n_cgroup;

	while (from < to) {
		unsigned int i = (from + to) / 2;

		if (f->cgroup[i] < id)
			from = i + 1;
		else
			to = i;
	}
	return from;
}

/**
 * kobs_filter_add_cgroup() - add a control group
 * @f: filter
 * @id: its number
 * @level: how far it is below the root, less than 64
 *
 * Context: any.
 * Return: 0, also when the filter has it, or -ENOSPC when the list is full.
 */
int kobs_filter_add_cgroup(struct kobs_filter *f, u64 id, unsigned int level)
{
	unsigned int i = cgroup_place(f, id);

	if (i < f->n_cgroup && f->cgroup[i] == id)
		return 0;
	if (f->n_cgroup == KOBS_FILTER_CGROUPS)
		return -ENOSPC;
	memmove(&f->cgroup[i + 1], &f->cgroup[i],
		(f->n_cgroup - i) * sizeof(f->cgroup[0]));
	f->cgroup[i] = id;
	f->n_cgroup++;
	f->cgroup_levels |= BIT_ULL(level);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_filter_add_cgroup);

/**
 * kobs_filter_has_cgroup() - check for a control group
 * @f: filter
 * @id: its number
 *
 * Context: any, NMI included.
 * Return: true when it is in the list.
 */
bool kobs_filter_has_cgroup(const struct kobs_filter *f, u64 id)
{
	unsigned int i = cgroup_place(f, id);

	return i < f->n_cgroup && f->cgroup[i] == id;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_filter_has_cgroup);

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
	    !has(f->cpu, f->n_cpu, who->cpu) ||
	    (f->n_cgroup && !who->in_cgroup))
		return false;
	for (i = 0; i < f->n_comm; i++) {
		if (glob_match(f->comm[i], who->comm))
			return true;
	}
	return !f->n_comm;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_filter_pass);
