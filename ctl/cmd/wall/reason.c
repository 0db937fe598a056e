// SPDX-License-Identifier: GPL-2.0
/*
 * What a thread is blocked by, from the functions of its stack: a table of functions that
 * wait. Rules are tried in their order: a thread that waits for a lock in a page fault waits
 * for the lock, and one that reads a pipe is blocked by the pipe, though it may wait with a
 * timeout.
 */

#include <stdbool.h>
#include <string.h>

#include "cmd/wall/reason.h"
#include "lib/macros.h"

static const struct {
	const char	*function;	/* with * at its end: those that begin so */
	const char	*reason;
} rules[] = {
	{ "__mutex_lock*", "lock" },
	{ "mutex_lock*", "lock" },
	{ "rwsem_down_*", "lock" },
	{ "percpu_rwsem_wait", "lock" },
	{ "__percpu_down_read*", "lock" },
	{ "__down*", "lock" },
	{ "rt_mutex_slowlock*", "lock" },
	{ "__rt_mutex_slowlock*", "lock" },
	{ "rtlock_slowlock*", "lock" },
	{ "rwbase_*", "lock" },
	{ "ww_mutex_lock*", "lock" },
	{ "__ww_mutex_lock*", "lock" },
	{ "__lock_sock", "lock" },
	{ "wait_on_inode", "lock" },
	{ "exc_page_fault", "page fault" },
	{ "asm_exc_page_fault", "page fault" },
	{ "do_user_addr_fault", "page fault" },
	{ "do_page_fault", "page fault" },
	{ "do_mem_abort", "page fault" },
	/* File systems of other machines and of processes. */
	{ "p9_client_*", "disk" },
	{ "p9_virtio_*", "disk" },
	{ "rpc_wait_bit_killable", "disk" },
	{ "nfs_*", "disk" },
	{ "cifs_*", "disk" },
	{ "request_wait_answer", "disk" },
	{ "futex_wait*", "futex" },
	{ "__futex_wait*", "futex" },
	{ "futex_lock_pi*", "futex" },
	{ "futex_do_wait", "futex" },
	{ "do_futex", "futex" },
	{ "pipe_read", "pipe" },
	{ "pipe_write", "pipe" },
	{ "anon_pipe_read", "pipe" },
	{ "anon_pipe_write", "pipe" },
	{ "fifo_pipe_*", "pipe" },
	{ "fifo_open", "pipe" },
	{ "pipe_wait_*", "pipe" },
	{ "sk_wait_data", "socket" },
	{ "sk_stream_wait_*", "socket" },
	{ "sock_alloc_send_pskb", "socket" },
	{ "__skb_wait_for_more_packets", "socket" },
	{ "inet_csk_accept", "socket" },
	{ "inet_csk_wait_for_connect", "socket" },
	{ "inet_stream_connect", "socket" },
	{ "unix_stream_*", "socket" },
	{ "unix_dgram_*", "socket" },
	{ "unix_wait_for_peer", "socket" },
	{ "tcp_recvmsg*", "socket" },
	{ "tcp_sendmsg*", "socket" },
	{ "netlink_recvmsg", "socket" },
	{ "sock_recvmsg", "socket" },
	{ "sock_sendmsg", "socket" },
	{ "__sys_accept*", "socket" },
	{ "__sys_connect*", "socket" },
	{ "ep_poll", "poll" },
	{ "do_epoll_wait", "poll" },
	{ "do_sys_poll", "poll" },
	{ "do_poll*", "poll" },
	{ "do_select", "poll" },
	{ "do_wait", "child" },
	{ "kernel_wait4", "child" },
	{ "wait_for_vfork_done", "child" },
	{ "sigsuspend", "signal" },
	{ "do_sigtimedwait", "signal" },
	{ "__do_sys_pause", "signal" },
	{ "__x64_sys_pause", "signal" },
	{ "ptrace_stop", "signal" },
	{ "do_signal_stop", "signal" },
	{ "n_tty_read", "terminal" },
	{ "n_tty_write", "terminal" },
	{ "io_schedule*", "disk" },
	{ "bit_wait_io*", "disk" },
	{ "folio_wait_*", "disk" },
	{ "wait_on_page_bit*", "disk" },
	{ "__wait_on_buffer", "disk" },
	{ "submit_bio_wait", "disk" },
	{ "blk_mq_get_tag", "disk" },
	{ "rq_qos_wait", "disk" },
	{ "jbd2_log_wait_commit", "disk" },
	{ "wait_transaction_locked", "disk" },
	{ "do_nanosleep", "timer" },
	{ "hrtimer_nanosleep", "timer" },
	{ "msleep*", "timer" },
	{ "usleep_range*", "timer" },
	{ "schedule_hrtimeout*", "timer" },
	{ "worker_thread", "work" },
	{ "kthread_worker_fn", "work" },
	{ "smpboot_thread_fn", "work" },
	{ "kthreadd", "work" },
	{ "rcu_gp_*", "work" },
	{ "rescuer_thread", "work" },
	{ "irq_thread", "work" },
	{ "kswapd", "work" },
	{ "kcompactd", "work" },
	{ "khugepaged", "work" },
	{ "oom_reaper", "work" },
	{ "kauditd_thread", "work" },
	/* vfork(), whose wait is inlined. */
	{ "kernel_clone", "child" },
	{ "wait_for_completion*", "completion" },
	{ "__wait_for_common", "completion" },
	{ "schedule_timeout*", "timer" },
};

