/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooked functions of the page allocator that differ between kernels. Allocation
 * profiling, first in 6.10, gave __alloc_pages_bulk() another name behind a macro;
 * in 7.x it has no list of pages any more.
 */
#ifndef KOBS_COMPAT_PAGE_CALLS_H
#define KOBS_COMPAT_PAGE_CALLS_H

#include <linux/gfp.h>
#include <linux/migrate.h>
#include <linux/ptrace.h>

#ifdef __alloc_pages_bulk
#define KOBS_PAGES_BULK		((void *)alloc_pages_bulk_noprof)
#else
#define KOBS_PAGES_BULK		((void *)__alloc_pages_bulk)
#endif

#ifdef CONFIG_MIGRATION
#define KOBS_PAGE_MIGRATE	((void *)folio_migrate_flags)
#else
#define KOBS_PAGE_MIGRATE	((void *)NULL)
#endif

/* Arguments of a call of KOBS_PAGES_BULK. */
enum { KOBS_BULK_GFP, KOBS_BULK_NR = 3 };

/* The list that takes the pages of a call; NULL: they go to the array. */
static __always_inline struct list_head *kobs_bulk_list(struct pt_regs *regs)
{
#ifdef KOBS_HAVE_PAGE_BULK_LIST
	return (struct list_head *)regs_get_kernel_argument(regs, 4);
#else
	return NULL;
#endif
}

static __always_inline struct page **kobs_bulk_array(struct pt_regs *regs)
{
#ifdef KOBS_HAVE_PAGE_BULK_LIST
	return (struct page **)regs_get_kernel_argument(regs, 5);
#else
	return (struct page **)regs_get_kernel_argument(regs, 4);
#endif
}

#endif /* KOBS_COMPAT_PAGE_CALLS_H */
