/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts of events at any point: perf counts each event on each CPU, and a handler
 * reads this CPU's counters in place. The difference between two readings on a CPU is
 * what was counted in between, whoever ran: the caller leaves out what is not its.
 *
 * The counters are pinned: they are never scaled, and count all the time, or not at
 * all, which a reading tells. CPUs that come later have none.
 *
 * Locking: none. Counters are there from the start to the stop, which no reading
 * may outlive.
 */
#ifndef KOBS_COUNTING_H
#define KOBS_COUNTING_H

#include <linux/types.h>

struct kobs_counting;
struct kobs_value;
struct netlink_ext_ack;

/* Maximum number of events. */
#define KOBS_COUNTING_EVENTS	4

/* Words of an event, as in the parameter events of the source pmu. */
enum kobs_counting_word {
	KOBS_COUNTING_TYPE,
	KOBS_COUNTING_CONFIG,
	KOBS_COUNTING_CONFIG1,
	KOBS_COUNTING_CONFIG2,
	KOBS_COUNTING_BITS,
	KOBS_COUNTING_WORDS = 8
};

struct kobs_counting *kobs_counting_new(const struct kobs_value *events,
					struct netlink_ext_ack *extack);
int kobs_counting_start(struct kobs_counting *c, struct netlink_ext_ack *extack);
void kobs_counting_stop(struct kobs_counting *c);
void kobs_counting_free(struct kobs_counting *c);
bool kobs_counting_read(const struct kobs_counting *c, u64 *counts);

#endif /* KOBS_COUNTING_H */
