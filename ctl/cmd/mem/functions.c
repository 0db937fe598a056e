// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of the kernel that take pages or percpu areas. Helpers take them for their caller, who
 * is the site: those of slab objects as well, as they fall back to pages. Owners
 * take them for objects that another report counts.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/mem/mem.h"
#include "cmd/slab/helpers.h"
#include "lib/macros.h"
#include "symbols/code_ranges.h"

static const char *const helpers[] = {
	/* The page allocator. */
	"__alloc_pages", "alloc_pages", "alloc_pages_node", "alloc_pages_vma", "alloc_pages_mpol",
	"__alloc_frozen_pages", "alloc_frozen_pages", "alloc_frozen_pages_mpol",
	"alloc_frozen_pages_nolock", "alloc_pages_nolock", "try_alloc_pages",
	"alloc_page_interleave", "alloc_pages_preferred_many", "alloc_pages_exact",
	"alloc_pages_exact_nid", "make_alloc_exact", "__alloc_pages_slowpath",
	"__alloc_pages_direct_compact", "get_page_from_freelist", "__folio_alloc", "folio_alloc",
	"folio_alloc_mpol", "vma_alloc_folio", "filemap_alloc_folio", "__page_cache_alloc",
	"__get_free_pages", "get_free_pages", "get_zeroed_page", "__get_dma_pages",
	"alloc_contig_frozen_pages", "alloc_contig_pages",
	/* Many at a time. */
	"__alloc_pages_bulk", "alloc_pages_bulk", "alloc_pages_bulk_node",
	"alloc_pages_bulk_array_mempolicy", "alloc_pages_bulk_mempolicy",
	"alloc_pages_bulk_array_interleave", "alloc_pages_bulk_interleave",
	"alloc_pages_bulk_array_weighted_interleave", "alloc_pages_bulk_weighted_interleave",
	"alloc_pages_bulk_array_preferred_many", "alloc_pages_bulk_preferred_many",
	/* Fragments of a cache that the caller has. */
	"page_frag_alloc_align", "__page_frag_alloc_align", "__page_frag_cache_refill",
	"__page_frag_cache_prepare", "page_frag_cache_refill",
	/* Pages behind vmalloc(). */
	"vmalloc", "vzalloc", "vmalloc_user", "vmalloc_node", "vzalloc_node", "vmalloc_32",
	"vmalloc_32_user", "vmalloc_huge", "vmalloc_huge_node", "vmalloc_no_huge", "__vmalloc",
	"__vmalloc_node", "__vmalloc_node_range", "__vmalloc_area_node", "vm_area_alloc_pages",
	"__vmalloc_array", "vmalloc_array", "__vcalloc", "vcalloc", "vrealloc",
	"vrealloc_node_align",
	/* Of a device. */
	"dma_alloc_attrs", "dmam_alloc_attrs", "dma_alloc_pages", "__dma_alloc_pages",
	"dma_common_alloc_pages", "dma_direct_alloc", "dma_direct_alloc_pages",
	"__dma_direct_alloc_pages", "dma_alloc_noncontiguous", "iommu_dma_alloc",
	"__iommu_dma_alloc_pages", "__iommu_dma_alloc_noncontiguous", "mempool_alloc_pages",
};

static const char *const owners[] = {
	/* Slabs, by where the allocator is entered, too: what it does itself is inlined. */
	"alloc_slab_page", "allocate_slab", "new_slab", "___slab_alloc", "__slab_alloc",
	"refill_objects", "refill_sheaf", "get_from_partial", "__kmem_cache_alloc_node",
	"__kmem_cache_alloc_bulk", "kmem_cache_alloc_bulk", "kmem_cache_alloc",
	"kmem_cache_alloc_lru", "kmem_cache_alloc_node", "__slab_alloc_node", "slab_alloc_node",
	"early_kmem_cache_node_alloc",
	/* Large objects. */
	"kmalloc_order", "kmalloc_order_trace", "kmalloc_large", "kmalloc_large_node",
	"__kmalloc_large", "__kmalloc_large_node", "___kmalloc_large_node", "__kmalloc",
	"__kmalloc_node", "__do_kmalloc_node", "__kmalloc_node_track_caller",
	"kmalloc_trace", "kmalloc_node_trace", "__kmalloc_cache", "__kmalloc_cache_node",
};

/* Where pages go that areas consist of: where these are rows, too, they count there. */
static const char *const vmalloc_owners[] = {
	"vm_area_alloc_pages", "__vmalloc_area_node", "__vmalloc_node_range",
};

static const char *const percpu_owners[] = {
	"pcpu_alloc_pages", "pcpu_populate_chunk", "pcpu_balance_populated", "pcpu_balance_workfn",
	"pcpu_alloc",
};

