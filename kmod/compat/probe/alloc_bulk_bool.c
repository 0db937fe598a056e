// SPDX-License-Identifier: GPL-2.0
/* 7.x: kmem_cache_alloc_bulk() returns a bool instead of a number. */
#include <linux/build_bug.h>
#include <linux/slab.h>

void probe(void);
void probe(void)
{
	static_assert(__builtin_types_compatible_p(typeof(kmem_cache_alloc_bulk(NULL, 0, 0, NULL)),
						   bool));
}
