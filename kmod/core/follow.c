// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that are followed from their allocation to their free.
 *
 * A hit is an allocation that succeeds or fails, or a free. Each ends in one
 * counter:
 *
 *	recorded	the group's allocated, freed or failed counts it
 *	filtered	allocations excluded by the filter or by a module; frees
 *			of objects that are not followed; those of kobs and its
 *			controller
 *	lost		the object could not be followed
 *
 * Locking: none in handlers, which run in any context, but where frees are reported
 * late: those run in tasks, with kobs_follow.lock held; the rest under the session's
 * locks, see core/source.h.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/percpu.h>

#include "core/census_tables.h"
#include "core/follow.h"
#include "core/follow_fast.h"
#include "core/hit.h"

const struct kobs_param kobs_follow_params[KOBS_CENSUS_PARAMS] = {
	KOBS_CENSUS_PARAMS_OF("objects", "objects", 1 << 16),
};

const struct kobs_column kobs_follow_columns[1] = {
	{ "site", "code that allocated it", KOBS_TYPE_ADDRESS, NULL,
	  KOBS_FOLLOW_W_SITE, 1 },
};

const struct kobs_field kobs_follow_fields[KOBS_CENSUS_FIELDS] =
	KOBS_CENSUS_FIELDS_OF("objects",
			      "frees of objects that are not followed");

static int prepare_cpu(struct kobs_cpus *c, unsigned int cpu)
{
	struct kobs_follow *f = container_of(c, struct kobs_follow, cpus);

	return kobs_group_table_prepare(&f->groups, &f->s->memory, cpu);
}

static int follow_memory(struct kobs_follow *f)
{
	const struct kobs_value *p = f->s->source_params;
	struct kobs_memory *m = &f->s->memory;
	int err;

	f->cpu = alloc_percpu_gfp(struct kobs_follow_cpu, GFP_KERNEL_ACCOUNT);
	if (!f->cpu)
		return -ENOMEM;
	err = kobs_object_table_init(&f->live, m,
				     p[KOBS_CENSUS_P_OBJECTS].number);
	if (!err)
		err = kobs_group_table_init(&f->groups, m,
					    f->s->params[KOBS_P_ROWS].number,
					    f->s->n_words);
	if (!err && !kobs_memory_fits(m, num_online_cpus() *
					 kobs_group_table_bytes(&f->groups)))
		err = -ENOMEM;
	f->cpus.prepare = prepare_cpu;
	f->census.s = f->s;
	f->census.objects = &f->live;
	f->census.groups = &f->groups;
	return err ?: kobs_cpus_add(&f->cpus) ?: kobs_census_init(&f->census);
}

/**
 * kobs_follow_init() - prepare a session
 * @f: its objects, zeroed
 * @s: session of a source with kobs_follow_params and kobs_follow_columns
 * @hooks: number of hooks that its start turns on
 * @extack: says why not
 *
 * Context: task, may sleep; the session's change lock is held.
 * Return: 0, or an error, after which nothing is left.
 */
int kobs_follow_init(struct kobs_follow *f, struct kobs_session *s,
		     unsigned int hooks, struct netlink_ext_ack *extack)
{
	const struct kobs_value *p = s->source_params;
	int err = kobs_census_check(s, KOBS_FOLLOW_W_SITE, extack);

	if (err)
		return err;
	f->s = s;
	raw_spin_lock_init(&f->lock);
	err = follow_memory(f);
	if (err)
		kobs_session_no_memory(s, extack, "objects or rows");
	err = err ?: kobs_code_ranges_init(&f->helpers, "helper_text",
					   &p[KOBS_CENSUS_P_HELPER_TEXT], extack);
	s->targets = hooks;
	/* Last: modules can be loaded from here on. */
	err = err ?: kobs_module_code_init(&f->module, s,
					   &p[KOBS_CENSUS_P_MODULE],
					   &p[KOBS_CENSUS_P_MODULE_TEXT], extack);
	if (err)
		kobs_follow_free_all(f);
	f->limited = s->filter.task || f->module.on;
	f->fast = !s->need && !f->limited && !f->census.keeps_who;
	return err;
}

