// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and exit of functions by kretprobe, for kernels without fprobe
 * (Debian's 6.1), and for those whose fprobe lets calls go by uncounted: since
 * 4346ba160409 ("fprobe: Rewrite fprobe on function-graph tracer"), first in
 * 6.14, a call that finds its task's shadow stack full is seen by nobody. A
 * kretprobe turned on for each function would be a filter update of ftrace for
 * each. So there is one kretprobe, which is never turned on: it owns the return
 * trampoline and the instances that hold calls in progress. One ftrace_ops
 * hooks all functions, and hands each entry to the kretprobe's pre_handler as
 * kprobes' own ftrace_ops would.
 *
 * Locking: see hooks/call.h.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "core/hit.h"
#include "core/session.h"
#include "hooks/call.h"

/* Calls in progress at once when nothing else is asked for. */
#define INFLIGHT_AUTO	4096

#if defined(CONFIG_KRETPROBES) && defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)

struct kobs_returns {
	struct kretprobe rp;
	struct ftrace_ops ops;
	struct kobs_session *s;
	unsigned long *ips;
	bool registered;
	bool hooked;
};

/* What is kept of a call in its instance. */
struct kobs_returns_call {
	unsigned long ip;
	struct kobs_call call;
};

/**
 * kobs_returns_how() - can returns be hooked, and by what
 * @ok: left as it is
 *
 * Context: any.
 * Return: what is used.
 */
const char *kobs_returns_how(bool *ok)
{
	if (IS_ENABLED(CONFIG_FPROBE))
		return "by kretprobe: this kernel's fprobe does not count all that it misses";
	return "by kretprobe: this kernel has no fprobe (CONFIG_FPROBE)";
}

static struct kobs_returns *returns_of(struct kretprobe_instance *ri)
{
	return container_of(get_kretprobe(ri), struct kobs_returns, rp);
}

static void returns_hit(unsigned long ip, unsigned long parent_ip,
			struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_returns *r = container_of(ops, struct kobs_returns, ops);
	struct pt_regs *regs = ftrace_get_regs(fregs);
	struct kobs_cpu *pc = kobs_hit_enter(r->s);
	unsigned long back;

	if (!pc)
		return;
	/* A probe's registers show the probed address. */
	back = instruction_pointer(regs);
	instruction_pointer_set(regs, ip);
	r->rp.kp.pre_handler(&r->rp.kp, regs);
	/* Without a free instance the entry handler was not called. */
	if (unlikely(instruction_pointer(regs)) && READ_ONCE(r->s->armed)) {
		kobs_count(&pc->counters, KOBS_N_HITS);
		kobs_count(&pc->counters, KOBS_N_MISSED);
	}
	instruction_pointer_set(regs, back);
	kobs_hit_leave(pc);
}

static int returns_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_returns_call *c = (struct kobs_returns_call *)ri->data;

	c->ip = instruction_pointer(regs);
	/* Tells returns_hit() that it was here. */
	instruction_pointer_set(regs, 0);
	/* Not 0: do not hook the return. */
	return !kobs_func_enter(returns_of(ri)->s, c->ip, regs, &c->call);
}

static int returns_exit(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_returns_call *c = (struct kobs_returns_call *)ri->data;

	/*
	 * The address that the call returns to is the instruction pointer:
	 * the instance's own can be a trampoline when two probes share the
	 * call.
	 */
	kobs_func_exit(returns_of(ri)->s, c->ip, instruction_pointer(regs),
		       &c->call);
	return 0;
}

/*
 * Take functions out that kprobes refuse, by registering a probe, disabled, on
 * each. The kretprobe that stays gets the first that is left.
 */
static int returns_choose(struct kobs_returns *r, unsigned int *n)
{
	struct kprobe **trial = kvcalloc(*n, sizeof(*trial), GFP_KERNEL);
	struct kprobe *kp = kvcalloc(*n, sizeof(*kp), GFP_KERNEL);
	unsigned int left = 0;
	unsigned int i;
	int err = kp && trial ? 0 : -ENOMEM;

	for (i = 0; !err && i < *n; i++) {
		kp[left] = (struct kprobe){
			.addr = (kprobe_opcode_t *)r->ips[i],
			.flags = KPROBE_FLAG_DISABLED,
		};
		err = register_kprobe(&kp[left]);
		if (!err) {
			trial[left] = &kp[left];
			r->ips[left++] = r->ips[i];
		} else if (err != -ENOMEM) {
			err = kobs_session_keep_out(r->s, r->ips[i],
						    "no kretprobe can be set on it",
						    false);
		}
		cond_resched();
	}
	if (left)
		unregister_kprobes(trial, left);
	kvfree(kp);
	kvfree(trial);
	*n = left;
	return err;
}

