// SPDX-License-Identifier: GPL-2.0
/*
 * Source page: the hooks. Two tracepoints report blocks: mm_page_alloc all
 * allocations but those of many pages at a time, mm_page_free every free, whatever
 * led to it. A kretprobe hooks the return of __alloc_pages_bulk(), whose pages are
 * those that its list or array has got meanwhile. ftrace hooks
 * folio_migrate_flags(), which every migration of user memory and of folios with a
 * mapping calls once it cannot fail any more: the page that takes the contents
 * often comes from compaction, without an event.
 *
 * Both functions are exported: their addresses need no lookup. A call that the
 * kernel cannot hook (in the handler of another kprobe, or more calls at a time
 * than INFLIGHT) is counted as lost, and so are pages in an array of which it is not
 * known whether they were there before.
 *
 * Pages that alloc_contig_range() takes, those of memory that comes online, and
 * those that a driver's own migration moves to (zsmalloc, balloons, z3fold: there
 * the page that was moved counts as freed) are not seen; their frees are counted.
 *
 * Locking: the session's change lock.
 */
#include <linux/bitmap.h>
#include <linux/ftrace.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "compat/ftrace_args.h"
#include "compat/page_calls.h"
#include "core/refuse.h"
#include "hooks/ftrace.h"
#include "sources/page/page.h"

/* Maximum number of calls in progress: bulk allocations can sleep. */
#define INFLIGHT	256

/*
 * Entries of an array, from the first empty one on, of which each is known to be
 * filled before the call. Of those behind, only the number of filled ones is.
 */
#define HOLES		1024

#ifdef CONFIG_KRETPROBES

/**
 * struct kobs_page_call - a call of __alloc_pages_bulk()
 * @pg: session; see kobs_return_ctx()
 * @gfp: flags
 * @nr: number of entries of @array
 * @list: list that gets the pages, or NULL
 * @array: array that gets the pages, or NULL
 * @filled: number of filled entries before the first empty one
 * @behind: number of filled entries that are not in @had
 * @had: entries of @array that were filled before, from the first empty one on
 */
struct kobs_page_call {
	struct kobs_page *pg;
	gfp_t gfp;
	int nr;
	struct list_head *list;
	struct page **array;
	int filled;
	int behind;
	DECLARE_BITMAP(had, HOLES);
};

/* Number of filled entries of the array from one on. */
static int filled_of(const struct kobs_page_call *call, int from)
{
	int n = 0;

	for (; from < call->nr; from++)
		n += !!call->array[from];
	return n;
}

static int bulk_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_page_call *call = (struct kobs_page_call *)ri->data;
	int i;

	call->pg = kobs_return_ctx(ri);
	if (!call->pg)
		return 1;
	call->gfp = (__force gfp_t)regs_get_kernel_argument(regs, KOBS_BULK_GFP);
	call->nr = regs_get_kernel_argument(regs, KOBS_BULK_NR);
	call->list = kobs_bulk_list(regs);
	call->array = kobs_bulk_array(regs);
	call->filled = 0;
	call->behind = 0;
	/* Not 0: do not hook the return, nothing is requested. */
	if (call->nr <= 0 || (!call->list && !call->array))
		return 1;
	if (!call->array)
		return 0;
	while (call->filled < call->nr && call->array[call->filled])
		call->filled++;
	bitmap_zero(call->had, HOLES);
	for (i = call->filled; i < call->nr && i - call->filled < HOLES; i++) {
		if (call->array[i])
			__set_bit(i - call->filled, call->had);
	}
	call->behind = filled_of(call, i);
	return 0;
}

/* The newest pages are the first of the list. */
static void bulk_from_list(struct kobs_page_call *call, struct kobs_page_bulk *b,
			   long got)
{
	struct page *page;

	list_for_each_entry(page, call->list, lru) {
		if (got-- <= 0)
			break;
		kobs_page_bulk_one(call->pg, b, page);
	}
}

static void bulk_from_array(struct kobs_page_call *call,
			    struct kobs_page_bulk *b, long got)
{
	long known = min_t(long, call->behind ? call->filled + HOLES : got, got);
	long i;

	/* All entries are filled up to there. */
	for (i = call->filled; i < known; i++) {
		long k = i - call->filled;

		if (call->array[i] && (k >= HOLES || !test_bit(k, call->had)))
			kobs_page_bulk_one(call->pg, b, call->array[i]);
	}
	/* Which of the rest are new is not known, just how many. */
	if (got > known && READ_ONCE(call->pg->s->armed))
		atomic64_add(got - known - call->behind + filled_of(call, got),
			     &call->pg->unsure);
}

static int bulk_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_page_call *call = (struct kobs_page_call *)ri->data;
	struct kobs_page_bulk b = {
		/* The instruction pointer is where the call returns to. */
		.site = instruction_pointer(regs),
		.gfp = call->gfp,
	};
	long got = regs_return_value(regs);

	if (call->list)
		bulk_from_list(call, &b, got);
	else
		bulk_from_array(call, &b, min_t(long, got, call->nr));
	return 0;
}

