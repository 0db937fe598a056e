// SPDX-License-Identifier: GPL-2.0
/*
 * The time that interrupts take from the thread that runs, for sources that account
 * for the time of threads.
 *
 * It is the time from the first entry to the last exit of nested handlers, by the
 * tracepoints around handlers of devices' interrupts and around softirqs, and
 * on x86 those around the interrupts of the timer and between CPUs. Softirqs in
 * ksoftirqd, and all of PREEMPT_RT's, are work of the thread that does them.
 *
 * Locking: none. The numbers are of one CPU; an interrupt that nests between two
 * changes finds a depth above 0, and leaves it as it was.
 */
#include <linux/interrupt.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <trace/events/irq.h>

#include "core/hit.h"
#include "core/stolen.h"
#include "hooks/tracepoint.h"
#include "lib/elapsed.h"

static void irq_enter_one(struct kobs_session *s)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_stolen *c = &pc->stolen;

	c->depth++;
	barrier(); /* A nested one does not count from here on. */
	if (c->depth > 1)
		return;
	c->start = ktime_get_mono_fast_ns();
	kobs_hit_call(s, pc, c->start);
}

static void irq_exit_one(struct kobs_session *s)
{
	struct kobs_cpu *pc = this_cpu_ptr(s->cpu);
	struct kobs_stolen *c = &pc->stolen;
	u64 now;

	/* It was entered before the session. */
	if (!c->depth)
		return;
	if (c->depth == 1) {
		now = ktime_get_mono_fast_ns();
		c->ns += kobs_elapsed(c->start, now);
		kobs_hit_call(s, pc, now);
	}
	barrier(); /* A nested one does not count up to here. */
	c->depth--;
}

static void irq_probe_entry(void *data, int irq, struct irqaction *action)
{
	irq_enter_one(data);
}

static void irq_probe_exit(void *data, int irq, struct irqaction *action, int ret)
{
	irq_exit_one(data);
}

/* Is the current task this CPU's thread of softirqs? Its name does not change. */
static bool irq_is_thread(void)
{
	return (current->flags & PF_KTHREAD) &&
	       !strncmp(current->comm, "ksoftirqd/", 10);
}

static void irq_probe_soft_entry(void *data, unsigned int vec_nr)
{
	if (!irq_is_thread())
		irq_enter_one(data);
}

static void irq_probe_soft_exit(void *data, unsigned int vec_nr)
{
	if (!irq_is_thread())
		irq_exit_one(data);
}

KOBS_PROBE_TYPE(irq_probe_entry, irq_handler_entry);
KOBS_PROBE_TYPE(irq_probe_exit, irq_handler_exit);
KOBS_PROBE_TYPE(irq_probe_soft_entry, softirq_entry);
KOBS_PROBE_TYPE(irq_probe_soft_exit, softirq_exit);

#ifdef CONFIG_X86_LOCAL_APIC
#include <asm/trace/irq_vectors.h>

static void irq_probe_vector_entry(void *data, int vector)
{
	irq_enter_one(data);
}

static void irq_probe_vector_exit(void *data, int vector)
{
	irq_exit_one(data);
}

KOBS_PROBE_TYPE(irq_probe_vector_entry, local_timer_entry);
KOBS_PROBE_TYPE(irq_probe_vector_exit, local_timer_exit);

/* Exits first, so that no entry remains without its exit. */
static const char * const vectors[][2] = {
	{ "local_timer_exit", "local_timer_entry" },
#ifdef CONFIG_SMP
	{ "reschedule_exit", "reschedule_entry" },
	{ "call_function_exit", "call_function_entry" },
	{ "call_function_single_exit", "call_function_single_entry" },
#endif
#ifdef CONFIG_IRQ_WORK
	{ "irq_work_exit", "irq_work_entry" },
#endif
};

static void irq_choose_vectors(struct kobs_probe *probes, unsigned int *n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (!kobs_tracepoint_find(vectors[i][0]) ||
		    !kobs_tracepoint_find(vectors[i][1]))
			continue;
		probes[(*n)++] = (struct kobs_probe){
			vectors[i][0], irq_probe_vector_exit
		};
		probes[(*n)++] = (struct kobs_probe){
			vectors[i][1], irq_probe_vector_entry
		};
	}
}
#else
static void irq_choose_vectors(struct kobs_probe *probes, unsigned int *n)
{
}
#endif

/**
 * kobs_stolen_probes() - choose the probes that measure it
 * @probes: set to the probes, at most KOBS_STOLEN_PROBES; their data is the session
 *
 * Context: task.
 * Return: number of the probes.
 */
unsigned int kobs_stolen_probes(struct kobs_probe *probes)
{
	unsigned int n = 0;

	/* Exits first, so that no entry remains without its exit. */
	probes[n++] = (struct kobs_probe){ "irq_handler_exit", irq_probe_exit };
	probes[n++] = (struct kobs_probe){ "irq_handler_entry", irq_probe_entry };
	if (!IS_ENABLED(CONFIG_PREEMPT_RT)) {
		probes[n++] = (struct kobs_probe){
			"softirq_exit", irq_probe_soft_exit
		};
		probes[n++] = (struct kobs_probe){
			"softirq_entry", irq_probe_soft_entry
		};
	}
	irq_choose_vectors(probes, &n);
	return n;
}

/**
 * kobs_stolen_forget() - forget what a failed start has seen
 * @s: session whose probes are off
 *
 * Probes of exits go first: an interrupt that was entered may not have been left.
 *
 * Context: task.
 */
void kobs_stolen_forget(struct kobs_session *s)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu_ptr(s->cpu, cpu)->stolen = (struct kobs_stolen){};
}
