// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: samples with the memory of their user stack, for a client that
 * unwinds it by the tables of the program's files: programs are built without
 * frame pointers. See uapi/kobs_ustack.h.
 *
 * Memory is copied to where it lies in the stream's ring; what is not present is
 * not paged in.
 *
 * Locking: none. Handlers call it, with preemption off.
 */
#include <linux/perf_event.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <uapi/kobs_ustack.h>

#include "core/hit.h"
#include "sources/pmu/pmu.h"

static_assert(KOBS_STREAM_DATA >= (KOBS_USTACK_HEAD + KOBS_USTACK_REGS_MAX + 8) *
				  sizeof(u64));

/**
 * struct kobs_pmu_stack - a sample that is written
 * @number: its number on this CPU
 * @period: events that it stands for
 * @flags: of all of its parts
 * @part: number of the next part
 * @at: address of the memory that was not copied yet
 * @left: its size
 * @regs: registers of the user code, or NULL
 */
struct kobs_pmu_stack {
	u64 number;
	u64 period;
	u64 flags;
	u64 part;
	unsigned long at;
	size_t left;
	struct pt_regs *regs;
};

#ifdef CONFIG_X86_64

#define STACK_REGS	KOBS_USTACK_REGS_X86_64

static void stack_regs(const struct pt_regs *regs, u64 *to)
{
	const u64 all[STACK_REGS] = {
		regs->ax, regs->dx, regs->cx, regs->bx, regs->si, regs->di,
		regs->bp, regs->sp, regs->r8, regs->r9, regs->r10, regs->r11,
		regs->r12, regs->r13, regs->r14, regs->r15, regs->ip,
	};

	memcpy(to, all, sizeof(all));
}

static bool stack_is_compat(struct pt_regs *regs)
{
	return !user_64bit_mode(regs);
}

/*
 * The kernel saves the registers at its entry, where only an NMI comes in
 * between: on top of the task's stack, or first on a stack of the entry.
 */
static bool stack_regs_saved(struct pt_regs *regs)
{
	unsigned long sp = kernel_stack_pointer(regs);
	unsigned long base = (unsigned long)task_stack_page(current);

	/* An NMI counts as a hard interrupt, too. */
	if (!in_nmi() || user_mode(regs) || hardirq_count() > HARDIRQ_OFFSET ||
	    in_serving_softirq())
		return true;
	return sp >= base && sp <= (unsigned long)task_pt_regs(current);
}

#elif defined(CONFIG_ARM64)

#define STACK_REGS	KOBS_USTACK_REGS_ARM64

static void stack_regs(const struct pt_regs *regs, u64 *to)
{
	memcpy(to, regs->regs, sizeof(regs->regs));
	to[31] = regs->sp;
	to[32] = regs->pc;
}

static bool stack_is_compat(struct pt_regs *regs)
{
	return compat_user_mode(regs);
}

/* Interrupts that come as NMIs are masked meanwhile. */
static bool stack_regs_saved(struct pt_regs *regs)
{
	return true;
}

#else

#define STACK_REGS	1

static void stack_regs(const struct pt_regs *regs, u64 *to)
{
	to[0] = instruction_pointer(regs);
}

/* What its registers are called is not known. */
static bool stack_is_compat(struct pt_regs *regs)
{
	return true;
}

static bool stack_regs_saved(struct pt_regs *regs)
{
	return true;
}

#endif

/*
 * The user code's registers, and what is to be copied. Those of a precise event
 * are not the user's, see precise.h.
 */
static void stack_begin(const struct kobs_pmu_event *e, struct pt_regs *regs,
			struct kobs_pmu_stack *m)
{
	if (!kobs_context_has_user()) {
		m->flags |= KOBS_USTACK_NO_USER;
		return;
	}
	if (!e->attr.precise_ip && !stack_regs_saved(regs)) {
		m->flags |= KOBS_USTACK_NO_REGS;
		return;
	}
	if (e->attr.precise_ip || !user_mode(regs))
		regs = task_pt_regs(current);
	m->regs = regs;
	if (stack_is_compat(regs)) {
		m->flags |= KOBS_USTACK_COMPAT;
		return;
	}
	m->at = user_stack_pointer(regs);
	m->left = e->p->stack_bytes;
}

/* The words of a part before its memory, but for flags and size. Returns how many. */
static unsigned int stack_head(struct kobs_pmu_stack *m, u64 *w)
{
	w[KOBS_USTACK_SAMPLE] = m->number;
	w[KOBS_USTACK_PART] = m->part;
	if (m->part++)
		return KOBS_USTACK_WORDS;
	w[KOBS_USTACK_PID] = current->tgid;
	w[KOBS_USTACK_TIME] = ktime_get_mono_fast_ns();
	w[KOBS_USTACK_PERIOD] = m->period;
	w[KOBS_USTACK_REGS] = m->regs ? STACK_REGS : 0;
	if (!m->regs)
		return KOBS_USTACK_HEAD;
	stack_regs(m->regs, &w[KOBS_USTACK_HEAD]);
	return KOBS_USTACK_HEAD + STACK_REGS;
}

/* Copy memory behind the words of a part. Returns the number of words it takes. */
static unsigned int stack_memory(struct kobs_pmu_stack *m, u64 *w, size_t room)
{
	size_t want = min(m->left, room);
	size_t done = kobs_context_user_copy(w, m->at, want);
	unsigned int words = DIV_ROUND_UP(done, sizeof(*w));

	memset((void *)w + done, 0, words * sizeof(*w) - done);
	m->at += done;
	m->left -= done;
	if (done < want) {
		m->flags |= KOBS_USTACK_FAULT;
		m->left = 0;
	}
	if (!m->left)
		m->flags |= KOBS_USTACK_LAST;
	return words;
}

/**
 * kobs_pmu_stack_write() - write the records of a sample
 * @e: event
 * @v: words of the hit; the column ustack has the sample's number
 * @period: events that the sample stands for
 * @regs: registers of the sample
 * @throttled: the kernel stopped the event for a tick
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the ring is full and the sample is lost.
 */
bool kobs_pmu_stack_write(const struct kobs_pmu_event *e, const u64 *v,
			  u64 period, struct pt_regs *regs, bool throttled)
{
	const size_t most = KOBS_STREAM_DATA - (KOBS_USTACK_HEAD + STACK_REGS) *
			    sizeof(u64);
	struct kobs_session *s = e->p->s;
	struct kobs_pmu_stack m = {
		.number = v[KOBS_W_USTACK],
		.period = period,
		.flags = throttled ? KOBS_USTACK_THROTTLED : 0,
	};
	struct kobs_stream_data d;

	stack_begin(e, regs, &m);
	do {
		unsigned long from = m.at;
		size_t room = min(m.left, most);
		unsigned int n;

		if (!kobs_stream_reserve(s, v, KOBS_STREAM_DATA - most +
					 round_up(room, sizeof(u64)), &d))
			return false;
		n = stack_head(&m, d.data);
		n += stack_memory(&m, &d.data[n], room);
		d.data[KOBS_USTACK_FLAGS] = m.flags;
		d.data[KOBS_USTACK_BYTES] = m.at - from;
		kobs_stream_commit(s, &d, n * sizeof(u64));
	} while (!(m.flags & KOBS_USTACK_LAST));
	return true;
}
