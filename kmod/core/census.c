// SPDX-License-Identifier: GPL-2.0
/*
 * A census of live objects. Allocations and frees of a group are counted by the
 * handlers; its live objects and their ages are tallied in one pass over the
 * object table when a reader begins. A worker takes snapshots of the number of
 * live objects: up to KOBS_CENSUS_SHOTS, after which every other one is dropped
 * and the interval doubles, so that they cover a session of any length.
 *
 * Locking: the session's lock for data of readers, kobs_census.lock, which
 * nests inside, for data of the worker. Handlers run meanwhile.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/numa.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "core/census.h"
#include "core/hit.h"
#include "core/refuse.h"
#include "lib/hist.h"

/* Interval of the worker; longer for many groups. */
#define SHOT_JIFFIES	msecs_to_jiffies(50)
#define SHOT_SLOW	msecs_to_jiffies(1000)
#define SHOT_MANY	65536
#define SHOT_SHARE	100

/* Number of runs with a new maximum of live objects after which a group grows. */
#define PEAKS		3

static unsigned int slots_of(const struct kobs_census *c)
{
	return c->groups->mask + 1;
}

static u64 group_live(const struct kobs_census *c, u32 group)
{
	return kobs_group_table_left(c->groups, group, KOBS_CENSUS_ALLOCATED,
				     BIT(KOBS_CENSUS_FREED) | BIT(KOBS_CENSUS_MISSED));
}

/* Frees of older objects, of one group. */
static u64 older_freed(const struct kobs_census *c, u32 group)
{
	return kobs_group_table_sum(c->older, group, 0);
}

static unsigned int older_slots(const struct kobs_census *c)
{
	return c->older ? c->older->mask + 1 : 0;
}

static unsigned long elapsed(const struct kobs_census *c)
{
	return (READ_ONCE(c->stopped) ?: jiffies) - c->started;
}

static void shots_halve(struct kobs_census *c)
{
	unsigned int i;

	for (i = 0; i < KOBS_CENSUS_SHOTS / 2; i++) {
		swap(c->shots[i], c->shots[2 * i + 1]);
		swap(c->older_shots[i], c->older_shots[2 * i + 1]);
		c->shot_at[i] = c->shot_at[2 * i + 1];
	}
	c->n_shots = KOBS_CENSUS_SHOTS / 2;
	c->every *= 2;
}

/* The worker: check the growth of each group, and take snapshots. */
static void shots_run(struct kobs_census *c)
{
	bool shot = !--c->wait;
	u32 group;

	lockdep_assert_held(&c->lock);
	if (shot && c->n_shots == KOBS_CENSUS_SHOTS)
		shots_halve(c);
	for (group = 0; group < slots_of(c); group++) {
		u32 live;

		if (!kobs_group_table_key(c->groups, group)) {
			if (shot)
				c->shots[c->n_shots][group] = 0;
			continue;
		}
		live = group_live(c, group);
		if (shot)
			c->shots[c->n_shots][group] = live;
		if (live > c->peak[group]) {
			c->peak[group] = live;
			c->peaks[group] = min(c->peaks[group] + 1, PEAKS);
			if (c->hot && c->peaks[group] == PEAKS &&
			    live >= c->escalate)
				WRITE_ONCE(c->hot[group], 1);
		}
		cond_resched();
	}
	if (!shot)
		return;
	for (group = 0; group < older_slots(c); group++) {
		bool used = kobs_group_table_key(c->older, group);

		c->older_shots[c->n_shots][group] =
			used ? older_freed(c, group) : 0;
		cond_resched();
	}
	c->shot_at[c->n_shots++] = elapsed(c);
	c->wait = c->every;
}

static unsigned long shot_interval(const struct kobs_census *c)
{
	return slots_of(c) < SHOT_MANY ? SHOT_JIFFIES : SHOT_SLOW;
}

/* The guard does not see the worker: it takes 1 / SHOT_SHARE of a CPU at most. */
static void shots_work(struct work_struct *work)
{
	struct kobs_census *c = container_of(work, struct kobs_census, work.work);
	u64 begin = ktime_get_mono_fast_ns();
	unsigned long pause;

	mutex_lock(&c->lock);
	shots_run(c);
	mutex_unlock(&c->lock);
	pause = nsecs_to_jiffies((ktime_get_mono_fast_ns() - begin) * SHOT_SHARE);
	queue_delayed_work(kobs_wq, &c->work, max(pause, shot_interval(c)));
}

