/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accounted memory: large zeroed memory that counts in an account, which may
 * have a maximum and be part of another account.
 *
 * An allocation that does not fit is refused instead of being made to fit: it
 * looks at the available memory first, does not call the OOM killer, and does
 * not warn. A worker allocates for a client: the pages are charged to the control
 * group that the account names, and no more is allocated once the client is gone.
 *
 * Locking: none; accounts are changed by atomic operations, and what makes one
 * unwanted is a single store.
 */
#ifndef KOBS_MEMORY_H
#define KOBS_MEMORY_H

#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/types.h>

struct mem_cgroup;

/**
 * enum kobs_memory_lack - why memory was refused
 * @KOBS_MEMORY_FAILED: the allocation failed
 * @KOBS_MEMORY_ABOVE: an account would have been above its maximum
 * @KOBS_MEMORY_UNAVAILABLE: less is available
 */
enum kobs_memory_lack {
	KOBS_MEMORY_FAILED,
	KOBS_MEMORY_ABOVE,
	KOBS_MEMORY_UNAVAILABLE
};

/**
 * struct kobs_memory - an account
 * @part_of: account in which this one counts, too, or NULL
 * @max: maximum number of pages, or 0
 * @memcg: control group that is charged, or NULL for the root's; the owner has a
 *         reference
 * @unwanted: nobody waits for the memory any more
 * @pages: pages held
 * @lack: why memory was refused last
 * @wanted: how much was refused, in bytes
 */
struct kobs_memory {
	struct kobs_memory *part_of;
	unsigned long max;
	struct mem_cgroup *memcg;
	bool unwanted;
	atomic_long_t pages;
	enum kobs_memory_lack lack;
	u64 wanted;
};

/**
 * kobs_memory_rest() - memory that remains available to others
 *
 * Context: any.
 * Return: pages: 1/32 of the machine's, up to 256 MiB. Much of a large
 * machine's memory can be huge pages that are not available.
 */
static inline unsigned long kobs_memory_rest(void)
{
	return min(totalram_pages() / 32, (unsigned long)SZ_256M >> PAGE_SHIFT);
}

bool kobs_memory_fits(struct kobs_memory *m, u64 bytes);
void kobs_memory_uncount(struct kobs_memory *m, u64 bytes);
bool kobs_memory_count(struct kobs_memory *m, u64 bytes);
void *kobs_memory_get(struct kobs_memory *m, u64 bytes, int node);
void *kobs_memory_pages(struct kobs_memory *m, unsigned int order);
void kobs_memory_close(struct kobs_memory *m);
u64 kobs_memory_bytes(const struct kobs_memory *m);

#endif /* KOBS_MEMORY_H */