/**
 * kobs_returns_new() - make ready to hook functions
 * @s: session, which notes those that cannot be hooked
 * @ips: functions; those that cannot be hooked are taken out. Must live as
 *       long as the result.
 * @n: how many; how many are left
 * @inflight: calls in progress at once, 0 for automatic
 *
 * Context: task, may sleep.
 * Return: to be given to kobs_returns_start(), or ERR_PTR(-ENOMEM) or an error
 * of register_kretprobe() or ftrace_set_filter_ips().
 */
struct kobs_returns *kobs_returns_new(struct kobs_session *s,
				      unsigned long *ips, unsigned int *n,
				      unsigned int inflight)
{
	struct kobs_returns *r = kzalloc(sizeof(*r), GFP_KERNEL);
	int err;

	if (!r)
		return ERR_PTR(-ENOMEM);
	r->s = s;
	r->ips = ips;
	r->ops.func = returns_hit;
	r->ops.flags = FTRACE_OPS_FL_SAVE_REGS;
	err = returns_choose(r, n);
	if (err || !*n)
		goto out;
	r->rp.kp.addr = (kprobe_opcode_t *)ips[0];
	r->rp.kp.flags = KPROBE_FLAG_DISABLED;
	r->rp.entry_handler = returns_entry;
	r->rp.handler = returns_exit;
	r->rp.data_size = sizeof(struct kobs_returns_call);
	r->rp.maxactive = inflight ?: INFLIGHT_AUTO;
	err = register_kretprobe(&r->rp);
	if (err)
		goto out;
	r->registered = true;
	err = ftrace_set_filter_ips(&r->ops, ips, *n, 0, 1);
out:
	if (!err)
		return r;
	kobs_returns_free(r);
	return ERR_PTR(err);
}

/**
 * kobs_returns_start() - hook the functions, all or none
 * @r: from kobs_returns_new()
 *
 * Context: task, may sleep.
 * Return: 0, or an error of register_ftrace_function().
 */
int kobs_returns_start(struct kobs_returns *r)
{
	int err = register_ftrace_function(&r->ops);

	r->hooked = !err;
	return err;
}

/**
 * kobs_returns_stop() - unhook the functions and wait until no handler runs
 * @r: from kobs_returns_new(), started or not
 *
 * Calls in progress return as ever, unseen.
 *
 * Context: task, may sleep.
 */
void kobs_returns_stop(struct kobs_returns *r)
{
	if (r->hooked)
		WARN_ON_ONCE(unregister_ftrace_function(&r->ops));
	r->hooked = false;
	/* Waits for the exit handlers, which run with preemption off, too. */
	if (r->registered)
		unregister_kretprobe(&r->rp);
	r->registered = false;
}

/**
 * kobs_returns_keep() - give up functions whose module goes
 * @r: from kobs_returns_new(), started or not
 * @n: how many are left of the functions; those come first among them now
 *
 * Context: task, may sleep.
 */
void kobs_returns_keep(struct kobs_returns *r, unsigned int n)
{
	/* No functions in an ftrace filter would mean all of them. */
	if (!n)
		kobs_returns_stop(r);
	else
		WARN_ON_ONCE(ftrace_set_filter_ips(&r->ops, r->ips, n, 0, 1));
}

/**
 * kobs_returns_free() - undo kobs_returns_new()
 * @r: stopped or never started
 *
 * Context: task, may sleep.
 */
void kobs_returns_free(struct kobs_returns *r)
{
	kobs_returns_stop(r);
	ftrace_free_filter(&r->ops);
	kfree(r);
}

/**
 * kobs_returns_missed() - calls whose return could not be hooked
 * @r: from kobs_returns_new()
 *
 * Context: any.
 * Return: 0: returns_hit() counts them itself.
 */
u64 kobs_returns_missed(const struct kobs_returns *r)
{
	return 0;
}

#else

const char *kobs_returns_how(bool *ok)
{
	*ok = false;
	return "this kernel has no fprobe that counts what it misses, and no kretprobes";
}

/* Sessions of a mode that is not available are refused: none of these runs. */
struct kobs_returns *kobs_returns_new(struct kobs_session *s,
				      unsigned long *ips, unsigned int *n,
				      unsigned int inflight)
{
	return ERR_PTR(-EOPNOTSUPP);
}

int kobs_returns_start(struct kobs_returns *r)
{
	return -EOPNOTSUPP;
}

void kobs_returns_stop(struct kobs_returns *r)
{
}

void kobs_returns_keep(struct kobs_returns *r, unsigned int n)
{
}

void kobs_returns_free(struct kobs_returns *r)
{
}

u64 kobs_returns_missed(const struct kobs_returns *r)
{
	return 0;
}

#endif /* CONFIG_KRETPROBES && CONFIG_DYNAMIC_FTRACE_WITH_REGS */
