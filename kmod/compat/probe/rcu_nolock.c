// SPDX-License-Identifier: GPL-2.0
/* 7.x: kfree_rcu_nolock() queues objects by a separate function. */
#include <linux/rcupdate.h>

void *probe(void);
void *probe(void)
{
	return kfree_call_rcu_nolock;
}
