// SPDX-License-Identifier: GPL-2.0
/*
 * Source lock: waits for the kernel's locks, from the tracepoints
 * contention_begin and contention_end (probes.c), those that were slow (slow.c), and
 * waits that last (stalls.c).
 *
 * Locking: prepare, start, stop and release run under the session's change lock. stop
 * waits for the handlers in kobs_tracepoint_detach() before anything is freed.
 */
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <trace/events/lock.h>

#include "core/hit.h"
#include "core/refuse.h"
#include "sources.h"
#include "sources/lock/lock.h"
#include "unwind/task_stack.h"

/* Number of frames in which the caller of a lock function is looked for. */
#define LOCK_CALLER_DEPTH	16

#define STALLS_BY \
	"link,links,comm,pid,tid,kstack,lock,cache,kind,owner,owner_pid,owner_tid,owner_stack"

const union kobs_lock_name kobs_lock_kinds[LOCK_KINDS] = {
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
	[LOCK_KINDS - 1] = { "other" },
};

static bool has_word(const struct kobs_session *s, unsigned int word)
{
	unsigned int i;

	for (i = 0; i < s->n_words; i++) {
		if (s->gather[i] == word)
			return true;
	}
	return false;
}

static int lock_check_text(struct kobs_lock *l, struct netlink_ext_ack *extack)
{
	const struct kobs_value *text = &l->s->source_params[LOCK_P_TEXT];
	unsigned int i;

	if (text->number % 2)
		return kobs_refuse(extack, -EINVAL,
				   "lock_text must be pairs of start and end: %llu is odd",
				   text->number);
	l->text = (const struct kobs_lock_range *)text->addresses;
	l->n_text = text->number / 2;
	for (i = 0; i < l->n_text; i++) {
		if (l->text[i].start > l->text[i].end)
			return kobs_refuse(extack, -EINVAL,
					   "lock_text: range %u ends before it starts",
					   i);
	}
	return 0;
}

static void lock_free(struct kobs_lock *l)
{
	kobs_stalls_free(l);
	kobs_blocked_free(l);
	kobs_lock_slow_free(l);
	kobs_inflight_table_free(&l->inflight);
	kobs_inflight_table_free(&l->excess);
	kfree(l);
}

/* Of records, those of the mode slow have data. */
static bool lock_is_slow(const struct kobs_session *s)
{
	return s->mode->data;
}

static bool lock_is_stalls(const struct kobs_session *s)
{
	return s->mode->stream && !s->mode->data;
}

/* Stalls are found by a worker, which does not look that often. */
static int lock_check_over(const struct kobs_session *s,
			   struct netlink_ext_ack *extack)
{
	const struct kobs_value *over = &s->source_params[LOCK_P_OVER];

	if (!s->mode->stream && over->given)
		return kobs_refuse(extack, -EINVAL,
				   "parameter over belongs to lock slow and lock stalls");
	if (lock_is_stalls(s) && over->number < NSEC_PER_MSEC)
		return kobs_refuse(extack, -EINVAL,
				   "over is %llu, but must be %ld or more for lock stalls",
				   over->number, NSEC_PER_MSEC);
	return 0;
}

static int lock_check(struct kobs_lock *l, struct netlink_ext_ack *extack)
{
	struct kobs_session *s = l->s;
	bool stalls = lock_is_stalls(s);

	if (!stalls && (has_word(s, LOCK_W_LINK) || has_word(s, LOCK_W_LINKS)))
		return kobs_refuse(extack, -EINVAL,
				   "link and links are columns of lock stalls");
	if (stalls && (has_word(s, LOCK_W_CALLER) ||
		       (s->need & BIT(KOBS_W_USTACK))))
		return kobs_refuse(extack, -EINVAL,
				   "caller and ustack are columns of lock contention and lock slow");
	if (l->owner_stack && !stalls && kobs_task_stack_missing())
		return kobs_refuse(extack, -EOPNOTSUPP, "owner_stack: %s",
				   kobs_task_stack_missing());
	return lock_check_over(s, extack) ?: lock_check_text(l, extack);
}

