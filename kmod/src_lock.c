// SPDX-License-Identifier: GPL-2.0
/*
 * Source lock: waits for the kernel's locks, by the tracepoints
 * contention_begin and contention_end; and which of them do not end
 * (lock_stalls.c).
 *
 * In mode contention a hit is a wait. It is counted where it begins, or where
 * it ends if it began before the session (lost as unpaired). A wait is from
 * the first begin to the end: a mutex that is spun for and then slept for
 * begins more than once. What was not waited for, such as a lock that was
 * free, or a second processor's first try at a spinlock, is not told by the
 * tracepoints.
 *
 * Locking: the handlers take no lock. A wait belongs to its task, which begins
 * and ends it. Owners are read without a lock (lock_owner.c). stop waits for
 * the handlers in kobs_tracepoint_detach() before anything is freed.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <trace/events/lock.h>

#include "compat/task_stack.h"
#include "hit.h"
#include "lock.h"
#include "sources.h"

/* Frames in which the caller of a lock function is found. */
#define LOCK_CALLER_DEPTH	16

/* Names of the kinds, as keys of two words. */
union lock_name {
	char text[16];
	u64 words[2];
};

static const union lock_name kinds[] = {
	[0] = { "semaphore" },
	[LCB_F_SPIN] = { "spinlock" },
	[LCB_F_SPIN | LCB_F_READ] = { "rwlock:read" },
	[LCB_F_SPIN | LCB_F_WRITE] = { "rwlock:write" },
	[LCB_F_READ] = { "rwsem:read" },
	[LCB_F_WRITE] = { "rwsem:write" },
	[LCB_F_RT] = { "rtmutex" },
	[LCB_F_RT | LCB_F_READ] = { "rt:read" },
	[LCB_F_RT | LCB_F_WRITE] = { "rt:write" },
	[LCB_F_PERCPU | LCB_F_READ] = { "percpu:read" },
	[LCB_F_PERCPU | LCB_F_WRITE] = { "percpu:write" },
	[LCB_F_MUTEX] = { "mutex" },
	[LCB_F_MUTEX | LCB_F_SPIN] = { "mutex:spin" },
};

static const union lock_name kind_other = { "other" };

/**
 * kobs_lock_kind() - the name of a kind of wait
 * @flags: of contention_begin
 *
 * Context: any, NMI included.
 * Return: two words.
 */
const u64 *kobs_lock_kind(unsigned int flags)
{
	flags &= LOCK_F_FILTERED - 1;
	if (unlikely(flags >= ARRAY_SIZE(kinds) || !kinds[flags].words[0]))
		return kind_other.words;
	return kinds[flags].words;
}

static bool in_text(const struct lock *l, unsigned long ip)
{
	unsigned int i;

	for (i = 0; i < l->n_text; i++) {
		if (ip - l->text[i].start < l->text[i].end - l->text[i].start)
			return true;
	}
	return false;
}

/*
 * Stack and caller of a wait: the first frame that is not in a lock function.
 * Returns false when the stack table is full.
 */
static noinline bool lock_capture(struct lock *l, u64 *data)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	unsigned int nr = kobs_unwind(l->s, 0, NULL, ips);
	unsigned int i;

	for (i = 0; i < nr && in_text(l, ips[i]); i++)
		;
	data[LOCK_D_CALLER] = i < nr ? ips[i] : 0;
	data[LOCK_D_KSTACK] = 0;
	return !(l->s->need & BIT(KOBS_W_KSTACK)) ||
	       lock_intern(l->s, &data[LOCK_D_KSTACK], ips, nr);
}

/* Returns false when the stack table is full. */
static noinline bool lock_capture_owner(struct lock *l, unsigned long lock,
					unsigned int flags, u64 *data)
{
	unsigned long ips[KOBS_STACK_DEPTH] KOBS_UNINIT;
	struct kobs_lock_owner o;
	unsigned int nr;

	/* Preemption is off, and with it grace periods. */
	kobs_lock_owner(lock, flags, current, &o);
	data[LOCK_D_OWNER] = o.comm[0];
	data[LOCK_D_OWNER + 1] = o.comm[1];
	data[LOCK_D_OWNER_ID] = lock_id(o.pid, o.tid);
	data[LOCK_D_OWNER_STACK] = 0;
	if (!l->owner_stack || !o.task || o.task == current)
		return true;
	nr = kobs_task_stack(o.task, ips, l->s->stack_depth);
	return lock_intern(l->s, &data[LOCK_D_OWNER_STACK], ips, nr);
}

