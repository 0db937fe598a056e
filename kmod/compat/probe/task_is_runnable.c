// SPDX-License-Identifier: GPL-2.0
/* 6.12, cd9626e9ebc7 "sched/fair: Fix external p->on_rq users" */
#include <linux/sched.h>

bool probe(struct task_struct *p);
bool probe(struct task_struct *p)
{
	return task_is_runnable(p);
}