/* Choose the cheapest probes for the configuration. */
static void lock_set_probes(struct kobs_lock *l)
{
	const struct kobs_session *s = l->s;
	bool plain = !l->slow && s->n_words == 3 &&
		     s->gather[0] == LOCK_W_LOCK && s->gather[1] == LOCK_W_KIND;

	l->probes[0].name = "contention_begin";
	l->probes[1].name = "contention_end";
	if (l->stalls) {
		l->probes[0].probe = kobs_lock_watch;
		l->probes[1].probe = kobs_lock_unwatch;
	} else if (plain) {
		l->probes[0].probe = kobs_lock_begin_plain;
		l->probes[1].probe = kobs_lock_end_plain;
	} else {
		l->probes[0].probe = kobs_lock_begin;
		l->probes[1].probe = kobs_lock_end;
	}
}

static int lock_alloc(struct kobs_lock *l, struct netlink_ext_ack *extack)
{
	const struct kobs_value *params = l->s->source_params;
	u32 max = params[LOCK_P_INFLIGHT].number;
	struct kobs_session *s = l->s;
	int err;

	err = kobs_inflight_table_init(&l->inflight, &s->memory, max, l->words);
	if (!err)
		err = kobs_inflight_table_init(&l->excess, &s->memory,
					       LOCK_EXCESS, 0);
	if (!err && lock_is_slow(s))
		err = kobs_lock_slow_new(l, params[LOCK_P_OVER].number);
	if (!err && lock_is_stalls(s))
		err = kobs_blocked_new(l, max) ?:
		      kobs_stalls_new(l, params[LOCK_P_OVER].number);
	if (err == -ENOMEM)
		kobs_session_no_memory(s, extack, "inflight");
	return err;
}

static int lock_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_lock *l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	int err;

	if (!l)
		return -ENOMEM;
	l->s = s;
	l->caller = has_word(s, LOCK_W_CALLER);
	l->owner_stack = has_word(s, LOCK_W_OWNER_STACK);
	l->late = lock_is_slow(s);
	l->owner = l->late || l->owner_stack || has_word(s, LOCK_W_OWNER) ||
		   has_word(s, LOCK_W_OWNER_PID) ||
		   has_word(s, LOCK_W_OWNER_TID);
	l->kstack = has_word(s, KOBS_W_KSTACK);
	l->begin = l->caller || l->owner || l->kstack;
	l->cache = has_word(s, LOCK_W_CACHE);
	l->cgroups = kobs_cgroup_used(s);
	if (l->cache)
		kobs_cache_where_init();
	err = lock_check(l, extack);
	l->words = l->begin || s->mode->stream ? LOCK_D_END : LOCK_D_COST + 1;
	if (!err)
		err = lock_alloc(l, extack);
	if (err) {
		lock_free(l);
		return err;
	}
	/* The caller needs a few frames only; a stack its full depth. */
	if (l->caller && !l->owner_stack && !l->kstack)
		s->unwind.depth = LOCK_CALLER_DEPTH;
	lock_set_probes(l);
	s->priv = l;
	s->targets = ARRAY_SIZE(l->probes);
	return 0;
}

static int lock_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_lock *l = s->priv;
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

/**
 * kobs_lock_words() - the source's words of a wait, and its kernel stack
 * @l: session
 * @lock: lock
 * @entry: the wait
 * @v: set to the words
 *
 * Context: any, NMI included.
 */
void kobs_lock_words(const struct kobs_lock *l, u64 lock,
		     const struct kobs_inflight *entry, u64 *v)
{
	const u64 *kind = kobs_lock_kind(entry->data[LOCK_D_FLAGS]);

	v[LOCK_W_LOCK] = lock;
	v[LOCK_W_KIND] = kind[0];
	v[LOCK_W_KIND + 1] = kind[1];
	if (unlikely(l->begin)) {
		u64 id = entry->data[LOCK_D_OWNER_ID];

		v[LOCK_W_CALLER] = entry->data[LOCK_D_CALLER];
		v[KOBS_W_KSTACK] = entry->data[LOCK_D_KSTACK];
		memcpy(&v[LOCK_W_OWNER], &entry->data[LOCK_D_OWNER],
		       KOBS_LOCK_OWNER_WORDS * sizeof(u64));
		v[LOCK_W_OWNER_PID] = id >> 32;
		v[LOCK_W_OWNER_TID] = (u32)id;
		v[LOCK_W_OWNER_STACK] = entry->data[LOCK_D_OWNER_STACK];
	}
	if (l->cache)
		kobs_cache_where((void *)lock, &v[LOCK_W_CACHE]);
}

