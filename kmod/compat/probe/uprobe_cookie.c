// SPDX-License-Identifier: GPL-2.0
/* 6.13: handlers of uprobes get a word that is kept from the entry to the return. */
#include <linux/uprobes.h>

void probe(struct uprobe_consumer *uc,
	   int (*handler)(struct uprobe_consumer *self, struct pt_regs *regs,
			  __u64 *data));
void probe(struct uprobe_consumer *uc,
	   int (*handler)(struct uprobe_consumer *self, struct pt_regs *regs,
			  __u64 *data))
{
	uc->handler = handler;
}
