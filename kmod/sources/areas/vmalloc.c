// SPDX-License-Identifier: GPL-2.0
/*
 * Source vmalloc: areas of the address space of vmalloc(): of its memory, of
 * ioremap() and vmap(), and of modules, by two tracepoints. Areas below 256 KiB of
 * vm_map_ram() are not seen.
 *
 * Locking: none in the handlers.
 */
#include "sources.h"
#include "sources/areas/areas.h"

static void vmalloc_alloc(void *data, unsigned long addr, unsigned long size,
			  unsigned long align, unsigned long vstart,
			  unsigned long vend, int failed)
{
	kobs_follow_alloc(data, failed ? 0 : addr, size, 0);
}

static void vmalloc_free(void *data, unsigned long va_start,
			 unsigned long nr_lazy, unsigned long nr_lazy_max)
{
	kobs_follow_free(data, va_start);
}

#ifdef KOBS_HAVE_VMALLOC_EVENTS
#include <trace/events/vmalloc.h>

KOBS_PROBE_TYPE(vmalloc_alloc, alloc_vmap_area);
KOBS_PROBE_TYPE(vmalloc_free, free_vmap_area_noflush);
#endif

/**
 * kobs_areas_vmalloc_how() - whether this kernel reports areas
 * @ok: set to whether it does; 6.1 does not, the events came with 6.3
 *
 * Context: task.
 * Return: NULL, or a sentence that says why not.
 */
const char *kobs_areas_vmalloc_how(bool *ok)
{
	*ok = kobs_tracepoint_find("alloc_vmap_area");
	return *ok ? NULL : "this kernel has no events of areas (alloc_vmap_area)";
}

const struct kobs_areas_kind kobs_areas_vmalloc = {
	.source = &kobs_src_vmalloc,
	.probes = {
		{ "free_vmap_area_noflush", vmalloc_free },
		{ "alloc_vmap_area", vmalloc_alloc },
	},
};