/* Count a recorded wait in the field pending of its row. */
static void lock_count_pending(struct kobs_session *s, struct kobs_cpu *pc,
			       const u64 *v)
{
	u64 key[KOBS_KEY_WORDS];
	struct kobs_row *row;

	kobs_hit_gather(s, v, key);
	row = kobs_table_find(&pc->table, key);
	local64_inc(kobs_row_field(&pc->table, row, LOCK_FIELD_PENDING));
}

static void lock_add_pending(struct kobs_lock *l, struct kobs_cpu *pc, u64 *v,
			     const struct kobs_inflight *entry, u64 waited)
{
	struct kobs_session *s = l->s;
	s64 was;

	kobs_lock_words(l, entry->key[1], entry, v);
	local64_dec(&pc->counters.n[KOBS_N_IN_FLIGHT]);
	was = local64_read(&pc->counters.n[KOBS_N_RECORDED]);
	kobs_hit_record(s, pc, &(struct kobs_hit){
		.v = v, .value = waited,
	}, KOBS_HIT_TABLE);
	if (local64_read(&pc->counters.n[KOBS_N_RECORDED]) != was)
		lock_count_pending(s, pc, v);
}

/*
 * Record a wait that has not ended; the probes are gone. Context columns are
 * those of its task now; without the task, it stays counted as in flight.
 */
static void lock_pending(struct kobs_lock *l, struct kobs_inflight *entry,
			 u64 end)
{
	struct task_struct *task = kobs_lock_task((void *)entry->key[0]);
	u64 waited = kobs_elapsed(entry->start, end);
	u64 v[KOBS_WORDS] = {};
	struct kobs_cpu *pc;

	if (!task)
		return;
	v[KOBS_W_CPU] = task_cpu(task);
	v[KOBS_W_PID] = task->tgid;
	v[KOBS_W_TID] = task->pid;
	memcpy(&v[KOBS_W_COMM], task->comm, TASK_COMM_LEN);
	v[KOBS_W_CGROUP] = kobs_cgroup_id(task);
	preempt_disable();
	pc = this_cpu_ptr(l->s->cpu);
	if (l->slow)
		kobs_lock_slow_pending(l, pc, v, task, entry, waited);
	else
		lock_add_pending(l, pc, v, entry, waited);
	preempt_enable();
}

static void lock_record_pending(struct kobs_lock *l)
{
	struct kobs_session *s = l->s;
	u64 end = s->guard_cost ? s->disarmed : s->stopped;
	struct {
		struct kobs_inflight entry;
		u64 data[LOCK_D_END];
	} copy;
	u32 place = 0;

	/* The user stack of another task cannot be read. */
	if (s->need & BIT(KOBS_W_USTACK))
		return;
	while (kobs_inflight_next(&l->inflight, &place, &copy.entry)) {
		rcu_read_lock();
		if (!(copy.data[LOCK_D_FLAGS] & LOCK_F_FILTERED))
			lock_pending(l, &copy.entry, end);
		rcu_read_unlock();
		cond_resched();
	}
}

static void lock_stop(struct kobs_session *s)
{
	struct kobs_lock *l = s->priv;

	kobs_tracepoint_detach(l->probes, ARRAY_SIZE(l->probes), l);
	if (l->stalls)
		kobs_stalls_stop(l);
	else
		lock_record_pending(l);
}

static void lock_unprepare(struct kobs_session *s)
{
	lock_free(s->priv);
	s->priv = NULL;
}

static const char *lock_available(bool *ok)
{
	if (!kobs_tracepoint_find("contention_begin") ||
	    !kobs_tracepoint_find("contention_end")) {
		*ok = false;
		return "there are no tracepoints contention_begin and contention_end";
	}
	return kobs_task_stack_missing();
}

