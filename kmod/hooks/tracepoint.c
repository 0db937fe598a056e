// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints by name: lookup, attach (all or none), detach.
 *
 * Locking: none; the caller serialises attach and detach of the same probes.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "hooks/tracepoint.h"
#include "unwind/unwind.h"

struct kobs_tracepoint_search {
	const char *name;
	struct tracepoint *found;
};

static void tracepoint_match(struct tracepoint *tp, void *data)
{
	struct kobs_tracepoint_search *search = data;

	if (!strcmp(tp->name, search->name))
		search->found = tp;
}

/**
 * kobs_tracepoint_find() - find a tracepoint of the kernel
 * @name: its name, such as "sched_switch"
 *
 * Context: task.
 * Return: the tracepoint, or NULL when the kernel, without modules, has none of
 * that name.
 */
struct tracepoint *kobs_tracepoint_find(const char *name)
{
	struct kobs_tracepoint_search search = { .name = name };

	for_each_kernel_tracepoint(tracepoint_match, &search);
	return search.found;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_tracepoint_find);

/**
 * kobs_tracepoint_attach() - attach probes, all or none
 * @probes: probes
 * @n: number of @probes
 * @data: first argument of the probe functions
 * @failed: set to the name of the tracepoint that could not be attached to
 *
 * Context: task, may sleep.
 * Return: 0, -ENOENT when there is no such tracepoint, or an error of
 * tracepoint_probe_register().
 */
int kobs_tracepoint_attach(struct kobs_probe *probes, unsigned int n,
			   void *data, const char **failed)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		probes[i].tp = kobs_tracepoint_find(probes[i].name);
		/* The iterator calls the probes of a tracepoint with several. */
		if (probes[i].tp)
			kobs_unwind_hook(probes[i].tp->iterator);
		err = probes[i].tp ?
		      tracepoint_probe_register(probes[i].tp, probes[i].probe,
						data) : -ENOENT;
		if (err) {
			*failed = probes[i].name;
			kobs_tracepoint_detach(probes, i, data);
			return err;
		}
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_tracepoint_attach);

/**
 * kobs_tracepoint_detach() - detach probes and wait until none runs
 * @probes: attached probes
 * @n: number of @probes
 * @data: first argument of the probe functions
 *
 * Context: task, may sleep.
 */
void kobs_tracepoint_detach(struct kobs_probe *probes, unsigned int n,
			    void *data)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		tracepoint_probe_unregister(probes[i].tp, probes[i].probe,
					    data);
	tracepoint_synchronize_unregister();
}
EXPORT_SYMBOL_IF_KUNIT(kobs_tracepoint_detach);
