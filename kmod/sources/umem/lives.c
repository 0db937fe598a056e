// SPDX-License-Identifier: GPL-2.0
/*
 * Source umem: the programs that the processes run, one after the other. A program's
 * objects go with it when its process executes another one: that gets another number,
 * so that its objects are others, and a worker takes the old ones out. The objects of
 * a process that exits stay: they are what it did not free.
 *
 * Locking: struct kobs_umem.lock, a leaf, for changes; handlers read the number of
 * their own process, which does not change while they run.
 */
#include <linux/bitmap.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "sources/umem/umem.h"

/* The place of the current process in the filter; KOBS_FILTER_MAX: none. */
static unsigned int place_of_current(const struct kobs_umem *u)
{
	const struct kobs_filter *f = &u->s->filter;
	unsigned int i;

	for (i = 0; i < f->n_pid; i++)
		if (f->pid[i] == current->tgid)
			return i;
	return KOBS_FILTER_MAX;
}

/**
 * kobs_umem_life() - the number of the current process's program
 * @u: session
 *
 * Context: task, preemption off.
 * Return: the number, or UMEM_NO_LIFE: the process is not followed.
 */
u32 kobs_umem_life(const struct kobs_umem *u)
{
	unsigned int i = place_of_current(u);

	return i < KOBS_FILTER_MAX ? READ_ONCE(u->life[i]) : UMEM_NO_LIFE;
}

static bool life_is_used(const struct kobs_umem *u, u32 life)
{
	unsigned int i;

	for (i = 0; i < u->s->filter.n_pid; i++)
		if (u->life[i] == life)
			return true;
	return test_bit(life, u->over);
}

/**
 * kobs_umem_exec() - the current process executes another program
 * @u: session
 *
 * Context: task; no other thread of the process is left.
 */
void kobs_umem_exec(struct kobs_umem *u)
{
	unsigned int i = place_of_current(u);
	unsigned int tries;
	bool found = false;

	if (i == KOBS_FILTER_MAX)
		return;
	raw_spin_lock(&u->lock);
	for (tries = 0; tries < UMEM_LIVES && !found; tries++) {
		u->last = (u->last + 1) % UMEM_LIVES;
		found = !life_is_used(u, u->last);
	}
	/* Always, unless the worker has not run for thousands of them. */
	if (found) {
		__set_bit(u->life[i], u->over);
		WRITE_ONCE(u->life[i], u->last);
	}
	raw_spin_unlock(&u->lock);
	queue_work(kobs_wq, &u->drop);
}

static void count_dropped(struct kobs_umem *u, const struct kobs_object *o)
{
	preempt_disable();
	kobs_umem_freed(u, o);
	local64_inc(&this_cpu_ptr(u->cpu)->dropped);
	preempt_enable();
}

static void drop_work(struct work_struct *work)
{
	struct kobs_umem *u = container_of(work, struct kobs_umem, drop);
	DECLARE_BITMAP(over, UMEM_LIVES);
	unsigned long place = 0;
	struct kobs_object o;
	unsigned int n = 0;
	u64 key;

	raw_spin_lock(&u->lock);
	bitmap_copy(over, u->over, UMEM_LIVES);
	raw_spin_unlock(&u->lock);
	while (kobs_object_table_next(&u->live, &place, &key, &o)) {
		if (test_bit(key >> UMEM_ADDRESS_BITS, over) &&
		    kobs_object_remove(&u->live, key, &o))
			count_dropped(u, &o);
		if (!(++n % 1024))
			cond_resched();
	}
	raw_spin_lock(&u->lock);
	bitmap_andnot(u->over, u->over, over, UMEM_LIVES);
	raw_spin_unlock(&u->lock);
}

/**
 * kobs_umem_lives_init() - number the programs that run now
 * @u: session, zeroed
 *
 * Context: task.
 */
void kobs_umem_lives_init(struct kobs_umem *u)
{
	unsigned int i;

	raw_spin_lock_init(&u->lock);
	INIT_WORK(&u->drop, drop_work);
	for (i = 0; i < u->s->filter.n_pid; i++)
		u->life[i] = i;
	u->last = i;
}

/**
 * kobs_umem_lives_sync() - wait until the objects of programs that are over are out
 * @u: session
 *
 * Context: task, may sleep.
 */
void kobs_umem_lives_sync(struct kobs_umem *u)
{
	flush_work(&u->drop);
}
