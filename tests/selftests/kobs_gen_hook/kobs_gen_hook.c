// SPDX-License-Identifier: GPL-2.0
/*
 * Ground truth for tests of hooks: functions in places where hooks are
 * difficult. Parameters, in /sys/module/kobs_gen_hook/parameters:
 *
 *   hold      given as 1, the module's init calls kobs_gen_hook_init(), in init
 *             text, once per millisecond until 0 is written here
 *   calls     given as N, the module's init calls kobs_gen_hook_init() and
 *             kobs_gen_hook_timed() N times
 *   inits     calls of kobs_gen_hook_init()
 *   step      writing N calls a function N times, one instruction of which has a
 *             kprobe that single-steps; the handlers before and after it call
 *             kobs_gen_hook_timed(), as does the function (x86)
 *   timed     calls of kobs_gen_hook_timed()
 *   in_probe  of these, from the kprobe's handlers
 *   refuse    while it is 1, ftrace refuses to remove a permanent ftrace_ops, as
 *             if it had disabled itself; 0 removes those that it kept (x86)
 *
 * Locking: numbers are changed by one writer at a time (kernel_param_lock()).
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>

/* What is traced has to be there, once, and as it is written here. */
#if __has_attribute(__noipa__)
#define TRACED		__attribute__((__noipa__))
#else
#define TRACED		noinline
#endif

static bool hold;
module_param(hold, bool, 0644);

static unsigned int calls;
module_param(calls, uint, 0444);

static unsigned long inits;
module_param(inits, ulong, 0444);

static unsigned long timed;
module_param(timed, ulong, 0444);

static unsigned long in_probe;
module_param(in_probe, ulong, 0444);

static TRACED void kobs_gen_hook_timed(void)
{
	timed++;
}

#if defined(CONFIG_X86) && defined(CONFIG_KPROBES)

#define MOST_STEPS	100000

static int before(struct kprobe *p, struct pt_regs *regs)
{
	in_probe++;
	kobs_gen_hook_timed();
	return 0;
}

/* With it, the probe is neither optimized nor boosted: it single-steps. */
static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
	in_probe++;
	kobs_gen_hook_timed();
}

/* Returns n + 1; sets @where to the instruction that adds. */
static TRACED unsigned long kobs_gen_hook_stepped(unsigned long n, void **where)
{
	asm volatile("lea 771f(%%rip), %1\n"
		     "771: lea 1(%0), %0" : "+r" (n), "=r" (*where));
	return n;
}

static int step_set(const char *text, const struct kernel_param *kp)
{
	struct kprobe probe = {
		.pre_handler = before,
		.post_handler = after,
	};
	unsigned long i = 0;
	unsigned int n;
	void *where;
	int err;

	kobs_gen_hook_stepped(0, &where);
	probe.addr = where;
	err = kstrtouint(text, 10, &n);
	if (!err && n > MOST_STEPS)
		err = -EINVAL;
	if (!err)
		err = register_kprobe(&probe);
	if (err)
		return err;
	while (i < n) {
		kobs_gen_hook_timed();
		i = kobs_gen_hook_stepped(i, &where);
	}
	unregister_kprobe(&probe);
	return 0;
}

static const struct kernel_param_ops step_ops = { .set = step_set };
module_param_cb(step, &step_ops, NULL, 0200);

static bool refuse;
static struct ftrace_ops *kept[8];
static unsigned int n_kept;

/* In place of unregister_ftrace_function(). */
static int refuse_to_remove(struct ftrace_ops *ops)
{
	if (n_kept < ARRAY_SIZE(kept))
		kept[n_kept++] = ops;
	return -ENODEV;
}

/* The breakpoint is on the function's first instruction. */
static int refuse_hit(struct kprobe *p, struct pt_regs *regs)
{
	struct ftrace_ops *ops = (struct ftrace_ops *)regs->di;

	if (!(ops->flags & FTRACE_OPS_FL_PERMANENT))
		return 0;
	instruction_pointer_set(regs, (unsigned long)refuse_to_remove);
	return 1;
}

/* With it, the probe is not optimized: that would ignore the new address. */
static void refuse_after(struct kprobe *p, struct pt_regs *regs,
			 unsigned long flags)
{
}

static struct kprobe refuse_probe = {
	.symbol_name = "unregister_ftrace_function",
	.pre_handler = refuse_hit,
	.post_handler = refuse_after,
};

static int refuse_begin(void)
{
	/* Registration sets what must not be set before. */
	refuse_probe.addr = NULL;
	refuse_probe.flags = 0;
	return register_kprobe(&refuse_probe);
}

static int refuse_end(void)
{
	int err = 0;

	unregister_kprobe(&refuse_probe);
	while (!err && n_kept)
		err = unregister_ftrace_function(kept[--n_kept]);
	return err;
}

static int refuse_set(const char *text, const struct kernel_param *kp)
{
	bool want;
	int err = kstrtobool(text, &want);

	if (err || want == refuse)
		return err;
	err = want ? refuse_begin() : refuse_end();
	if (!err)
		refuse = want;
	return err;
}

static const struct kernel_param_ops refuse_param_ops = { .set = refuse_set };
module_param_cb(refuse, &refuse_param_ops, NULL, 0200);

#endif /* CONFIG_X86 && CONFIG_KPROBES */

static noinline void __init kobs_gen_hook_init(void)
{
	inits++;
	/* Behind a call, so that it is not inlined. */
	barrier();
}

static int __init init(void)
{
	unsigned int i;

	for (i = 0; i < calls; i++) {
		kobs_gen_hook_init();
		kobs_gen_hook_timed();
	}
	while (READ_ONCE(hold)) {
		kobs_gen_hook_init();
		usleep_range(1000, 2000);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static void __exit leave(void)
{
}

module_init(init);
module_exit(leave);
MODULE_DESCRIPTION("kobs: functions that are difficult to hook, for tests");
MODULE_AUTHOR("The kobs authors");
MODULE_LICENSE("GPL");
