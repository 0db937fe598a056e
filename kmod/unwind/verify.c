// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a stack of the frame cache is what the unwinder says, and what to print
 * when it is not.
 *
 * Locking: only the first wrong stack is kept; who finds it takes it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "core/hit.h"
#include "unwind/orc_learn.h"

/* The first stack that was wrong: by the frame cache, and by the unwinder. */
static struct {
	atomic_t taken;
	struct kobs_walk w;
	unsigned int nr[2];
	unsigned long ips[2][KOBS_STACK_DEPTH];
} wrong;

static void wrong_print(struct irq_work *work)
{
	unsigned int most = max(wrong.nr[0], wrong.nr[1]);
	unsigned int i;

	pr_err("a stack of the frame cache is wrong: %u frames%s from %#lx, stack ends at %#lx; beside it what the unwinder says, %u frames:\n",
	       wrong.nr[0], wrong.w.cut ? " of an interrupt" : "",
	       wrong.w.sp, wrong.w.top, wrong.nr[1]);
	for (i = 0; i < most; i++)
		pr_err("  %pS | %pS\n",
		       i < wrong.nr[0] ? (void *)wrong.ips[0][i] : NULL,
		       i < wrong.nr[1] ? (void *)wrong.ips[1][i] : NULL);
}

static struct irq_work wrong_work = IRQ_WORK_INIT(wrong_print);

/* To be printed where that is allowed. */
static void wrong_keep(const struct kobs_walk *w, const unsigned long *ips,
		       unsigned int nr, const unsigned long *full,
		       unsigned int full_nr)
{
	if (atomic_cmpxchg(&wrong.taken, 0, 1))
		return;
	wrong.w = *w;
	wrong.nr[0] = nr;
	wrong.nr[1] = full_nr;
	memcpy(wrong.ips[0], ips, nr * sizeof(*ips));
	memcpy(wrong.ips[1], full, full_nr * sizeof(*full));
	irq_work_queue(&wrong_work);
}

/**
 * kobs_unwind_is_right() - compare a stack of the frame cache with the unwinder's
 * @s: session
 * @w: where it begins and ends
 * @entry: address that it begins with, or 0
 * @id: its number, or 0
 * @ips: without one, its addresses
 * @nr: how many these are
 *
 * Context: any, NMI included; preemption off.
 * Return: whether they are the same.
 */
bool kobs_unwind_is_right(struct kobs_session *s, const struct kobs_walk *w,
			  unsigned long entry, u32 id, const unsigned long *ips,
			  unsigned int nr)
{
	unsigned long full[KOBS_STACK_DEPTH] KOBS_UNINIT;
	const struct kobs_stack *st;
	unsigned int got;

	if (id) {
		st = kobs_stack_table_get(&s->stacks, id);
		ips = (const unsigned long *)&s->stacks.words[st->start];
		nr = st->nr;
	}
	got = kobs_unwind_full(s, w, true, entry, full);
	if (likely(got == nr && !memcmp(full, ips, nr * sizeof(*ips))))
		return true;
	wrong_keep(w, ips, nr, full, got);
	return false;
}

/**
 * kobs_unwind_check_exit() - wait until everything is printed
 *
 * Context: task, at unload; nobody unwinds any more.
 */
void kobs_unwind_check_exit(void)
{
	irq_work_sync(&wrong_work);
}