static const struct kobs_field lock_fields[] = {
	[LOCK_FIELD_FAILED] = {
		"failed", "waits that ended without the lock, e.g. interrupted",
		KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM
	},
	[LOCK_FIELD_PENDING] = {
		"pending", "part of count that had not ended when the session stopped",
		KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM
	},
};

static const struct kobs_mode lock_modes[] = {
	{
		.name = "contention",
		.doc = "measure waits from begin to end",
		.value = "wait",
		.unit = "ns",
		.by = "lock,cache,kind,caller",
		.fields = lock_fields,
		.n_fields = ARRAY_SIZE(lock_fields),
		.available = lock_available,
	}, {
		.name = "slow",
		.doc = "stream a record of each wait that takes longer, with the lock's owner",
		.unit = "ns",
		.stream = true,
		.data = true,
		.by = "lock,cache,kind,caller,comm,owner,kstack",
		.available = lock_available,
	}, {
		.name = "stalls",
		.doc = "stream records of waits that last, with the chain of owners",
		.value = "waited",
		.unit = "ns",
		.stream = true,
		.by = STALLS_BY,
		.available = lock_available,
	},
};

static const struct kobs_column lock_columns[] = {
	{ "lock", "lock that is waited for", KOBS_TYPE_OBJECT, NULL,
	  LOCK_W_LOCK, 1 },
	{ "cache", "slab cache of the lock", KOBS_TYPE_TEXT, NULL,
	  LOCK_W_CACHE, KOBS_CACHE_NAME_WORDS },
	{ "kind", "kind of the lock, and of the wait", KOBS_TYPE_TEXT, NULL,
	  LOCK_W_KIND, 2 },
	{ "caller", "code that acquired the lock", KOBS_TYPE_ADDRESS, NULL,
	  LOCK_W_CALLER, 1, true },
	{ "owner", "thread that held the lock when the wait began, if known",
	  KOBS_TYPE_TEXT, NULL, LOCK_W_OWNER, KOBS_LOCK_OWNER_WORDS },
	{ "owner_pid", "its process", KOBS_TYPE_NUMBER, NULL,
	  LOCK_W_OWNER_PID, 1 },
	{ "owner_tid", "its thread", KOBS_TYPE_NUMBER, NULL,
	  LOCK_W_OWNER_TID, 1 },
	{ "owner_stack", "its kernel stack, where it was blocked",
	  KOBS_TYPE_KSTACK, NULL, LOCK_W_OWNER_STACK, 1 },
	{ "link", "place in a chain of waits, or in the list of blocked tasks, from 0",
	  KOBS_TYPE_NUMBER, NULL, LOCK_W_LINK, 1 },
	{ "links", "waits in the chain, or tasks in the list", KOBS_TYPE_NUMBER, NULL,
	  LOCK_W_LINKS, 1 },
};

static const struct kobs_param lock_params[] = {
	[LOCK_P_INFLIGHT] = {
		"inflight", "maximum number of waits in progress",
		KOBS_TYPE_NUMBER, "waits", 64, 1 << 20, 4096
	},
	[LOCK_P_TEXT] = {
		"lock_text",
		"code of lock functions, which caller skips: pairs of start and end",
		KOBS_TYPE_ADDRESSES, NULL, 0, 256, 0
	},
	[LOCK_P_OVER] = {
		"over", "minimum duration of a stall, or of a slow wait",
		KOBS_TYPE_NUMBER, "ns", 1, 3600ULL * NSEC_PER_SEC,
		100 * NSEC_PER_MSEC
	},
};

const struct kobs_source kobs_src_lock = {
	.name = "lock",
	.doc = "waits for the kernel's locks, and their owners",
	.modes = lock_modes,
	.n_modes = ARRAY_SIZE(lock_modes),
	.columns = lock_columns,
	.n_columns = ARRAY_SIZE(lock_columns),
	.params = lock_params,
	.n_params = ARRAY_SIZE(lock_params),
	.reasons = kobs_inflight_reasons,
	.n_reasons = KOBS_INFLIGHT_REASONS,
	.prepare = lock_prepare,
	.start = lock_start,
	.stop = lock_stop,
	.release = lock_unprepare,
	.note = kobs_lock_slow_note,
};
