/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source umem: what its parts share.
 *
 * Locking: see source.c.
 */
#ifndef KOBS_UMEM_H
#define KOBS_UMEM_H

#include <linux/bits.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <uapi/kobs_umem.h>

#include "core/census.h"
#include "core/hit.h"
#include "hooks/tracepoint.h"
#include "hooks/uprobe.h"
#include "lib/alloc_call.h"
#include "lib/group_table.h"
#include "lib/inflight.h"
#include "lib/object_table.h"

/* Reasons of loss: those of calls in progress first, see inflight.h. */
#define UMEM_N_STALE		(KOBS_N_SOURCE + 2)
#define UMEM_N_FAULT		(KOBS_N_SOURCE + 3)
#define UMEM_N_FULL		(KOBS_N_SOURCE + 4)
#define UMEM_N_STAYED		(KOBS_N_SOURCE + 5)
#define UMEM_REASONS		6

enum kobs_umem_param {
	UMEM_P_OBJECTS,
	UMEM_P_OLDER,
	UMEM_P_INFLIGHT,
	UMEM_P_FILES,
	UMEM_P_PLACES,
	UMEM_PARAMS
};

/*
 * The key of an object has where it is, and whose it is: a number that a process has
 * until it executes another program.
 */
#define UMEM_ADDRESS_BITS	52
#define UMEM_LIVES		BIT(64 - UMEM_ADDRESS_BITS)
#define UMEM_NO_LIFE		UMEM_LIVES

/* Data words of a call in progress: one of a task. */
enum kobs_umem_word {
	UMEM_D_STACK,	/* stack pointer at its entry */
	UMEM_D_RETURN,	/* where it returns to */
	UMEM_D_PLACE,	/* struct kobs_umem_place */
	UMEM_D_GROUP,	/* group; in the upper half what becomes of it without one */
	UMEM_D_SIZE,	/* bytes that it asks for */
	UMEM_D_GIVEN,	/* object that it was given; 0: none */
	UMEM_D_WHERE,	/* where it stores its result; 0: it returns it; the end of the heap */
	UMEM_D_OLD,	/* group of that object, and when it was allocated */
	UMEM_D_OLD_SIZE, /* its size */
	UMEM_D_COST,	/* of the handler at its entry, ns; 0: not timed */
	UMEM_D_WORDS
};

/**
 * struct kobs_umem_ends - objects that end with a part of the heap, one after another
 * @at: where the next one begins
 * @to: where the last one ends
 * @more: there can be more of them
 */
struct kobs_umem_ends {
	u64 at;
	u64 to;
	bool more;
};

/**
 * struct kobs_umem_place - a function that is hooked
 * @place: where it is
 * @u: session
 * @call: what it does
 * @hooked: its hook is on
 */
struct kobs_umem_place {
	struct kobs_uprobe place;
	struct kobs_umem *u;
	enum kobs_umem_call call;
	bool hooked;
};

/**
 * struct kobs_umem_cpu - per-CPU part of a session
 * @unknown: frees of objects that are not followed
 * @dropped: objects that were live when their process executed another program
 * @freed: the free that was seen last
 */
struct kobs_umem_cpu {
	local64_t unknown;
	local64_t dropped;
	struct kobs_umem_free {
		const struct task_struct *task;
		const struct kobs_umem_place *place;
		u64 address;
		u64 stack;
	} freed;
};

/**
 * struct kobs_umem - a session of this source
 * @s: session
 * @limited: not all allocations of the processes are followed
 * @live: live objects
 * @groups: group table
 * @calls: calls in progress
 * @cpu: per-CPU part
 * @cpus: memory of the CPUs that have been online
 * @census: rows
 * @files: files of the places, or NULL; those without a dentry are not open
 * @places: functions
 * @n_places: number of @places
 * @ends: probes of what ends calls and programs
 * @lock: protects the members below, but for reads of @life
 * @life: number of the program that a process runs, by its place in the filter
 * @last: number given last
 * @over: numbers of programs that are over, whose objects are to be dropped
 * @drop: drops them
 */
struct kobs_umem {
	struct kobs_session *s;
	bool limited;
	struct kobs_object_table live;
	struct kobs_group_table groups;
	struct kobs_inflight_table calls;
	struct kobs_umem_cpu __percpu *cpu;
	struct kobs_cpus cpus;
	struct kobs_census census;
	struct path *files;
	struct kobs_umem_place *places;
	unsigned int n_places;
	struct kobs_probe ends[2];

	raw_spinlock_t lock; /* protects the members below */
	u32 life[KOBS_FILTER_MAX];
	u32 last;
	DECLARE_BITMAP(over, UMEM_LIVES);
	struct work_struct drop;
};

/* calls.c */
bool kobs_umem_old(const u64 *d, struct kobs_object *o);
void kobs_umem_set_old(u64 *d, const struct kobs_object *o);
bool kobs_umem_is_inside(const struct kobs_umem_place *p, struct kobs_cpu *pc,
			 struct pt_regs *regs);
u64 kobs_umem_heap_end(enum kobs_umem_call call, struct pt_regs *regs, u64 *to);
u64 *kobs_umem_open_call(struct kobs_umem_place *p, struct pt_regs *regs,
			 struct kobs_inflight_ref *ref);
void kobs_umem_hook(struct kobs_umem_place *p);
void kobs_umem_leave_call(struct kobs_umem *u);

/* frees.c */
void kobs_umem_frees(struct kobs_umem_place *p, struct pt_regs *regs);
bool kobs_umem_unmaps(struct kobs_umem_place *p, struct pt_regs *regs);
enum kobs_counter kobs_umem_unmapped(struct kobs_umem *u, const u64 *d,
				     struct pt_regs *regs);

/* lives.c */
void kobs_umem_lives_init(struct kobs_umem *u);
u32 kobs_umem_life(const struct kobs_umem *u);
void kobs_umem_exec(struct kobs_umem *u);
void kobs_umem_lives_sync(struct kobs_umem *u);

/* objects.c */
u32 kobs_umem_group(struct kobs_umem *u, struct pt_regs *regs,
		    enum kobs_counter *fate);
bool kobs_umem_take(struct kobs_umem *u, u64 address, struct kobs_object *o);
bool kobs_umem_put_back(struct kobs_umem *u, u64 address,
			const struct kobs_object *o);
bool kobs_umem_freed(struct kobs_umem *u, const struct kobs_object *o);
enum kobs_counter kobs_umem_end_some(struct kobs_umem *u, struct kobs_umem_ends *e);
enum kobs_counter kobs_umem_made(struct kobs_umem *u, u64 address, u64 size,
				 u32 group);
enum kobs_counter kobs_umem_failed(struct kobs_umem *u, u32 group);
enum kobs_counter kobs_umem_unknown(struct kobs_umem *u);

/* places.c */
int kobs_umem_places_init(struct kobs_umem *u, struct netlink_ext_ack *extack);
void kobs_umem_places_free(struct kobs_umem *u);

#endif /* KOBS_UMEM_H */