/*
 * A wait goes on in another way. What has slept is no longer spinning, even
 * if it spins once more before it gets the lock.
 */
static void lock_go_on(struct lock *l, struct kobs_span_ref *ref,
		       unsigned long lock, unsigned int flags)
{
	u64 copy[3 + LOCK_D_END] KOBS_UNINIT;
	struct kobs_span *old = (struct kobs_span *)copy;

	if ((flags & LCB_F_SPIN) || !(ref->span->data[0] & LCB_F_SPIN))
		return;
	memcpy(old, ref->span, l->spans.stride);
	/* It is this task's own: nobody else ends it, and there is room. */
	kobs_span_end(&l->spans, ref);
	if (!kobs_span_begin(&l->spans, (u64)current, lock, ref))
		return;
	memcpy(ref->span, old, l->spans.stride);
	ref->span->data[LOCK_D_FLAGS] &= ~(u64)LCB_F_SPIN;
	kobs_span_publish(ref);
}

/* There is a wait already. Returns true when this is not another one. */
static noinline bool lock_goes_on(struct lock *l, struct kobs_cpu *pc,
				  struct kobs_span_ref *ref,
				  unsigned long lock, unsigned int flags)
{
	if (flags & LCB_F_MUTEX) {
		lock_go_on(l, ref, lock, flags);
		return true;
	}
	/* The end was not seen. */
	if (!l->stalls && !(ref->span->data[LOCK_D_FLAGS] & LOCK_F_FILTERED)) {
		local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
		kobs_count(&pc->counters, KOBS_N_STALE);
	}
	kobs_span_end(&l->spans, ref);
	return false;
}

/* Returns true when this is not the begin of a wait. */
static __always_inline bool lock_known(struct lock *l, struct kobs_cpu *pc,
				       unsigned long lock, unsigned int flags)
{
	struct kobs_span_ref ref KOBS_UNINIT;

	return unlikely(kobs_span_find(&l->spans, (u64)current, lock, &ref)) &&
	       lock_goes_on(l, pc, &ref, lock, flags);
}

/* Context of the handlers: any, NMI included; preemption off. */
static void lock_begin_wait(struct lock *l, struct kobs_cpu *pc,
			    unsigned long lock, unsigned int flags)
{
	struct kobs_session *s = l->s;
	enum kobs_counter fate;
	struct kobs_span_ref ref KOBS_UNINIT;
	u64 now;
	u64 t0;

	if (!kobs_hit_begin(s, pc, &t0))
		return;
	if (unlikely(!kobs_hit_wanted(s, pc)))
		flags |= LOCK_F_FILTERED;
	if (unlikely(!kobs_span_begin(&l->spans, (u64)current, lock, &ref))) {
		atomic_inc(&l->overflow);
		if (!(flags & LOCK_F_FILTERED))
			kobs_count(&pc->counters, KOBS_N_SPANS_FULL);
		goto out;
	}
	ref.span->data[LOCK_D_FLAGS] = flags;
	fate = KOBS_N_IN_FLIGHT;
	if (unlikely(l->begin) && !(flags & LOCK_F_FILTERED)) {
		if (((l->caller || (s->need & BIT(KOBS_W_KSTACK))) &&
		     !lock_capture(l, ref.span->data)) ||
		    (l->owner &&
		     !lock_capture_owner(l, lock, flags, ref.span->data))) {
			/* Lost; its end is still to be met. */
			fate = KOBS_N_STACK_FULL;
			ref.span->data[LOCK_D_FLAGS] |= LOCK_F_FILTERED;
		}
	}
	now = ktime_get_mono_fast_ns();
	ref.span->start = now;
	ref.span->data[LOCK_D_COST] = t0 ? (now - t0) ?: 1 : 0;
	if (likely(!(flags & LOCK_F_FILTERED)))
		kobs_count(&pc->counters, fate);
	kobs_span_publish(&ref);
	if (likely(!(ref.span->data[LOCK_D_FLAGS] & LOCK_F_FILTERED)))
		return;
out:
	kobs_hit_end(s, pc, t0, 0);
}

static void lock_begin(void *data, void *lock, unsigned int flags)
{
	struct lock *l = data;
	struct kobs_cpu *pc;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	if (!lock_known(l, pc, (unsigned long)lock, flags))
		lock_begin_wait(l, pc, (unsigned long)lock, flags);
	kobs_hit_leave(pc);
}

