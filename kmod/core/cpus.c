// SPDX-License-Identifier: GPL-2.0
/*
 * Memory per CPU: of the CPUs that are online when a session is created, and of
 * those that come online while it exists. What a CPU recorded is kept when it
 * goes offline.
 *
 * A CPU for which there is no memory comes online all the same; its hits count
 * as lost (no_table).
 *
 * Locking: the kernel's hotplug lock: an owner sees every CPU in
 * kobs_cpus_add() or before it runs, and again each time it comes online. Memory
 * is allocated, and hooks are turned on and off, under the session's change lock,
 * and take the hotplug lock then, so that the callback must not take the change
 * lock.
 */
#include <linux/compiler.h>
#include <linux/cpuhotplug.h>
#include <linux/list.h>

#include "core/cpus.h"

static enum cpuhp_state cpus_state;

static int cpus_prepare(unsigned int cpu, struct hlist_node *node)
{
	struct kobs_cpus *c = hlist_entry(node, struct kobs_cpus, node);
	int err;

	/* Of a session that will not be made, one error is enough. */
	if (READ_ONCE(c->err) && !c->added)
		return 0;
	err = c->prepare(c, cpu);
	/* An error here would keep the CPU offline. */
	if (err)
		WRITE_ONCE(c->err, err);
	return 0;
}

/**
 * kobs_cpus_add() - prepare the CPUs that are online, and those that follow
 * @c: owner
 *
 * Context: task, may sleep.
 * Return: 0, -ENOMEM, or an error of the kernel's hotplug code.
 */
int kobs_cpus_add(struct kobs_cpus *c)
{
	int err = cpuhp_state_add_instance(cpus_state, &c->node);

	if (err)
		return err;
	c->added = true;
	return READ_ONCE(c->err);
}

/**
 * kobs_cpus_remove() - undo kobs_cpus_add()
 * @c: owner, added or not
 *
 * Context: task, may sleep.
 */
void kobs_cpus_remove(struct kobs_cpus *c)
{
	if (c->added)
		cpuhp_state_remove_instance_nocalls(cpus_state, &c->node);
	c->added = false;
}

/**
 * kobs_cpus_init() - follow CPU hotplug
 *
 * Context: task, at load.
 * Return: 0, or an error of the kernel's hotplug code.
 */
int kobs_cpus_init(void)
{
	int state = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN,
					    "kobs:prepare", cpus_prepare, NULL);

	if (state < 0)
		return state;
	cpus_state = state;
	return 0;
}

/**
 * kobs_cpus_exit() - undo kobs_cpus_init()
 *
 * Context: task, at unload; there is no session any more.
 */
void kobs_cpus_exit(void)
{
	cpuhp_remove_multi_state(cpus_state);
}