/**
 * kobs_follow_free_all() - undo kobs_follow_init()
 * @f: objects of a session without handlers
 *
 * Context: task, may sleep; the session's change lock is held.
 */
void kobs_follow_free_all(struct kobs_follow *f)
{
	kobs_module_code_free(&f->module);
	kobs_cpus_remove(&f->cpus);
	kobs_census_free(&f->census);
	kobs_group_table_free(&f->groups);
	kobs_object_table_free(&f->live);
	free_percpu(f->cpu);
	f->cpu = NULL;
}

static bool follow_own(const struct kobs_session *s)
{
	return unlikely(kobs_hit_is_own(s, current->tgid) && in_task());
}

static u32 follow_find(struct kobs_follow *f, const u64 *v)
{
	u64 key[KOBS_KEY_WORDS] KOBS_UNINIT;

	kobs_hit_gather(f->s, v, key);
	return kobs_group_table_find(&f->groups, key);
}

/* The group of an allocation; KOBS_GROUP_NONE: *fate is what becomes of the hit. */
static u32 follow_group(struct kobs_follow *f, unsigned long site,
			enum kobs_counter *fate)
{
	struct kobs_session *s = f->s;
	u64 v[KOBS_WORDS] KOBS_UNINIT;
	unsigned long called = site;
	u32 need = s->need;
	u32 group;

	site = kobs_site(s, &f->helpers, site) ?: site;
	*fate = KOBS_N_FILTERED;
	if (f->module.on && !kobs_module_code_has(&f->module, site))
		return KOBS_GROUP_NONE;
	if (s->filter.task && !kobs_context_filter(s))
		return KOBS_GROUP_NONE;
	v[KOBS_FOLLOW_W_SITE] = site;
	*fate = KOBS_N_TABLE_FULL;
	if (f->census.escalate) {
		v[KOBS_W_KSTACK] = 0;
		v[KOBS_W_USTACK] = 0;
		kobs_context(s, v, need & ~KOBS_W_STACKS, false);
		group = follow_find(f, v);
		if (group == KOBS_GROUP_NONE || !READ_ONCE(f->census.hot[group]))
			return group;
		need &= KOBS_W_STACKS;
	}
	if (!kobs_context(s, v, need, true)) {
		*fate = KOBS_N_STACK_FULL;
		return KOBS_GROUP_NONE;
	}
	group = follow_find(f, v);
	/* A helper is called by many sites. */
	if (f->fast && called == site && group != KOBS_GROUP_NONE)
		WRITE_ONCE(*kobs_follow_known(f, site),
			   (u32)site | (u64)(group + 1) << 32);
	return group;
}

static local64_t *follow_counts(struct kobs_follow *f, u32 group)
{
	return kobs_census_is_group(group) ?
	       kobs_group_table_counts(&f->groups, group) : NULL;
}

/* A free is reported at once, but by a task that others can keep from it. */
#define LATE_MOST	(5 * HZ)

/* An NMI could have interrupted the owner of the lock; none is expected. */
static bool follow_locks(const struct kobs_follow *f)
{
	return f->late_frees && !in_nmi();
}

/*
 * An object has the address of a live one: that was freed, of which a report is
 * missing or on its way. Counts the free, for the latter once.
 */
static void follow_replaced(struct kobs_follow *f, u64 key, u32 group, bool locked)
{
	local64_t *n = follow_counts(f, group);
	bool late = locked && !READ_ONCE(f->missed) &&
		    kobs_late_frees_add(&f->late, key, group, jiffies);

	if (n)
		local64_inc(&n[late ? KOBS_CENSUS_FREED : KOBS_CENSUS_MISSED]);
}

