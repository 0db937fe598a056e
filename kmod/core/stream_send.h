/* SPDX-License-Identifier: GPL-2.0 */
/* The state of a stream, for stream.c and stream_send.c. */
#ifndef KOBS_STREAM_SEND_H
#define KOBS_STREAM_SEND_H

#include <linux/kthread.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "core/names.h"

struct trace_buffer;

/* Pause between two rounds after a round that drained the ring. */
#define STREAM_PAUSE		(HZ / 100 ?: 1)

/**
 * struct kobs_stream_cpu - the worker's state of one CPU
 * @seq: number of the next batch
 * @lost: number of lost records reported to the owner
 * @unnamed: number of records in the ring that have lost their names
 * @counted: its ring is in the session's account
 */
struct kobs_stream_cpu {
	u64 seq;
	u64 lost;
	unsigned long unnamed;
	bool counted;
};

/**
 * struct kobs_stream - stream of a session
 * @s: session
 * @ring: ring buffer
 * @bytes: size of the ring per CPU
 * @work: drains the ring
 * @kept: messages to be sent
 * @moved: records were put there since the last round
 * @unsettled: the last records are younger than the time up to which the owner
 *             was told that it has all: a round without records tells it again
 * @finishing: the session stopped; end with the last record
 * @next: CPU with which the next round begins
 * @told: the end was reported to the owner, or will be what is in @kept
 * @finished: nothing is left to send
 * @lost: hull of the modules because of which names of records that are still in
 *        the ring were lost
 * @cpu: state per possible CPU
 */
struct kobs_stream {
	struct kobs_session *s;
	struct trace_buffer *ring;
	size_t bytes;
	struct kthread_delayed_work work;
	struct sk_buff_head kept;
	unsigned int next;
	bool moved;
	bool unsettled;
	bool finishing;
	bool told;
	bool finished;
	struct kobs_code lost;
	struct kobs_stream_cpu cpu[];
};

extern struct kthread_worker *kobs_stream_thread;
extern const struct kobs_notify_ops *kobs_notify;

void kobs_stream_work(struct kthread_work *work);

#endif /* KOBS_STREAM_SEND_H */
