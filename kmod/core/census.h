/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A census of live objects, for sources that follow objects from their
 * allocation to their free: rows of groups, with the ages of their live objects
 * and how many there were at some points in time.
 *
 * Locking: see census.c.
 */
#ifndef KOBS_CENSUS_H
#define KOBS_CENSUS_H

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "core/session.h"
#include "lib/group_table.h"
#include "lib/object_table.h"

/**
 * enum kobs_census_count - counters of a group
 * @KOBS_CENSUS_ALLOCATED: allocated
 * @KOBS_CENSUS_BYTES: their size; not where all are of one size
 * @KOBS_CENSUS_FREED: of these, freed
 * @KOBS_CENSUS_MISSED: of these, replaced by another object of their address
 * @KOBS_CENSUS_FAILED: allocations that failed
 * @KOBS_CENSUS_COUNTS: number of counters
 */
enum kobs_census_count {
	KOBS_CENSUS_ALLOCATED,
	KOBS_CENSUS_BYTES,
	KOBS_CENSUS_FREED,
	KOBS_CENSUS_MISSED,
	KOBS_CENSUS_FAILED,
	KOBS_CENSUS_COUNTS
};

static_assert((int)KOBS_CENSUS_COUNTS <= KOBS_GROUP_COUNTS);

/**
 * struct kobs_lies - where objects lie whose keys are no addresses
 * @address: returns the first byte of an object; where each CPU has a part, of that
 * @part: NULL, or returns the size of a CPU's part of an object of a size
 */
struct kobs_lies {
	u64 (*address)(u64 key, unsigned int cpu);
	u32 (*part)(u32 size);
};

/* Points in time at which a row has the number of live objects. */
#define KOBS_CENSUS_POINTS	5

/**
 * enum kobs_census_field - fields of a row, in the order of a mode's fields
 * @KOBS_FIELD_ALLOCATED: allocated
 * @KOBS_FIELD_BYTES: their size
 * @KOBS_FIELD_FREED: of these, freed
 * @KOBS_FIELD_LIVE_BYTES: size of the live ones
 * @KOBS_FIELD_MISSED: see KOBS_CENSUS_MISSED
 * @KOBS_FIELD_UNKNOWN: frees of objects that are not followed
 * @KOBS_FIELD_FAILED: allocations that failed
 * @KOBS_FIELD_LIVE: live ones, at KOBS_CENSUS_POINTS points in time
 * @KOBS_CENSUS_FIELDS: number of fields
 */
enum kobs_census_field {
	KOBS_FIELD_ALLOCATED,
	KOBS_FIELD_BYTES,
	KOBS_FIELD_FREED,
	KOBS_FIELD_LIVE_BYTES,
	KOBS_FIELD_MISSED,
	KOBS_FIELD_UNKNOWN,
	KOBS_FIELD_FAILED,
	KOBS_FIELD_LIVE,
	KOBS_CENSUS_FIELDS = KOBS_FIELD_LIVE + KOBS_CENSUS_POINTS
};

static_assert((int)KOBS_CENSUS_FIELDS <= KOBS_FIELDS);

/**
 * enum kobs_census_param - the first parameters of a source with a census
 * @KOBS_CENSUS_P_OBJECTS: capacity of the table of live objects
 * @KOBS_CENSUS_P_OLDER: least age of objects that count
 * @KOBS_CENSUS_P_ESCALATE: from how many live objects on a site has stacks
 * @KOBS_CENSUS_P_MODULE: module whose allocations alone are followed
 * @KOBS_CENSUS_P_MODULE_TEXT: its code
 * @KOBS_CENSUS_P_HELPER_TEXT: code of functions that allocate for their caller
 * @KOBS_CENSUS_P_TASKS: maximum number of tasks that allocate and are known
 * @KOBS_CENSUS_PARAMS: number of them; those of the source follow
 */
enum kobs_census_param {
	KOBS_CENSUS_P_OBJECTS,
	KOBS_CENSUS_P_OLDER,
	KOBS_CENSUS_P_ESCALATE,
	KOBS_CENSUS_P_MODULE,
	KOBS_CENSUS_P_MODULE_TEXT,
	KOBS_CENSUS_P_HELPER_TEXT,
	KOBS_CENSUS_P_TASKS,
	KOBS_CENSUS_PARAMS
};

/* Objects of kobs and of its controller, in no group's counters. */
#define KOBS_GROUP_OWN		(KOBS_GROUP_NONE - 1)
/* Objects that belong to something else, which another report has. */
#define KOBS_GROUP_OTHER	(KOBS_GROUP_NONE - 2)

