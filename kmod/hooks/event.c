// SPDX-License-Identifier: GPL-2.0
/*
 * Events with their records: perf counters on the CPUs that are online, and on
 * those that come. perf detaches the counters of a CPU that goes offline and does
 * not restore them; to make a new one in the hotplug callback would deadlock on the
 * hotplug lock, so a worker does. Until then the CPU's hits are seen by the probe
 * only.
 *
 * Locking: struct kobs_event.lock protects the counters, and nests outside perf's
 * locks; the callbacks of hotplug only set bits and queue the worker. watch_lock
 * protects the hotplug state, which exists while there are events.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "hooks/event.h"
#include "hooks/event_clone.h"

#ifdef CONFIG_PERF_EVENTS

/* Before probes of the usual priority, as perf's are. */
#define PROBE_PRIORITY	(TRACEPOINT_DEFAULT_PRIO + 1)

/**
 * struct kobs_event - an event
 * @clone: its clone
 * @ops: what is called for a hit
 * @ctx: for @ops
 * @attr: attributes of the counters
 * @node: in the hotplug state
 * @follow: follows CPUs
 * @there: CPUs that are not about to go
 * @left: CPUs that have gone offline, and whose counters are to be freed
 * @lock: see above
 * @probed: the probe is attached
 * @running: CPUs are followed
 * @counters: by CPU; NULL for those that have none
 */
struct kobs_event {
	struct kobs_event_clone *clone;
	const struct kobs_event_ops *ops;
	void *ctx;
	struct perf_event_attr attr;
	struct hlist_node node;
	struct work_struct follow;
	cpumask_t there;
	cpumask_t left;
	struct mutex lock; /* see the head of this file */
	bool probed;
	bool running;
	struct perf_event *counters[];
};

static DEFINE_MUTEX(watch_lock);
static unsigned int watch_users;
static enum cpuhp_state watch_state;

static int cpu_comes(unsigned int cpu, struct hlist_node *node)
{
	struct kobs_event *e = hlist_entry(node, struct kobs_event, node);

	cpumask_set_cpu(cpu, &e->there);
	schedule_work(&e->follow);
	return 0;
}

static int cpu_leaves(unsigned int cpu, struct hlist_node *node)
{
	struct kobs_event *e = hlist_entry(node, struct kobs_event, node);

	cpumask_clear_cpu(cpu, &e->there);
	cpumask_set_cpu(cpu, &e->left);
	schedule_work(&e->follow);
	return 0;
}

static int watch(struct kobs_event *e)
{
	int err = 0;

	/* A CPU that is offline comes by the callback. */
	cpumask_setall(&e->there);
	cpumask_clear(&e->left);

	mutex_lock(&watch_lock);
	if (!watch_users) {
		err = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN,
					      "kobs/event:online", cpu_comes,
					      cpu_leaves);
		if (err < 0)
			goto out;
		watch_state = err;
	}
	err = cpuhp_state_add_instance_nocalls(watch_state, &e->node);
	if (!err)
		watch_users++;
	else if (!watch_users)
		cpuhp_remove_multi_state(watch_state);
out:
	mutex_unlock(&watch_lock);
	return err;
}

static void unwatch(struct kobs_event *e)
{
	mutex_lock(&watch_lock);
	cpuhp_state_remove_instance_nocalls(watch_state, &e->node);
	if (!--watch_users)
		cpuhp_remove_multi_state(watch_state);
	mutex_unlock(&watch_lock);
	cancel_work_sync(&e->follow);
}

static int counter_start(struct kobs_event *e, unsigned int cpu)
{
	struct perf_event *counter;

	counter = perf_event_create_kernel_counter(&e->attr, cpu, NULL,
						   e->ops->record, e->ctx);
	if (IS_ERR(counter))
		return cpu_online(cpu) ? PTR_ERR(counter) : 0;
	e->counters[cpu] = counter;
	return 0;
}

static void counter_stop(struct kobs_event *e, unsigned int cpu)
{
	if (e->counters[cpu])
		perf_event_release_kernel(e->counters[cpu]);
	e->counters[cpu] = NULL;
}

