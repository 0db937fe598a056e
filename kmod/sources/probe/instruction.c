// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: instructions, by kprobes (hooks/kprobe.h). What ftrace can hook is
 * hooked as a function's entry, with registers if the program wants some.
 *
 * Locking: none in the handlers; any context, NMI included, with preemption off.
 * The rest runs under struct kobs_probes.lock.
 */
#include <linux/kernel.h>
#include <linux/ptrace.h>
#include <linux/slab.h>

#include "core/refuse.h"
#include "hooks/deny.h"
#include "hooks/ftrace.h"
#include "sources/probe/run.h"

/* The record is what clients know by the layout of ptrace(). */
#if defined(CONFIG_X86_64)
static_assert(offsetof(struct pt_regs, sp) == 19 * sizeof(u64));
#elif defined(CONFIG_ARM64)
static_assert(offsetof(struct pt_regs, pc) == 32 * sizeof(u64));
#endif

static __always_inline bool insn_begin(struct kobs_kprobe *k,
				       struct kobs_session *s,
				       struct kobs_cpu *pc, u64 *t0)
{
	bool own;

	if (!kobs_hit_begin(s, pc, t0))
		return false;
	own = unlikely(kobs_hit_is_own(s, current->tgid)) &&
	      kobs_kprobe_in_task(k);
	if (likely(kobs_hit_pass(s, pc, own)))
		return true;
	kobs_hit_end(s, pc, *t0, 0);
	return false;
}

/* The stack begins with the instruction, which the registers may be beyond. */
static noinline bool insn_stack(struct kobs_session *s, u64 *v,
				struct kobs_kprobe *k, struct pt_regs *regs)
{
	unsigned long ip = instruction_pointer(regs);
	bool ok;

	instruction_pointer_set(regs, k->ip);
	ok = kobs_unwind_regs(&s->unwind, &v[KOBS_W_KSTACK], regs);
	instruction_pointer_set(regs, ip);
	return ok;
}

static void insn_run(struct kobs_probe_point *p, struct kobs_cpu *pc,
		     struct kobs_kprobe *k, struct pt_regs *regs)
{
	u64 args[PROBE_ENTRY_ARGS] KOBS_UNINIT;
	const struct kobs_program_in in = { .args = args, .record = regs };
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	struct kobs_session *s = p->s;
	u32 need = s->need;
	unsigned int i;

	for (i = 0; i < PROBE_ENTRY_ARGS && p->program.n_args; i++)
		args[i] = regs_get_kernel_argument(regs, i);
	v[PROBE_W_PROBE] = p->id;
	if (need & BIT(KOBS_W_KSTACK) && !insn_stack(s, v, k, regs)) {
		kobs_count(&pc->counters, KOBS_N_STACK_FULL);
		return;
	}
	need &= ~BIT(KOBS_W_KSTACK);
	probe_run_in(p, pc, v, &in, need, 0, NULL, KOBS_NO_VALUE,
		     KOBS_HIT_EITHER_STACKS);
}

