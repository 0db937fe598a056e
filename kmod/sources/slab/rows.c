// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: rows. Allocations and frees of a group are counted by the
 * handlers; its live objects and their ages are tallied in one pass over the
 * object table when a reader begins. A worker takes snapshots of the number of
 * live objects: up to SLAB_SHOTS, after which every other one is dropped and the
 * interval doubles, so that they cover a session of any length.
 *
 * Locking: the session's lock for data of readers, kobs_slab.shot_lock, which
 * nests inside, for data of the worker. Handlers run meanwhile.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/numa.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "core/hit.h"
#include "lib/hist.h"
#include "sources/slab/slab.h"

/* Interval of the worker; longer for many groups. */
#define SHOT_JIFFIES	msecs_to_jiffies(50)
#define SHOT_SLOW	msecs_to_jiffies(1000)
#define SHOT_MANY	65536
#define SHOT_SHARE	100

/* Number of runs with a new maximum of live objects after which a group grows. */
#define PEAKS		3

/* Points in time at which a row has the number of live objects. */
#define POINTS		5

static unsigned int slots_of(const struct kobs_slab *sl)
{
	return sl->groups.mask + 1;
}

static u64 group_live(const struct kobs_slab *sl, u32 group)
{
	return kobs_group_table_left(&sl->groups, group, SLAB_N_ALLOCATED,
				     BIT(SLAB_N_FREED) | BIT(SLAB_N_MISSED));
}

/* Frees of older objects, of one group. */
static u64 older_freed(const struct kobs_slab *sl, u32 group)
{
	return kobs_group_table_sum(&sl->older, group, 0);
}

static unsigned int older_slots(const struct kobs_slab *sl)
{
	return sl->older.slots ? sl->older.mask + 1 : 0;
}

static unsigned long elapsed(const struct kobs_slab *sl)
{
	return (READ_ONCE(sl->stopped) ?: jiffies) - sl->started;
}

static void shots_halve(struct kobs_slab *sl)
{
	unsigned int i;

	for (i = 0; i < SLAB_SHOTS / 2; i++) {
		swap(sl->shots[i], sl->shots[2 * i + 1]);
		swap(sl->older_shots[i], sl->older_shots[2 * i + 1]);
		sl->shot_at[i] = sl->shot_at[2 * i + 1];
	}
	sl->n_shots = SLAB_SHOTS / 2;
	sl->every *= 2;
}

/* The worker: check the growth of each group, and take snapshots. */
static void shots_run(struct kobs_slab *sl)
{
	bool shot = !--sl->wait;
	u32 group;

	lockdep_assert_held(&sl->shot_lock);
	if (shot && sl->n_shots == SLAB_SHOTS)
		shots_halve(sl);
	for (group = 0; group < slots_of(sl); group++) {
		u32 live;

		if (!kobs_group_table_key(&sl->groups, group)) {
			if (shot)
				sl->shots[sl->n_shots][group] = 0;
			continue;
		}
		live = group_live(sl, group);
		if (shot)
			sl->shots[sl->n_shots][group] = live;
		if (live > sl->peak[group]) {
			sl->peak[group] = live;
			sl->peaks[group] = min(sl->peaks[group] + 1, PEAKS);
			if (sl->hot && sl->peaks[group] == PEAKS &&
			    live >= sl->escalate)
				WRITE_ONCE(sl->hot[group], 1);
		}
		cond_resched();
	}
	if (!shot)
		return;
	for (group = 0; group < older_slots(sl); group++) {
		bool used = kobs_group_table_key(&sl->older, group);

		sl->older_shots[sl->n_shots][group] =
			used ? older_freed(sl, group) : 0;
		cond_resched();
	}
	sl->shot_at[sl->n_shots++] = elapsed(sl);
	sl->wait = sl->every;
}

static unsigned long shot_interval(const struct kobs_slab *sl)
{
	return slots_of(sl) < SHOT_MANY ? SHOT_JIFFIES : SHOT_SLOW;
}

/* The guard does not see the worker: it takes 1 / SHOT_SHARE of a CPU at most. */
static void shots_work(struct work_struct *work)
{
	struct kobs_slab *sl = container_of(work, struct kobs_slab, work.work);
	u64 begin = ktime_get_mono_fast_ns();
	unsigned long pause;

	mutex_lock(&sl->shot_lock);
	shots_run(sl);
	mutex_unlock(&sl->shot_lock);
	pause = nsecs_to_jiffies((ktime_get_mono_fast_ns() - begin) * SHOT_SHARE);
	queue_delayed_work(kobs_wq, &sl->work, max(pause, shot_interval(sl)));
}

static void *rows_get(struct kobs_slab *sl, unsigned int n, size_t size)
{
	return kobs_memory_get(&sl->s->memory, (u64)n * size, NUMA_NO_NODE);
}

/**
 * kobs_slab_rows_init() - allocate the data of rows
 * @sl: session whose groups are allocated
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM, after which kobs_slab_rows_free() is to be called.
 */
