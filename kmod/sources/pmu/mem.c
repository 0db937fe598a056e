// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: the data that a sampled instruction accessed. Its address is
 * resolved in the handler, where it still means the same: to a slab cache, or
 * to a line of the kernel's own data, which has a name.
 *
 * Locking: none. Handlers call it, with preemption off. Caches are read as
 * core/kmem_cache.h says: a slab can change hands meanwhile, and then the name is
 * that of its last or its next owner.
 */
#include <linux/mm.h>
#include <linux/sched/task_stack.h>

#include "core/kmem_cache.h"
#include "sources/pmu/data_src.h"
#include "sources/pmu/pmu.h"

/* Data that threads share comes in lines of this size, whatever the CPU's are. */
#define PMU_LINE	64UL

enum kobs_data_area {
	AREA_NONE, AREA_USER, AREA_STACK, AREA_SLAB, AREA_VMALLOC, AREA_KERNEL,
	AREA_PAGE, AREA_OTHER
};

static u64 area_text(enum kobs_data_area area)
{
	/* Words of text columns, up to 7 bytes. */
	static const char names[][sizeof(u64)] = {
		[AREA_NONE] = "", [AREA_USER] = "user", [AREA_STACK] = "stack",
		[AREA_SLAB] = "slab", [AREA_VMALLOC] = "vmalloc",
		[AREA_KERNEL] = "kernel", [AREA_PAGE] = "page",
		[AREA_OTHER] = "other",
	};
	u64 word;

	memcpy(&word, names[area], sizeof(word));
	return word;
}

/*
 * Is it in the kernel's image, or in a module? arm64's image is somewhere in the
 * vmalloc area, and where is not exported: only modules are told.
 */
static bool is_image(unsigned long at)
{
#ifdef CONFIG_X86_64
	return at >= __START_KERNEL_map && at < MODULES_END;
#else
	return at >= MODULES_VADDR && at < MODULES_END;
#endif
}

static enum kobs_data_area area_of(unsigned long at)
{
	if (!at)
		return AREA_NONE;
	if ((long)at >= 0)
		return AREA_USER;
	if (at - (unsigned long)task_stack_page(current) < THREAD_SIZE)
		return AREA_STACK;
	if (is_image(at))
		return AREA_KERNEL;
	if (is_vmalloc_addr((void *)at))
		return AREA_VMALLOC;
	/* Per-CPU entries, struct pages, and what else is mapped by itself. */
	if (!virt_addr_valid((void *)at))
		return AREA_OTHER;
	return kobs_cache_of((void *)at) ? AREA_SLAB : AREA_PAGE;
}

/**
 * kobs_pmu_mem_words() - fill in the columns about the data of a sample, and
 * count those without an address
 * @p: session
 * @data: sample
 * @v: words of the hit
 *
 * Context: any, NMI included.
 */
void kobs_pmu_mem_words(const struct kobs_pmu *p,
			const struct perf_sample_data *data, u64 *v)
{
	u64 at = data->sample_flags & PERF_SAMPLE_ADDR ? data->addr : 0;
	u64 src = data->sample_flags & PERF_SAMPLE_DATA_SRC ?
		  data->data_src.val : 0;
	enum kobs_data_area area = AREA_NONE;

	if (!at)
		local64_inc(&this_cpu_ptr(p->cpu)->no_address);
	if (p->want & (BIT(PMU_W_AREA) | BIT(PMU_W_CACHE) | BIT(PMU_W_DATA)))
		area = area_of(at);
	v[PMU_W_AREA] = area_text(area);
	if (area == AREA_SLAB)
		kobs_cache_where((void *)at, &v[PMU_W_CACHE]);
	else
		memset(&v[PMU_W_CACHE], 0,
		       KOBS_CACHE_NAME_WORDS * sizeof(u64));
	v[PMU_W_DATA] = area == AREA_KERNEL ? at & ~(u64)(PMU_LINE - 1) : 0;
	v[PMU_W_LEVEL] = kobs_data_level(src);
	v[PMU_W_OP] = kobs_data_op(src);
	v[PMU_W_TLB] = kobs_data_tlb(src);
}

/**
 * kobs_pmu_mem_weight() - cycles that an access took
 * @data: sample
 *
 * Context: any, NMI included.
 * Return: the weight, or 0 when the PMU has none.
 */
u64 kobs_pmu_mem_weight(const struct perf_sample_data *data)
{
	return data->sample_flags & PERF_SAMPLE_WEIGHT ? data->weight.full : 0;
}
