// SPDX-License-Identifier: GPL-2.0
/*
 * Source percpu: areas of the percpu allocator, by tracepoints that report all of
 * them, and what fails, but for the limit of a control group, which the allocator
 * looks at before it begins. An area is as large as what it takes on all CPUs.
 *
 * Locking: none in the handlers.
 */
#include <linux/percpu.h>
#include <trace/events/percpu.h>

#include "core/follow_fast.h"
#include "sources.h"
#include "sources/areas/areas.h"

/* Areas are aligned to 4 bytes; keys are multiples of 8. */
static u64 key_of(const void __percpu *ptr)
{
	return (__force unsigned long)ptr * 2;
}

/* How many times the part of a CPU an area takes, as the first one has told. */
static unsigned int parts;

static u64 percpu_address(u64 key, unsigned int cpu)
{
	void __percpu *ptr = (__force void __percpu *)(unsigned long)(key / 2);

	return (unsigned long)per_cpu_ptr(ptr, cpu);
}

static u32 percpu_part(u32 size)
{
	return size / (READ_ONCE(parts) ?: num_possible_cpus());
}

static const struct kobs_lies percpu_lies = {
	.address = percpu_address,
	.part = percpu_part,
};

static void percpu_alloc(void *data, unsigned long call_site, bool reserved,
			 bool is_atomic, size_t size, size_t align,
			 void *base_addr, int off, void __percpu *ptr,
			 size_t bytes_alloc, gfp_t gfp_flags)
{
	/* Some kernels count what they note for each area. */
	if (unlikely(!READ_ONCE(parts)) && size)
		WRITE_ONCE(parts, bytes_alloc / size);
	kobs_follow_alloc_fast(data, key_of(ptr), bytes_alloc, call_site);
}

static void percpu_free(void *data, void *base_addr, int off, void __percpu *ptr)
{
	kobs_follow_free_fast(data, key_of(ptr));
}

static void percpu_failed(void *data, bool reserved, bool is_atomic, size_t size,
			  size_t align)
{
	kobs_follow_alloc(data, 0, size, 0);
}

KOBS_PROBE_TYPE(percpu_alloc, percpu_alloc_percpu);
KOBS_PROBE_TYPE(percpu_free, percpu_free_percpu);
KOBS_PROBE_TYPE(percpu_failed, percpu_alloc_percpu_fail);

const struct kobs_areas_kind kobs_areas_percpu = {
	.source = &kobs_src_percpu,
	.lies = &percpu_lies,
	.probes = {
		{ "percpu_free_percpu", percpu_free },
		{ "percpu_alloc_percpu", percpu_alloc },
		{ "percpu_alloc_percpu_fail", percpu_failed },
	},
};
