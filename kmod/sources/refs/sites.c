// SPDX-License-Identifier: GPL-2.0
/*
 * Source refs: only the objects that some sites allocate while the session runs. They
 * are in an object table from their allocation to their free, by the tracepoints of
 * the slab allocator, and by hooks of what frees without one: kmem_cache_free_bulk(),
 * which kfree_rcu() ends in, and kfree_nolock() where there is one. What
 * kmem_cache_alloc_bulk() and kmalloc_nolock() allocate is not followed.
 *
 * An allocation at a site is a hit, and so is the free of what it made, with which
 * references end. An object begins with one reference, that of its allocation, unless
 * the client names functions that make objects.
 *
 * A get or a put can have an address inside of the object, as that of its counter:
 * where the object begins is found by the cache it is in (core/kmem_cache.c).
 *
 * If a free was missed, the object leaves with the next allocation of its address.
 *
 * Locking: none; any context, NMI included. An object has one owner between its
 * allocation and its free. Code of a module that goes is taken out by the notifier,
 * when none of it runs any more.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <trace/events/kmem.h>

#include "compat/ftrace_args.h"
#include "compat/slab_calls.h"
#include "core/hit.h"
#include "core/refuse.h"
#include "hooks/ftrace.h"
#include "sources/refs/refs.h"

/* An object ends: its memory goes to others. */
static void site_end(struct kobs_refs *r, struct kobs_cpu *pc, u64 address)
{
	struct kobs_session *s = r->s;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return;
	kobs_count(&pc->counters, kobs_refs_gone(r, address));
	kobs_hit_end(s, pc, t0, 0);
}

static enum kobs_counter site_made(struct kobs_refs *r, u64 address,
				   unsigned long site)
{
	struct kobs_object o = { .born = jiffies };
	struct kobs_object old KOBS_UNINIT;

	if (kobs_object_insert(&r->sites.live, address, &o, &old) ==
	    KOBS_OBJECT_FULL)
		return REFS_N_FULL;
	local64_inc(&this_cpu_ptr(r->cpu)->made);
	return r->sites.first ? kobs_refs_made(r, address, site) :
				KOBS_N_RECORDED;
}

