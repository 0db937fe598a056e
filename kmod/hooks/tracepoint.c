// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints by name: lookup, attach (all or none), detach.
 *
 * Locking: none; the caller serialises attach and detach of the same probes.
 */
#include <kunit/visibility.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/trace_events.h>
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

#ifdef CONFIG_EVENT_TRACING
/* A tracepoint that a module's event is of: events are found by their system. */
static struct tracepoint *tracepoint_of_event(const char *name,
					      struct trace_event_file **keep)
{
	struct trace_event_file *file = ERR_PTR(-ENOENT);
	const char *event = strchr(name, ':');
	char *system;

	if (!event)
		return NULL;
	system = kstrndup(name, event - name, GFP_KERNEL);
	if (system)
		file = trace_get_event_file(NULL, system, event + 1);
	kfree(system);
	if (IS_ERR(file))
		return NULL;
	/* System calls are events without a tracepoint of their own. */
	if (!(file->event_call->flags & TRACE_EVENT_FL_TRACEPOINT)) {
		trace_put_event_file(file);
		return NULL;
	}
	*keep = file;
	return file->event_call->tp;
}

static void event_put(struct trace_event_file *file)
{
	trace_put_event_file(file);
}
#else
static struct tracepoint *tracepoint_of_event(const char *name,
					      struct trace_event_file **keep)
{
	return NULL;
}

static void event_put(struct trace_event_file *file)
{
}
#endif

/**
 * kobs_tracepoint_get() - find a tracepoint of the kernel or of a module
 * @name: its name; with the event's system before it, such as
 *	  "sched:sched_switch", it can be one of a module
 * @keep: set to what keeps that module loaded, or to NULL
 *
 * Context: task, may sleep.
 * Return: the tracepoint, or NULL when there is none.
 */
struct tracepoint *kobs_tracepoint_get(const char *name,
				       struct trace_event_file **keep)
{
	const char *event = strchr(name, ':');

	*keep = NULL;
	return tracepoint_of_event(name, keep) ?:
	       kobs_tracepoint_find(event ? event + 1 : name);
}

/**
 * kobs_tracepoint_put() - undo kobs_tracepoint_get()
 * @keep: what it has set
 *
 * Context: task, may sleep.
 */
void kobs_tracepoint_put(struct trace_event_file *keep)
{
	if (keep)
		event_put(keep);
}

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
		if (!probes[i].tp)
			probes[i].tp = kobs_tracepoint_find(probes[i].name);
		/* The iterator calls the probes of a tracepoint with several. */
		if (probes[i].tp && !probes[i].plain)
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
 * kobs_tracepoint_drop() - detach a probe without waiting
 * @probe: attached probe
 * @data: first argument of the probe function
 *
 * It can run until the end of a kobs_tracepoint_detach() after this.
 *
 * Context: task, may sleep.
 */
void kobs_tracepoint_drop(const struct kobs_probe *probe, void *data)
{
	tracepoint_probe_unregister(probe->tp, probe->probe, data);
}

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
		kobs_tracepoint_drop(&probes[i], data);
	tracepoint_synchronize_unregister();
}
EXPORT_SYMBOL_IF_KUNIT(kobs_tracepoint_detach);
