// SPDX-License-Identifier: GPL-2.0
/*
 * Source percpu: areas of the percpu allocator, by tracepoints that report all of
 * them, and what fails. An area is as large as what it takes on all CPUs.
 *
 * Locking: none in the handlers.
 */
#include <linux/percpu.h>
#include <trace/events/percpu.h>

#include "sources.h"
#include "sources/areas/areas.h"

/* Areas are aligned to 4 bytes; keys are multiples of 8. */
static u64 key_of(const void __percpu *ptr)
{
	return (__force unsigned long)ptr * 2;
}

static void percpu_alloc(void *data, unsigned long call_site, bool reserved,
			 bool is_atomic, size_t size, size_t align,
			 void *base_addr, int off, void __percpu *ptr,
			 size_t bytes_alloc, gfp_t gfp_flags)
{
	kobs_follow_alloc(data, key_of(ptr), bytes_alloc, call_site);
}

static void percpu_free(void *data, void *base_addr, int off, void __percpu *ptr)
{
	kobs_follow_free(data, key_of(ptr));
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
	.probes = {
		{ "percpu_free_percpu", percpu_free },
		{ "percpu_alloc_percpu", percpu_alloc },
		{ "percpu_alloc_percpu_fail", percpu_failed },
	},
};