static enum kobs_object_fate insert_object(struct kobs_follow *f, u64 key,
					   const struct kobs_object *o,
					   bool locked)
{
	struct kobs_object old KOBS_UNINIT;
	enum kobs_object_fate fate;

	fate = kobs_object_insert(&f->live, key, o, &old);
	if (fate == KOBS_OBJECT_STALE)
		follow_replaced(f, key, old.group, locked);
	return fate;
}

static enum kobs_object_fate follow_insert(struct kobs_follow *f, u64 key,
					   const struct kobs_object *o)
{
	enum kobs_object_fate fate;
	unsigned long flags;

	if (!follow_locks(f))
		return insert_object(f, key, o, false);
	raw_spin_lock_irqsave(&f->lock, flags);
	fate = insert_object(f, key, o, true);
	raw_spin_unlock_irqrestore(&f->lock, flags);
	return fate;
}

static enum kobs_counter follow_put(struct kobs_follow *f, u64 key, size_t size,
				    u32 group)
{
	struct kobs_object o = {
		.group = group,
		.born = jiffies,
		.size = min_t(size_t, size, U32_MAX),
	};
	local64_t *n = follow_counts(f, group);

	if (kobs_census_is_group(group) && !n)
		return KOBS_N_NO_TABLE;
	if (follow_insert(f, key, &o) == KOBS_OBJECT_FULL)
		return n ? KOBS_FOLLOW_LOST_FULL : KOBS_N_FILTERED;
	if (!n)
		return KOBS_N_FILTERED;
	local64_inc(&n[KOBS_CENSUS_ALLOCATED]);
	local64_add(o.size, &n[KOBS_CENSUS_BYTES]);
	return KOBS_N_RECORDED;
}

static enum kobs_counter follow_alloc(struct kobs_follow *f, struct kobs_cpu *pc,
				      u64 key, size_t size, unsigned long site)
{
	enum kobs_counter fate;
	local64_t *n;
	u32 group;

	if (follow_own(f->s)) {
		kobs_count(&pc->counters, KOBS_N_OWN);
		return key ? follow_put(f, key, size, KOBS_GROUP_OWN) :
			     KOBS_N_FILTERED;
	}
	group = follow_group(f, site, &fate);
	if (group == KOBS_GROUP_NONE)
		return fate;
	if (key)
		return follow_put(f, key, size, group);
	n = follow_counts(f, group);
	if (!n)
		return KOBS_N_NO_TABLE;
	local64_inc(&n[KOBS_CENSUS_FAILED]);
	return KOBS_N_RECORDED;
}

/**
 * kobs_follow_alloc() - account for an allocation
 * @f: objects of a session
 * @key: its key, a multiple of KOBS_OBJECT_STATES; 0: it failed
 * @size: bytes
 * @site: where the call returns to; 0: in the function that the hook is in
 *
 * Context: any, NMI included.
 */