int kobs_slab_rows_init(struct kobs_slab *sl)
{
	unsigned int n = slots_of(sl);
	unsigned int i;

	sl->tally = rows_get(sl, n, sizeof(*sl->tally));
	sl->peak = rows_get(sl, n, sizeof(*sl->peak));
	sl->peaks = rows_get(sl, n, sizeof(*sl->peaks));
	sl->hot = rows_get(sl, n, sizeof(*sl->hot));
	if (!sl->tally || !sl->peak || !sl->peaks || !sl->hot)
		return -ENOMEM;
	for (i = 0; i < SLAB_SHOTS; i++) {
		sl->shots[i] = rows_get(sl, n, sizeof(*sl->shots[i]));
		if (!sl->shots[i])
			return -ENOMEM;
		if (!older_slots(sl))
			continue;
		sl->older_shots[i] = rows_get(sl, older_slots(sl),
					      sizeof(*sl->older_shots[i]));
		if (!sl->older_shots[i])
			return -ENOMEM;
	}
	if (!sl->s->params[KOBS_P_HIST].number)
		return 0;
	sl->buckets = rows_get(sl, KOBS_HIST_BUCKETS, sizeof(*sl->buckets));
	return sl->buckets ? 0 : -ENOMEM;
}

/**
 * kobs_slab_rows_free() - undo kobs_slab_rows_init()
 * @sl: session
 *
 * Context: task, may sleep.
 */
void kobs_slab_rows_free(struct kobs_slab *sl)
{
	unsigned int i;

	for (i = 0; sl->tally && i < slots_of(sl); i++)
		kfree(sl->tally[i].hist);
	for (i = 0; i < SLAB_SHOTS; i++) {
		vfree(sl->shots[i]);
		vfree(sl->older_shots[i]);
	}
	vfree(sl->buckets);
	vfree(sl->hot);
	vfree(sl->peaks);
	vfree(sl->peak);
	vfree(sl->tally);
}

/**
 * kobs_slab_rows_start() - start the snapshots
 * @sl: session that starts
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_slab_rows_start(struct kobs_slab *sl)
{
	sl->started = jiffies;
	sl->every = 1;
	sl->wait = 1;
	INIT_DELAYED_WORK(&sl->work, shots_work);
	queue_delayed_work(kobs_wq, &sl->work, shot_interval(sl));
}

/**
 * kobs_slab_rows_stop() - stop the snapshots
 * @sl: session that was started
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_slab_rows_stop(struct kobs_slab *sl)
{
	const struct kobs_session *s = sl->s;
	u64 end = s->guard_cost ? s->disarmed : s->stopped;

	/* Exclude the time that turning the hooks off took. */
	WRITE_ONCE(sl->stopped, jiffies -
		   nsecs_to_jiffies(ktime_get_mono_fast_ns() - end));
	cancel_delayed_work_sync(&sl->work);
}

/*
 * Number of a group when @part parts of the time had passed, of POINTS + 1, by
 * its snapshots; @end is the number now.
 */
static u64 number_at(const struct kobs_slab *sl, u32 *const *shots, u32 group,
		     unsigned int part, u64 end)
{
	unsigned long at = elapsed(sl) * part / (POINTS + 1);
	unsigned long t0 = 0;
	unsigned long t1;
	s64 n0 = 0;
	s64 n1;
	unsigned int i;

	for (i = 0; i < sl->n_shots && sl->shot_at[i] < at; i++) {
		t0 = sl->shot_at[i];
		n0 = shots[i][group];
	}
	t1 = i < sl->n_shots ? sl->shot_at[i] : elapsed(sl);
	n1 = i < sl->n_shots ? shots[i][group] : end;
	if (t1 <= t0)
		return n1;
	return n0 + div64_s64((n1 - n0) * (s64)(at - t0), t1 - t0);
}

static void tally_clear(struct kobs_slab *sl)
{
	unsigned int i;

	for (i = 0; i < slots_of(sl); i++) {
		struct kobs_slab_tally *t = &sl->tally[i];
		u32 *hist = t->hist;

		*t = (struct kobs_slab_tally){ .min = U64_MAX, .hist = hist };
		if (hist)
			memset(hist, 0, KOBS_HIST_BUCKETS * sizeof(*hist));
	}
}

static void tally_object(struct kobs_slab *sl, const struct kobs_object *o,
			 u32 now, u32 older)
{
	/* It may be allocated after the clock was read. */
	u32 old = max_t(s32, now - o->born, 0);
	struct kobs_slab_tally *t;
	u64 age;

	if (o->group == SLAB_GROUP_OWN || old < older)
		return;
	t = &sl->tally[o->group];
	age = jiffies64_to_nsecs(old);
	t->count++;
	t->bytes += o->size;
	t->sum += age;
	t->min = min(t->min, age);
	t->max = max(t->max, age);
	if (!sl->buckets)
		return;
	/* A missing histogram cannot be expressed. */
	if (!t->hist)
		t->hist = kcalloc(KOBS_HIST_BUCKETS, sizeof(*t->hist),
				  GFP_KERNEL | __GFP_NOFAIL);
	t->hist[kobs_hist_bucket(age)]++;
}