/* An end whose begin was not seen. */
static noinline void lock_unpaired(struct lock *l, struct kobs_cpu *pc)
{
	u64 t0;

	if (atomic_read(&l->overflow) &&
	    atomic_dec_if_positive(&l->overflow) >= 0)
		return;
	if (!kobs_hit_begin(l->s, pc, &t0))
		return;
	if (kobs_hit_wanted(l->s, pc))
		kobs_count(&pc->counters, KOBS_N_UNPAIRED);
	kobs_hit_end(l->s, pc, t0, 0);
}

/* A failed wait is a wait; that it failed is a number of its row. */
static noinline void lock_failed(struct kobs_session *s, struct kobs_cpu *pc,
				 const u64 *v, u64 waited)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;
	struct kobs_row *row;

	if (waited < s->filter.min)
		return;
	kobs_hit_gather(s, v, key);
	row = kobs_table_find(&pc->table, key);
	if (row)
		local64_inc(kobs_row_field(&pc->table, row, 0));
}

static void lock_end_wait(struct lock *l, struct kobs_cpu *pc, u64 lock,
			  const struct kobs_span *span, u64 end, int ret)
{
	struct kobs_session *s = l->s;
	u64 cost = span->data[LOCK_D_COST];
	u64 waited = end - span->start;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	const u64 *kind = kobs_lock_kind(span->data[LOCK_D_FLAGS]);

	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	v[LOCK_W_LOCK] = lock;
	v[LOCK_W_KIND] = kind[0];
	v[LOCK_W_KIND + 1] = kind[1];
	if (unlikely(l->begin)) {
		u64 id = span->data[LOCK_D_OWNER_ID];

		v[LOCK_W_CALLER] = span->data[LOCK_D_CALLER];
		v[KOBS_W_KSTACK] = span->data[LOCK_D_KSTACK];
		v[LOCK_W_OWNER] = span->data[LOCK_D_OWNER];
		v[LOCK_W_OWNER + 1] = span->data[LOCK_D_OWNER + 1];
		v[LOCK_W_OWNER_PID] = id >> 32;
		v[LOCK_W_OWNER_TID] = (u32)id;
		v[LOCK_W_OWNER_STACK] = span->data[LOCK_D_OWNER_STACK];
	}
	kobs_hit_record(s, pc, v, s->need & ~BIT(KOBS_W_KSTACK), 0, waited,
			true, false);
	if (unlikely(ret))
		lock_failed(s, pc, v, waited);
	kobs_hit_end(s, pc, cost ? end : 0, cost);
}

static void lock_end(void *data, void *lock, int ret)
{
	u64 copy[3 + LOCK_D_END] KOBS_UNINIT;
	struct kobs_span *span = (struct kobs_span *)copy;
	struct lock *l = data;
	struct kobs_span_ref ref KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 end;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	end = ktime_get_mono_fast_ns();
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	if (unlikely(!kobs_span_find(&l->spans, (u64)current, (u64)lock,
				     &ref))) {
		lock_unpaired(l, pc);
		goto out;
	}
	span->start = ref.span->start;
	span->data[LOCK_D_FLAGS] = ref.span->data[LOCK_D_FLAGS];
	span->data[LOCK_D_COST] = ref.span->data[LOCK_D_COST];
	if (unlikely(l->begin))
		memcpy(span, ref.span, l->spans.stride);
	kobs_span_end(&l->spans, &ref);
	if (likely(!(span->data[LOCK_D_FLAGS] & LOCK_F_FILTERED)))
		lock_end_wait(l, pc, (u64)lock, span, end, ret);
out:
	kobs_hit_leave(pc);
}

/* In mode stalls waits are no hits: only those that the worker reports are. */
static void lock_watch(void *data, void *lock, unsigned int flags)
{
	struct lock *l = data;
	struct kobs_span_ref ref KOBS_UNINIT;
	struct kobs_cpu *pc;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	u64 t0;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	if (lock_known(l, pc, (unsigned long)lock, flags))
		goto out;
	if (unlikely(!kobs_span_begin(&l->spans, (u64)current, (u64)lock,
				      &ref))) {
		atomic_inc(&l->overflow);
		if (kobs_hit_begin(l->s, pc, &t0))
			kobs_count(&pc->counters, KOBS_N_SPANS_FULL);
		goto out;
	}
	kobs_capture_comm(v);
	ref.span->start = ktime_get_mono_fast_ns();
	ref.span->data[LOCK_D_FLAGS] = flags;
	ref.span->data[LOCK_D_ID] = lock_id(current->tgid, current->pid);
	ref.span->data[LOCK_D_COMM] = v[KOBS_W_COMM];
	ref.span->data[LOCK_D_COMM + 1] = v[KOBS_W_COMM + 1];
	ref.span->data[LOCK_D_CPU] = raw_smp_processor_id();
	kobs_span_publish(&ref);
out:
	kobs_hit_leave(pc);
}

