// SPDX-License-Identifier: GPL-2.0
/* Which caches the kernel takes memory back from. */

#include <stdio.h>
#include <string.h>

#include "cmd/slab/slab.h"
#include "lib/macros.h"
#include "lib/lines.h"

/* Caches whose objects the kernel frees late, many at once, though no flag says so. */
static const char *const freed_late[] = {
	"vmap_area",		/* vfree() */
};

/** slab_reclaimable() - Whether the kernel takes the objects of a cache back by itself. */
bool slab_reclaimable(const char *cache)
{
	long long value = 0;
	char path[128];
	size_t i;

	if (!strncmp(cache, "kmalloc-rcl-", 12))
		return true;
	for (i = 0; i < ARRAY_SIZE(freed_late); i++)
		if (!strcmp(cache, freed_late[i]))
			return true;
	if (!*cache || strchr(cache, '/'))
		return false;
	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/reclaim_account", cache);
	return !read_number(path, &value) && value;
}