/* Tally all live objects. */
static void tally_fill(struct kobs_slab *sl)
{
	u32 older = msecs_to_jiffies(sl->s->source_params[SLAB_P_OLDER].number);
	u32 now = READ_ONCE(sl->stopped) ?: jiffies;
	struct kobs_object o;
	unsigned long place = 0;
	unsigned int n = 0;
	u64 addr;

	tally_clear(sl);
	while (kobs_object_table_next(&sl->live, &place, &addr, &o)) {
		tally_object(sl, &o, now, older);
		if (!(++n % 1024))
			cond_resched();
	}
}

/* Fields in the order of slab_fields in source.c. */
static bool row_fill(struct kobs_slab *sl, u32 group, struct kobs_row_out *out)
{
	const u64 *key = kobs_group_table_key(&sl->groups, group);
	const struct kobs_slab_tally *t = &sl->tally[group];
	const struct kobs_group_table *g = &sl->groups;
	u64 *f = out->fields;
	unsigned int i;

	if (!key)
		return false;
	memcpy(out->key, key, g->words * sizeof(*key));
	out->count = t->count;
	out->sum = t->sum;
	out->min = t->min;
	out->max = t->max;
	*f++ = kobs_group_table_sum(g, group, SLAB_N_ALLOCATED);
	*f++ = kobs_group_table_sum(g, group, SLAB_N_BYTES);
	*f++ = kobs_group_table_sum(g, group, SLAB_N_FREED);
	*f++ = t->bytes;
	*f++ = kobs_group_table_sum(g, group, SLAB_N_MISSED);
	*f++ = 0;
	*f++ = kobs_group_table_sum(g, group, SLAB_N_FAILED);
	mutex_lock(&sl->shot_lock);
	for (i = 1; i <= POINTS; i++)
		*f++ = number_at(sl, sl->shots, group, i, group_live(sl, group));
	mutex_unlock(&sl->shot_lock);
	out->buckets = t->hist && t->count ? sl->buckets : NULL;
	for (i = 0; out->buckets && i < KOBS_HIST_BUCKETS; i++)
		local64_set(&sl->buckets[i], t->hist[i]);
	/* Skip a group whose only allocation was lost. */
	return out->fields[0] || out->fields[6];
}

/*
 * A row of frees of objects that are not followed; the numbers of live objects
 * after each part are those of the frees until then.
 */
static bool row_older(struct kobs_slab *sl, u32 group, struct kobs_row_out *out)
{
	const u64 *key = kobs_group_table_key(&sl->older, group);
	u64 v[KOBS_WORDS] = {};
	unsigned int i;

	if (!key)
		return false;
	v[SLAB_W_SITE] = key[0];
	memcpy(&v[SLAB_W_CACHE], &key[1],
	       KOBS_CACHE_NAME_WORDS * sizeof(u64));
	*out = (struct kobs_row_out){
		.min = U64_MAX,
		.fields[5] = older_freed(sl, group),
	};
	mutex_lock(&sl->shot_lock);
	for (i = 1; i <= POINTS; i++)
		out->fields[6 + i] = number_at(sl, sl->older_shots, group, i,
					       out->fields[5]);
	mutex_unlock(&sl->shot_lock);
	kobs_hit_gather(sl->s, v, out->key);
	return true;
}

/* The row of such frees that are in no group; live_1 says that some found no room. */
static bool row_unknown(struct kobs_slab *sl, struct kobs_row_out *out)
{
	*out = (struct kobs_row_out){
		.min = U64_MAX,
		.fields[7] = READ_ONCE(sl->older_full),
		.fields[5] = kobs_slab_sum(sl, offsetof(struct kobs_slab_cpu,
							unknown)),
	};
	return true;
}

/**
 * kobs_slab_rows() - the next row, see struct kobs_source
 * @s: session
 * @at: 0, then 1 + the group to go on with, then those of older objects
 * @out: the row
 *
 * Context: task, may sleep; the session's lock is held.
 * Return: false after the last.
 */
bool kobs_slab_rows(struct kobs_session *s, unsigned long *at,
		    struct kobs_row_out *out)
{
	struct kobs_slab *sl = s->priv;

	if (s->life == KOBS_LIFE_NEW)
		return false;
	if (!*at) {
		tally_fill(sl);
		*at = 1;
		return row_unknown(sl, out);
	}
	while (*at <= slots_of(sl)) {
		if (row_fill(sl, (*at)++ - 1, out))
			return true;
		cond_resched();
	}
	while (sl->older.slots && *at <= slots_of(sl) + 1 + sl->older.mask) {
		if (row_older(sl, (*at)++ - 1 - slots_of(sl), out))
			return true;
		cond_resched();
	}
	return false;
}
