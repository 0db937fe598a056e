// SPDX-License-Identifier: GPL-2.0
/* 6.12: the filter of a uprobe is not told why it is asked. */
#include <linux/uprobes.h>

void probe(struct uprobe_consumer *uc,
	   bool (*filter)(struct uprobe_consumer *self, struct mm_struct *mm));
void probe(struct uprobe_consumer *uc,
	   bool (*filter)(struct uprobe_consumer *self, struct mm_struct *mm))
{
	uc->filter = filter;
}