static const char *const percpu_helpers[] = {
	"pcpu_alloc", "__alloc_percpu", "__alloc_percpu_gfp", "__alloc_reserved_percpu",
	"devm_alloc_percpu", "__devm_alloc_percpu", "__percpu_counter_init",
	"__percpu_counter_init_many", "__percpu_init_rwsem", "init_srcu_struct",
	"init_srcu_struct_fields", "gro_cells_init", "dst_cache_init", "fib_nh_common_init",
};

static const char *const vmalloc_helpers[] = {
	"notifier_call_chain", "blocking_notifier_call_chain", "alloc_vmap_area",
	"__get_vm_area_node", "get_vm_area", "get_vm_area_caller",
	"__get_vm_area_caller", "__vmalloc_node_range", "__vmalloc_node", "__vmalloc", "vmalloc",
	"vzalloc", "vmalloc_user", "vmalloc_node", "vzalloc_node", "vmalloc_32", "vmalloc_32_user",
	"vmalloc_huge", "vmalloc_huge_node", "vmalloc_no_huge", "__vmalloc_array", "vmalloc_array",
	"__vcalloc", "vcalloc", "vrealloc", "vrealloc_node_align", "vmap", "vmap_pfn", "vm_map_ram",
	"__ioremap_caller", "ioremap", "ioremap_prot", "ioremap_wc", "ioremap_uc", "ioremap_cache",
	"ioremap_np", "generic_ioremap_prot", "devm_ioremap", "__devm_ioremap", "pci_iomap",
	"pci_iomap_range", "dma_common_contiguous_remap", "dma_common_pages_remap", "module_alloc",
	"execmem_alloc", "execmem_vmalloc", "memremap", "devm_memremap",
};

/* With those of slab objects. */
static const char **all_helpers(const char *const *names, size_t more, size_t *n)
{
	size_t others;
	const char *const *from = slab_helpers(&others);
	const char **all = zalloc((more + others) * sizeof(*all));

	memcpy(all, names, more * sizeof(*all));
	memcpy(all + more, from, others * sizeof(*all));
	*n = more + others;
	return all;
}

static void find_helpers(struct numbers *out, const char *const *names, size_t more)
{
	size_t n;
	const char **all = all_helpers(names, more, &n);

	code_find_named(out, all, n, SLAB_HELPER_RANGES);
	free(all);
}

/** mem_is_page_helper() - Whether a function of the kernel takes pages for its caller. */
bool mem_is_page_helper(const char *name)
{
	size_t n;
	const char **all = all_helpers(helpers, ARRAY_SIZE(helpers), &n);
	bool found = code_is_named(name, all, n);

	free(all);
	return found;
}

/** mem_is_page_owner() - Whether a function takes pages that another report counts. */
bool mem_is_page_owner(const char *name)
{
	return code_is_named(name, owners, ARRAY_SIZE(owners));
}

/** mem_find_page_helpers() - Add starts and ends of their code by turns, ascending. */
void mem_find_page_helpers(struct numbers *out)
{
	find_helpers(out, helpers, ARRAY_SIZE(helpers));
}

/**
 * mem_find_page_owners() - Add starts and ends of their code by turns, ascending.
 * @areas: those of areas of vmalloc()
 * @percpu: those of areas of the percpu allocator
 */
void mem_find_page_owners(struct numbers *out, bool areas, bool percpu)
{
	const char *all[ARRAY_SIZE(owners) + ARRAY_SIZE(vmalloc_owners) +
			ARRAY_SIZE(percpu_owners)];
	size_t n = ARRAY_SIZE(owners);

	memcpy(all, owners, sizeof(owners));
	if (areas) {
		memcpy(all + n, vmalloc_owners, sizeof(vmalloc_owners));
		n += ARRAY_SIZE(vmalloc_owners);
	}
	if (percpu) {
		memcpy(all + n, percpu_owners, sizeof(percpu_owners));
		n += ARRAY_SIZE(percpu_owners);
	}
	code_find_named(out, all, n, SLAB_HELPER_RANGES);
}

/** mem_find_percpu_helpers() - Add those of functions that take percpu areas for their caller. */
void mem_find_percpu_helpers(struct numbers *out)
{
	find_helpers(out, percpu_helpers, ARRAY_SIZE(percpu_helpers));
}

/** mem_find_vmalloc_helpers() - Add those of functions that take areas for their caller. */
void mem_find_vmalloc_helpers(struct numbers *out)
{
	find_helpers(out, vmalloc_helpers, ARRAY_SIZE(vmalloc_helpers));
}
