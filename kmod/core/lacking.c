// SPDX-License-Identifier: GPL-2.0
/*
 * What this machine's PMU lacks, for the sentences of sources that use it.
 *
 * Locking: none; the result of a look is a word.
 */
#include <linux/err.h>
#include <linux/perf_event.h>
#include <linux/smp.h>

#include "core/lacking.h"

/* What is missing, without and with branch records. */
static const char *lacking[2];

static bool hypervisor(void)
{
#ifdef CONFIG_X86
	return boot_cpu_has(X86_FEATURE_HYPERVISOR);
#else
	return false;
#endif
}

/* Does perf accept an event on the current CPU? */
static bool taken(struct perf_event_attr *attr)
{
	struct perf_event *event;

	event = perf_event_create_kernel_counter(attr, raw_smp_processor_id(),
						 NULL, NULL, NULL);
	if (IS_ERR(event))
		return PTR_ERR(event) == -EBUSY || PTR_ERR(event) == -ENOSPC;
	perf_event_release_kernel(event);
	return true;
}

static const char *look(bool branches)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.size = sizeof(attr),
		.disabled = 1,
	};

	if (!taken(&attr))
		return hypervisor() ?
		       "there is no PMU: the hypervisor hides it" :
		       "there is no PMU that this kernel knows";
	if (!branches)
		return NULL;
	attr.sample_period = S64_MAX;
	attr.sample_type = PERF_SAMPLE_BRANCH_STACK;
	attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY |
				  PERF_SAMPLE_BRANCH_USER;
	if (taken(&attr))
		return NULL;
	return hypervisor() ?
	       "the PMU records no branches: the CPU has no LBR, or the hypervisor hides it" :
	       "the PMU records no branches: the CPU has no LBR that this kernel knows";
}

/**
 * kobs_pmu_look() - find out what this machine's PMU can do
 *
 * perf can wait for a grace period.
 *
 * Context: task, may sleep; not in an operation of netlink.
 */
void kobs_pmu_look(void)
{
	WRITE_ONCE(lacking[false], look(false));
	WRITE_ONCE(lacking[true], look(true));
}

/**
 * kobs_pmu_lacking() - limits of this machine's PMU
 * @branches: including branch records
 *
 * Context: any.
 * Return: a sentence on what was missing at the last look and why, or NULL.
 */
const char *kobs_pmu_lacking(bool branches)
{
	return READ_ONCE(lacking[branches]);
}
