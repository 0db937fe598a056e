// SPDX-License-Identifier: GPL-2.0
/*
 * Test rig: a thread bound to a CPU, and interrupts that nest in it. They come
 * from a timer, at arbitrary points, and from the thread itself, just before
 * the code under test.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>

#include "lib/memory.h"
#include "rig.h"

struct kobs_memory rig_memory;

/* Long enough that the thread makes progress in a slow guest. */
#define PERIOD_NS	(100 * NSEC_PER_USEC)

static void rig_irq(struct irq_work *work)
{
	struct rig *rig = container_of(work, struct rig, work);

	rig->irqs++;
	rig->irq(rig);
}

static enum hrtimer_restart rig_tick(struct hrtimer *timer)
{
	struct rig *rig = container_of(timer, struct rig, timer);

	rig->irqs++;
	rig->irq(rig);
	hrtimer_forward_now(timer, ns_to_ktime(PERIOD_NS));
	return HRTIMER_RESTART;
}

static int rig_thread(void *data)
{
	struct rig *rig = data;

	if (rig->irq)
		hrtimer_start(&rig->timer, ns_to_ktime(PERIOD_NS),
			      HRTIMER_MODE_REL_PINNED_HARD);
	rig->task(rig);
	if (rig->irq) {
		hrtimer_cancel(&rig->timer);
		irq_work_sync(&rig->work);
	}
	complete(&rig->done);
	return 0;
}

/**
 * rig_start() - start a rig
 * @test: test, which fails if there is no memory
 * @rig: rig whose upper part is set; stays in place until rig_wait()
 * @cpu: where it runs
 */
void rig_start(struct kunit *test, struct rig *rig, unsigned int cpu)
{
	init_completion(&rig->done);
	hrtimer_init(&rig->timer, CLOCK_MONOTONIC,
		     HRTIMER_MODE_REL_PINNED_HARD);
	rig->timer.function = rig_tick;
	rig->work = IRQ_WORK_INIT_HARD(rig_irq);
	rig->irqs = 0;
	rig->thread = kthread_create_on_cpu(rig_thread, rig, cpu,
					    "kobs_kunit/%u");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rig->thread);
	get_task_struct(rig->thread);
	wake_up_process(rig->thread);
}

/**
 * rig_wait() - wait until the thread is done and no interrupt runs
 * @rig: started rig
 */
void rig_wait(struct rig *rig)
{
	wait_for_completion(&rig->done);
	kthread_stop(rig->thread);
	put_task_struct(rig->thread);
}

/**
 * rig_kick() - interrupt this CPU within the next instructions
 * @rig: rig of the calling thread
 */
void rig_kick(struct rig *rig)
{
	irq_work_queue(&rig->work);
}
