// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: the hooks. Four tracepoints report single objects. ftrace hooks
 * the entries of what has no tracepoint: kmem_cache_free_bulk(), which
 * kfree_rcu() ends in; kvfree_call_rcu(); kfree_nolock() and kfree_rcu_nolock()'s
 * counterpart where there are; and kmem_cache_destroy(), after which a cache's
 * address can be reused.
 * kmem_cache_alloc_bulk() and, where there is one, kmalloc_nolock() are hooked at
 * their returns by kretprobes. A call that the kernel cannot hook (in the handler
 * of another kprobe, or more calls at a time than INFLIGHT) is counted as lost.
 *
 * All of these functions are exported: their addresses need no lookup. If the
 * compiler splits one of them, the entry for external callers remains, and
 * there are no others. What the allocator itself allocates by kmalloc_nolock() is
 * seen only where that remained a call; all of it is freed by hooked functions.
 *
 * Locking: the session's change lock.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/slab.h>

#include "compat/ftrace_args.h"
#include "compat/slab_calls.h"
#include "core/refuse.h"
#include "hooks/ftrace.h"
#include "sources/slab/site_cache.h"
#include "sources/slab/slab.h"

/* Maximum number of calls in progress: bulk allocations can sleep. */
#define INFLIGHT	512

#ifdef kmem_cache_alloc_bulk
#define ALLOC_BULK	kmem_cache_alloc_bulk_noprof
#else
#define ALLOC_BULK	kmem_cache_alloc_bulk
#endif

static const struct kobs_slab_handlers *handlers_of(const struct kobs_slab *sl)
{
	if (sl->s->stream)
		return &kobs_slab_stream;
	return sl->fast ? &kobs_slab_fast : &kobs_slab_follow;
}

#ifdef CONFIG_KRETPROBES

/**
 * struct kobs_slab_bulk_call - a call of kmem_cache_alloc_bulk()
 * @sl: session; see kobs_return_ctx()
 * @cache: cache
 * @gfp: flags
 * @n: number of objects requested
 * @p: array that receives their addresses
 */
struct kobs_slab_bulk_call {
	struct kobs_slab *sl;
	struct kmem_cache *cache;
	gfp_t gfp;
	unsigned long n;
	void **p;
};

static int bulk_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_slab_bulk_call *call = (struct kobs_slab_bulk_call *)ri->data;

	call->sl = kobs_return_ctx(ri);
	if (!call->sl)
		return 1;
	call->cache = (void *)regs_get_kernel_argument(regs, 0);
	call->gfp = (__force gfp_t)regs_get_kernel_argument(regs, 1);
	call->n = regs_get_kernel_argument(regs, 2);
	call->p = (void **)regs_get_kernel_argument(regs, 3);
	/* Not 0: do not hook the return, nothing is requested. */
	return !call->n;
}

static int bulk_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_slab_bulk_call *call = (struct kobs_slab_bulk_call *)ri->data;
	struct kobs_slab *sl = call->sl;

	/*
	 * The instruction pointer is where the call returns to. All or nothing
	 * was allocated.
	 */
	handlers_of(sl)->alloc_bulk(sl, instruction_pointer(regs), call->cache,
				    call->gfp, call->p,
				    kobs_bulk_got(regs, call->n));
	return 0;
}

/**
 * struct kobs_slab_nolock_call - a call of kmalloc_nolock()
 * @sl: session; see kobs_return_ctx()
 * @request: bytes requested
 * @gfp: flags
 */
struct kobs_slab_nolock_call {
	struct kobs_slab *sl;
	size_t request;
	gfp_t gfp;
};

static int nolock_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_slab_nolock_call *call = (struct kobs_slab_nolock_call *)ri->data;

	call->sl = kobs_return_ctx(ri);
	call->request = regs_get_kernel_argument(regs, 0);
	call->gfp = kobs_nolock_gfp(regs);
	/* A request of 0 bytes allocates nothing. */
	return !call->sl || !call->request;
}