static void *rows_get(struct kobs_census *c, unsigned int n, size_t size)
{
	return kobs_memory_get(&c->s->memory, (u64)n * size, NUMA_NO_NODE);
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

/**
 * kobs_census_check() - check what a census needs of a session
 * @s: session of a source with the parameters of enum kobs_census_param
 * @site: word of the column site
 * @extack: says why not
 *
 * Context: task; the session's change lock is held.
 * Return: 0, or -EINVAL.
 */
int kobs_census_check(const struct kobs_session *s, unsigned int site,
		      struct netlink_ext_ack *extack)
{
	if (s->filter.min)
		return kobs_refuse(extack, -EINVAL,
				   "min does not apply to %s: use older for the age of objects",
				   s->source->name);
	if (s->source_params[KOBS_CENSUS_P_ESCALATE].number &&
	    (!has_word(s, site) || !(s->need & KOBS_W_STACKS)))
		return kobs_refuse(extack, -EINVAL,
				   "escalate needs the columns site and kstack or ustack");
	return 0;
}

/* The number of the task that allocates; in any context. */
static u32 task_number(void *arg)
{
	struct kobs_census *c = arg;
	u64 key[KOBS_WHO_WORDS];
	u32 n;

	if (!in_task())
		return KOBS_WHO_INTERRUPT;
	/* Its objects are in no group. */
	if (kobs_hit_is_own(c->s, current->tgid))
		return KOBS_WHO_UNKNOWN;
	BUILD_BUG_ON(sizeof(current->comm) != 2 * sizeof(u64));
	key[0] = (u64)current->tgid << 32 | (u32)current->pid;
	memcpy(&key[1], current->comm, sizeof(current->comm));
	((char *)&key[1])[TASK_COMM_LEN - 1] = '\0';
	n = kobs_group_table_find(&c->tasks, key);
	return n == KOBS_GROUP_NONE ? KOBS_WHO_UNKNOWN : n + 1;
}

/* Before the first object is inserted: all are inserted with it, or none. */
static int init_who(struct kobs_census *c, unsigned int tasks)
{
	struct kobs_memory *m = &c->s->memory;
	int err = 0;

	if (tasks)
		err = kobs_group_table_init(&c->tasks, m, tasks, KOBS_WHO_WORDS) ?:
		      kobs_object_table_keep_who(c->objects, m, task_number, c);
	c->keeps_who = tasks && !err;
	return err;
}

/**
 * kobs_census_init() - allocate the data of rows
 * @c: census whose groups are allocated
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM, after which kobs_census_free() is to be called.
 */
int kobs_census_init(struct kobs_census *c)
{
	const struct kobs_value *p = c->s->source_params;
	unsigned int n = slots_of(c);
	unsigned int i;
	/* Where there is no table of objects, the parameter is another one. */
	int err = init_who(c, c->objects ? p[KOBS_CENSUS_P_TASKS].number : 0);

	if (err)
		return err;
	c->least_ms = p[KOBS_CENSUS_P_OLDER].number;
	c->escalate = p[KOBS_CENSUS_P_ESCALATE].number;
	mutex_init(&c->lock);
	c->tally = rows_get(c, n, sizeof(*c->tally));
	c->peak = rows_get(c, n, sizeof(*c->peak));
	c->peaks = rows_get(c, n, sizeof(*c->peaks));
	c->hot = rows_get(c, n, sizeof(*c->hot));
	if (!c->tally || !c->peak || !c->peaks || !c->hot)
		return -ENOMEM;
	for (i = 0; i < KOBS_CENSUS_SHOTS; i++) {
		c->shots[i] = rows_get(c, n, sizeof(*c->shots[i]));
		if (!c->shots[i])
			return -ENOMEM;
		if (!older_slots(c))
			continue;
		c->older_shots[i] = rows_get(c, older_slots(c),
					     sizeof(*c->older_shots[i]));
		if (!c->older_shots[i])
			return -ENOMEM;
	}
	if (!c->s->params[KOBS_P_HIST].number)
		return 0;
	c->buckets = rows_get(c, KOBS_HIST_BUCKETS, sizeof(*c->buckets));
	return c->buckets ? 0 : -ENOMEM;
}

/**
 * kobs_census_free() - undo kobs_census_init()
 * @c: census
 *
 * Context: task, may sleep.
 */
void kobs_census_free(struct kobs_census *c)
{
	unsigned int i;

	for (i = 0; c->tally && i < slots_of(c); i++)
		kfree(c->tally[i].hist);
	kobs_group_table_free(&c->tasks);
	for (i = 0; i < KOBS_CENSUS_SHOTS; i++) {
		vfree(c->shots[i]);
		vfree(c->older_shots[i]);
	}
	vfree(c->buckets);
	vfree(c->hot);
	vfree(c->peaks);
	vfree(c->peak);
	/* Initialized before anything was allocated. */
	if (c->tally)
		mutex_destroy(&c->lock);
	vfree(c->tally);
}

/**
 * kobs_census_start() - start the snapshots
 * @c: census of a session that starts
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_census_start(struct kobs_census *c)
{
	c->started = jiffies;
	c->every = 1;
	c->wait = 1;
	INIT_DELAYED_WORK(&c->work, shots_work);
	queue_delayed_work(kobs_wq, &c->work, shot_interval(c));
}

/**
 * kobs_census_stop() - stop the snapshots
 * @c: census of a session that was started
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_census_stop(struct kobs_census *c)
{
	const struct kobs_session *s = c->s;
	u64 end = s->guard_cost ? s->disarmed : s->stopped;

	/* Exclude the time that turning the hooks off took. */
	WRITE_ONCE(c->stopped, jiffies -
		   nsecs_to_jiffies(ktime_get_mono_fast_ns() - end));
	cancel_delayed_work_sync(&c->work);
}

