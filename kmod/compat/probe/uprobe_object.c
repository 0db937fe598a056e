// SPDX-License-Identifier: GPL-2.0
/*
 * 6.12: uprobe_register() returns what uprobe_unregister_nosync() takes. Before,
 * it returned an error, and uprobe_unregister() waited for handlers.
 */
#include <linux/uprobes.h>

struct uprobe *probe(struct inode *inode, struct uprobe_consumer *uc);
struct uprobe *probe(struct inode *inode, struct uprobe_consumer *uc)
{
	return uprobe_register(inode, 0, 0, uc);
}
