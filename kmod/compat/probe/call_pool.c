// SPDX-License-Identifier: GPL-2.0
/* 6.7, "kprobes: kretprobe scalability improvement", see call_memory.h */
#include <linux/objpool.h>

unsigned long probe(const struct objpool_head *pool);
unsigned long probe(const struct objpool_head *pool)
{
	return pool->obj_size;
}
