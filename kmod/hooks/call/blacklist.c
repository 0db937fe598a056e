// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the kernel where no kprobe can be set.
 *
 * register_kprobe() tells it, but takes 1.5 million instructions on x86, nearly
 * all of them in jump_label_text_reserved(), which decodes an instruction for
 * each static branch of the kernel. arch_build_bp_info() of x86 looks at the same
 * list, by within_kprobe_blacklist(), before it takes the address of a breakpoint
 * in the kernel's code. One breakpoint is moved from function to function; it
 * stays disabled, and is not written to a CPU. Meanwhile it holds one of the
 * breakpoints that perf gives out on one CPU.
 *
 * Locking: see blacklist.h.
 */
#include <linux/err.h>
#include <linux/hw_breakpoint.h>
#include <linux/notifier.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/smp.h>

#include "hooks/call.h"
#include "hooks/call/blacklist.h"

#if defined(CONFIG_X86) && defined(CONFIG_HAVE_HW_BREAKPOINT)

/* perf wants a handler. */
static void blacklist_never(struct perf_event *bp, struct perf_sample_data *data,
			    struct pt_regs *regs)
{
}

/**
 * kobs_blacklist_has() - whether no kprobe can be set in a function
 * @bp: from kobs_blacklist_open()
 * @ip: address of kernel code
 *
 * Context: task, may sleep; a worker, or another task with CAP_SYS_ADMIN.
 * Return: true when the kernel handles kprobes by this code.
 */
bool kobs_blacklist_has(struct perf_event *bp, unsigned long ip)
{
	struct perf_event_attr attr = bp->attr;

	attr.bp_addr = ip;
	return modify_user_hw_breakpoint(bp, &attr);
}

/**
 * kobs_blacklist_open() - begin to ask
 *
 * Whether the kernel answers as described above is tried with a function that is
 * on its list, and with one that is not.
 *
 * Context: task, may sleep; as of kobs_blacklist_has().
 * Return: a breakpoint; or NULL when none is free, or the kernel does not answer.
 */
struct perf_event *kobs_blacklist_open(void)
{
	unsigned long listed = (unsigned long)atomic_notifier_call_chain;
	unsigned long anchor = (unsigned long)KOBS_CALL_ANCHOR;
	struct perf_event_attr attr;
	struct perf_event *bp;

	hw_breakpoint_init(&attr);
	attr.bp_addr = anchor;
	attr.bp_len = sizeof(long);
	attr.bp_type = HW_BREAKPOINT_X;
	attr.disabled = 1;
	/* Of a CPU: one of a task would have perf patch the scheduler. */
	bp = perf_event_create_kernel_counter(&attr, raw_smp_processor_id(),
					      NULL, blacklist_never, NULL);
	if (IS_ERR(bp))
		return NULL;
	if (kobs_blacklist_has(bp, listed) && !kobs_blacklist_has(bp, anchor))
		return bp;
	kobs_blacklist_close(bp);
	return NULL;
}

/**
 * kobs_blacklist_close() - end to ask
 * @bp: from kobs_blacklist_open(), or NULL
 *
 * Context: task, may sleep.
 */
void kobs_blacklist_close(struct perf_event *bp)
{
	if (bp)
		perf_event_release_kernel(bp);
}

#endif /* CONFIG_X86 && CONFIG_HAVE_HW_BREAKPOINT */
