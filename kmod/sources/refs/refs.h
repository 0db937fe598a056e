/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source refs: what its parts share.
 *
 *	source.c	description of the source, start and stop
 *	points.c	from parameters to points: functions and programs
 *	modules.c	functions of modules that go
 *	hit.c		handlers
 *	sites.c		only objects of some sites of allocation
 *	text.c		ranges of code
 *	rows.c		rows: the references that are held
 *
 * Locking: see source.c.
 */
#ifndef KOBS_REFS_H
#define KOBS_REFS_H

#include <linux/ftrace.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <uapi/kobs_program.h>
#include <uapi/kobs_refs.h>

#include "core/census.h"
#include "core/kmem_cache.h"
#include "core/site.h"
#include "hooks/call.h"
#include "hooks/tracepoint.h"
#include "lib/group_table.h"
#include "lib/object_table.h"
#include "lib/program.h"
#include "lib/ref_table.h"

/* The word of a hit: the function. */
#define REFS_W_FUNC		KOBS_W_SOURCE

/* Counters of a group, beside those of a census: puts, whatever they gave back. */
#define REFS_CENSUS_PUTS	KOBS_CENSUS_COUNTS
static_assert(REFS_CENSUS_PUTS < KOBS_GROUP_COUNTS);

/* Reasons of loss. */
#define REFS_N_IN_FLIGHT	(KOBS_N_SOURCE + 0)
#define REFS_N_MISSED		(KOBS_N_SOURCE + 1)
#define REFS_N_FAULT		(KOBS_N_SOURCE + 2)
#define REFS_N_FULL		(KOBS_N_SOURCE + 3)
#define REFS_N_CROWDED		(KOBS_N_SOURCE + 4)
#define REFS_N_NMI		(KOBS_N_SOURCE + 5)
#define REFS_REASONS		6

/* The first two are those of every census. */
enum kobs_refs_param {
	REFS_P_OBJECTS,
	REFS_P_OLDER,
	REFS_P_INFLIGHT,
	REFS_P_POINTS,
	REFS_P_CODE,
	REFS_P_CACHE,
	REFS_P_SITE,
	REFS_P_SITE_TEXT,
	REFS_P_HELPER_TEXT,
	REFS_P_PUTS,
	REFS_P_OUTER_TEXT,
	REFS_PARAMS
};

static_assert((int)REFS_P_OBJECTS == (int)KOBS_CENSUS_P_OBJECTS);
static_assert((int)REFS_P_OLDER == (int)KOBS_CENSUS_P_OLDER);

/*
 * Maximum number of hooks: functions with other programs have other ones, to unhook
 * one takes a grace period, and one at returns has memory for its calls.
 */
#define REFS_ENTRIES		32
#define REFS_RETURNS		16

/* Arguments that a function passes in registers, wherever kobs runs. */
#define REFS_ARGS		6

struct kobs_refs;

/**
 * struct kobs_refs_point - functions that do the same with the same program
 * @r: session
 * @program: gives the address of the object
 * @arg: number of the argument that is all that it gives; -1: it does more
 * @role: what they do
 * @returns: the program runs at their return
 * @ops: hook of their entry
 * @calls: hook of their return, or NULL
 * @ips: functions
 * @n: number of @ips
 * @hooked: @ops is on
 * @stuck: @ops can be called after the end
 */
struct kobs_refs_point {
	struct kobs_refs *r;
	struct kobs_program program;
	int arg;
	enum kobs_refs_role role;
	bool returns;
	struct ftrace_ops ops;
	struct kobs_calls *calls;
	unsigned long *ips;
	unsigned int n;
	bool hooked;
	bool stuck;
};

/**
 * struct kobs_refs_cpu - per-CPU part of a session
 * @unknown: puts of references that are not followed
 * @made: objects that the sites have allocated
 */
struct kobs_refs_cpu {
	local64_t unknown;
	local64_t made;
};

/**
 * struct kobs_refs_text - ranges of code, of which some can go
 * @v: memory of @code
 * @code: the ranges
 */
struct kobs_refs_text {
	struct kobs_code_range *v;
	struct kobs_code_ranges code;
};

/* Hooks of what frees without a tracepoint. */
#define REFS_FREES	2

/**
 * struct kobs_refs_sites - the sites whose objects alone are followed
 * @on: there are some
 * @first: an allocation takes the first reference
 * @text: their code
 * @helpers: code that allocates for its caller
 * @live: objects that they have allocated
 * @probes: of allocations and frees
 * @frees: hooks of functions that free
 * @hooked: number of @frees that are on
 * @attached: @probes are on
 * @stuck: one of @frees can be called after the end
 */
