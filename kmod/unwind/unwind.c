// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel stacks: what all implementations share. Memory and counters of a
 * session, and interning.
 *
 * Locking: none; the memory of a CPU changes before a session's handlers run on
 * it and after they have ended.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "unwind/unwind.h"

/* Number of sessions. */
static atomic_t users;

/**
 * kobs_unwind_configure() - decide on the stack caches of a session
 * @u: its unwind context, with @u->cpu and @u->verify set
 * @kernel_stacks: handlers take kernel stacks by number
 *
 * Context: task.
 * Return: bytes that kobs_unwind_prepare() would allocate for a CPU.
 */
u64 kobs_unwind_configure(struct kobs_unwind *u, bool kernel_stacks)
{
	atomic_inc(&users);
	u->user = true;
	u->stack_cache = kernel_stacks && u->verify &&
			 (IS_ENABLED(CONFIG_UNWINDER_ORC) ||
			  IS_ENABLED(CONFIG_ARM64));
	return u->stack_cache ?
	       KOBS_STACK_CACHE_STACKS * sizeof(struct kobs_cached_stack) : 0;
}

/**
 * kobs_unwind_prepare() - give a CPU its stack cache, unless it has one
 * @u: unwind context
 * @m: account of the memory
 * @cpu: CPU, on which no handler runs yet
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM: its stacks are not cached.
 */
int kobs_unwind_prepare(struct kobs_unwind *u, struct kobs_memory *m, unsigned int cpu)
{
	struct kobs_stack_cache *sc = &per_cpu_ptr(u->cpu, cpu)->cache;

	if (!u->stack_cache || sc->stacks)
		return 0;
	return kobs_stack_cache_init(sc, m, cpu_to_node(cpu),
				     KOBS_STACK_CACHE_STACKS);
}

/**
 * kobs_unwind_free() - free the stack caches of a session
 * @u: unwind context, with @u->cpu set
 *
 * Context: task, may sleep.
 */
void kobs_unwind_free(struct kobs_unwind *u)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		kobs_stack_cache_free(&per_cpu_ptr(u->cpu, cpu)->cache);
	if (u->user)
		atomic_dec(&users);
	u->user = false;
}

/**
 * kobs_unwind_used() - whether a session exists, whose handlers may unwind
 *
 * Context: any.
 * Return: false when none has a kernel stack in the works.
 */
bool kobs_unwind_used(void)
{
	return atomic_read(&users);
}

/**
 * kobs_unwind_counts() - add up a session's counters of kernel stacks
 * @u: unwind context
 * @sum: set to the sums; KOBS_UNWIND_N of them
 *
 * Context: any; the counters may change meanwhile.
 */
void kobs_unwind_counts(const struct kobs_unwind *u, u64 *sum)
{
	unsigned int cpu, i;

	memset(sum, 0, KOBS_UNWIND_N * sizeof(*sum));
	for_each_possible_cpu(cpu) {
		for (i = 0; i < KOBS_UNWIND_N; i++)
			sum[i] += local64_read(&per_cpu_ptr(u->cpu, cpu)->n[i]);
	}
}

/**
 * kobs_unwind_settle() - wait for contexts that unwind in a session
 * @u: unwind context of a session that is disarmed; its probes are still on
 *
 * A cached stack is compared with the unwinder from here, through the hook's
 * trampoline, which the unwinder only knows as long as the hook is on.
 *
 * Context: task, may sleep.
 */
void kobs_unwind_settle(const struct kobs_unwind *u)
{
	if (u->stack_cache)
		synchronize_rcu();
}

/**
 * kobs_unwind_intern() - put a kernel stack into the stack table
 * @u: unwind context
 * @id: set to the stack's number, 0 for an empty one
 * @ips: code addresses, leaf first
 * @nr: number of addresses
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the stack table is full.
 */
bool kobs_unwind_intern(const struct kobs_unwind *u, u64 *id,
			const unsigned long *ips, unsigned int nr)
{
	*id = 0;
	if (unlikely(!nr))
		return true;
	*id = kobs_stack_table_intern(u->stacks, 0, ips, nr);
	return *id;
}
