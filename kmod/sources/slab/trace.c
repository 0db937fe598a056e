// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab, mode trace: each allocation and free as a record. A free tells no
 * size: where one is asked for, frees are kept out. The cache of kmalloc() and
 * kfree() is that of the object; where that is unknown, kfree() has none.
 *
 * Locking: none; any context, NMI included.
 */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <trace/events/kmem.h>

#include "compat/ftrace_args.h"
#include "core/hit.h"
#include "sources/slab/slab.h"

enum kobs_slab_event {
	SLAB_ALLOC,
	SLAB_FAILED,
	SLAB_FREE,
	SLAB_GIVE_UP
};

static const char events[][2 * sizeof(u64)] __aligned(sizeof(u64)) = {
	[SLAB_ALLOC] = "alloc",
	[SLAB_FAILED] = "failed",
	[SLAB_FREE] = "free",
	[SLAB_GIVE_UP] = "give_up",
};

/**
 * struct kobs_slab_record - what happened
 * @event: what
 * @site: where it returns to
 * @ptr: address of the object
 * @size: its size; 0 when it is not known
 * @request: bytes that were asked for, by kmalloc()
 * @cache: its cache, or NULL
 * @class: of kmalloc(), for kobs_slab_name()
 */
struct kobs_slab_record {
	enum kobs_slab_event event;
	unsigned long site;
	unsigned long ptr;
	size_t size;
	size_t request;
	const struct kmem_cache *cache;
	u64 class;
};

static bool trace_wanted(struct kobs_slab *sl, const struct kobs_slab_record *r, u64 *v)
{
	if (r->ptr && !kobs_slab_followed(sl, r->ptr))
		return false;
	if (sl->bounded && (r->size < sl->min_size || r->size > sl->max_size))
		return false;
	v[SLAB_W_SITE] = kobs_slab_site(sl, r->site) ?: r->site;
	if (sl->module.on && !kobs_module_code_has(&sl->module, v[SLAB_W_SITE]))
		return false;
	return !sl->names || kobs_slab_name(sl->names, r->cache, r->ptr,
					    r->class, r->request, &v[SLAB_W_CACHE], NULL);
}

static void trace_one(struct kobs_slab *sl, struct kobs_cpu *pc,
		      const struct kobs_slab_record *r)
{
	struct kobs_session *s = sl->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;

	if (!kobs_hit_wanted(s, pc))
		return;
	if (!trace_wanted(sl, r, v)) {
		kobs_count(&pc->counters, KOBS_N_FILTERED);
		return;
	}
	v[SLAB_W_PTR] = r->ptr;
	v[SLAB_W_SIZE] = r->size;
	memcpy(&v[SLAB_W_EVENT], events[r->event], sizeof(events[0]));
	kobs_hit_record(s, pc, &(struct kobs_hit){
		.v = v, .need = s->need, .value = KOBS_NO_VALUE,
	}, KOBS_HIT_STREAM_STACKS);
}

static void trace(struct kobs_slab *sl, const struct kobs_slab_record *r)
{
	struct kobs_cpu *pc = kobs_hit_enter(sl->s);
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(sl->s, pc, &t0)) {
		trace_one(sl, pc, r);
		kobs_hit_end(sl->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

static void record_kmalloc(void *data, unsigned long site, const void *ptr,
			   size_t request, size_t size, gfp_t gfp, int node)
{
	const struct kobs_slab_record r = {
		.event = ptr ? SLAB_ALLOC : SLAB_FAILED,
		.site = site,
		.ptr = (unsigned long)ptr,
		.size = size,
		.request = request,
		.class = kobs_slab_kmalloc_key(size, gfp),
	};

	trace(data, &r);
}

static void record_cache_alloc(void *data, unsigned long site, const void *ptr,
			       struct kmem_cache *cache, gfp_t gfp, int node)
{
	const struct kobs_slab_record r = {
		.event = ptr ? SLAB_ALLOC : SLAB_FAILED,
		.site = site,
		.ptr = (unsigned long)ptr,
		.size = kmem_cache_size(cache),
		.cache = cache,
	};

	trace(data, &r);
}

static void trace_free(struct kobs_slab *sl, enum kobs_slab_event event,
		       unsigned long site, const void *ptr,
		       const struct kmem_cache *cache)
{
	const struct kobs_slab_record r = {
		.event = event,
		.site = site,
		.ptr = (unsigned long)ptr,
		.cache = cache,
	};

	if (!ZERO_OR_NULL_PTR(ptr))
		trace(sl, &r);
}

static void record_kfree(void *data, unsigned long site, const void *ptr)
{
	trace_free(data, SLAB_FREE, site, ptr, NULL);
}

static void record_cache_free(void *data, unsigned long site, const void *ptr,
			      const struct kmem_cache *cache)
{
	trace_free(data, SLAB_FREE, site, ptr, cache);
}

static void trace_free_bulk(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kmem_cache *cache = (void *)kobs_ftrace_arg(fregs, 0);
	unsigned long n = kobs_ftrace_arg(fregs, 1);
	void **p = (void **)kobs_ftrace_arg(fregs, 2);

	while (n--)
		trace_free(ops->private, SLAB_FREE, parent_ip, *p++, cache);
}

static void trace_free_nolock(unsigned long ip, unsigned long parent_ip,
			      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	record_kfree(ops->private, parent_ip, (void *)kobs_ftrace_arg(fregs, 0));
}

static void trace_give(unsigned long ip, unsigned long parent_ip,
		       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	trace_free(ops->private, SLAB_GIVE_UP, parent_ip,
		   kobs_kvfree_arg(fregs), NULL);
}

static void trace_alloc_bulk(struct kobs_slab *sl, unsigned long site,
			     struct kmem_cache *cache, gfp_t gfp, void **p,
			     unsigned int n)
{
	if (!n)
		record_cache_alloc(sl, site, NULL, cache, gfp, 0);
	while (n--)
		record_cache_alloc(sl, site, *p++, cache, gfp, 0);
}

KOBS_PROBE_TYPE(record_kmalloc, kmalloc);
KOBS_PROBE_TYPE(record_cache_alloc, kmem_cache_alloc);
KOBS_PROBE_TYPE(record_kfree, kfree);
KOBS_PROBE_TYPE(record_cache_free, kmem_cache_free);

const struct kobs_slab_handlers kobs_slab_stream = {
	.probe = { record_kmalloc, record_cache_alloc, record_kfree,
		   record_cache_free },
	.free_bulk = trace_free_bulk,
	.free_nolock = trace_free_nolock,
	.give = trace_give,
	.alloc_bulk = trace_alloc_bulk,
	.alloc_nolock = record_kmalloc,
};