static int probe_insn(struct kprobe *kp, struct pt_regs *regs)
{
	struct kobs_kprobe *k = container_of(kp, struct kobs_kprobe, kp);
	struct kobs_probe_point *p = k->ctx;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 t0;

	if (!pc)
		return 0;
	if (insn_begin(k, s, pc, &t0)) {
		insn_run(p, pc, k, regs);
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
	return 0;
}

static __always_inline int probe_insn_quick(struct kprobe *kp,
					    struct pt_regs *regs,
					    enum kobs_quick_shape shape)
{
	struct kobs_kprobe *k = container_of(kp, struct kobs_kprobe, kp);
	struct kobs_probe_point *p = k->ctx;
	struct kobs_session *s = p->s;
	struct kobs_cpu *pc = kobs_hit_enter(s);
	u64 t0;

	if (!pc)
		return 0;
	if (!insn_begin(k, s, pc, &t0))
		kobs_hit_leave(pc);
	else
		probe_run_quick_of(p, pc, regs, true, p->id, KOBS_NO_VALUE, t0,
				   shape);
	return 0;
}

static int probe_insn_bare(struct kprobe *kp, struct pt_regs *regs)
{
	return probe_insn_quick(kp, regs, KOBS_QUICK_BARE);
}

static int probe_insn_count(struct kprobe *kp, struct pt_regs *regs)
{
	return probe_insn_quick(kp, regs, KOBS_QUICK_COUNT);
}

static int probe_insn_value(struct kprobe *kp, struct pt_regs *regs)
{
	return probe_insn_quick(kp, regs, KOBS_QUICK_VALUE);
}

static kprobe_pre_handler_t insn_handler(const struct kobs_probe_point *point)
{
	static const kprobe_pre_handler_t quick[] = {
		[KOBS_QUICK_NONE] = probe_insn,
		[KOBS_QUICK_BARE] = probe_insn_bare,
		[KOBS_QUICK_COUNT] = probe_insn_count,
		[KOBS_QUICK_VALUE] = probe_insn_value,
		[KOBS_QUICK_PLAIN] = probe_insn_value,
	};

	if (point->shape != KOBS_QUICK_BARE && !point->quick.record)
		return probe_insn;
	return quick[point->shape];
}

/* Which instructions are there to be probed. */
static int refuse_inside(unsigned long ip, struct netlink_ext_ack *extack)
{
	const char *why = kobs_kprobe_refusal(-EILSEQ);
	unsigned long before, after;

	kobs_kprobe_near(ip, &before, &after);
	if (before && after)
		return kobs_refuse(extack, -EINVAL,
				   "%pS cannot be probed: %s; the nearest that can be are %pS and %pS",
				   (void *)ip, why, (void *)before,
				   (void *)after);
	if (before || after)
		return kobs_refuse(extack, -EINVAL,
				   "%pS cannot be probed: %s; the nearest that can be is %pS",
				   (void *)ip, why,
				   (void *)(before ?: after));
	return kobs_refuse(extack, -EINVAL, "%pS cannot be probed: %s",
			   (void *)ip, why);
}

/* A place that was named is refused; else a function is one of several. */
static int insn_keep_out(struct kobs_probe_point *point, unsigned long ip,
			 const char *why, bool denied,
			 struct netlink_ext_ack *extack)
{
	if (point->id == ip)
		return kobs_session_keep_out(point->s, ip, why, denied);
	return kobs_refuse(extack, -EINVAL, "%pS cannot be probed: %s",
			   (void *)ip, why);
}

/* The kprobe of a point; it has none when the target is kept out. */
static int insn_prepare(struct kobs_probe_point *point, unsigned long ip,
			struct netlink_ext_ack *extack)
{
	const char *why = kobs_func_denied(ip);
	struct kobs_kprobe *k;
	int err;

	if (why)
		return insn_keep_out(point, ip, why, true, extack);
	if (point->join)
		return insn_keep_out(point, ip,
				     "ftrace cannot trace it, and a kprobe is no part of a pair",
				     false, extack);
	k = kzalloc(sizeof(*k), GFP_KERNEL_ACCOUNT);
	if (!k)
		return -ENOMEM;
	err = kobs_kprobe_new(k, ip, insn_handler(point), point);
	if (!err) {
		point->kprobe = k;
		return 0;
	}
	kfree(k);
	if (err == -EILSEQ)
		return refuse_inside(ip, extack);
	why = kobs_kprobe_refusal(err);
	if (why)
		return insn_keep_out(point, ip, why, false, extack);
	return kobs_refuse(extack, err, "%pS cannot be probed: error %d",
			   (void *)ip, -err);
}

/**
 * kobs_probe_instruction() - add a point of an instruction
 * @p: the hooks, of which the next point has its program
 * @target: the target
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep; the lock of the session's hooks is held.
 * Return: 0, also when the target is kept out; -EINVAL inside an instruction, or
 * when there are too many; -ENOMEM, or an error of register_kprobe().
 */
int kobs_probe_instruction(struct kobs_probes *p, const u64 *target,
			   struct netlink_ext_ack *extack)
{
	struct kobs_probe_point *point = &p->points[p->n];
	u32 number = target_number(target);
	int err;

	if (++p->n_instructions > PROBE_INSTRUCTIONS)
		return kobs_refuse(extack, -EINVAL,
				   "more than %d instructions cannot be hooked at once",
				   PROBE_INSTRUCTIONS);
	point->id = number == PROBE_NAMELESS ? target[1] : number + 1ULL;
	err = insn_prepare(point, target[1], extack);
	if (point->kprobe)
		p->n++;
	else
		memset(point, 0, sizeof(*point));
	return err;
}

/**
 * kobs_probe_settle() - turn instructions that ftrace can hook into functions
 * @targets: targets, two words each
 * @n: number of @targets
 * @code: their programs, or NULL when they have no records
 *
 * Context: task, may sleep; the lock of the session's hooks is held.
 * Return: 0, or an error of kobs_ftrace_check() that tells nothing about a target.
 */
int kobs_probe_settle(u64 *targets, unsigned int n,
		      const struct kobs_program *code)
{
	struct ftrace_ops trial = {};
	unsigned int i;
	int err;

	for (i = 0; i < n; i++, targets += 2) {
		u64 program = target_program(targets);

		if (target_kind(targets) != KOBS_PROBE_INSTRUCTION ||
		    (code && code[program].record > PROBE_ENTRY_RECORD))
			continue;
		err = kobs_ftrace_check(&trial, targets[1]);
		if (!err)
			targets[0] = KOBS_PROBE_FUNCTION | program << 16;
		else if (err != -EINVAL)
			return err;
	}
	return 0;
}

/**
 * kobs_probe_unhook_instructions() - remove all kprobes, and wait
 * @p: the hooks; p->lock is held, or nobody else has them
 *
 * Context: task, may sleep.
 */
void kobs_probe_unhook_instructions(struct kobs_probes *p)
{
	struct kobs_kprobe *v[64];
	unsigned int n = 0;
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		struct kobs_probe_point *point = &p->points[i];

		if (point->kprobe) {
			point->hooked = false;
			v[n++] = point->kprobe;
		}
		if (n == ARRAY_SIZE(v) || (n && i + 1 == p->n)) {
			kobs_kprobes_free(v, n, &p->stuck);
			n = 0;
		}
	}
}

/**
 * kobs_probes_missed() - hits of kprobes for which no handler ran
 * @s: session
 *
 * Context: task.
 * Return: their number, as the kernel counts them.
 */
u64 kobs_probes_missed(const struct kobs_session *s)
{
	const struct kobs_probes *p = s->priv;
	unsigned int i;
	u64 n = 0;

	for (i = 0; p && i < p->n; i++)
		if (p->points[i].kprobe)
			n += READ_ONCE(p->points[i].kprobe->kp.nmissed);
	return n;
}
