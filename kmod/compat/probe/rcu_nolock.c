// SPDX-License-Identifier: GPL-2.0
/* 7.x: kfree_rcu_nolock() gives objects up by a function of its own. */
#include <linux/rcupdate.h>

void *probe(void);
void *probe(void)
{
	return kfree_call_rcu_nolock;
}
