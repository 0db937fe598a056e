// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: records go into a ring buffer for each CPU and from there, in
 * batches of up to 32 KiB, to the session's owner.
 *
 * The ring is the kernel's own (linux/ring_buffer.h). It does not overwrite:
 * a record that finds it full is lost, and counted. A batch that does not fit
 * into the owner's socket is kept and sent again later, while the ring fills,
 * so that the ring is the only place where records are lost.
 *
 * Locking: handlers only write to the ring, which is safe in any context.
 * Everything else of a stream is touched by its work item alone, which runs
 * on the module's one worker thread; kobs_stream_start() and
 * kobs_stream_finish() queue it, kobs_stream_free() waits for it.
 */
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/ring_buffer.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core/hit.h"
#include "core/session.h"
#include "core/stream.h"
#include "netlink/family.h"

/* Pause between two rounds when there was little to do. */
#define STREAM_PAUSE		(HZ / 100 ?: 1)
/* Attributes of a batch. */
#define BATCH_BYTES		(32 * 1024 - 512)
/* Batches of one CPU in a round. */
#define ROUND_BATCHES		16
/* Records that began before a round but were not complete are this young. */
#define STREAM_SLACK_NS		(2 * NSEC_PER_MSEC)

/**
 * struct kobs_stream_cpu - what the worker knows of one CPU
 * @seq: number of the next batch
 * @lost: lost records that the owner was told of
 */
struct kobs_stream_cpu {
	u64 seq;
	u64 lost;
};

/**
 * struct kobs_stream - stream of a session
 * @s: session
 * @ring: ring buffer
 * @bytes: of the ring, for each CPU
 * @work: drains the ring
 * @pending: message that did not fit into the owner's socket
 * @finishing: the session stopped; end with the last record
 * @told: the owner was told of the end, or will be by @pending
 * @finished: there is nothing more to send
 * @cpu: for each possible CPU
 */
struct kobs_stream {
	struct kobs_session *s;
	struct trace_buffer *ring;
	size_t bytes;
	struct kthread_delayed_work work;
	struct sk_buff *pending;
	bool finishing;
	bool told;
	bool finished;
	struct kobs_stream_cpu cpu[];
};

static struct kthread_worker *kobs_worker;

/**
 * kobs_stream_write() - write a record
 * @s: session in a streaming mode
 * @v: words of the hit; all that its columns need are filled in
 * @value: value, when the mode has one
 *
 * The time of a record is the ring's own: that of the local clock, as in the
 * kernel's log and in ftrace.
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

/* Returns false when the message must be kept for later. */
static bool stream_send(struct kobs_stream *st, struct sk_buff *skb)
{
	int err;

	/* Sending takes one reference in any case. */
	skb_get(skb);
	err = kobs_netlink_send(skb, kobs_session_owner(st->s));
	if (err == -EAGAIN) {
		st->pending = skb;
		return false;
	}
	/* Any other error means that there is no owner to read it. */
	kfree_skb(skb);
	return true;
}

static bool stream_send_pending(struct kobs_stream *st)
{
	struct sk_buff *skb = st->pending;

	st->pending = NULL;
	return !skb || stream_send(st, skb);
}

