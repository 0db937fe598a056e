// SPDX-License-Identifier: GPL-2.0
/*
 * Precise events: their attributes, and their call chains. Pure.
 *
 * Locking: none; see precise.h.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/minmax.h>

#include "sources/pmu/precise.h"

/* Events of the kernel's own. perf takes them with precise_ip, and ignores it. */
static bool has_no_driver(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE ||
	       attr->type == PERF_TYPE_TRACEPOINT ||
	       attr->type == PERF_TYPE_BREAKPOINT;
}

/**
 * kobs_precise_attr() - attributes that samples of a precise event need
 * @attr: attributes of an event; changed when it is precise
 * @frames: frames of kernel stacks, 0 for no stacks
 *
 * An event with a fixed period could collect its records, as "large PEBS"
 * (PERF_X86_EVENT_LARGE_PEBS): they are drained when the buffer is full or a task
 * leaves the CPU, and __intel_pmu_pebs_event() (in 7.3 also
 * __intel_pmu_pebs_last_event()) hands all but the last to perf_event_output(),
 * past the overflow handler. intel_pmu_hw_config() does without when the event
 * has a frequency, or wakeup_events without watermark, in 6.1, 6.12 and 7.3. A
 * sample type that is not in intel_pmu_large_pebs_flags() does it, too; but no
 * type at all, as of mode record, is in it, and so are branches where PEBS has
 * them (intel_ds_init(), format 4 on). Nobody is woken up: only
 * perf_output_sample() reads wakeup_events, for a buffer that an event made by
 * perf_event_create_kernel_counter() has not.
 *
 * Context: any.
 */
void kobs_precise_attr(struct perf_event_attr *attr, unsigned int frames)
{
	if (!attr->precise_ip || has_no_driver(attr))
		return;
	attr->wakeup_events = 1;
	if (!frames)
		return;
	attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
	/* The user's part needs no driver: see pmu_ustack(). */
	attr->exclude_callchain_user = 1;
	/* 0 would be no frame; branches may have set more. */
	attr->sample_max_stack = max_t(u16, attr->sample_max_stack, frames);
}
EXPORT_SYMBOL_IF_KUNIT(kobs_precise_attr);

/**
 * kobs_precise_drop() - have an event that is not precise instead
 * @attr: attributes that kobs_precise_attr() has seen
 *
 * What it set has a price: a call chain needs perf's buffers, and as few frames as
 * the administrator allows.
 *
 * Context: any.
 */
void kobs_precise_drop(struct perf_event_attr *attr)
{
	attr->precise_ip = 0;
	attr->wakeup_events = 0;
	attr->sample_type &= ~(u64)PERF_SAMPLE_CALLCHAIN;
	attr->exclude_callchain_user = 0;
	if (!attr->branch_sample_type)
		attr->sample_max_stack = 0;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_precise_drop);

/**
 * kobs_precise_chain() - kernel stack of a sample that a driver has corrected
 * @chain: the driver's call chain: frames of the kernel or of user code, each kind
 *	after its mark
 * @nr: length of @chain
 * @ip: where the sample was taken, in the kernel
 * @ips: set to the frames, leaf first
 * @max: room, at least 1
 *
 * As in perf's stacks, the leaf is where the interrupt came. If that was in user
 * code, or the chain could not be taken, only @ip is known.
 *
 * Context: any, NMI included.
 * Return: number of frames, at least 1.
 */
unsigned int kobs_precise_chain(const u64 *chain, u64 nr, unsigned long ip,
				unsigned long *ips, unsigned int max)
{
	bool kernel = false;
	unsigned int n = 0;
	u64 i;

	for (i = 0; i < nr && n < max; i++) {
		if (chain[i] >= PERF_CONTEXT_MAX)
			kernel = chain[i] == PERF_CONTEXT_KERNEL;
		else if (kernel)
			ips[n++] = chain[i];
	}
	if (!n)
		ips[n++] = ip;
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(kobs_precise_chain);
