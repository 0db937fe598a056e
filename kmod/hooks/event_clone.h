/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Clones of trace events: further events of the same tracepoint, whose records are
 * laid out alike. What others attach to the event itself, such as a BPF program
 * that drops its records, does not touch a clone's.
 *
 * While it lives, a clone is /sys/kernel/tracing/events/kobs/EVENT, which others can
 * use by perf, as long as which it is kept, but not by tracefs.
 */
#ifndef KOBS_EVENT_CLONE_H
#define KOBS_EVENT_CLONE_H

#include <linux/types.h>

struct tracepoint;

struct kobs_event_clone *kobs_event_clone_get(const char *name,
					      const char **why);
void kobs_event_clone_put(struct kobs_event_clone *c);
struct tracepoint *kobs_event_clone_tracepoint(const struct kobs_event_clone *c);
u64 kobs_event_clone_id(const struct kobs_event_clone *c);
void kobs_event_clones_exit(void);

#endif /* KOBS_EVENT_CLONE_H */
