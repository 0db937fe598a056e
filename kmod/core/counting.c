// SPDX-License-Identifier: GPL-2.0
/*
 * Counts of events at any point; see counting.h.
 *
 * perf_event_read_local() is not exported; what it does is to call the PMU's own
 * function on the CPU that counts, with interrupts off.
 *
 * Locking: see counting.h.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/perf_event.h>
#include <linux/slab.h>

#include "core/counting.h"
#include "core/refuse.h"
#include "core/source.h"

/* Bits of an event: what is not counted. */
#define COUNTING_NO_USER	BIT(0)
#define COUNTING_NO_KERNEL	BIT(1)
#define COUNTING_NO_HV		BIT(2)
#define COUNTING_NO_IDLE	BIT(3)
#define COUNTING_NO_GUEST	BIT(7)
#define COUNTING_NO_HOST	BIT(8)
#define COUNTING_BITS		(COUNTING_NO_USER | COUNTING_NO_KERNEL | \
				 COUNTING_NO_HV | COUNTING_NO_IDLE | \
				 COUNTING_NO_GUEST | COUNTING_NO_HOST)

/* The counters of a CPU. */
struct kobs_counting_cpu {
	struct perf_event *event[KOBS_COUNTING_EVENTS];
};

/**
 * struct kobs_counting - events that are counted
 * @n: number of events
 * @attr: their attributes in perf
 * @cpu: their counters, NULL on a CPU that has none
 */
struct kobs_counting {
	unsigned int n;
	struct perf_event_attr attr[KOBS_COUNTING_EVENTS];
	struct kobs_counting_cpu __percpu *cpu;
};

static bool counting_attr(const u64 *w, struct perf_event_attr *attr)
{
	u64 bits = w[KOBS_COUNTING_BITS];
	unsigned int i;

	if (w[KOBS_COUNTING_TYPE] > U32_MAX || (bits & ~(u64)COUNTING_BITS))
		return false;
	for (i = KOBS_COUNTING_BITS + 1; i < KOBS_COUNTING_WORDS; i++) {
		if (w[i])
			return false;
	}
	*attr = (struct perf_event_attr){
		.type = w[KOBS_COUNTING_TYPE],
		.size = sizeof(*attr),
		.config = w[KOBS_COUNTING_CONFIG],
		.config1 = w[KOBS_COUNTING_CONFIG1],
		.config2 = w[KOBS_COUNTING_CONFIG2],
		.exclude_user = !!(bits & COUNTING_NO_USER),
		.exclude_kernel = !!(bits & COUNTING_NO_KERNEL),
		.exclude_hv = !!(bits & COUNTING_NO_HV),
		.exclude_idle = !!(bits & COUNTING_NO_IDLE),
		.exclude_guest = !!(bits & COUNTING_NO_GUEST),
		.exclude_host = !!(bits & COUNTING_NO_HOST),
		.pinned = 1,
	};
	return true;
}

/**
 * kobs_counting_new() - prepare to count events
 * @events: KOBS_COUNTING_WORDS per event
 * @extack: says what is wrong
 *
 * Context: task, may sleep.
 * Return: for kobs_counting_start(), or ERR_PTR of -EINVAL or -ENOMEM.
 */
struct kobs_counting *kobs_counting_new(const struct kobs_value *events,
					struct netlink_ext_ack *extack)
{
	struct kobs_counting *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	unsigned int i;
	int err = -ENOMEM;

	if (!c)
		return ERR_PTR(err);
	c->n = events->number / KOBS_COUNTING_WORDS;
	if (events->number % KOBS_COUNTING_WORDS || c->n > KOBS_COUNTING_EVENTS) {
		err = kobs_refuse(extack, -EINVAL,
				  "events has %llu words, but needs %d for each of up to %d events",
				  events->number, KOBS_COUNTING_WORDS,
				  KOBS_COUNTING_EVENTS);
		goto err_free;
	}
	for (i = 0; i < c->n; i++) {
		if (counting_attr(&events->addresses[i * KOBS_COUNTING_WORDS],
				  &c->attr[i]))
			continue;
		err = kobs_refuse(extack, -EINVAL,
				  "event %u: only a type, configurations and what is excluded are taken",
				  i);
		goto err_free;
	}
	c->cpu = alloc_percpu_gfp(struct kobs_counting_cpu, GFP_KERNEL_ACCOUNT);
	if (c->cpu)
		return c;
err_free:
	kfree(c);
	return ERR_PTR(err);
}