static int stream_put_event(struct kobs_session *s, struct sk_buff *skb,
			    u64 time, const u64 *word)
{
	struct nlattr *nest = nla_nest_start(skb, KOBS_A_RECORD_EVENT);
	unsigned int i;

	if (!nest || kobs_put_u64(skb, KOBS_A_EVENT_TIME, time))
		return -EMSGSIZE;
	for (i = 0; i < s->n_columns; i++) {
		const struct kobs_column *c = s->columns[i];
		int err = c->type == KOBS_TYPE_TEXT ?
			  kobs_put_text(skb, KOBS_A_EVENT_TEXT, word,
					c->words) :
			  kobs_put_u64(skb, KOBS_A_EVENT_NUMBER, *word);

		if (err)
			return err;
		word += c->words;
	}
	if (s->mode->value && kobs_put_u64(skb, KOBS_A_EVENT_VALUE, *word))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static u64 stream_lost(const struct kobs_session *s, unsigned int cpu)
{
	return local64_read(&per_cpu_ptr(s->cpu, cpu)->
			    counters.n[KOBS_N_RING_FULL]);
}

/* Bytes of one event: time, value and columns, texts at their longest. */
static size_t event_size(const struct kobs_session *s)
{
	return nla_total_size(0) + (s->n_columns + 2) *
	       nla_total_size(KOBS_TEXT_WORDS * sizeof(u64));
}

static struct sk_buff *batch_new(struct kobs_stream *st, u8 cmd,
				 unsigned int cpu, void **hdr)
{
	struct sk_buff *skb;
	u64 lost = stream_lost(st->s, cpu);

	skb = kobs_netlink_record(cmd, BATCH_BYTES, hdr);
	if (!skb)
		return NULL;
	if (nla_put_u32(skb, KOBS_A_RECORD_SESSION, st->s->id) ||
	    nla_put_u32(skb, KOBS_A_RECORD_CPU, cpu) ||
	    kobs_put_u64(skb, KOBS_A_RECORD_LOST, lost) ||
	    (cmd == KOBS_CMD_RECORD_NTF &&
	     kobs_put_u64(skb, KOBS_A_RECORD_SEQ, st->cpu[cpu].seq))) {
		nlmsg_free(skb);
		return NULL;
	}
	st->cpu[cpu].lost = lost;
	return skb;
}

/*
 * Send what the ring of a CPU holds in one batch.
 * Returns 1 when there may be more, 0 when there is none, -EAGAIN when the
 * owner's socket is full, -ENOMEM.
 */
static int stream_batch(struct kobs_stream *st, unsigned int cpu)
{
	struct ring_buffer_event *event;
	struct sk_buff *skb;
	int more = 0;
	void *hdr;
	u64 time;

	if (ring_buffer_empty_cpu(st->ring, cpu))
		return 0;
	skb = batch_new(st, KOBS_CMD_RECORD_NTF, cpu, &hdr);
	if (!skb)
		return -ENOMEM;
	for (;;) {
		if (skb_tailroom(skb) < event_size(st->s)) {
			more = 1;
			break;
		}
		event = ring_buffer_consume(st->ring, cpu, &time, NULL);
		if (!event)
			break;
		/* Cannot fail: there is room. */
		if (WARN_ON_ONCE(stream_put_event(st->s, skb, time,
						  ring_buffer_event_data(event))))
			break;
	}
	st->cpu[cpu].seq++;
	genlmsg_end(skb, hdr);
	return stream_send(st, skb) ? more : -EAGAIN;
}

/* Tell of losses that no batch has told of. */
static int stream_tell_lost(struct kobs_stream *st, unsigned int cpu)
{
	struct sk_buff *skb;
	void *hdr;

	if (stream_lost(st->s, cpu) == st->cpu[cpu].lost)
		return 0;
	skb = batch_new(st, KOBS_CMD_LOST_NTF, cpu, &hdr);
	if (!skb)
		return -ENOMEM;
	genlmsg_end(skb, hdr);
	return stream_send(st, skb) ? 0 : -EAGAIN;
}

static int stream_tell_until(struct kobs_stream *st, u64 until)
{
	struct sk_buff *skb;
	void *hdr;

	skb = kobs_netlink_record(KOBS_CMD_RECORD_NTF, 64, &hdr);
	if (!skb)
		return -ENOMEM;
	if (nla_put_u32(skb, KOBS_A_RECORD_SESSION, st->s->id) ||
	    kobs_put_u64(skb, KOBS_A_RECORD_UNTIL, until)) {
		nlmsg_free(skb);
		return -ENOMEM;
	}
	genlmsg_end(skb, hdr);
	return stream_send(st, skb) ? 0 : -EAGAIN;
}

/*
 * Returns 2 when there is more to do at once, 1 when records were sent, 0 when
 * there were none, or the error that ended the round early.
 */
static int stream_round(struct kobs_stream *st)
{
	u64 until = ring_buffer_time_stamp(st->ring) - STREAM_SLACK_NS;
	bool drained = true;
	unsigned int cpu;
	int any = 0;
	int ret;

	if (!stream_send_pending(st))
		return -EAGAIN;
	for_each_possible_cpu(cpu) {
		u64 seq = st->cpu[cpu].seq;
		unsigned int n = 0;

		/* One busy CPU must not keep the others waiting. */
		do {
			ret = stream_batch(st, cpu);
			cond_resched();
		} while (ret > 0 && ++n < ROUND_BATCHES);
		drained &= !ret;
		if (!ret)
			ret = stream_tell_lost(st, cpu);
		if (ret < 0)
			return ret;
		any |= st->cpu[cpu].seq != seq;
	}
	if (any && drained) {
		ret = stream_tell_until(st, until);
		if (ret < 0)
			return ret;
	}
	return drained ? any : 2;
}

/* The end, which comes behind the last record. */
static int stream_tell_end(struct kobs_stream *st)
{
	struct sk_buff *skb = NULL;
	bool dead;

	mutex_lock(&st->s->lock);
	dead = st->s->dead;
	if (!dead)
		skb = kobs_netlink_state(st->s);
	mutex_unlock(&st->s->lock);
	if (!skb && !dead)
		return -ENOMEM;
	st->told = true;
	return !skb || stream_send(st, skb) ? 0 : -EAGAIN;
}

static void stream_work(struct kthread_work *work)
{
	struct kobs_stream *st = container_of(work, struct kobs_stream,
					      work.work);
	/* Read first: the round then sees every record before the stop. */
	bool finishing = smp_load_acquire(&st->finishing);
	int ret = 0;

	if (st->finished)
		return;
	if (kobs_session_owner(st->s))
		ret = stream_round(st);
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
 * kobs_stream_new() - allocate the stream of a session
 * @s: session in a streaming mode
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM.
 */
int kobs_stream_new(struct kobs_session *s)
{
	struct kobs_stream *st;

	st = kzalloc(struct_size(st, cpu, nr_cpu_ids), GFP_KERNEL);
	if (!st)
		return -ENOMEM;
	st->s = s;
	st->bytes = s->params[KOBS_P_RING_KB].number * 1024;
	kthread_init_delayed_work(&st->work, stream_work);
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

	if (!st)
		return;
	kthread_cancel_delayed_work_sync(&st->work);
	kfree_skb(st->pending);
	ring_buffer_free(st->ring);
	kfree(st);
	s->stream = NULL;
}

/**
 * kobs_stream_start() - begin to drain
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
 * kobs_stream_finish() - end with the record that is the last now
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

/**
 * kobs_stream_bytes() - memory of a session's stream
 * @s: session
 *
 * Context: task.
 * Return: bytes; 0 when it has no stream.
 */
size_t kobs_stream_bytes(const struct kobs_session *s)
{
	if (!s->stream)
		return 0;
	return sizeof(*s->stream) + s->stream->bytes * num_possible_cpus();
}

/**
 * kobs_stream_worker() - the worker thread, whose own hits do not count
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
 *
 * Context: task, at load.
 * Return: 0, or an error of kthread_run_worker().
 */
int kobs_stream_init(void)
{
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