static void lock_unwatch(void *data, void *lock, int ret)
{
	struct lock *l = data;
	struct kobs_span_ref ref KOBS_UNINIT;
	struct kobs_cpu *pc;

	if (unlikely(!READ_ONCE(l->s->armed)))
		return;
	pc = kobs_hit_enter(l->s);
	if (!pc)
		return;
	if (likely(kobs_span_find(&l->spans, (u64)current, (u64)lock, &ref)))
		kobs_span_end(&l->spans, &ref);
	else
		lock_unpaired(l, pc);
	kobs_hit_leave(pc);
}

static bool has_word(const struct kobs_session *s, unsigned int word)
{
	unsigned int i;

	for (i = 0; i < s->n_words; i++) {
		if (s->gather[i] == word)
			return true;
	}
	return false;
}

static int lock_check_text(struct lock *l, struct netlink_ext_ack *extack)
{
	const struct kobs_value *text = &l->s->source_params[LOCK_P_TEXT];
	unsigned int i;

	if (text->number % 2)
		return kobs_refuse(extack, -EINVAL,
				   "lock_text holds starts and ends by turns: %llu is no even number",
				   text->number);
	l->text = (const struct lock_range *)text->addresses;
	l->n_text = text->number / 2;
	for (i = 0; i < l->n_text; i++) {
		if (l->text[i].start > l->text[i].end)
			return kobs_refuse(extack, -EINVAL,
					   "lock_text: range %u ends before it starts",
					   i);
	}
	return 0;
}

static void lock_free(struct lock *l)
{
	kobs_stalls_free(l);
	kobs_spans_free(&l->spans);
	kfree(l);
}

static int lock_check(struct lock *l, struct netlink_ext_ack *extack)
{
	struct kobs_session *s = l->s;

	if (!s->mode->stream && (has_word(s, LOCK_W_LINK) ||
				 has_word(s, LOCK_W_LINKS)))
		return kobs_refuse(extack, -EINVAL,
				   "link and links are columns of lock stalls");
	if (s->mode->stream && (has_word(s, LOCK_W_CALLER) ||
				(s->need & BIT(KOBS_W_USTACK))))
		return kobs_refuse(extack, -EINVAL,
				   "caller and ustack are columns of lock contention");
	if (l->owner_stack && !s->mode->stream && kobs_task_stack_missing())
		return kobs_refuse(extack, -EOPNOTSUPP, "owner_stack: %s",
				   kobs_task_stack_missing());
	return lock_check_text(l, extack);
}

static int lock_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct lock *l = kzalloc(sizeof(*l), GFP_KERNEL);
	int err;

	if (!l)
		return -ENOMEM;
	l->s = s;
	l->caller = has_word(s, LOCK_W_CALLER);
	l->owner_stack = has_word(s, LOCK_W_OWNER_STACK);
	l->owner = l->owner_stack || has_word(s, LOCK_W_OWNER) ||
		   has_word(s, LOCK_W_OWNER_PID) ||
		   has_word(s, LOCK_W_OWNER_TID);
	l->begin = l->caller || l->owner || (s->need & BIT(KOBS_W_KSTACK));
	err = lock_check(l, extack);
	l->words = l->begin || s->mode->stream ? LOCK_D_END : LOCK_D_COST + 1;
	if (!err)
		err = kobs_spans_init(&l->spans,
				      s->source_params[LOCK_P_SPANS].number,
				      l->words);
	if (!err && s->mode->stream)
		err = kobs_stalls_new(l, s->source_params[LOCK_P_OVER].number);
	if (err) {
		lock_free(l);
		return err;
	}
	/* A caller is not far; a stack is as deep as was asked for. */
	if (l->caller && !l->owner_stack && !(s->need & BIT(KOBS_W_KSTACK)))
		s->stack_depth = LOCK_CALLER_DEPTH;
	l->probes[0].name = "contention_begin";
	l->probes[1].name = "contention_end";
	l->probes[0].probe = l->stalls ? lock_watch : lock_begin;
	l->probes[1].probe = l->stalls ? lock_unwatch : lock_end;
	s->priv = l;
	s->targets = ARRAY_SIZE(l->probes);
	return 0;
}

static int lock_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct lock *l = s->priv;
	const char *failed;
	int err;

	err = kobs_tracepoint_attach(l->probes, ARRAY_SIZE(l->probes), l,
				     &failed);
	if (err)
		return kobs_refuse(extack, err,
				   "tracepoint %s cannot be attached to: error %d",
				   failed, -err);
	if (l->stalls)
		kobs_stalls_start(l);
	return 0;
}