/* Return: 0, -ESRCH when the CPU is offline, or an error of perf. */
static int counting_start_one(struct kobs_counting *c, unsigned int cpu,
			      unsigned int i)
{
	struct perf_event *event;

	event = perf_event_create_kernel_counter(&c->attr[i], cpu, NULL, NULL,
						 NULL);
	if (IS_ERR(event))
		return cpu_online(cpu) ? PTR_ERR(event) : -ESRCH;
	per_cpu_ptr(c->cpu, cpu)->event[i] = event;
	/* A pinned event that finds no counter is in error. */
	if (READ_ONCE(event->state) != PERF_EVENT_STATE_ACTIVE)
		return cpu_online(cpu) ? -ENOSPC : -ESRCH;
	return READ_ONCE(event->oncpu) == cpu ? 0 : -EXDEV;
}

static const struct {
	int err;
	int out;
	const char *why;
} counting_errors[] = {
	{ -ENOSPC, -ENOSPC, "no counter is free (kernel.nmi_watchdog takes one)" },
	{ -EXDEV, -EOPNOTSUPP, "its PMU counts for several CPUs" },
	{ -ENOENT, -EOPNOTSUPP, "there is no PMU that has it" },
	{ -ENODEV, -EOPNOTSUPP, "there is no PMU that has it" },
	{ -EOPNOTSUPP, -EOPNOTSUPP, "there is no PMU that has it" },
};

static int counting_refuse(int err, unsigned int i, unsigned int cpu,
			   struct netlink_ext_ack *extack)
{
	const char *why = "perf refused it";
	int out = err;
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(counting_errors); k++) {
		if (counting_errors[k].err == err) {
			why = counting_errors[k].why;
			out = counting_errors[k].out;
		}
	}
	return kobs_refuse(extack, out,
			   "event %u cannot be counted on CPU %u: %s, error %d",
			   i, cpu, why, -err);
}

/**
 * kobs_counting_start() - count the events on all CPUs, or none
 * @c: events
 * @extack: says why not
 *
 * Context: task, may sleep.
 * Return: 0, -EOPNOTSUPP, or another error of perf.
 */
int kobs_counting_start(struct kobs_counting *c, struct netlink_ext_ack *extack)
{
	unsigned int cpu;
	unsigned int i;
	int err;

	for_each_online_cpu(cpu) {
		for (i = 0, err = 0; !err && i < c->n; i++)
			err = counting_start_one(c, cpu, i);
		if (!err || err == -ESRCH)
			continue;
		kobs_counting_stop(c);
		return counting_refuse(err, i - 1, cpu, extack);
	}
	return 0;
}

/**
 * kobs_counting_stop() - stop counting
 * @c: events, of which no handler reads
 *
 * Context: task, may sleep.
 */
void kobs_counting_stop(struct kobs_counting *c)
{
	unsigned int cpu;
	unsigned int i;

	for_each_possible_cpu(cpu) {
		struct kobs_counting_cpu *pc = per_cpu_ptr(c->cpu, cpu);

		for (i = 0; i < c->n; i++) {
			if (pc->event[i])
				perf_event_release_kernel(pc->event[i]);
			pc->event[i] = NULL;
		}
	}
}

/**
 * kobs_counting_free() - undo kobs_counting_new()
 * @c: events that are not counted
 *
 * Context: task, may sleep.
 */
void kobs_counting_free(struct kobs_counting *c)
{
	free_percpu(c->cpu);
	kfree(c);
}

/**
 * kobs_counting_read() - read what was counted on this CPU so far
 * @c: events that are counted
 * @counts: set to a number for each event
 *
 * Context: any, NMI included; preemption off.
 * Return: false when some were not counted.
 */
bool kobs_counting_read(const struct kobs_counting *c, u64 *counts)
{
	const struct kobs_counting_cpu *pc;
	unsigned long flags;
	bool all = true;
	unsigned int i;

	/*
	 * Not traced; else perf could take a counter away in between. What runs
	 * inside perf finds one that is being programmed stopped.
	 */
	raw_local_irq_save(flags);
	pc = this_cpu_ptr(c->cpu);
	for (i = 0; all && i < c->n; i++) {
		struct perf_event *event = READ_ONCE(pc->event[i]);

		all = event &&
		      READ_ONCE(event->state) == PERF_EVENT_STATE_ACTIVE &&
		      !(READ_ONCE(event->hw.state) & PERF_HES_STOPPED) &&
		      READ_ONCE(event->oncpu) == raw_smp_processor_id();
		if (unlikely(!all))
			break;
		event->pmu->read(event);
		counts[i] = local64_read(&event->count);
	}
	raw_local_irq_restore(flags);
	return all;
}
