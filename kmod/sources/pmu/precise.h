/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Precise events: PEBS of Intel and IBS of AMD record where an event happened,
 * and perf's drivers correct the sample that an interrupt takes somewhat later.
 * Pure: no tracing or netlink headers.
 *
 * Of the interrupt's registers they replace the IP only, as "the record BP,SP,IP
 * can point into thin air": setup_pebs_fixed_sample_data(),
 * setup_pebs_adaptive_sample_data(), in 7.3 also setup_arch_pebs_sample_data(), and
 * perf_ibs_handle_irq(). These registers are no start for an unwinder: the IP
 * can be in another function, and even in user code while SP is of the kernel.
 * All of them take the call chain of the interrupt's registers instead, when the
 * event has PERF_SAMPLE_CALLCHAIN, and set this bit in the sample's flags, from
 * 6.1 to 7.3. A driver that records nothing sets no bit, and its registers
 * are those of the interrupt.
 *
 * perf_ibs_handle_irq() does so for an event of the PMUs ibs_op and ibs_fetch that
 * is not precise, too, of which only their names tell: obsctl makes them precise.
 *
 * Software events and tracepoints have no driver. perf hands one sample data to
 * all events of a kind, and output of another one, in which perf sets the same bit
 * since 6.3, leaves its call chain in it: as short as that one asked for.
 *
 * Locking: none.
 */
#ifndef KOBS_PRECISE_H
#define KOBS_PRECISE_H

#include <linux/types.h>
#include <uapi/linux/perf_event.h>

/**
 * kobs_precise_in_kernel() - whether an address is one of the kernel's
 * @address: address
 *
 * Context: any.
 * Return: true when it is.
 */
static inline bool kobs_precise_in_kernel(unsigned long address)
{
	/* The upper half of the addresses, wherever kobs runs. */
	return (long)address < 0;
}

/**
 * kobs_precise_fit() - whether a sample's registers are those of one place
 * @user: they say that user code was interrupted
 * @ip: instruction pointer
 * @sp: stack pointer
 *
 * For samples whose driver has not taken a call chain. An unwinder starts only with
 * registers that fit: the stack that it reads is the kernel's.
 *
 * Context: any.
 * Return: false when they contradict each other.
 */
static inline bool kobs_precise_fit(bool user, unsigned long ip,
				    unsigned long sp)
{
	if (user)
		return !kobs_precise_in_kernel(ip);
	return kobs_precise_in_kernel(ip) && kobs_precise_in_kernel(sp);
}

void kobs_precise_attr(struct perf_event_attr *attr, unsigned int frames);
void kobs_precise_drop(struct perf_event_attr *attr);
unsigned int kobs_precise_chain(const u64 *chain, u64 nr, unsigned long ip,
				unsigned long *ips, unsigned int max);

#endif /* KOBS_PRECISE_H */