/**
 * kobs_census_who() - who has a number
 * @c: census
 * @who: number
 *
 * Context: any.
 * Return: process (upper half) and thread, then a name of two words; NULL for no
 *	task, or one that is not known.
 */
const u64 *kobs_census_who(const struct kobs_census *c, u32 who)
{
	if (!c->keeps_who || who == KOBS_WHO_UNKNOWN || who == KOBS_WHO_INTERRUPT)
		return NULL;
	return kobs_group_table_key(&c->tasks, who - 1);
}

/*
 * Number of a group when @part parts of the time had passed, of KOBS_CENSUS_POINTS + 1, by
 * its snapshots; @end is the number now.
 */
static u64 number_at(const struct kobs_census *c, u32 *const *shots, u32 group,
		     unsigned int part, u64 end)
{
	unsigned long at = elapsed(c) * part / (KOBS_CENSUS_POINTS + 1);
	unsigned long t0 = 0;
	unsigned long t1;
	s64 n0 = 0;
	s64 n1;
	unsigned int i;

	for (i = 0; i < c->n_shots && c->shot_at[i] < at; i++) {
		t0 = c->shot_at[i];
		n0 = shots[i][group];
	}
	t1 = i < c->n_shots ? c->shot_at[i] : elapsed(c);
	n1 = i < c->n_shots ? shots[i][group] : end;
	if (t1 <= t0)
		return n1;
	return n0 + div64_s64((n1 - n0) * (s64)(at - t0), t1 - t0);
}

static void tally_clear(struct kobs_census *c)
{
	unsigned int i;

	for (i = 0; i < slots_of(c); i++) {
		struct kobs_census_tally *t = &c->tally[i];
		u32 *hist = t->hist;

		*t = (struct kobs_census_tally){ .min = U64_MAX, .hist = hist };
		if (hist)
			memset(hist, 0, KOBS_HIST_BUCKETS * sizeof(*hist));
	}
}

static void tally_object(struct kobs_census *c, const struct kobs_object *o,
			 u32 now, u32 older)
{
	/* It may be allocated after the clock was read. */
	u32 old = max_t(s32, now - o->born, 0);
	struct kobs_census_tally *t;
	u64 age, all;
	u32 n;

	if (!kobs_census_is_group(o->group) || old < older)
		return;
	t = &c->tally[o->group];
	age = jiffies64_to_nsecs(old);
	n = c->unit ? o->size : 1;
	t->count += n;
	t->bytes += (u64)o->size * (c->unit ?: 1);
	/* More than fits stays the maximum. */
	if (check_mul_overflow(age, (u64)n, &all) ||
	    check_add_overflow(t->sum, all, &t->sum))
		t->sum = U64_MAX;
	t->min = min(t->min, age);
	t->max = max(t->max, age);
	if (!c->buckets)
		return;
	/* A missing histogram cannot be expressed. */
	if (!t->hist)
		t->hist = kcalloc(KOBS_HIST_BUCKETS, sizeof(*t->hist),
				  GFP_KERNEL | __GFP_NOFAIL);
	t->hist[kobs_hist_bucket(age)] += n;
}

