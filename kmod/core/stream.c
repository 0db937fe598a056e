// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: records go into a per-CPU ring buffer and from there, in batches, to
 * the session's owner.
 *
 * The ring is the kernel's own (linux/ring_buffer.h). It does not overwrite: a
 * record is lost, and counted, when the ring is full. A batch that does not fit
 * into the owner's socket is kept and sent later, while the ring fills: records
 * are lost in the ring only. Batches are also kept when a module goes: its
 * addresses must be named before (names.c).
 *
 * Locking: handlers only write to the ring, which is safe in any context. Batches
 * are made and sent under the lock of the session's names. All else is used by
 * the work item alone, which runs on the module's only worker thread;
 * kobs_stream_start() and kobs_stream_finish() queue it, kobs_stream_free() waits.
 */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/ring_buffer.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core/hit.h"
#include "core/names.h"
#include "core/notify.h"
#include "core/session.h"
#include "core/stream.h"

/* Pause between two rounds after a round that drained the ring. */
#define STREAM_PAUSE		(HZ / 100 ?: 1)
/* Maximum number of batches per CPU and round. */
#define ROUND_BATCHES		16
/* Maximum number of batches that are kept; beyond it, names are lost. */
#define STREAM_KEPT		64
/* Maximum age of a record that was begun but not completed before a round. */
#define STREAM_SLACK_NS		(2 * NSEC_PER_MSEC)

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

static struct kthread_worker *kobs_worker;
static const struct kobs_notify_ops *notify;

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

/* Send what is kept. Returns false when something is left. */
static bool stream_send_kept(struct kobs_stream *st)
{
	struct sk_buff *skb;

	lockdep_assert_held(&st->s->names.lock);
	while ((skb = __skb_dequeue(&st->kept))) {
		if (!notify->send(st->s, skb))
			continue;
		__skb_queue_head(&st->kept, skb);
		return false;
	}
	return true;
}

/*
 * Send a complete message, which is NULL when there was no memory for it.
 * Returns -EAGAIN when it is kept for later.
 */
static int stream_tell(struct kobs_stream *st, struct sk_buff *skb)
{
	if (!skb)
		return -ENOMEM;
	__skb_queue_tail(&st->kept, skb);
	return stream_send_kept(st) ? 0 : -EAGAIN;
}

static u64 stream_lost(const struct kobs_session *s, unsigned int cpu)
{
	return local64_read(&per_cpu_ptr(s->cpu, cpu)->
			    counters.n[KOBS_N_RING_FULL]);
}

/*
 * Make a message of records, up to @max. Returns the number of them, or -ENOMEM;
 * *out is NULL if there are none.
 */
static int stream_batch(struct kobs_stream *st, unsigned int cpu,
			unsigned long max, const struct kobs_code *lost,
			struct sk_buff **out)
{
	struct kobs_stream_cpu *c = &st->cpu[cpu];
	u64 n_lost = stream_lost(st->s, cpu);
	struct ring_buffer_event *event;
	struct sk_buff *skb;
	unsigned int n = 0;
	u64 time;

	*out = NULL;
	if (!max || ring_buffer_empty_cpu(st->ring, cpu))
		return 0;
	skb = notify->records(st->s, cpu, c->seq, n_lost);
	if (!skb)
		return -ENOMEM;
	c->seq++;
	c->lost = n_lost;
	for (; n < max && notify->room(st->s, skb); n++) {
		event = ring_buffer_consume(st->ring, cpu, &time, NULL);
		if (!event)
			break;
		/* Cannot fail: there is room. */
		if (WARN_ON_ONCE(notify->add(st->s, skb, time,
					     ring_buffer_event_data(event),
					     c->unnamed ? &st->lost : lost)))
			break;
		if (c->unnamed)
			c->unnamed--;
	}
	*out = skb;
	return n;
}

/*
 * Send one batch of what the ring of a CPU holds.
 * Returns 1 when there may be more, 0 when there is none, -EAGAIN when the
 * owner's socket is full, -ENOMEM.
 */
static int stream_send_batch(struct kobs_stream *st, unsigned int cpu)
{
	struct sk_buff *skb;
	int n = stream_batch(st, cpu, ULONG_MAX, NULL, &skb);
	bool more;

	if (n < 0 || !skb)
		return n;
	more = !notify->room(st->s, skb);
	return stream_tell(st, skb) ?: more;
}

/**
 * kobs_stream_code() - name what the ring holds when a module comes or goes
 * @s: session in a streaming mode; its names' lock is held
 * @code: the module's memory; none of a module that goes is written any more
 *
 * Context: task, may sleep.
 */
void kobs_stream_code(struct kobs_session *s, const struct kobs_code *code)
{
	const struct kobs_code *lost = code->comes ? code : NULL;
	struct kobs_stream *st = s->stream;
	unsigned long before = 0, after = 0;
	unsigned int cpu;

	lockdep_assert_held(&s->names.lock);
	/* What lost its names before came before this, too. */
	if (lost)
		kobs_code_extend(&st->lost, lost);
	for_each_possible_cpu(cpu) {
		unsigned long left = ring_buffer_entries_cpu(st->ring, cpu);
		struct sk_buff *skb;
		int n = 1;

		while (left && n > 0 && skb_queue_len(&st->kept) < STREAM_KEPT) {
			n = stream_batch(st, cpu, left, lost, &skb);
			if (skb)
				__skb_queue_tail(&st->kept, skb);
			st->moved = true;
			/* What is left is being written: it came after. */
			left = n ? left - max(n, 0) : 0;
			cond_resched();
		}
		before |= st->cpu[cpu].unnamed;
		st->cpu[cpu].unnamed = left;
		after |= left;
	}
	if (!before)
		st->lost.n = 0;
	if (after)
		kobs_code_extend(&st->lost, code);
}

