// SPDX-License-Identifier: GPL-2.0
/*
 * Source wall: the time in which threads run in system calls.
 *
 * A system call that is refused by seccomp ends without having begun. A thread that
 * runs when the session begins can be in a system call: its first event tells.
 *
 * Locking: none. Current is not switched out meanwhile: preemption is off.
 */
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>
#include <trace/events/syscalls.h>

#include "sources/wall/hit.h"

static __always_inline void syscall_event(struct kobs_session *s, u8 event,
					  u8 next)
{
	struct kobs_wall *d = s->priv;
	struct kobs_wall_hit h KOBS_UNINIT;
	struct kobs_wall_thread *t;
	u64 stolen;

	wall_begin(&h, d, kobs_hit_enter(s));
	if (!h.pc)
		return;
	t = wall_find(d, current);
	if (!t) {
		wall_call(&h, current, NULL);
	} else if ((event == WALL_ENTER ? !t->system : t->system || !t->seen) &&
		   wall_counts(s)) {
		h.zero = READ_ONCE(d->zero);
		stolen = kobs_stolen_clock(s, &h.now);
		wall_change_begin(t);
		wall_event(&h, t, event, next, wall_stolen(t, stolen));
		t->system = event == WALL_ENTER;
		t->seen = true;
		wall_change_end(t);
		kobs_hit_end(s, h.pc, h.t0, 0);
	}
	kobs_hit_leave(h.pc);
}

static void syscall_probe_enter(void *data, struct pt_regs *regs, long id)
{
	syscall_event(data, WALL_ENTER, WALL_SYSTEM);
}

static void syscall_probe_exit(void *data, struct pt_regs *regs, long ret)
{
	syscall_event(data, WALL_LEAVE, WALL_RUN);
}

KOBS_PROBE_TYPE(syscall_probe_enter, sys_enter);
KOBS_PROBE_TYPE(syscall_probe_exit, sys_exit);

/**
 * wall_choose_syscalls() - add the probes of system calls to those of a session
 * @d: session being prepared
 *
 * Context: task.
 */
void wall_choose_syscalls(struct kobs_wall *d)
{
	wall_hang(d, "sys_exit", syscall_probe_exit);
	wall_hang(d, "sys_enter", syscall_probe_enter);
}

/**
 * wall_is_system() - whether a task runs in the kernel when it runs
 * @p: task that is not running
 *
 * Context: any; the task's pi_lock is held.
 * Return: true for a task in a system call, and for a kernel thread.
 */
bool wall_is_system(struct task_struct *p)
{
	return (p->flags & PF_KTHREAD) ||
	       syscall_get_nr(p, task_pt_regs(p)) != -1;
}
