/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asks the kernel where no kprobe can be set, without setting one: see
 * blacklist.c.
 *
 * Locking: a question is asked by one task at a time.
 */
#ifndef KOBS_CALL_BLACKLIST_H
#define KOBS_CALL_BLACKLIST_H

#include <linux/types.h>

struct perf_event;

#if defined(CONFIG_X86) && defined(CONFIG_HAVE_HW_BREAKPOINT)

struct perf_event *kobs_blacklist_open(void);
bool kobs_blacklist_has(struct perf_event *bp, unsigned long ip);
void kobs_blacklist_close(struct perf_event *bp);

#else

static inline struct perf_event *kobs_blacklist_open(void)
{
	return NULL;
}

static inline bool kobs_blacklist_has(struct perf_event *bp, unsigned long ip)
{
	return true;
}

static inline void kobs_blacklist_close(struct perf_event *bp)
{
}

#endif

#endif /* KOBS_CALL_BLACKLIST_H */
