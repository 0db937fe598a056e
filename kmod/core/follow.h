/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects that are followed from their allocation to their free, for sources
 * whose events are rare enough to need no fast path: tables, accounting, rows. A
 * source turns its hooks on, and calls kobs_follow_alloc() and
 * kobs_follow_free().
 *
 * Locking: see follow.c.
 */
#ifndef KOBS_FOLLOW_H
#define KOBS_FOLLOW_H

#include <linux/spinlock.h>

#include "core/census.h"
#include "core/module_code.h"
#include "core/site.h"
#include "lib/group_table.h"
#include "lib/late_frees.h"
#include "lib/object_table.h"

/* The words of an event: just the site. */
#define KOBS_FOLLOW_W_SITE	KOBS_W_SOURCE
/* Its reason of loss: no room left for a live object. */
#define KOBS_FOLLOW_LOST_FULL	(KOBS_N_SOURCE + 0)

/* Entries of kobs_follow.sites. */
#define KOBS_FOLLOW_SITES_BITS	8

/**
 * struct kobs_follow_cpu - per-CPU part of a session
 * @unknown: frees of objects that are not followed
 */
struct kobs_follow_cpu {
	local64_t unknown;
};

/**
 * struct kobs_follow - objects of a session
 * @s: session
 * @limited: not all allocations are followed
 * @fast: the site determines the group
 * @late_frees: an address can be allocated again before its free is reported; set
 *	after kobs_follow_init(); then events come from tasks alone
 * @missed: some free was lost: there can be objects that are not live
 * @live: live objects
 * @groups: group table
 * @cpu: per-CPU part
 * @cpus: memory of the CPUs that have been online
 * @module: code of the module whose allocations alone are followed
 * @helpers: code that allocates for its caller
 * @census: rows
 * @lock: with @late_frees, protects @live and @late
 * @late: objects whose free is yet to be reported
 * @sites: groups by their sites, see follow_fast.h
 */
struct kobs_follow {
	struct kobs_session *s;
	bool limited;
	bool fast;
	bool late_frees;
	bool missed;
	struct kobs_object_table live;
	struct kobs_group_table groups;
	struct kobs_follow_cpu __percpu *cpu;
	struct kobs_cpus cpus;
	struct kobs_module_code module;
	struct kobs_code_ranges helpers;
	struct kobs_census census;
	raw_spinlock_t lock; /* protects live and late, with late_frees */
	struct kobs_late_frees late;
	u64 sites[1 << KOBS_FOLLOW_SITES_BITS];
};

extern const struct kobs_param kobs_follow_params[KOBS_CENSUS_PARAMS];
extern const struct kobs_column kobs_follow_columns[1];
extern const struct kobs_field kobs_follow_fields[KOBS_CENSUS_FIELDS];

int kobs_follow_init(struct kobs_follow *f, struct kobs_session *s,
		     unsigned int hooks, struct netlink_ext_ack *extack);
void kobs_follow_free_all(struct kobs_follow *f);
void kobs_follow_alloc(struct kobs_follow *f, u64 key, size_t size,
		       unsigned long site);
void kobs_follow_free(struct kobs_follow *f, u64 key);
void kobs_follow_put_slow(struct kobs_follow *f, u64 key, size_t size, u32 group);
void kobs_follow_free_slow(struct kobs_follow *f, u64 key);
void kobs_follow_end_slow(struct kobs_follow *f, u32 group);
void kobs_follow_code(struct kobs_follow *f, const struct kobs_replace *replace);
bool kobs_follow_rows(struct kobs_follow *f, unsigned long *at,
		      struct kobs_row_out *out);
bool kobs_follow_note(const struct kobs_follow *f, unsigned int i,
		      struct kobs_note *note);
void kobs_follow_usage(const struct kobs_follow *f, struct kobs_usage *u);

#endif /* KOBS_FOLLOW_H */
