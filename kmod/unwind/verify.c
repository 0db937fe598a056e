// SPDX-License-Identifier: GPL-2.0
/*
 * Comparing a cached stack with the unwinder's, and printing both when they
 * differ: names only, as the log is open to more users than addresses are.
 *
 * Locking: only the first wrong stack is kept; the first CPU to report wins.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/kallsyms.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "lib/stack_table.h"
#include "lib/uninit.h"
#include "unwind/orc.h"

/* The first wrong stack: from a cache, and from the unwinder. */
static struct {
	atomic_t taken;
	struct kobs_cursor c;
	unsigned int nr[2];
	unsigned long ips[2][KOBS_STACK_DEPTH];
} wrong;

static const char *wrong_name(unsigned int side, unsigned int i, char *name)
{
	if (i >= wrong.nr[side])
		return "-";
	sprint_symbol(name, wrong.ips[side][i]);
	/* An address without a symbol. */
	return strncmp(name, "0x", 2) ? name : "?";
}

static void wrong_print(struct irq_work *work)
{
	static char name[2][KSYM_SYMBOL_LEN];
	unsigned int most = max(wrong.nr[0], wrong.nr[1]);
	unsigned int i;

	pr_err("a cached stack is wrong: %u frames%s, %lu bytes below the stack's end; on the right the unwinder's, %u frames:\n",
	       wrong.nr[0], wrong.c.cut ? " of an interrupt" : "",
	       wrong.c.top - wrong.c.sp, wrong.nr[1]);
	for (i = 0; i < most; i++)
		pr_err("  %s | %s\n", wrong_name(0, i, name[0]),
		       wrong_name(1, i, name[1]));
}

static struct irq_work wrong_work = IRQ_WORK_INIT(wrong_print);

/* Any context: it is printed from an irq_work. */
static void wrong_keep(const struct kobs_cursor *c, const unsigned long *ips,
		       unsigned int nr, const unsigned long *full,
		       unsigned int full_nr)
{
	if (atomic_cmpxchg(&wrong.taken, 0, 1))
		return;
	wrong.c = *c;
	wrong.nr[0] = nr;
	wrong.nr[1] = full_nr;
	memcpy(wrong.ips[0], ips, nr * sizeof(*ips));
	memcpy(wrong.ips[1], full, full_nr * sizeof(*full));
	irq_work_queue(&wrong_work);
}

/**
 * kobs_verify_stack() - compare a cached stack with the unwinder's
 * @u: unwind context
 * @c: where the stack starts and ends
 * @entry: address that it starts with, or 0
 * @id: its number, or 0
 * @ips: without a number, its addresses
 * @nr: number of these
 *
 * Context: any, NMI included; preemption off.
 * Return: true when they are equal.
 */
bool kobs_verify_stack(const struct kobs_unwind *u, const struct kobs_cursor *c,
		       unsigned long entry, u32 id, const unsigned long *ips,
		       unsigned int nr)
{
	unsigned long full[KOBS_STACK_DEPTH] KOBS_UNINIT;
	const struct kobs_stack *st;
	unsigned int got;

	if (id) {
		st = kobs_stack_table_get(u->stacks, id);
		ips = (const unsigned long *)&u->stacks->words[st->start];
		nr = st->nr;
	}
	got = kobs_orc_unwind(u, c, true, entry, full);
	if (likely(got == nr && !memcmp(full, ips, nr * sizeof(*ips))))
		return true;
	wrong_keep(c, ips, nr, full, got);
	return false;
}

/**
 * kobs_verify_exit() - wait until everything is printed
 *
 * Context: task, at unload; nothing unwinds any more.
 */
void kobs_verify_exit(void)
{
	irq_work_sync(&wrong_work);
}