/* Functions that a thread is not said to be blocked in: they wait for others. */
static const char *const scheduler[] = {
	"__schedule", "schedule*", "io_schedule*", "preempt_schedule*", "__cond_resched*",
	"__traceiter_sched_switch", "rt_mutex_schedule*", "__bpf_trace_sched_switch",
	"context_switch",
};

/* Functions that are called for an interrupt, between the module's tracepoints. */
static const char *const interrupt[] = {
	"__do_softirq", "handle_softirqs", "__handle_irq_event_percpu", "handle_irq_event*",
	"handle_percpu_devid_irq", "__sysvec_*", "hrtimer_interrupt", "scheduler_ipi",
	"generic_smp_call_function_single_interrupt", "irq_work_run",
};

/* Those that do the work of interrupts in a thread. */
static const char *const interrupt_thread[] = { "run_ksoftirqd", "irq_thread*" };

/* Those of system calls, and the first ones of kernel threads. */
static const char *const system_call[] = {
	"do_syscall_64", "entry_SYSCALL_64*", "do_int80_syscall_32", "do_fast_syscall_32*",
	"__do_fast_syscall_32", "el0_svc*", "do_el0_svc*", "invoke_syscall", "kthread",
	"ret_from_fork*",
};

/* A frame is a function, maybe with an offset, a part of it, and a module behind it. */
static size_t name_length(const char *frame)
{
	return strcspn(frame, "+. ");
}

static bool is_named(const char *frame, const char *function)
{
	size_t len = strlen(function);
	size_t name = name_length(frame);

	if (len && function[len - 1] == '*')
		return name >= len - 1 && !strncmp(frame, function, len - 1);
	return name == len && !strncmp(frame, function, len);
}

static bool any_named(const char *const *frames, size_t n, const char *function)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_named(frames[i], function))
			return true;
	return false;
}

/** reason_first() - Return: the first frame that is not the scheduler's; @n for none. */
size_t reason_first(const char *const *frames, size_t n)
{
	size_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < ARRAY_SIZE(scheduler); k++)
			if (is_named(frames[i], scheduler[k]))
				break;
		if (k == ARRAY_SIZE(scheduler))
			break;
	}
	return i;
}

/**
 * reason_of() - What a thread is blocked by.
 * @class: class of the interval, as the module names it
 * @frames: functions of its stack, the leaf first
 *
 * Return: a word; "other" for what no rule knows, "unknown" without a stack.
 */
const char *reason_of(const char *class, const char *const *frames, size_t n)
{
	size_t i;

	if (!strcmp(class, "lock"))
		return "lock";
	if (!strcmp(class, "stopped"))
		return "signal";
	if (!strcmp(class, "idle"))
		return "work";
	if (!n)
		return "unknown";
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (any_named(frames, n, rules[i].function))
			return rules[i].reason;
	return "other";
}

static bool any_of(const char *const *frames, size_t n, const char *const *functions, size_t m)
{
	size_t i;

	for (i = 0; i < m; i++)
		if (any_named(frames, n, functions[i]))
			return true;
	return false;
}

/**
 * on_cpu_of() - What a thread does that was sampled.
 * @frames: functions of its kernel stack, the leaf first; none in user code
 */
enum on_cpu on_cpu_of(const char *const *frames, size_t n)
{
	if (any_of(frames, n, interrupt, ARRAY_SIZE(interrupt)) &&
	    !any_of(frames, n, interrupt_thread, ARRAY_SIZE(interrupt_thread)))
		return ON_IRQ;
	return any_of(frames, n, system_call, ARRAY_SIZE(system_call)) ? ON_SYSTEM : ON_RUN;
}
