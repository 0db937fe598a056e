// SPDX-License-Identifier: GPL-2.0
/*
 * What is read of objects that are followed: rows, notes and memory.
 *
 * Locking: the session's, see core/source.h; handlers go on meanwhile.
 */
#include <linux/percpu.h>
#include <linux/sched.h>

#include "core/follow.h"

static u64 follow_unknown(const struct kobs_follow *f)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += local64_read(&per_cpu_ptr(f->cpu, cpu)->unknown);
	return sum;
}

/**
 * kobs_follow_rows() - the next row, see struct kobs_source
 * @f: objects of a session
 * @at: 0, then 1 + the group to go on with
 * @out: the row
 *
 * Context: task, may sleep; the session's lock is held.
 * Return: false after the last.
 */
bool kobs_follow_rows(struct kobs_follow *f, unsigned long *at,
		      struct kobs_row_out *out)
{
	if (f->s->life == KOBS_LIFE_NEW)
		return false;
	if (!*at) {
		kobs_census_fill(&f->census);
		*at = 1;
		*out = (struct kobs_row_out){
			.min = U64_MAX,
			.fields[KOBS_FIELD_UNKNOWN] = follow_unknown(f),
		};
		return true;
	}
	while (*at <= f->groups.mask + 1UL) {
		if (kobs_census_row(&f->census, (*at)++ - 1, out))
			return true;
		cond_resched();
	}
	return false;
}

/**
 * kobs_follow_note() - the notes of a session, see struct kobs_source
 * @f: objects of a session
 * @i: number of the note
 * @note: set to it
 *
 * Context: task.
 * Return: false after the last.
 */
bool kobs_follow_note(const struct kobs_follow *f, unsigned int i,
		      struct kobs_note *note)
{
	if (i)
		return false;
	*note = (struct kobs_note){
		.name = "unknown_frees",
		.doc = "frees of objects whose allocation was not seen",
		.number = follow_unknown(f),
	};
	return true;
}

/**
 * kobs_follow_usage() - add up memory, see struct kobs_source
 * @f: objects of a session
 * @u: numbers to add to
 *
 * Context: task.
 */
void kobs_follow_usage(const struct kobs_follow *f, struct kobs_usage *u)
{
	u->bytes += sizeof(*f) +
		    sizeof(struct kobs_follow_cpu) * num_possible_cpus();
	u->rows = atomic_read(&f->groups.used);
	u->rows_max = f->groups.mask + 1;
}
