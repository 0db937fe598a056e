// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: records go into a per-CPU ring buffer and from there, in batches, to
 * the session's owner (stream_send.c).
 *
 * The ring is the kernel's own (linux/ring_buffer.h). It does not overwrite: a
 * record is lost, and counted, when the ring is full.
 *
 * Locking: handlers only write to the ring, which is safe in any context. All
 * else is used by the work item, which runs on the module's only worker thread;
 * kobs_stream_start() and kobs_stream_finish() queue it, kobs_stream_free() waits.
 */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/ring_buffer.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "core/hit.h"
#include "core/names.h"
#include "core/notify.h"
#include "core/session.h"
#include "core/stream.h"
#include "core/stream_send.h"

/* The ring takes no more than a page, with headers of its own. */
static_assert((KOBS_KEY_WORDS + 1) * sizeof(u64) + KOBS_STREAM_DATA <=
	      PAGE_SIZE - 64);

struct kthread_worker *kobs_stream_thread;
const struct kobs_notify_ops *kobs_notify;

/**
 * kobs_stream_write() - write a record
 * @s: session in a streaming mode
 * @v: words of the hit; all that its columns need are filled in
 * @value: value, when the mode has one
 *
 * The ring adds the record's time, of the local clock, as in the kernel's log
 * and in ftrace.
 *
 * Context: any, NMI included; preemption off.
 * Return: false when the ring is full and the record is lost.
 */
bool kobs_stream_write(struct kobs_session *s, const u64 *v, u64 value)
{
	struct ring_buffer_event *event;
	struct trace_buffer *ring = s->stream->ring;
	u64 *record;

	event = ring_buffer_lock_reserve(ring, s->record_bytes);
	if (!event)
		return false;
	record = ring_buffer_event_data(event);
	kobs_hit_gather(s, v, record);
	if (s->record_bytes > s->n_words * sizeof(u64))
		record[s->n_words] = value;
	kobs_ring_commit(ring, event);
	return true;
}

/**
 * kobs_stream_reserve() - begin a record with data
 * @s: session in a mode with data
 * @v: as for kobs_stream_write()
 * @max: room for data, maximum KOBS_STREAM_DATA
 * @d: set to the record
 *
 * Context: any, NMI included; preemption off until kobs_stream_commit().
 * Return: false when the ring is full and the record is lost.
 */
bool kobs_stream_reserve(struct kobs_session *s, const u64 *v, size_t max,
			 struct kobs_stream_data *d)
{
	u64 *record;

	d->event = ring_buffer_lock_reserve(s->stream->ring,
					    s->record_bytes + max);
	if (!d->event)
		return false;
	record = ring_buffer_event_data(d->event);
	kobs_hit_gather(s, v, record);
	d->bytes = &record[s->n_words];
	d->data = d->bytes + 1;
	return true;
}

/**
 * kobs_stream_commit() - complete a record with data
 * @s: session
 * @d: from kobs_stream_reserve()
 * @bytes: size of the data that were written, a multiple of 8
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_stream_commit(struct kobs_session *s, struct kobs_stream_data *d,
			size_t bytes)
{
	*d->bytes = bytes;
	kobs_ring_commit(s->stream->ring, d->event);
}

/**
 * kobs_notify_state() - report a session's state to its owner
 * @s: session
 *
 * The notification is dropped when the owner's socket is full.
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_notify_state(struct kobs_session *s)
{
	struct sk_buff *skb = kobs_notify->state(s);

	if (skb && kobs_notify->send(s, skb))
		kobs_notify->drop(skb);
}

/**
 * kobs_stream_new() - allocate the stream of a session
 * @s: session in a streaming mode
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_stream_new(struct kobs_session *s)
{
	struct kobs_stream *st;

	st = kzalloc(struct_size(st, cpu, nr_cpu_ids), GFP_KERNEL_ACCOUNT);
	if (!st)
		return -ENOMEM;
	st->s = s;
	st->bytes = s->params[KOBS_P_RING_KB].number * 1024;
	kthread_init_delayed_work(&st->work, kobs_stream_work);
	__skb_queue_head_init(&st->kept);
	st->ring = ring_buffer_alloc(st->bytes, 0);
	if (!st->ring) {
		kfree(st);
		return -ENOMEM;
	}
	s->stream = st;
	s->record_bytes = (s->n_words + !!s->mode->value + s->mode->data) *
			  sizeof(u64);
	return 0;
}

/**
 * kobs_stream_free() - free the stream of a session, if it has one
 * @s: session whose handlers have ended; its lock is not held
 *
 * Context: task, may sleep.
 */
void kobs_stream_free(struct kobs_session *s)
{
	struct kobs_stream *st = s->stream;
	struct sk_buff *skb;

	if (!st)
		return;
	kthread_cancel_delayed_work_sync(&st->work);
	while ((skb = __skb_dequeue(&st->kept)))
		kobs_notify->drop(skb);
	ring_buffer_free(st->ring);
	kfree(st);
	s->stream = NULL;
}

/**
 * kobs_stream_start() - start draining the ring
 * @s: session in a streaming mode
 *
 * Context: task, may sleep.
 */
void kobs_stream_start(struct kobs_session *s)
{
	kthread_queue_delayed_work(kobs_stream_thread, &s->stream->work,
				   STREAM_PAUSE);
}

/**
 * kobs_stream_finish() - end the stream after the last record
 * @s: session in a streaming mode, whose handlers have ended
 *
 * The owner gets the rest and then a session-ntf, unless the session is
 * deleted before.
 *
 * Context: task, may sleep.
 */
void kobs_stream_finish(struct kobs_session *s)
{
	/* Pairs with the acquire in kobs_stream_work(). */
	smp_store_release(&s->stream->finishing, true);
	kthread_mod_delayed_work(kobs_stream_thread, &s->stream->work, 0);
}

/* A CPU's ring: pages with a header each, and one for the reader. */
static u64 ring_bytes(const struct kobs_stream *st)
{
	return (DIV_ROUND_UP(st->bytes, PAGE_SIZE - 16) + 1) * PAGE_SIZE;
}

/**
 * kobs_stream_prepare() - count the ring of a CPU, unless it was counted
 * @s: session in a streaming mode
 * @cpu: CPU, for which the kernel has allocated the ring
 *
 * Context: task; the hotplug lock is held.
 * Return: 0, or -ENOMEM: the account is above its maximum.
 */
int kobs_stream_prepare(struct kobs_session *s, unsigned int cpu)
{
	struct kobs_stream_cpu *c = &s->stream->cpu[cpu];

	if (c->counted)
		return 0;
	c->counted = true;
	return kobs_memory_count(&s->memory, ring_bytes(s->stream)) ? 0 : -ENOMEM;
}

/**
 * kobs_stream_worker() - the worker thread, which sessions filter out
 *
 * Context: any.
 * Return: its process number.
 */
pid_t kobs_stream_worker(void)
{
	return kobs_stream_thread->task->tgid;
}

/**
 * kobs_stream_init() - start the worker
 * @ops: operations on notifications
 *
 * Context: task, at load.
 * Return: 0, or an error of kthread_run_worker().
 */
int kobs_stream_init(const struct kobs_notify_ops *ops)
{
	kobs_notify = ops;
	kobs_stream_thread = kthread_run_worker(0, "kobs");
	return PTR_ERR_OR_ZERO(kobs_stream_thread);
}

/**
 * kobs_stream_exit() - end the worker
 *
 * Context: task, at unload; there is no session any more.
 */
void kobs_stream_exit(void)
{
	kthread_destroy_worker(kobs_stream_thread);
}