/* Report losses that no batch has reported. */
static int stream_tell_lost(struct kobs_stream *st, unsigned int cpu)
{
	u64 lost = stream_lost(st->s, cpu);
	struct sk_buff *skb;

	if (lost == st->cpu[cpu].lost)
		return 0;
	skb = notify->lost(st->s, cpu, lost);
	if (skb)
		st->cpu[cpu].lost = lost;
	return stream_tell(st, skb);
}

/*
 * Send what the ring of a CPU holds, and its losses. A busy CPU must not delay
 * the others, neither in this round nor in later ones: the next round begins
 * with the CPU after the one at which the owner's socket was full.
 * Returns as stream_batch().
 */
static int stream_drain(struct kobs_stream *st, unsigned int cpu)
{
	unsigned int n = 0;
	int ret;

	do {
		ret = stream_send_batch(st, cpu);
		cond_resched();
	} while (ret > 0 && ++n < ROUND_BATCHES);
	if (!ret)
		ret = stream_tell_lost(st, cpu);
	if (ret < 0)
		st->next = (cpu + 1) % nr_cpu_ids;
	return ret;
}

/*
 * Returns 2 when there is more to do at once, 1 when records were sent, 0 when
 * there were none, or the error that ended the round early.
 */
static int stream_round(struct kobs_stream *st)
{
	u64 until = ring_buffer_time_stamp(st->ring) - STREAM_SLACK_NS;
	bool drained = true;
	int any = st->moved;
	unsigned int cpu;
	int ret;

	if (!stream_send_kept(st))
		return -EAGAIN;
	st->moved = false;
	for_each_cpu_wrap(cpu, cpu_possible_mask, st->next) {
		u64 seq = st->cpu[cpu].seq;

		ret = stream_drain(st, cpu);
		if (ret < 0)
			return ret;
		drained &= !ret;
		any |= st->cpu[cpu].seq != seq;
	}
	if (drained && (any || st->unsettled)) {
		ret = stream_tell(st, notify->until(st->s, until));
		if (ret < 0)
			return ret;
		st->unsettled = any;
	}
	return drained ? any : 2;
}

/* Report the end, after the last record. */
static int stream_tell_end(struct kobs_stream *st)
{
	struct sk_buff *skb = NULL;
	bool dead;
	int ret;

	mutex_lock(&st->s->lock);
	dead = st->s->life == KOBS_LIFE_DEAD;
	if (!dead)
		skb = notify->state(st->s);
	mutex_unlock(&st->s->lock);
	if (!skb && !dead)
		return -ENOMEM;
	st->told = true;
	if (dead)
		return 0;
	mutex_lock(&st->s->names.lock);
	ret = stream_tell(st, skb);
	mutex_unlock(&st->s->names.lock);
	return ret;
}

static void stream_work(struct kthread_work *work)
{
	struct kobs_stream *st = container_of(work, struct kobs_stream,
					      work.work);
	/* Read before the round, which then sees every record before the stop. */
	bool finishing = smp_load_acquire(&st->finishing);
	int ret = 0;

	if (st->finished)
		return;
	if (kobs_session_owner(st->s)) {
		mutex_lock(&st->s->names.lock);
		ret = stream_round(st);
		mutex_unlock(&st->s->names.lock);
	}
	if (!ret && finishing && !st->told)
		ret = stream_tell_end(st);
	if (!ret && finishing) {
		st->finished = true;
		return;
	}
	kthread_queue_delayed_work(kobs_worker, &st->work,
				   ret == 2 || (ret == 1 && finishing) ?
				   0 : STREAM_PAUSE);
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
	struct sk_buff *skb = notify->state(s);

	if (skb && notify->send(s, skb))
		notify->drop(skb);
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
	kthread_init_delayed_work(&st->work, stream_work);
	__skb_queue_head_init(&st->kept);
	st->ring = ring_buffer_alloc(st->bytes, 0);
	if (!st->ring) {
		kfree(st);
		return -ENOMEM;
	}
	s->stream = st;
	s->record_bytes = (s->n_words + !!s->mode->value) * sizeof(u64);
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
		notify->drop(skb);
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
	kthread_queue_delayed_work(kobs_worker, &s->stream->work,
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
	/* Pairs with the acquire in stream_work(). */
	smp_store_release(&s->stream->finishing, true);
	kthread_mod_delayed_work(kobs_worker, &s->stream->work, 0);
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
	return kobs_worker->task->tgid;
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
	notify = ops;
	kobs_worker = kthread_run_worker(0, "kobs");
	return PTR_ERR_OR_ZERO(kobs_worker);
}

/**
 * kobs_stream_exit() - end the worker
 *
 * Context: task, at unload; there is no session any more.
 */
void kobs_stream_exit(void)
{
	kthread_destroy_worker(kobs_worker);
}
