// SPDX-License-Identifier: GPL-2.0
/*
 * Source vmalloc: areas of the address space of vmalloc(): of its memory, of
 * ioremap() and vmap(), and of modules, by two tracepoints. Areas below 256 KiB of
 * vm_map_ram() are not seen.
 *
 * An attempt that fails is reported as well, but the kernel then makes room, and
 * tries again. What fails in the end is told by the notifiers that are asked for
 * room, the last of which is this source's: none has given any. The failure of a
 * request that must not sleep is not seen.
 *
 * A free is reported after the area is free for others, which can have it by then.
 *
 * Locking: none in the handlers but that of kobs_follow.late_frees.
 */
#include <linux/vmalloc.h>

#include "sources.h"
#include "sources/areas/areas.h"

static void vmalloc_alloc(void *data, unsigned long addr, unsigned long size,
			  unsigned long align, unsigned long vstart,
			  unsigned long vend, int failed)
{
	if (!failed)
		kobs_follow_alloc(data, addr, size, 0);
}

static int vmalloc_failed(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	struct kobs_areas *a = container_of(nb, struct kobs_areas, failures);
	const unsigned long *room = data;

	if (!*room)
		kobs_follow_alloc(&a->follow, 0, 0, 0);
	return NOTIFY_DONE;
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
	.late_frees = true,
	.failed = vmalloc_failed,
	.watch = register_vmap_purge_notifier,
	.unwatch = unregister_vmap_purge_notifier,
};