static int counters_follow(struct kobs_event *e)
{
	unsigned int cpu;
	int err = 0;

	lockdep_assert_held(&e->lock);
	for_each_possible_cpu(cpu) {
		if (cpumask_test_and_clear_cpu(cpu, &e->left))
			counter_stop(e, cpu);
		if (!err && !e->counters[cpu] && cpu_online(cpu) &&
		    cpumask_test_cpu(cpu, &e->there))
			err = counter_start(e, cpu);
	}
	return err;
}

static void follow(struct work_struct *work)
{
	struct kobs_event *e = container_of(work, struct kobs_event, follow);

	mutex_lock(&e->lock);
	/* Without memory, the CPU's hits are lost, and counted as such. */
	if (e->running)
		counters_follow(e);
	mutex_unlock(&e->lock);
}

/**
 * kobs_event_new() - prepare to get an event's records
 * @name: the event, as SYSTEM:EVENT
 * @ops: what is called for a hit; must live as long as the result
 * @ctx: first argument of the probe, and the counters' context
 * @why: set to the reason of -EOPNOTSUPP
 *
 * Context: task, may sleep.
 * Return: for kobs_event_start(), or ERR_PTR of kobs_event_clone_get().
 */
struct kobs_event *kobs_event_new(const char *name,
				  const struct kobs_event_ops *ops, void *ctx,
				  const char **why)
{
	struct kobs_event *e = kvzalloc(struct_size(e, counters, nr_cpu_ids),
					GFP_KERNEL_ACCOUNT);
	int err;

	if (!e)
		return ERR_PTR(-ENOMEM);
	e->clone = kobs_event_clone_get(name, why);
	if (IS_ERR(e->clone)) {
		err = PTR_ERR(e->clone);
		kvfree(e);
		return ERR_PTR(err);
	}
	e->ops = ops;
	e->ctx = ctx;
	/* Without the period, an event that has one would come so many times. */
	e->attr = (struct perf_event_attr){
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(e->attr),
		.config = kobs_event_clone_id(e->clone),
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW | PERF_SAMPLE_PERIOD,
	};
	INIT_WORK(&e->follow, follow);
	mutex_init(&e->lock);
	return e;
}

/**
 * kobs_event_start() - get hits and records, on all CPUs
 * @e: from kobs_event_new()
 *
 * Context: task, may sleep.
 * Return: 0, or an error of the kernel's tracepoints, hotplug code or perf: the
 * event is stopped.
 */
int kobs_event_start(struct kobs_event *e)
{
	struct tracepoint *tp = kobs_event_clone_tracepoint(e->clone);
	int err = tracepoint_probe_register_prio(tp, e->ops->probe, e->ctx,
						 PROBE_PRIORITY);

	if (err)
		return err;
	e->probed = true;
	err = watch(e);
	if (!err) {
		mutex_lock(&e->lock);
		e->running = true;
		err = counters_follow(e);
		mutex_unlock(&e->lock);
	}
	if (err)
		kobs_event_stop(e);
	return err;
}

/**
 * kobs_event_stop() - get no further records
 * @e: from kobs_event_new(), started or not
 *
 * The probe can run until the end of a tracepoint_synchronize_unregister() after
 * this.
 *
 * Context: task, may sleep.
 */
void kobs_event_stop(struct kobs_event *e)
{
	unsigned int cpu;

	if (!e->probed)
		return;
	if (e->running) {
		mutex_lock(&e->lock);
		e->running = false;
		mutex_unlock(&e->lock);
		unwatch(e);
	}
	for_each_possible_cpu(cpu)
		counter_stop(e, cpu);
	tracepoint_probe_unregister(kobs_event_clone_tracepoint(e->clone),
				    e->ops->probe, e->ctx);
	e->probed = false;
}

/**
 * kobs_event_free() - undo kobs_event_new()
 * @e: stopped or never started
 *
 * Context: task, may sleep.
 */
void kobs_event_free(struct kobs_event *e)
{
	kobs_event_clone_put(e->clone);
	mutex_destroy(&e->lock);
	kvfree(e);
}

#else

struct kobs_event *kobs_event_new(const char *name,
				  const struct kobs_event_ops *ops, void *ctx,
				  const char **why)
{
	*why = "this kernel has no perf events";
	return ERR_PTR(-EOPNOTSUPP);
}

int kobs_event_start(struct kobs_event *e)
{
	return -EOPNOTSUPP;
}

void kobs_event_stop(struct kobs_event *e)
{
}

void kobs_event_free(struct kobs_event *e)
{
}

#endif
