// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: CPU hotplug. perf detaches the counters of a CPU that goes
 * offline, and does not restore them: a worker keeps their counts, and creates
 * new counters when the CPU comes online. Creating them in the hotplug callback
 * would deadlock on the hotplug lock.
 *
 * Locking: cpus_lock protects the hotplug state, which exists while
 * sessions do; the callbacks run under the hotplug lock and only set bits and
 * queue the worker, which takes struct kobs_pmu.lock.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>

#include "sources/pmu/pmu.h"

static DEFINE_MUTEX(cpus_lock);
static unsigned int cpus_users;
static enum cpuhp_state cpus_state;

static int cpu_comes(unsigned int cpu, struct hlist_node *node)
{
	struct kobs_pmu *p = hlist_entry(node, struct kobs_pmu, node);

	cpumask_set_cpu(cpu, p->there);
	if (cpumask_test_cpu(cpu, p->cpus))
		queue_work(kobs_wq, &p->follow);
	return 0;
}

static int cpu_leaves(unsigned int cpu, struct hlist_node *node)
{
	struct kobs_pmu *p = hlist_entry(node, struct kobs_pmu, node);

	cpumask_clear_cpu(cpu, p->there);
	cpumask_set_cpu(cpu, p->detached);
	if (cpumask_test_cpu(cpu, p->cpus))
		queue_work(kobs_wq, &p->follow);
	return 0;
}

static void follow_cpu(struct kobs_pmu *p, unsigned int cpu)
{
	lockdep_assert_held(&p->lock);
	if (cpumask_test_and_clear_cpu(cpu, p->detached)) {
		if (pmu_counter(p, 0, cpu)->event)
			p->left++;
		kobs_pmu_place_stop(p, cpu);
	}
	if (!kobs_pmu_cpu_there(p, cpu) || pmu_counter(p, 0, cpu)->event)
		return;
	if (kobs_pmu_place_start(p, cpu, NULL)) {
		p->failed += kobs_pmu_cpu_there(p, cpu);
		return;
	}
	kobs_pmu_place_enable(p, cpu);
	p->came++;
}

static void follow_cpus(struct work_struct *work)
{
	struct kobs_pmu *p = container_of(work, struct kobs_pmu, follow);
	unsigned int cpu;

	mutex_lock(&p->lock);
	for_each_cpu(cpu, p->cpus) {
		if (p->running)
			follow_cpu(p, cpu);
	}
	mutex_unlock(&p->lock);
}

/**
 * kobs_pmu_cpus_watch() - start to follow CPU hotplug
 * @p: session that observes CPUs
 *
 * Context: task, may sleep.
 * Return: 0, or an error of the kernel's hotplug code.
 */
int kobs_pmu_cpus_watch(struct kobs_pmu *p)
{
	int err = 0;

	INIT_WORK(&p->follow, follow_cpus);
	/* An offline CPU comes by a callback; check cpu_online() as well. */
	cpumask_setall(p->there);
	cpumask_clear(p->detached);
	mutex_lock(&cpus_lock);
	if (!cpus_users) {
		err = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN,
					      "kobs/pmu:online", cpu_comes,
					      cpu_leaves);
		if (err < 0)
			goto out;
		cpus_state = err;
	}
	err = cpuhp_state_add_instance_nocalls(cpus_state, &p->node);
	if (!err)
		cpus_users++;
	else if (!cpus_users)
		cpuhp_remove_multi_state(cpus_state);
out:
	mutex_unlock(&cpus_lock);
	return err;
}

/**
 * kobs_pmu_cpus_unwatch() - undo kobs_pmu_cpus_watch(), and wait for its work
 * @p: session
 *
 * Context: task, may sleep; the session's counters are not locked.
 */
void kobs_pmu_cpus_unwatch(struct kobs_pmu *p)
{
	mutex_lock(&cpus_lock);
	cpuhp_state_remove_instance_nocalls(cpus_state, &p->node);
	if (!--cpus_users)
		cpuhp_remove_multi_state(cpus_state);
	mutex_unlock(&cpus_lock);
	cancel_work_sync(&p->follow);
}
