// SPDX-License-Identifier: GPL-2.0
/*
 * The balance of MemTotal: parts that add up to it, the last of which is what no
 * counter of the kernel has: pages that drivers take by themselves, above all. It
 * can be a little off by what some counters have twice or not at all (the first
 * chunk of percpu memory, which is not in MemTotal; pages of users that are in the
 * swap cache): constant, so that its growth is right.
 */

#include "cmd/mem/balance.h"
#include "lib/macros.h"

#define PAGES	"obsctl mem leaks --by site,kstack --escalate -d 60"
#define SLABS	"obsctl slab leaks --by site,kstack --escalate -d 60"
#define WHO	"obsctl mem leaks --by comm,site -d 60"

const struct balance_item balance_items[] = {
	{ "free", "free", { "MemFree" }, {}, true, NULL },
	{ "free_of_cpus", "free, in lists of CPUs", { "pcp_free" }, {}, true, NULL },
	{ "page_cache", "page cache", { "Cached", "Buffers" }, { "Shmem" }, true, NULL },
	{ "swap_cache", "swap cache", { "SwapCached" }, {}, true, NULL },
	{ "anonymous", "of users, anonymous", { "AnonPages" }, {}, false, WHO },
	{ "shared", "shared memory, tmpfs", { "Shmem" }, {}, false, WHO },
	{ "hugetlb", "huge pages set aside", { "Hugetlb" }, {}, false, NULL },
	{ "slab_reclaimable", "slab, reclaimable", { "SReclaimable" }, {}, true,
	  "obsctl slab growth -d 60" },
	{ "slab", "slab", { "SUnreclaim" }, {}, false, SLABS },
	{ "misc_reclaimable", "of drivers, reclaimable", { "KReclaimable" }, { "SReclaimable" },
	  true, NULL },
	{ "vmalloc", "vmalloc()", { "VmallocUsed" }, { "vmalloc_stacks" }, false, PAGES },
	{ "stacks", "kernel stacks", { "KernelStack" }, {}, false,
	  "ps -eo nlwp,pid,comm --sort=-nlwp" },
	{ "page_tables", "page tables", { "PageTables", "SecPageTables", "nr_iommu_pages" }, {},
	  false, WHO },
	{ "percpu", "percpu", { "Percpu" }, {}, false,
	  "obsctl probe count t:percpu:percpu_alloc_percpu --by kstack -d 60" },
	{ "compressed", "compressed (zswap, zram)", { "nr_zspages" }, {}, false, NULL },
	{ "balloon", "given to the host (balloon)", { "nr_balloon_pages" }, {}, false, NULL },
	{ "gpu", "graphics", { "GPUActive", "GPUReclaim" }, {}, false, NULL },
	{ "bounce", "bounce buffers, FUSE writeback", { "Bounce", "WritebackTmp" }, {}, false,
	  NULL },
	{ "unaccounted", "unaccounted", {}, {}, false, PAGES },
};

const size_t nr_balance_items = ARRAY_SIZE(balance_items);

/**
 * balance_bytes() - The size of a part, by one reading.
 *
 * Return: bytes; can be negative for the rest only.
 */
int64_t balance_bytes(const struct mem_values *m, size_t item)
{
	const struct balance_item *b = &balance_items[item];
	uint64_t minus = 0;
	uint64_t plus = 0;
	size_t i;

	if (item == BALANCE_REST) {
		int64_t rest = (int64_t)mem_value(m, "MemTotal");

		for (i = 0; i < BALANCE_REST; i++)
			rest -= balance_bytes(m, i);
		return rest;
	}
	for (i = 0; i < ARRAY_SIZE(b->plus) && b->plus[i]; i++)
		plus += mem_value(m, b->plus[i]);
	for (i = 0; i < ARRAY_SIZE(b->minus) && b->minus[i]; i++)
		minus += mem_value(m, b->minus[i]);
	return plus > minus ? (int64_t)(plus - minus) : 0;
}