/* Whether an object is of a group, and counts. */
static __always_inline bool kobs_census_is_group(u32 group)
{
	return group < KOBS_GROUP_OTHER;
}

/* Who allocated an object: one of the tasks + 1, or else these. */
#define KOBS_WHO_UNKNOWN	(U32_MAX - 1)
#define KOBS_WHO_INTERRUPT	U32_MAX

/* Key of a task: process and thread, name. */
#define KOBS_WHO_WORDS		3

/* Maximum number of snapshots per group, evenly spread over a session. */
#define KOBS_CENSUS_SHOTS	16

/**
 * struct kobs_census_tally - live objects of a group, for a reader
 * @count: number of objects
 * @bytes: their size
 * @sum: sum of their ages in ns
 * @min: age of the youngest
 * @max: age of the oldest
 * @hist: histogram of their ages, or NULL
 */
struct kobs_census_tally {
	u64 count;
	u64 bytes;
	u64 sum;
	u64 min;
	u64 max;
	u32 *hist;
};

/**
 * struct kobs_census - the census of a session
 *
 * Set before kobs_census_init():
 * @s: session
 * @objects: live objects; their groups are of @groups, or special
 * @groups: groups, counters by enum kobs_census_count
 * @older: groups of frees of objects that are not followed, or NULL
 * @unit: where sizes of objects are in units, which are counted: bytes of one;
 *	0: sizes are in bytes, and objects are counted
 * @lies: where objects lie; NULL: their keys are their addresses
 * @next: NULL, or iterates over what is counted in place of @objects, from *place 0
 *	on; task context, may sleep
 *
 * Read by handlers:
 * @escalate: number of live objects from which a growing group is hot; 0: none is
 * @hot: per group: it grows
 * @keeps_who: who allocated objects is kept
 * @tasks: then, tasks that allocated, by their numbers in the object table less 1
 *
 * Under the session's lock:
 * @least_ms: minimum age of the live objects of a row
 * @started: jiffies
 * @stopped: jiffies, once stopped
 * @tally: per group, filled when a reader begins
 * @buckets: of the row being read
 *
 * Of the worker, and under @lock:
 * @work: takes snapshots
 * @lock: protects the members below
 * @shots: live objects per group, KOBS_CENSUS_SHOTS times
 * @older_shots: the same of the frees in @older
 * @shot_at: time of each snapshot, in jiffies since the start
 * @n_shots: number of snapshots
 * @every: runs of the worker per snapshot
 * @wait: runs of the worker until the next snapshot
 * @peak: maximum number of live objects per group at a run of the worker
 * @peaks: runs with a new maximum
 */
struct kobs_census {
	struct kobs_session *s;
	struct kobs_object_table *objects;
	const struct kobs_group_table *groups;
	const struct kobs_group_table *older;
	u32 unit;
	const struct kobs_lies *lies;
	bool (*next)(struct kobs_census *c, unsigned long *place,
		     struct kobs_object *o);

	u32 escalate;
	u8 *hot;
	bool keeps_who;
	struct kobs_group_table tasks;

	u64 least_ms;
	unsigned long started;
	unsigned long stopped;
	struct kobs_census_tally *tally;
	local64_t *buckets;

	struct delayed_work work;
	struct mutex lock; /* protects the members below */
	u32 *shots[KOBS_CENSUS_SHOTS];
	u32 *older_shots[KOBS_CENSUS_SHOTS];
	unsigned long shot_at[KOBS_CENSUS_SHOTS];
	unsigned int n_shots;
	unsigned int every;
	unsigned int wait;
	u32 *peak;
	u8 *peaks;
};

int kobs_census_check(const struct kobs_session *s, unsigned int site,
		      struct netlink_ext_ack *extack);
int kobs_census_init(struct kobs_census *c);
void kobs_census_free(struct kobs_census *c);
void kobs_census_start(struct kobs_census *c);
void kobs_census_stop(struct kobs_census *c);
const u64 *kobs_census_who(const struct kobs_census *c, u32 who);
void kobs_census_fill(struct kobs_census *c);
bool kobs_census_row(struct kobs_census *c, u32 group, struct kobs_row_out *out);
const u64 *kobs_census_older(struct kobs_census *c, u32 group,
			     struct kobs_row_out *out);

#endif /* KOBS_CENSUS_H */