/**
 * kobs_census_fill() - tally all live objects
 * @c: census
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_census_fill(struct kobs_census *c)
{
	u32 older = msecs_to_jiffies(c->least_ms);
	u32 now = READ_ONCE(c->stopped) ?: jiffies;
	struct kobs_object o;
	unsigned long place = 0;
	unsigned int n = 0;
	u64 addr;

	tally_clear(c);
	while (c->next ? c->next(c, &place, &o) :
	       kobs_object_table_next(c->objects, &place, &addr, &o)) {
		tally_object(c, &o, now, older);
		if (!(++n % 1024))
			cond_resched();
	}
}

/**
 * kobs_census_row() - the row of a group
 * @c: census
 * @group: group
 * @out: set to the row
 *
 * Context: task, may sleep; the session's lock is held, after
 * kobs_census_fill().
 * Return: false when there is none.
 */
bool kobs_census_row(struct kobs_census *c, u32 group, struct kobs_row_out *out)
{
	const u64 *key = kobs_group_table_key(c->groups, group);
	const struct kobs_census_tally *t = &c->tally[group];
	const struct kobs_group_table *g = c->groups;
	u64 *f = out->fields;
	unsigned int i;

	if (!key)
		return false;
	memcpy(out->key, key, g->words * sizeof(*key));
	out->group = group + 1;
	out->count = t->count;
	out->sum = t->sum;
	out->min = t->min;
	out->max = t->max;
	f[KOBS_FIELD_ALLOCATED] =
		kobs_group_table_sum(g, group, KOBS_CENSUS_ALLOCATED);
	f[KOBS_FIELD_BYTES] = c->unit ? f[KOBS_FIELD_ALLOCATED] * c->unit :
			      kobs_group_table_sum(g, group, KOBS_CENSUS_BYTES);
	f[KOBS_FIELD_FREED] = kobs_group_table_sum(g, group, KOBS_CENSUS_FREED);
	f[KOBS_FIELD_LIVE_BYTES] = t->bytes;
	f[KOBS_FIELD_MISSED] = kobs_group_table_sum(g, group, KOBS_CENSUS_MISSED);
	f[KOBS_FIELD_UNKNOWN] = 0;
	f[KOBS_FIELD_FAILED] = kobs_group_table_sum(g, group, KOBS_CENSUS_FAILED);
	mutex_lock(&c->lock);
	for (i = 1; i <= KOBS_CENSUS_POINTS; i++)
		f[KOBS_FIELD_LIVE + i - 1] = number_at(c, c->shots, group, i,
						       group_live(c, group));
	mutex_unlock(&c->lock);
	out->buckets = t->hist && t->count ? c->buckets : NULL;
	for (i = 0; out->buckets && i < KOBS_HIST_BUCKETS; i++)
		local64_set(&c->buckets[i], t->hist[i]);
	/* Skip a group whose only allocation was lost. */
	return f[KOBS_FIELD_ALLOCATED] || f[KOBS_FIELD_FAILED];
}

/**
 * kobs_census_older() - the row of frees of objects that are not followed
 * @c: census
 * @group: group of them
 * @out: set to the row, without its key; the numbers of live objects after each
 *	part are those of the frees until then
 *
 * Context: task, may sleep; the session's lock is held.
 * Return: the group's key, or NULL when there is none.
 */
const u64 *kobs_census_older(struct kobs_census *c, u32 group,
			     struct kobs_row_out *out)
{
	const u64 *key = kobs_group_table_key(c->older, group);
	u64 freed;
	unsigned int i;

	if (!key)
		return NULL;
	freed = older_freed(c, group);
	*out = (struct kobs_row_out){
		.min = U64_MAX,
		.fields[KOBS_FIELD_UNKNOWN] = freed,
	};
	mutex_lock(&c->lock);
	for (i = 1; i <= KOBS_CENSUS_POINTS; i++)
		out->fields[KOBS_FIELD_LIVE + i - 1] =
			number_at(c, c->older_shots, group, i, freed);
	mutex_unlock(&c->lock);
	return key;
}
