// SPDX-License-Identifier: GPL-2.0
/* 6.2, 04aabc32fb20 "ring_buffer: Remove unused "event" parameter" */
#include <linux/ring_buffer.h>

int probe(struct trace_buffer *ring);
int probe(struct trace_buffer *ring)
{
	return ring_buffer_unlock_commit(ring);
}