static void site_alloc(struct kobs_refs *r, unsigned long site, u64 address)
{
	struct kobs_session *s = r->s;
	struct kobs_object o;
	struct kobs_cpu *pc;
	bool ours, stale;
	u64 t0;

	/* One that failed, or is of no bytes. */
	if (address < PAGE_SIZE || !READ_ONCE(s->armed))
		return;
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(s, pc);
	site = kobs_site(s, &r->sites.helpers, site);
	ours = site && kobs_code_ranges_have(&r->sites.text.code, site);
	stale = kobs_object_remove(&r->sites.live, address, &o);
	kobs_hit_call_end(s, pc, t0);
	if (stale)
		site_end(r, pc, address);
	if (ours && kobs_hit_begin(s, pc, &t0)) {
		kobs_count(&pc->counters, site_made(r, address, site));
		kobs_hit_end(s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void site_free(struct kobs_refs *r, u64 address)
{
	struct kobs_session *s = r->s;
	struct kobs_object o;
	struct kobs_cpu *pc;
	bool ours;
	u64 t0;

	if (address < PAGE_SIZE || !READ_ONCE(s->armed))
		return;
	pc = kobs_hit_enter(s);
	if (!pc)
		return;
	t0 = kobs_hit_call_begin(s, pc);
	ours = kobs_object_remove(&r->sites.live, address, &o);
	kobs_hit_call_end(s, pc, t0);
	if (ours)
		site_end(r, pc, address);
	kobs_hit_leave(pc);
}

static void on_kmalloc(void *data, unsigned long site, const void *ptr,
		       size_t request, size_t size, gfp_t gfp, int node)
{
	site_alloc(data, site, (unsigned long)ptr);
}

static void on_cache_alloc(void *data, unsigned long site, const void *ptr,
			   struct kmem_cache *cache, gfp_t gfp, int node)
{
	site_alloc(data, site, (unsigned long)ptr);
}

static void on_kfree(void *data, unsigned long site, const void *ptr)
{
	site_free(data, (unsigned long)ptr);
}

static void on_cache_free(void *data, unsigned long site, const void *ptr,
			  const struct kmem_cache *cache)
{
	site_free(data, (unsigned long)ptr);
}

KOBS_PROBE_TYPE(on_kmalloc, kmalloc);
KOBS_PROBE_TYPE(on_cache_alloc, kmem_cache_alloc);
KOBS_PROBE_TYPE(on_kfree, kfree);
KOBS_PROBE_TYPE(on_cache_free, kmem_cache_free);

static void on_free_bulk(unsigned long ip, unsigned long parent_ip,
			 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	unsigned long n = kobs_ftrace_arg(fregs, 1);
	void **p = (void **)kobs_ftrace_arg(fregs, 2);

	while (n--)
		site_free(ops->private, (unsigned long)*p++);
}

static void on_free_nolock(unsigned long ip, unsigned long parent_ip,
			   struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	site_free(ops->private, kobs_ftrace_arg(fregs, 0));
}

/**
 * kobs_refs_sites_init() - the sites that a session's parameters name
 * @r: session with its points
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep.
 * Return: 0, -EINVAL (parameters), or -ENOMEM; kobs_refs_sites_free() is to be called
 * in any case.
 */
int kobs_refs_sites_init(struct kobs_refs *r, struct netlink_ext_ack *extack)
{
	const struct kobs_value *p = r->s->source_params;
	struct kobs_refs_sites *sites = &r->sites;
	unsigned int i;
	int err;

	if (p[REFS_P_SITE].given != p[REFS_P_SITE_TEXT].given)
		return kobs_refuse(extack, -EINVAL,
				   "the parameters site and site_text belong together");
	if (!p[REFS_P_SITE].given)
		return 0;
	err = kobs_code_ranges_init(&sites->helpers, "helper_text",
				    &p[REFS_P_HELPER_TEXT], extack);
	if (err)
		return err;
	err = kobs_object_table_init(&sites->live, &r->s->memory,
				     p[REFS_P_OBJECTS].number);
	if (err)
		return kobs_session_no_memory(r->s, extack, "objects");
	sites->first = true;
	for (i = 0; i < r->n; i++)
		sites->first &= r->points[i].role != KOBS_REFS_NEW;
	kobs_cache_objects_init();
	/* From here on, the notifier of modules takes some out. */
	mutex_lock(&r->lock);
	err = kobs_refs_text_init(&sites->text, "site_text", &p[REFS_P_SITE_TEXT],
				  extack);
	sites->on = !err;
	mutex_unlock(&r->lock);
	return err;
}

/**
 * kobs_refs_sites_free() - undo kobs_refs_sites_init()
 * @r: session none of whose hooks is on, and that follows no modules
 *
 * Context: task, may sleep.
 */
void kobs_refs_sites_free(struct kobs_refs *r)
{
	struct kobs_refs_sites *sites = &r->sites;

	kobs_object_table_free(&sites->live);
	kobs_refs_text_free(&sites->text);
}

static int frees_hook(struct kobs_refs *r, const char **failed)
{
	const struct {
		const char *name;
		void *function;
		ftrace_func_t handler;
	} functions[REFS_FREES] = {
		{ "kmem_cache_free_bulk", kmem_cache_free_bulk, on_free_bulk },
		{ "kfree_nolock", KOBS_FREE_NOLOCK, on_free_nolock },
	};
	struct kobs_refs_sites *sites = &r->sites;
	unsigned int i;
	int err = 0;

	for (i = 0; i < REFS_FREES && !err; i++) {
		struct ftrace_ops *ops = &sites->frees[sites->hooked];

		if (!functions[i].function)
			continue;
		*failed = functions[i].name;
		*ops = (struct ftrace_ops){
			.func = functions[i].handler,
			.flags = KOBS_FTRACE_FLAGS,
			.private = r,
		};
		err = ftrace_set_filter_ip(ops, (unsigned long)functions[i].function,
					   0, 1);
		err = err ?: kobs_ftrace_hook(ops, &sites->stuck);
		if (!err)
			sites->hooked++;
		else if (!sites->stuck)
			ftrace_free_filter(ops);
	}
	return err;
}

/**
 * kobs_refs_sites_hook() - turn the hooks of allocations and frees on
 * @r: session
 * @extack: takes the reason of a failure
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or the error of a hook, after which kobs_refs_sites_unhook() is to be
 * called.
 */
int kobs_refs_sites_hook(struct kobs_refs *r, struct netlink_ext_ack *extack)
{
	struct kobs_refs_sites *sites = &r->sites;
	const char *failed = NULL;
	const char *why;
	int err;

	if (!sites->on)
		return 0;
	/* A hook of an earlier attempt can be called. */
	if (sites->stuck)
		return -ENODEV;
	sites->probes[0] = (struct kobs_probe){ "kfree", on_kfree };
	sites->probes[1] = (struct kobs_probe){ "kmem_cache_free", on_cache_free };
	sites->probes[2] = (struct kobs_probe){ "kmalloc", on_kmalloc };
	sites->probes[3] = (struct kobs_probe){ "kmem_cache_alloc", on_cache_alloc };
	err = frees_hook(r, &failed);
	if (!err) {
		err = kobs_tracepoint_attach(sites->probes,
					     ARRAY_SIZE(sites->probes), r, &failed);
		sites->attached = !err;
	}
	if (!err)
		return 0;
	why = kobs_ftrace_refusal(&err);
	if (why)
		return kobs_refuse(extack, err, "%s cannot be hooked: %s", failed,
				   why);
	return kobs_refuse(extack, err, "%s cannot be hooked: error %d", failed,
			   -err);
}

/**
 * kobs_refs_sites_unhook() - turn these hooks off, and wait until no handler runs
 * @r: session
 *
 * Context: task, may sleep; the session's change lock is held.
 */
void kobs_refs_sites_unhook(struct kobs_refs *r)
{
	struct kobs_refs_sites *sites = &r->sites;

	if (sites->attached)
		kobs_tracepoint_detach(sites->probes, ARRAY_SIZE(sites->probes), r);
	sites->attached = false;
	while (sites->hooked) {
		struct ftrace_ops *ops = &sites->frees[--sites->hooked];

		if (!kobs_ftrace_unhook(ops, &sites->stuck))
			ftrace_free_filter(ops);
	}
}

/**
 * kobs_refs_sites_have() - whether an object was allocated at one of the sites
 * @r: session
 * @address: an address in the object, which is set to its begin
 *
 * Context: any, NMI included.
 * Return: true when it was, and is live.
 */
bool kobs_refs_sites_have(const struct kobs_refs *r, u64 *address)
{
	const struct kobs_object_table *live = &r->sites.live;
	struct kobs_object o;
	u64 start;

	if (!(*address % KOBS_OBJECT_STATES) && kobs_object_peek(live, *address, &o))
		return true;
	start = (unsigned long)kobs_cache_start((void *)(long)*address);
	if (!start || start == *address || !kobs_object_peek(live, start, &o))
		return false;
	*address = start;
	return true;
}