static int nolock_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_slab_nolock_call *call = (struct kobs_slab_nolock_call *)ri->data;
	const void *ptr = (const void *)regs_return_value(regs);
	const struct kmem_cache *cache = kobs_cache_of(ptr);
	/* When the fitting cache is busy, the object is of the next one. */
	size_t size = cache ? kmem_cache_size((struct kmem_cache *)cache) :
			      kmalloc_size_roundup(call->request);

	handlers_of(call->sl)->alloc_nolock(call->sl, instruction_pointer(regs),
					    ptr, call->request, size, call->gfp,
					    NUMA_NO_NODE);
	return 0;
}

static const struct {
	const char *name;
	void *function;
	kretprobe_handler_t entry;
	kretprobe_handler_t handler;
	size_t data_size;
} returns[SLAB_RETURNS] = {
	{ "kmem_cache_alloc_bulk", ALLOC_BULK, bulk_entry, bulk_return,
	  sizeof(struct kobs_slab_bulk_call) },
	{ "kmalloc_nolock", KOBS_MALLOC_NOLOCK, nolock_entry, nolock_return,
	  sizeof(struct kobs_slab_nolock_call) },
};

static int return_hook(struct kobs_slab *sl, unsigned int i)
{
	struct kobs_return *r = &sl->returns[i];

	if (!returns[i].function)
		return 0;
	*r = (struct kobs_return){
		.rp = {
			.kp.addr = returns[i].function,
			.entry_handler = returns[i].entry,
			.handler = returns[i].handler,
			.data_size = returns[i].data_size,
			.maxactive = INFLIGHT,
		},
		.ctx = sl,
		.memory = &sl->s->memory,
	};
	return kobs_return_hook(r);
}

static void returns_unhook(struct kobs_slab *sl)
{
	unsigned int i;

	for (i = 0; i < SLAB_RETURNS; i++)
		kobs_return_unhook(&sl->returns[i], &sl->stuck);
}

static int returns_hook(struct kobs_slab *sl, const char **failed)
{
	unsigned int i;
	int err;

	for (i = 0; i < SLAB_RETURNS; i++) {
		*failed = returns[i].name;
		err = return_hook(sl, i);
		if (err) {
			returns_unhook(sl);
			return err;
		}
	}
	return 0;
}

static u64 returns_missed(const struct kobs_slab *sl)
{
	unsigned int i;
	u64 n = 0;

	for (i = 0; i < SLAB_RETURNS; i++)
		n += kobs_return_missed(&sl->returns[i]);
	return n;
}

#else /* !CONFIG_KRETPROBES */

static int returns_hook(struct kobs_slab *sl, const char **failed)
{
	return 0;
}

static void returns_unhook(struct kobs_slab *sl)
{
}

static u64 returns_missed(const struct kobs_slab *sl)
{
	return 0;
}

#endif /* CONFIG_KRETPROBES */

/**
 * kobs_slab_how() - limits of this kernel
 * @ok: not changed
 *
 * Context: task, may sleep.
 * Return: a sentence on what is not followed or not named, or NULL.
 */
const char *kobs_slab_how(bool *ok)
{
	if (!IS_ENABLED(CONFIG_KRETPROBES))
		return "without bulk and nolock allocations: no kretprobe (CONFIG_KRETPROBES)";
	if (!kobs_cache_names_readable())
		return "caches go by the size of their objects: their names are not found";
	return NULL;
}

static void on_destroy(unsigned long ip, unsigned long parent_ip,
		       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kobs_slab *sl = ops->private;

	kobs_slab_name_forget(sl->names, (void *)kobs_ftrace_arg(fregs, 0));
	/* From here on the old name must not be used. */
	slab_site_cache_forget(sl);
}

static int function_hook(struct kobs_slab *sl, void *function, ftrace_func_t handler)
{
	struct ftrace_ops *ops = &sl->ops[sl->hooked];
	int err;

	/* An ops of an earlier attempt can be called. */
	if (sl->stuck)
		return -ENODEV;
	/* Clear what ftrace_free_filter() left of an earlier attempt. */
	*ops = (struct ftrace_ops){
		.func = handler,
		.flags = KOBS_FTRACE_FLAGS,
		.private = sl,
	};
	err = ftrace_set_filter_ip(ops, (unsigned long)function, 0, 1);
	if (!err)
		err = kobs_ftrace_hook(ops, &sl->stuck);
	if (!err)
		sl->hooked++;
	else if (!sl->stuck)
		ftrace_free_filter(ops);
	return err;
}

