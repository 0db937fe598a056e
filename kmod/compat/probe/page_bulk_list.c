// SPDX-License-Identifier: GPL-2.0
/* Until 7.x: pages that are allocated many at a time can go to a list. */
#include <linux/gfp.h>
#include <linux/list.h>

void probe(struct list_head *list);
void probe(struct list_head *list)
{
	__alloc_pages_bulk(GFP_KERNEL, 0, NULL, 1, list, NULL);
}
