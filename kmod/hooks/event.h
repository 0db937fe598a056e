/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events with their records: a clone of the event (event_clone.h), and a perf counter
 * of it on each CPU, whose handler gets each record. A probe of the tracepoint comes
 * before it, for every hit: perf drops some, as those of a context that is in a
 * software event of perf already.
 */
#ifndef KOBS_EVENT_H
#define KOBS_EVENT_H

#include <linux/perf_event.h>
#include <linux/types.h>

struct kobs_event;

/**
 * struct kobs_event_ops - what is called for a hit
 * @probe: a probe of the tracepoint, of the type void (*)(void *ctx), before the
 *	   record; preemption may be on
 * @record: handler of the record; preemption off
 *
 * Context: any, NMI included.
 */
struct kobs_event_ops {
	void *probe;
	perf_overflow_handler_t record;
};

struct kobs_event *kobs_event_new(const char *name,
				  const struct kobs_event_ops *ops, void *ctx,
				  const char **why);
int kobs_event_start(struct kobs_event *e);
void kobs_event_stop(struct kobs_event *e);
void kobs_event_free(struct kobs_event *e);

/**
 * kobs_event_raw() - the record that a handler was called for
 * @data: the handler's argument
 * @len: set to its bytes
 *
 * Context: any, NMI included.
 * Return: the record, or NULL without one.
 */
static __always_inline const void *
kobs_event_raw(const struct perf_sample_data *data, size_t *len)
{
	const struct perf_raw_record *raw = data->raw;

	if (unlikely(!raw))
		return NULL;
	*len = raw->frag.size;
	return raw->frag.data;
}

#endif /* KOBS_EVENT_H */