static int bulk_hook(struct kobs_page *pg)
{
	pg->bulk = (struct kobs_return){
		.rp = {
			.kp.addr = KOBS_PAGES_BULK,
			.entry_handler = bulk_entry,
			.handler = bulk_return,
			.data_size = sizeof(struct kobs_page_call),
			.maxactive = INFLIGHT,
		},
		.ctx = pg,
		.memory = &pg->s->memory,
	};
	return kobs_return_hook(&pg->bulk);
}

static void bulk_unhook(struct kobs_page *pg)
{
	kobs_return_unhook(&pg->bulk, &pg->stuck);
}

static u64 bulk_missed(const struct kobs_page *pg)
{
	return kobs_return_missed(&pg->bulk) + atomic64_read(&pg->unsure);
}

#else /* !CONFIG_KRETPROBES */

static int bulk_hook(struct kobs_page *pg)
{
	return 0;
}

static void bulk_unhook(struct kobs_page *pg)
{
}

static u64 bulk_missed(const struct kobs_page *pg)
{
	return 0;
}

#endif /* CONFIG_KRETPROBES */

/**
 * kobs_page_how() - limits of this kernel
 * @ok: not changed
 *
 * Context: task.
 * Return: a sentence on what is not followed, or NULL.
 */
const char *kobs_page_how(bool *ok)
{
	return IS_ENABLED(CONFIG_KRETPROBES) ? NULL :
	       "without pages that are allocated many at a time: no kretprobe (CONFIG_KRETPROBES)";
}

static void on_migrate(unsigned long ip, unsigned long parent_ip,
		       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	kobs_page_migrate(ops->private, (void *)kobs_ftrace_arg(fregs, 0),
			  (void *)kobs_ftrace_arg(fregs, 1));
}

static int migrate_hook(struct kobs_page *pg)
{
	struct ftrace_ops *ops = &pg->migrate;
	int err;

	if (!IS_ENABLED(CONFIG_MIGRATION))
		return 0;
	/* An ops of an earlier attempt can be called. */
	if (pg->stuck)
		return -ENODEV;
	/* Clear what ftrace_free_filter() left of an earlier attempt. */
	*ops = (struct ftrace_ops){
		.func = on_migrate,
		.flags = KOBS_FTRACE_FLAGS,
		.private = pg,
	};
	err = ftrace_set_filter_ip(ops, (unsigned long)KOBS_PAGE_MIGRATE, 0, 1);
	if (!err)
		err = kobs_ftrace_hook(ops, &pg->stuck);
	pg->migrates = !err;
	if (err && !pg->stuck)
		ftrace_free_filter(ops);
	return err;
}

static void migrate_unhook(struct kobs_page *pg)
{
	if (pg->migrates && !kobs_ftrace_unhook(&pg->migrate, &pg->stuck))
		ftrace_free_filter(&pg->migrate);
	pg->migrates = false;
}

/**
 * kobs_page_hook() - turn the hooks on, all or none
 * @pg: session
 * @extack: says why not
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or the error of the hook that could not be turned on.
 */
int kobs_page_hook(struct kobs_page *pg, struct netlink_ext_ack *extack)
{
	void *const *handlers = pg->fast ? kobs_page_fast : kobs_page_follow;
	const char *failed = "folio_migrate_flags";
	const char *why;
	int err;

	pg->probes[0] = (struct kobs_probe){ "mm_page_free", handlers[1] };
	pg->probes[1] = (struct kobs_probe){ "mm_page_alloc", handlers[0] };
	err = migrate_hook(pg);
	if (err)
		goto err_out;
	err = kobs_tracepoint_attach(pg->probes, ARRAY_SIZE(pg->probes), pg,
				     &failed);
	if (err)
		goto err_migrate;
	failed = "__alloc_pages_bulk";
	err = bulk_hook(pg);
	if (err)
		goto err_tracepoints;
	return 0;

err_tracepoints:
	kobs_tracepoint_detach(pg->probes, ARRAY_SIZE(pg->probes), pg);
err_migrate:
	migrate_unhook(pg);
err_out:
	why = kobs_ftrace_refusal(&err);
	if (why)
		return kobs_refuse(extack, err, "%s cannot be hooked: %s",
				   failed, why);
	return kobs_refuse(extack, err, "%s cannot be hooked: error %d", failed,
			   -err);
}

/**
 * kobs_page_unhook() - turn the hooks off and wait until no handler runs
 * @pg: session whose hooks are on; @pg->stuck is set when one stays on
 *
 * Context: task, may sleep; the session's change lock is held.
 */
void kobs_page_unhook(struct kobs_page *pg)
{
	bulk_unhook(pg);
	kobs_tracepoint_detach(pg->probes, ARRAY_SIZE(pg->probes), pg);
	migrate_unhook(pg);
}

/**
 * kobs_page_missed() - allocations that were missed: calls, or pages of many
 * @s: session
 *
 * Context: any.
 * Return: their number.
 */
u64 kobs_page_missed(const struct kobs_session *s)
{
	return s->priv ? bulk_missed(s->priv) : 0;
}
