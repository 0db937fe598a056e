/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test rig: a thread bound to a CPU, and interrupts that nest in it.
 */
#ifndef KOBS_KUNIT_RIG_H
#define KOBS_KUNIT_RIG_H

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/types.h>

struct kobs_memory;
struct kunit;
struct task_struct;

/* Account of what tests allocate: no maximum. */
extern struct kobs_memory rig_memory;

/**
 * struct rig - a thread on a CPU, with its interrupts
 * @task: what the thread does; it may call rig_kick()
 * @irq: what an interrupt does on the same CPU, or NULL; hard interrupt
 *       context, never nested in itself
 * @data: for both
 * @irqs: interrupts so far
 */
struct rig {
	void (*task)(struct rig *rig);
	void (*irq)(struct rig *rig);
	void *data;
	unsigned int irqs;

	/* private: rig.c's own */
	struct task_struct *thread;
	struct completion done;
	struct hrtimer timer;
	struct irq_work work;
};

void rig_start(struct kunit *test, struct rig *rig, unsigned int cpu);
void rig_wait(struct rig *rig);
void rig_kick(struct rig *rig);

#endif /* KOBS_KUNIT_RIG_H */