static void lock_stop(struct kobs_session *s)
{
	struct lock *l = s->priv;

	kobs_tracepoint_detach(l->probes, ARRAY_SIZE(l->probes), l);
	if (l->stalls)
		kobs_stalls_stop(l);
}

static void lock_unprepare(struct kobs_session *s)
{
	lock_free(s->priv);
	s->priv = NULL;
}

static void lock_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct lock *l = s->priv;

	if (l)
		u->bytes += sizeof(*l) + kobs_stalls_bytes(l) +
			    kobs_spans_bytes(s->source_params[LOCK_P_SPANS].number,
					     l->words);
}

static const char *lock_available(bool *ok)
{
	if (!kobs_tracepoint_find("contention_begin") ||
	    !kobs_tracepoint_find("contention_end")) {
		*ok = false;
		return "this kernel has no tracepoints contention_begin and contention_end (they came with 5.19)";
	}
	return kobs_task_stack_missing();
}

static const struct kobs_field lock_fields[] = {
	{ "failed", "waits that ended without the lock, interrupted for one",
	  KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM },
};

static const struct kobs_mode lock_modes[] = {
	{
		.name = "contention",
		.doc = "measure waits from begin to end",
		.value = "wait",
		.unit = "ns",
		.by = "lock,kind,caller",
		.fields = lock_fields,
		.n_fields = ARRAY_SIZE(lock_fields),
		.available = lock_available,
	}, {
		.name = "stalls",
		.doc = "stream records of waits that last, and of who holds them up",
		.value = "waited",
		.unit = "ns",
		.stream = true,
		.by = "link,links,comm,pid,tid,kstack,lock,kind,owner,owner_pid,owner_tid,owner_stack",
		.available = lock_available,
	},
};

static const struct kobs_column lock_columns[] = {
	{ "lock", "lock that is waited for", KOBS_TYPE_OBJECT, NULL,
	  LOCK_W_LOCK, 1 },
	{ "kind", "kind of the lock, and of the wait", KOBS_TYPE_TEXT, NULL,
	  LOCK_W_KIND, 2 },
	{ "caller", "where the lock was asked for", KOBS_TYPE_ADDRESS, NULL,
	  LOCK_W_CALLER, 1 },
	{ "owner", "name of the thread that held the lock when the wait began; empty if the lock does not tell",
	  KOBS_TYPE_TEXT, NULL, LOCK_W_OWNER, 2 },
	{ "owner_pid", "its process", KOBS_TYPE_NUMBER, NULL,
	  LOCK_W_OWNER_PID, 1 },
	{ "owner_tid", "its thread", KOBS_TYPE_NUMBER, NULL,
	  LOCK_W_OWNER_TID, 1 },
	{ "owner_stack", "its kernel stack, unless it ran",
	  KOBS_TYPE_KSTACK, NULL, LOCK_W_OWNER_STACK, 1 },
	{ "link", "place in a chain of waits, 0 for the stalled one",
	  KOBS_TYPE_NUMBER, NULL, LOCK_W_LINK, 1 },
	{ "links", "waits in the chain", KOBS_TYPE_NUMBER, NULL,
	  LOCK_W_LINKS, 1 },
};

static const struct kobs_param lock_params[] = {
	[LOCK_P_SPANS] = {
		"spans", "waits that can be in progress at once",
		KOBS_TYPE_NUMBER, "waits", 64, 1 << 20, 4096
	},
	[LOCK_P_TEXT] = {
		"lock_text",
		"code of lock functions, which caller looks behind: starts and ends",
		KOBS_TYPE_ADDRESSES, NULL, 0, 256, 0
	},
	[LOCK_P_OVER] = {
		"over", "how long a wait lasts before it is a stall",
		KOBS_TYPE_NUMBER, "ns", NSEC_PER_MSEC, 3600ULL * NSEC_PER_SEC,
		100 * NSEC_PER_MSEC
	},
};

const struct kobs_source kobs_src_lock = {
	.name = "lock",
	.doc = "waits for the kernel's locks, and who holds them up",
	.modes = lock_modes,
	.n_modes = ARRAY_SIZE(lock_modes),
	.columns = lock_columns,
	.n_columns = ARRAY_SIZE(lock_columns),
	.params = lock_params,
	.n_params = ARRAY_SIZE(lock_params),
	.prepare = lock_prepare,
	.start = lock_start,
	.stop = lock_stop,
	.release = lock_unprepare,
	.usage = lock_usage,
};
