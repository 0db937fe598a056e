// SPDX-License-Identifier: GPL-2.0
/*
 * Entry and exit of functions by kretprobe, for kernels without fprobe
 * (Debian's 6.1). Each function is a probe of its own, registered disarmed
 * so that those that cannot be probed are known before the start.
 *
 * Locking: see returns.h.
 */
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../kobs.h"
#include "returns.h"

/* Calls in progress at once, over all functions, and for each. */
#define INFLIGHT_AUTO		16384
#define INFLIGHT_EACH_MIN	64
#define INFLIGHT_EACH_MAX	4096

#ifdef CONFIG_KRETPROBES

struct returns_probe {
	struct kretprobe rp;
	struct kobs_session *s;
};

struct kobs_returns {
	unsigned int n;
	struct kretprobe **rps;
	struct returns_probe probe[];
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
	return "by kretprobe: this kernel has no fprobe (CONFIG_FPROBE)";
}

static struct returns_probe *probe_of(struct kretprobe_instance *ri)
{
	return container_of(get_kretprobe(ri), struct returns_probe, rp);
}

static int returns_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct returns_probe *p = probe_of(ri);

	/* Not 0: do not hook the return. */
	return !kobs_func_enter(p->s, (unsigned long)p->rp.kp.addr,
				(struct kobs_call *)ri->data);
}

static int returns_exit(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct returns_probe *p = probe_of(ri);

	/*
	 * The address that the call returns to is the instruction pointer:
	 * the instance's own can be a trampoline when two probes share the
	 * call.
	 */
	kobs_func_exit(p->s, (unsigned long)p->rp.kp.addr,
		       instruction_pointer(regs), (struct kobs_call *)ri->data);
	return 0;
}

static void returns_fill(struct returns_probe *p, struct kobs_session *s,
			 unsigned long ip, unsigned int inflight)
{
	p->s = s;
	p->rp.kp.addr = (kprobe_opcode_t *)ip;
	p->rp.kp.flags = KPROBE_FLAG_DISABLED;
	p->rp.entry_handler = returns_entry;
	p->rp.handler = returns_exit;
	p->rp.data_size = sizeof(struct kobs_call);
	p->rp.maxactive = inflight;
}

/**
 * kobs_returns_new() - make ready to hook functions
 * @s: session, which notes those that cannot be hooked
 * @ips: functions; those that cannot be hooked are taken out
 * @n: how many; how many are left
 * @inflight: calls in progress at once for each function, 0 for automatic
 *
 * Context: task, may sleep.
 * Return: to be given to kobs_returns_start(), or ERR_PTR(-ENOMEM).
 */
struct kobs_returns *kobs_returns_new(struct kobs_session *s,
				      unsigned long *ips, unsigned int *n,
				      unsigned int inflight)
{
	struct kobs_returns *r;
	unsigned int i;
	int err = -ENOMEM;

	if (!inflight)
		inflight = clamp_t(unsigned int, INFLIGHT_AUTO / *n,
				   INFLIGHT_EACH_MIN, INFLIGHT_EACH_MAX);
	r = kvzalloc(struct_size(r, probe, *n), GFP_KERNEL);
	if (!r)
		return ERR_PTR(err);
	r->rps = kvcalloc(*n, sizeof(*r->rps), GFP_KERNEL);
	if (!r->rps)
		goto err_free;
	for (i = 0; i < *n; i++) {
		struct returns_probe *p = &r->probe[r->n];

		memset(p, 0, sizeof(*p));
		returns_fill(p, s, ips[i], inflight);
		err = register_kretprobe(&p->rp);
		if (err == -ENOMEM)
			goto err_free;
		if (err) {
			err = kobs_session_keep_out(s, ips[i],
						    "no kretprobe can be set on it",
						    false);
			if (err)
				goto err_free;
			continue;
		}
		r->rps[r->n] = &p->rp;
		ips[r->n++] = ips[i];
		cond_resched();
	}
	*n = r->n;
	return r;

err_free:
	kobs_returns_free(r);
	return ERR_PTR(err);
}

/**
 * kobs_returns_start() - hook the functions, all or none
 * @r: from kobs_returns_new()
 *
 * Context: task, may sleep.
 * Return: 0, or an error of enable_kretprobe().
 */
int kobs_returns_start(struct kobs_returns *r)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < r->n; i++) {
		err = enable_kretprobe(r->rps[i]);
		cond_resched();
	}
	if (err)
		kobs_returns_stop(r);
	return err;
}

/**
 * kobs_returns_stop() - unhook the functions and wait until no handler runs
 * @r: started
 *
 * Calls in progress return as ever, unseen.
 *
 * Context: task, may sleep.
 */
void kobs_returns_stop(struct kobs_returns *r)
{
	if (r->n)
		unregister_kretprobes(r->rps, r->n);
	/* What was missed is still read, from probe[].rp. */
	kvfree(r->rps);
	r->rps = NULL;
	/* For the exit handlers, which run with preemption off. */
	synchronize_rcu();
}

/**
 * kobs_returns_keep() - give up functions whose module goes
 * @r: from kobs_returns_new(), started or not
 * @n: how many are left of the functions
 *
 * Nothing to do: kprobes look after that themselves.
 *
 * Context: task, may sleep.
 */
void kobs_returns_keep(struct kobs_returns *r, unsigned int n)
{
}

/**
 * kobs_returns_free() - undo kobs_returns_new()
 * @r: stopped or never started
 *
 * Context: task, may sleep.
 */
void kobs_returns_free(struct kobs_returns *r)
{
	if (r->rps)
		kobs_returns_stop(r);
	kvfree(r);
}

/**
 * kobs_returns_missed() - calls whose return could not be hooked
 * @r: from kobs_returns_new()
 *
 * Context: any.
 * Return: how many.
 */
u64 kobs_returns_missed(const struct kobs_returns *r)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < r->n; i++)
		sum += READ_ONCE(r->probe[i].rp.nmissed) +
		       READ_ONCE(r->probe[i].rp.kp.nmissed);
	return sum;
}

#else /* !CONFIG_KRETPROBES */

const char *kobs_returns_how(bool *ok)
{
	*ok = false;
	return "this kernel has neither fprobe (CONFIG_FPROBE) nor kretprobe (CONFIG_KRETPROBES)";
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

#endif /* CONFIG_KRETPROBES */