void kobs_follow_alloc(struct kobs_follow *f, u64 key, size_t size,
		       unsigned long site)
{
	struct kobs_cpu *pc = kobs_hit_enter(f->s);
	u64 t0;

	if (!pc)
		return;
	if (kobs_hit_begin(f->s, pc, &t0)) {
		kobs_count(&pc->counters, follow_alloc(f, pc, key, size, site));
		kobs_hit_end(f->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/* Remove the object that is freed; late: it is not there, and was counted. */
static bool follow_remove(struct kobs_follow *f, u64 key, struct kobs_object *o,
			  bool *late)
{
	unsigned long flags;
	bool found;

	*late = false;
	if (!follow_locks(f))
		return kobs_object_remove(&f->live, key, o);
	raw_spin_lock_irqsave(&f->lock, flags);
	*late = kobs_late_frees_take(&f->late, key, &o->group, jiffies,
				     LATE_MOST);
	found = *late || kobs_object_remove(&f->live, key, o);
	raw_spin_unlock_irqrestore(&f->lock, flags);
	return found;
}

/* The end of an object that was taken out; late: it was counted. */
static enum kobs_counter follow_ended(struct kobs_follow *f, struct kobs_cpu *pc,
				      u32 group, bool late)
{
	local64_t *n;

	if (group == KOBS_GROUP_OWN) {
		kobs_count(&pc->counters, KOBS_N_OWN);
		return KOBS_N_FILTERED;
	}
	n = follow_counts(f, group);
	if (!n)
		return KOBS_N_NO_TABLE;
	if (!late)
		local64_inc(&n[KOBS_CENSUS_FREED]);
	return KOBS_N_RECORDED;
}

static enum kobs_counter follow_freed(struct kobs_follow *f, struct kobs_cpu *pc,
				      u64 key)
{
	struct kobs_object o;
	bool late;

	if (!follow_remove(f, key, &o, &late)) {
		if (follow_own(f->s))
			kobs_count(&pc->counters, KOBS_N_OWN);
		else if (!f->limited)
			local64_inc(&this_cpu_ptr(f->cpu)->unknown);
		return KOBS_N_FILTERED;
	}
	return follow_ended(f, pc, o.group, late);
}

/**
 * kobs_follow_free() - account for a free
 * @f: objects of a session
 * @key: key of the object
 *
 * Context: any, NMI included.
 */
void kobs_follow_free(struct kobs_follow *f, u64 key)
{
	struct kobs_cpu *pc = kobs_hit_enter(f->s);
	u64 t0;

	if (!pc) {
		WRITE_ONCE(f->missed, true);
		return;
	}
	if (kobs_hit_begin(f->s, pc, &t0)) {
		kobs_count(&pc->counters, follow_freed(f, pc, key));
		kobs_hit_end(f->s, pc, t0, 0);
	}
	kobs_hit_leave(pc);
}

/**
 * kobs_follow_put_slow() - insert an object, and leave the handler
 * @f: objects of a session, whose handler was entered
 * @key: key of the object
 * @size: bytes
 * @group: its group
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_follow_put_slow(struct kobs_follow *f, u64 key, size_t size, u32 group)
{
	struct kobs_cpu *pc = this_cpu_ptr(f->s->cpu);

	kobs_count(&pc->counters, follow_put(f, key, size, group));
	kobs_hit_leave(pc);
}

/**
 * kobs_follow_free_slow() - account for a free that was counted, and leave the handler
 * @f: objects of a session, whose handler was entered
 * @key: key of the object
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_follow_free_slow(struct kobs_follow *f, u64 key)
{
	struct kobs_cpu *pc = this_cpu_ptr(f->s->cpu);

	kobs_count(&pc->counters, follow_freed(f, pc, key));
	kobs_hit_leave(pc);
}

/**
 * kobs_follow_end_slow() - account for the end of an object without counters, and leave
 * the handler
 * @f: objects of a session, whose handler was entered
 * @group: the object's group
 *
 * Context: any, NMI included; preemption off.
 */
void kobs_follow_end_slow(struct kobs_follow *f, u32 group)
{
	struct kobs_cpu *pc = this_cpu_ptr(f->s->cpu);

	kobs_count(&pc->counters, follow_ended(f, pc, group, false));
	kobs_hit_leave(pc);
}

/**
 * kobs_follow_code() - a module comes or goes: its sites have groups of their own
 * @f: objects of a session
 * @replace: what becomes of its names
 *
 * Context: task; none of the code that goes or comes runs, so that nobody is about to
 * store what is known of it.
 */
void kobs_follow_code(struct kobs_follow *f, const struct kobs_replace *replace)
{
	unsigned int i;

	kobs_group_table_replace(&f->groups, replace);
	for (i = 0; i < ARRAY_SIZE(f->sites); i++)
		WRITE_ONCE(f->sites[i], 0);
}
