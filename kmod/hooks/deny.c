// SPDX-License-Identifier: GPL-2.0
/*
 * Deny list: functions that ftrace can trace but kobs does not probe.
 *
 * Locking: none; the list is constant.
 */
#include <linux/glob.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "hooks/deny.h"

/* A probe on them can hang the machine, or they run on behalf of the probe. */
static const struct {
	const char *glob;
	const char *reason;
} denied[] = {
	{ "_raw_spin_*", "a spinlock's fast path: the probe would slow down every lock" },
	{ "_raw_read_*", "a spinlock's fast path: the probe would slow down every lock" },
	{ "_raw_write_*", "a spinlock's fast path: the probe would slow down every lock" },
	/* While a lock is held: if it is one of a reader, its handler hangs. */
	{ "do_raw_spin_*", "a spinlock's fast path: the probe would slow down every lock" },
	{ "do_raw_read_*", "a spinlock's fast path: the probe would slow down every lock" },
	{ "do_raw_write_*", "a spinlock's fast path: the probe would slow down every lock" },
	{ "*spin_unlock_slowpath", "a probe there prolongs every contended lock" },
	{ "*spin_lock_slowpath", "a probe there prolongs every contended lock" },
	{ "queued_*_lock_slowpath", "a probe there prolongs every contended lock" },
	{ "rcu_*", "the probe itself relies on RCU" },
	{ "__rcu_*", "the probe itself relies on RCU" },
	{ "preempt_count_*", "the probe itself turns preemption off" },
	{ "text_poke*", "used to turn probes on and off" },
	{ "smp_text_poke*", "used to turn probes on and off" },
	{ "ftrace_*", "used to turn probes on and off" },
	{ "__traceiter_sched_switch", "it calls the probe that follows threads" },
	{ "irq_work_*", "called by the probe itself" },
	{ "stack_trace_save*", "called by the probe itself" },
	{ "stack_trace_consume*", "called by the probe itself" },
	{ "arch_stack_walk*", "called by the probe itself" },
	{ "unwind_*", "called by the probe itself" },
	{ "__unwind_start", "called by the probe itself" },
	{ "orc_find*", "called by the probe itself" },
	{ "__orc_find", "called by the probe itself" },
	{ "orc_module_find", "called by the probe itself" },
	{ "orc_ftrace_find", "called by the probe itself" },
	{ "stack_access_ok", "called by the probe itself" },
	{ "get_stack_info*", "called by the probe itself" },
	{ "in_task_stack", "called by the probe itself" },
	{ "in_entry_stack", "called by the probe itself" },
	{ "kernel_text_address", "called by the probe itself" },
	{ "__kernel_text_address", "called by the probe itself" },
	{ "is_module_text_address", "called by the probe itself" },
	{ "__module_text_address", "called by the probe itself" },
	{ "__module_address", "called by the probe itself" },
	{ "is_bpf_text_address", "called by the probe itself" },
	{ "bpf_ksym_find", "called by the probe itself" },
	{ "__is_insn_slot_addr", "called by the probe itself" },
	{ "kretprobe_find_ret_addr", "called by the probe itself" },
	{ "rethook_find_ret_addr", "called by the probe itself" },
	{ "fixup_exception", "called by the probe itself" },
	{ "sprint_symbol*", "called by the probe itself" },
	{ "__sprint_symbol*", "called by the probe itself" },
	{ "kallsyms_lookup*", "called by the probe itself" },
	{ "copy_from_user_nofault", "called by the probe itself" },
	{ "search_*extable*", "called by the probe itself" },
	{ "ex_handler_*", "called by the probe itself" },
	{ "nmi_uaccess_okay", "called by the probe itself" },
	{ "glob_match*", "called by the probe itself" },
	{ "ktime_get_mono_fast_ns", "called by the probe itself" },
	{ "read_hpet", "called by the probe itself, to read the time" },
	{ "acpi_pm_read*", "called by the probe itself, to read the time" },
	{ "kvm_clock_get_cycles", "called by the probe itself, to read the time" },
	{ "*lockdep*", "called with every lock" },
	{ "lock_acquire", "called with every lock" },
	{ "lock_release", "called with every lock" },
	{ "*kasan*", "called with every memory access" },
	{ "__asan_*", "called with every memory access" },
};

/**
 * kobs_func_denied() - whether a function is on the deny list
 * @ip: its address
 *
 * The list is of the kernel's own functions: what a module calls by such a name
 * is something else.
 *
 * Context: task.
 * Return: the reason, or NULL when it is not.
 */
const char *kobs_func_denied(unsigned long ip)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned int i;

	sprint_symbol_no_offset(name, ip);
	/* "name [module]" */
	if (strchr(name, ' '))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(denied); i++) {
		if (glob_match(denied[i].glob, name))
			return denied[i].reason;
	}
	return NULL;
}
