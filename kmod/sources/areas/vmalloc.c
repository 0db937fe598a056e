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
 * Where there are no tracepoints, kretprobes hook the functions that have them in
 * later kernels, which are not exported, by their names: the return of
 * alloc_vmap_area(), which tells all that fails as well, and the entry of
 * free_vmap_area_noflush(), where the area is not free for others yet.
 *
 * Locking: none in the handlers but that of kobs_follow.late_frees.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "sources.h"
#include "sources/areas/areas.h"

#ifdef KOBS_HAVE_VMALLOC_EVENTS
#include <trace/events/vmalloc.h>

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

KOBS_PROBE_TYPE(vmalloc_alloc, alloc_vmap_area);
KOBS_PROBE_TYPE(vmalloc_free, free_vmap_area_noflush);

static int vmalloc_hook(struct kobs_areas *a, const char **failed)
{
	*failed = "the notifier of failures";
	/* Called last: the others may have made room. */
	a->failures.notifier_call = vmalloc_failed;
	a->failures.priority = INT_MIN;
	return register_vmap_purge_notifier(&a->failures);
}

static void vmalloc_unhook(struct kobs_areas *a)
{
	unregister_vmap_purge_notifier(&a->failures);
}

/**
 * kobs_areas_vmalloc_how() - whether this kernel tells of areas
 * @ok: set to whether it does
 *
 * Context: task, may sleep.
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
	.hooks = 1,
	.hook = vmalloc_hook,
	.unhook = vmalloc_unhook,
};

#else /* !KOBS_HAVE_VMALLOC_EVENTS */

#ifdef CONFIG_KRETPROBES

/* Frees come first. */
static const char * const functions[AREAS_RETURNS] = {
	"free_vmap_area_noflush", "alloc_vmap_area",
};

/* Maximum number of calls in progress: an allocation can sleep. */
#define INFLIGHT	256

/*
 * Where an area lies. Of a function that is not exported, the compiler can have
 * changed what it takes: an address that is none is not used.
 */
static bool area_of(const struct vmap_area *va, unsigned long *start,
		    unsigned long *end)
{
	return !IS_ERR_OR_NULL(va) &&
	       !copy_from_kernel_nofault(start, &va->va_start, sizeof(*start)) &&
	       !copy_from_kernel_nofault(end, &va->va_end, sizeof(*end)) &&
	       PAGE_ALIGNED(*start) && *start < *end;
}

static int free_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_areas *a = kobs_return_ctx(ri);
	unsigned long start, end;

	if (a && area_of((void *)regs_get_kernel_argument(regs, 0), &start, &end))
		kobs_follow_free(&a->follow, start);
	/* Not 0: do not hook the return. */
	return 1;
}

static int alloc_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_areas **a = (struct kobs_areas **)ri->data;

	*a = kobs_return_ctx(ri);
	return !*a;
}

static int alloc_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kobs_areas **a = (struct kobs_areas **)ri->data;
	unsigned long start, end;
	/* The instruction pointer is where the call returns to. */
	unsigned long site = instruction_pointer(regs);

	if (area_of((void *)regs_return_value(regs), &start, &end))
		kobs_follow_alloc(&(*a)->follow, start, end - start, site);
	else
		kobs_follow_alloc(&(*a)->follow, 0, 0, site);
	return 0;
}

static void vmalloc_unhook(struct kobs_areas *a)
{
	unsigned int i = AREAS_RETURNS;

	while (i)
		kobs_return_unhook(&a->returns[--i], &a->stuck);
}

static int vmalloc_hook(struct kobs_areas *a, const char **failed)
{
	static const kretprobe_handler_t entries[] = { free_entry, alloc_entry };
	static const kretprobe_handler_t returns[] = { NULL, alloc_return };
	unsigned int i;
	int err = 0;

	for (i = 0; i < AREAS_RETURNS && !err; i++) {
		*failed = functions[i];
		a->returns[i] = (struct kobs_return){
			.rp = {
				.kp.symbol_name = functions[i],
				.entry_handler = entries[i],
				.handler = returns[i],
				.data_size = sizeof(struct kobs_areas *),
				.maxactive = INFLIGHT,
			},
			.ctx = a,
			.memory = &a->follow.s->memory,
		};
		err = kobs_return_hook(&a->returns[i]);
	}
	if (err)
		vmalloc_unhook(a);
	return err;
}

static u64 vmalloc_missed(const struct kobs_areas *a)
{
	unsigned int i;
	u64 n = 0;

	for (i = 0; i < AREAS_RETURNS; i++)
		n += kobs_return_missed(&a->returns[i]);
	return n;
}

/* The functions do not come and go; looking for them takes a grace period. */
static bool functions_there(void)
{
	static int there;

	if (!READ_ONCE(there))
		WRITE_ONCE(there, kobs_returns_possible(functions, AREAS_RETURNS) ?
				  1 : -1);
	return READ_ONCE(there) > 0;
}

const struct kobs_areas_kind kobs_areas_vmalloc = {
	.source = &kobs_src_vmalloc,
	.hooks = AREAS_RETURNS,
	.hook = vmalloc_hook,
	.unhook = vmalloc_unhook,
	.missed = vmalloc_missed,
};

#else /* !CONFIG_KRETPROBES */

static bool functions_there(void)
{
	return false;
}

const struct kobs_areas_kind kobs_areas_vmalloc = {
	.source = &kobs_src_vmalloc,
};

#endif /* CONFIG_KRETPROBES */

/**
 * kobs_areas_vmalloc_how() - whether this kernel tells of areas
 * @ok: set to whether it does
 *
 * Context: task, may sleep.
 * Return: NULL, or a sentence that says why not.
 */
const char *kobs_areas_vmalloc_how(bool *ok)
{
	*ok = functions_there();
	return *ok ? NULL :
	       "this kernel has no events of areas, and alloc_vmap_area cannot be hooked";
}

#endif /* KOBS_HAVE_VMALLOC_EVENTS */