static void functions_unhook(struct kobs_slab *sl)
{
	while (sl->hooked) {
		struct ftrace_ops *ops = &sl->ops[--sl->hooked];

		if (!kobs_ftrace_unhook(ops, &sl->stuck))
			ftrace_free_filter(ops);
	}
}

static int functions_hook(struct kobs_slab *sl, const char **failed)
{
	const struct kobs_slab_handlers *h = handlers_of(sl);
	const struct {
		const char *name;
		void *function;
		ftrace_func_t handler;
	} functions[] = {
		{ "kmem_cache_free_bulk", kmem_cache_free_bulk, h->free_bulk },
		{ "kvfree_call_rcu", kvfree_call_rcu, h->give },
		{ "kfree_call_rcu_nolock", KOBS_RCU_NOLOCK, h->give },
		{ "kfree_nolock", KOBS_FREE_NOLOCK, h->free_nolock },
		{ "kmem_cache_destroy",
		  sl->names || sl->fast ? kmem_cache_destroy : NULL, on_destroy },
	};
	unsigned int i;
	int err = 0;

	static_assert(ARRAY_SIZE(functions) == SLAB_FUNCTIONS);
	for (i = 0; i < ARRAY_SIZE(functions) && !err; i++) {
		*failed = functions[i].name;
		if (functions[i].function)
			err = function_hook(sl, functions[i].function,
					    functions[i].handler);
	}
	return err;
}

/**
 * kobs_slab_hook() - turn the hooks on, all or none
 * @sl: session
 * @extack: says why not
 *
 * Hooks of frees come before those of allocations.
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or the error of the hook that could not be turned on.
 */
int kobs_slab_hook(struct kobs_slab *sl, struct netlink_ext_ack *extack)
{
	static const char * const names[] = {
		"kmalloc", "kmem_cache_alloc", "kfree", "kmem_cache_free"
	};
	const char *failed = NULL;
	const char *why;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(sl->probes); i++) {
		sl->probes[i].name = names[i];
		sl->probes[i].probe = handlers_of(sl)->probe[i];
	}
	err = functions_hook(sl, &failed);
	if (err)
		goto err_functions;
	err = kobs_tracepoint_attach(sl->probes, ARRAY_SIZE(sl->probes), sl,
				     &failed);
	if (err)
		goto err_functions;
	err = returns_hook(sl, &failed);
	if (err)
		goto err_tracepoints;
	return 0;

err_tracepoints:
	kobs_tracepoint_detach(sl->probes, ARRAY_SIZE(sl->probes), sl);
err_functions:
	functions_unhook(sl);
	why = kobs_ftrace_refusal(&err);
	if (why)
		return kobs_refuse(extack, err, "%s cannot be hooked: %s",
				   failed, why);
	return kobs_refuse(extack, err, "%s cannot be hooked: error %d", failed,
			   -err);
}

/**
 * kobs_slab_unhook() - turn the hooks off and wait until no handler runs
 * @sl: session whose hooks are on; @sl->stuck is set when one stays on
 *
 * Context: task, may sleep; the session's change lock is held.
 */
void kobs_slab_unhook(struct kobs_slab *sl)
{
	returns_unhook(sl);
	kobs_tracepoint_detach(sl->probes, ARRAY_SIZE(sl->probes), sl);
	functions_unhook(sl);
}

/**
 * kobs_slab_hooks() - number of hooks of a session
 * @sl: session
 *
 * Context: any.
 * Return: number of tracepoints and functions to hook.
 */
unsigned int kobs_slab_hooks(const struct kobs_slab *sl)
{
	return ARRAY_SIZE(sl->probes) + 2 + KOBS_RCU_NOLOCKS + KOBS_NOLOCKS +
	       (IS_ENABLED(CONFIG_KRETPROBES) ? 1 + KOBS_NOLOCKS : 0);
}

/**
 * kobs_slab_missed() - calls of allocations whose return was missed
 * @s: session
 *
 * Context: any.
 * Return: their number.
 */
u64 kobs_slab_missed(const struct kobs_session *s)
{
	return s->priv ? returns_missed(s->priv) : 0;
}
