// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: batches of records, on their way from the ring to the session's owner.
 *
 * A batch that does not fit into the owner's socket is kept and sent later, while
 * the ring fills: records are lost in the ring only. Batches are also kept when
 * a module goes: its addresses must be named before (names.c).
 *
 * Locking: batches are made and sent under the lock of the session's names. All
 * else is used by the work item alone, which runs on the module's only worker
 * thread.
 */
#include <linux/kthread.h>
#include <linux/ring_buffer.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>

#include "core/names.h"
#include "core/notify.h"
#include "core/session.h"
#include "core/stream.h"
#include "core/stream_send.h"

/* Maximum number of batches per CPU and round. */
#define ROUND_BATCHES		16
/* Maximum number of batches that are kept; beyond it, names are lost. */
#define STREAM_KEPT		64
/* Maximum age of a record that was begun but not completed before a round. */
#define STREAM_SLACK_NS		(2 * NSEC_PER_MSEC)

/* Send what is kept. Returns false when something is left. */
static bool stream_send_kept(struct kobs_stream *st)
{
	struct sk_buff *skb;

	lockdep_assert_held(&st->s->names.lock);
	while ((skb = __skb_dequeue(&st->kept))) {
		if (!kobs_notify->send(st->s, skb))
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
	skb = kobs_notify->records(st->s, cpu, c->seq, n_lost);
	if (!skb)
		return -ENOMEM;
	c->seq++;
	c->lost = n_lost;
	for (; n < max && kobs_notify->room(st->s, skb); n++) {
		event = ring_buffer_consume(st->ring, cpu, &time, NULL);
		if (!event)
			break;
		/* Cannot fail: there is room. */
		if (WARN_ON_ONCE(kobs_notify->add(st->s, skb, time,
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
	more = !kobs_notify->room(st->s, skb);
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
	skb = kobs_notify->lost(st->s, cpu, lost);
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
		ret = stream_tell(st, kobs_notify->until(st->s, until));
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
		skb = kobs_notify->state(st->s);
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

/**
 * kobs_stream_work() - send what the ring holds, and come back
 * @work: of a stream
 *
 * Context: the module's worker thread.
 */
void kobs_stream_work(struct kthread_work *work)
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
	kthread_queue_delayed_work(kobs_stream_thread, &st->work,
				   ret == 2 || (ret == 1 && finishing) ?
				   0 : STREAM_PAUSE);
}