struct kobs_refs_sites {
	bool on;
	bool first;
	struct kobs_refs_text text;
	struct kobs_code_ranges helpers;
	struct kobs_object_table live;
	struct kobs_probe probes[4];
	struct ftrace_ops frees[REFS_FREES];
	unsigned int hooked;
	bool attached;
	bool stuck;
};

/**
 * struct kobs_refs_walk - where an iteration over the held references is
 * @object: copy of an object
 * @slot: its next slot
 * @part: of the slot, the next part of its references
 */
struct kobs_refs_walk {
	struct kobs_ref_object object;
	unsigned int slot;
	unsigned int part;
};

/**
 * struct kobs_refs - a session of this source
 * @s: session
 * @cache: only objects of the cache of this name; empty: all
 * @sites: only objects of these sites
 * @outer: code of functions that call others for the reference that they take
 * @table: objects
 * @groups: group table: gets and puts by the session's key
 * @stack_word: place of the kernel stack in a key, or -1
 * @puts: readers are told of puts
 * @cpu: per-CPU part
 * @cpus: memory of the CPUs that have been online
 * @census: rows
 * @objects: for a reader, per group, number of objects with references held
 * @certain: likewise, number of references that are certain to be held
 * @forgot: likewise, number of these objects of which some puts are not known any more
 * @walk: under the session's lock
 * @points: functions
 * @n: number of @points
 * @ips: memory of their functions
 * @lock: protects the points' functions and hooks, and @gone
 * @modules: notifier of modules, whose functions go
 * @gone: number of functions and sites that went while the session ran
 */
struct kobs_refs {
	struct kobs_session *s;
	char cache[KOBS_CACHE_NAME_WORDS * sizeof(u64)];
	struct kobs_refs_sites sites;
	struct kobs_refs_text outer;
	struct kobs_ref_table table;
	struct kobs_group_table groups;
	int stack_word;
	bool puts;
	struct kobs_refs_cpu __percpu *cpu;
	struct kobs_cpus cpus;
	struct kobs_census census;
	u32 *objects;
	u32 *certain;
	u32 *forgot;
	struct kobs_refs_walk walk;
	struct kobs_refs_point *points;
	unsigned int n;
	unsigned long *ips;
	struct mutex lock; /* see above */
	struct notifier_block modules;
	unsigned int gone;
};

/* points.c */
int kobs_refs_points_init(struct kobs_refs *r, struct netlink_ext_ack *extack);
void kobs_refs_points_free(struct kobs_refs *r);

/* modules.c */
void kobs_refs_follow_modules(struct kobs_refs *r);
bool kobs_refs_goes(unsigned long ip, unsigned long state, const struct module *mod);

/* source.c */
void kobs_refs_unhook_point(struct kobs_refs_point *p);

/* hit.c */
int kobs_refs_hook(struct kobs_refs_point *p);
void kobs_refs_add(struct kobs_refs *r, u32 group, unsigned int counter, s64 n);
enum kobs_counter kobs_refs_made(struct kobs_refs *r, u64 address,
				 unsigned long site);
enum kobs_counter kobs_refs_gone(struct kobs_refs *r, u64 address);

/* text.c */
int kobs_refs_text_init(struct kobs_refs_text *t, const char *name,
			const struct kobs_value *value,
			struct netlink_ext_ack *extack);
unsigned int kobs_refs_text_drop(struct kobs_refs_text *t, unsigned long state,
				 const struct module *mod);
void kobs_refs_text_free(struct kobs_refs_text *t);

/* sites.c */
int kobs_refs_sites_init(struct kobs_refs *r, struct netlink_ext_ack *extack);
void kobs_refs_sites_free(struct kobs_refs *r);
int kobs_refs_sites_hook(struct kobs_refs *r, struct netlink_ext_ack *extack);
void kobs_refs_sites_unhook(struct kobs_refs *r);
bool kobs_refs_sites_have(const struct kobs_refs *r, u64 *address);

/* rows.c */
bool kobs_refs_rows(struct kobs_session *s, unsigned long *at,
		    struct kobs_row_out *out);
u64 kobs_refs_sum(const struct kobs_refs *r, size_t member);
bool kobs_refs_next(struct kobs_census *c, unsigned long *place,
		    struct kobs_object *o);

#endif /* KOBS_REFS_H */
