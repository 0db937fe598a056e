// SPDX-License-Identifier: GPL-2.0
/*
 * Source slab: allocations and frees of the slab allocator. Mode leaks follows
 * each object from its allocation to its free and reports the live objects per
 * key; mode trace streams single events. slow.c defines a hit.
 *
 * Locking: prepare, start, stop and release run under the session's change lock. The
 * handlers take no lock; stop waits for them before anything is freed.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "core/census_tables.h"
#include "core/hit.h"
#include "core/refuse.h"
#include "sources.h"
#include "sources/slab/site_cache.h"
#include "sources/slab/slab.h"

#define SLAB_MOST_BYTES	BIT_ULL(40)

static bool slab_has(const struct kobs_session *s, unsigned int word)
{
	unsigned int i;

	for (i = 0; i < s->n_words; i++) {
		if (s->gather[i] == word)
			return true;
	}
	return false;
}

static int slab_check(const struct kobs_session *s,
		      struct netlink_ext_ack *extack)
{
	const struct kobs_value *p = s->source_params;
	int err = kobs_census_check(s, SLAB_W_SITE, extack);

	if (err)
		return err;
	if (p[SLAB_P_MIN_SIZE].number > p[SLAB_P_MAX_SIZE].number)
		return kobs_refuse(extack, -EINVAL,
				   "min_size %llu is above max_size %llu",
				   p[SLAB_P_MIN_SIZE].number,
				   p[SLAB_P_MAX_SIZE].number);
	if (s->mode->stream)
		return 0;
	if (slab_has(s, SLAB_W_PTR) || slab_has(s, SLAB_W_EVENT))
		return kobs_refuse(extack, -EINVAL,
				   "columns ptr and event belong to slab trace");
	return 0;
}

static void slab_configure(struct kobs_slab *sl)
{
	const struct kobs_value *p = sl->s->source_params;
	struct kobs_session *s = sl->s;

	sl->sampled = p[SLAB_P_SAMPLE].number > 1;
	sl->follow_below = div64_u64(BIT_ULL(32), p[SLAB_P_SAMPLE].number) - 1;
	sl->bounded = p[SLAB_P_MIN_SIZE].given || p[SLAB_P_MAX_SIZE].given;
	sl->min_size = p[SLAB_P_MIN_SIZE].number;
	sl->max_size = p[SLAB_P_MAX_SIZE].number;
	/* The site and the cache determine the key of an allocation. */
	sl->fast = !s->need && !s->filter.task && !sl->module.on &&
		   !sl->census.keeps_who;
}

/**
 * kobs_slab_sum() - sum of a counter over all CPUs
 * @sl: session
 * @member: its offset in struct kobs_slab_cpu
 *
 * Context: any.
 * Return: the sum.
 */
u64 kobs_slab_sum(const struct kobs_slab *sl, size_t member)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += local64_read((local64_t *)((char *)per_cpu_ptr(sl->cpu, cpu) +
						  member));
	return sum;
}

static u64 slab_skipped(const struct kobs_session *s)
{
	const struct kobs_slab *sl = s->priv;

	return sl && sl->cpu ?
	       kobs_slab_sum(sl, offsetof(struct kobs_slab_cpu, skipped)) : 0;
}

/* Not all allocations of a cache are followed. */
static bool slab_is_limited(const struct kobs_session *s)
{
	const struct kobs_value *p = s->source_params;

	return s->filter.task || p[SLAB_P_MIN_SIZE].given ||
	       p[SLAB_P_MAX_SIZE].given || p[KOBS_CENSUS_P_MODULE].given;
}

#define SITES_BYTES	(SLAB_SITE_CACHE * sizeof(struct kobs_slab_site))

static int prepare_cpu(struct kobs_cpus *c, unsigned int cpu)
{
	struct kobs_slab *sl = container_of(c, struct kobs_slab, cpus);
	struct kobs_slab_cpu *sc = per_cpu_ptr(sl->cpu, cpu);
	struct kobs_memory *m = &sl->s->memory;
	int err = kobs_group_table_prepare(&sl->groups, m, cpu);

	if (!err && sl->older.slots)
		err = kobs_group_table_prepare(&sl->older, m, cpu);
	if (!sc->sites)
		sc->sites = kobs_memory_get(m, SITES_BYTES, cpu_to_node(cpu));
	return sc->sites ? err : -ENOMEM;
}

static void free_cpus(struct kobs_slab *sl)
{
	unsigned int cpu;

	if (!sl->cpu)
		return;
	for_each_possible_cpu(cpu)
		vfree(per_cpu_ptr(sl->cpu, cpu)->sites);
	free_percpu(sl->cpu);
}

static int slab_alloc_memory(struct kobs_slab *sl)
{
	struct kobs_session *s = sl->s;
	int err = 0;

	/* The size of an object is that of its cache, also where no name is asked for. */
	kobs_cache_where_init();
	if (slab_has(s, SLAB_W_CACHE) || s->source_params[SLAB_P_CACHE].given) {
		sl->names = kobs_slab_names_new(s->source_params[SLAB_P_CACHE].text);
		if (!sl->names)
			return -ENOMEM;
	}
	if (s->mode->stream)
		return 0;
	sl->cpu = alloc_percpu_gfp(struct kobs_slab_cpu, GFP_KERNEL_ACCOUNT);
	if (!sl->cpu)
		return -ENOMEM;
	err = kobs_object_table_init(&sl->live, &s->memory,
				     s->source_params[KOBS_CENSUS_P_OBJECTS].number);
	if (!err)
		err = kobs_group_table_init(&sl->groups, &s->memory,
					    s->params[KOBS_P_ROWS].number,
					    s->n_words);
	/* Where frees of older objects can be compared with allocations. */
	if (!err && slab_has(s, SLAB_W_CACHE) && slab_has(s, SLAB_W_SITE) &&
	    !slab_is_limited(s))
		err = kobs_group_table_init(&sl->older, &s->memory, SLAB_OLDER,
					    SLAB_OLDER_WORDS);
	if (!err && !kobs_memory_fits(&s->memory, num_online_cpus() *
				      (kobs_group_table_bytes(&sl->groups) +
				       SITES_BYTES)))
		err = -ENOMEM;
	sl->cpus.prepare = prepare_cpu;
	sl->census.s = s;
	sl->census.objects = &sl->live;
	sl->census.groups = &sl->groups;
	sl->census.older = sl->older.slots ? &sl->older : NULL;
	return err ?: kobs_cpus_add(&sl->cpus) ?: kobs_census_init(&sl->census);
}

static void slab_free_all(struct kobs_slab *sl)
{
	kobs_module_code_free(&sl->module);
	kobs_cpus_remove(&sl->cpus);
	kobs_census_free(&sl->census);
	kobs_group_table_free(&sl->older);
	kobs_group_table_free(&sl->groups);
	kobs_object_table_free(&sl->live);
	free_cpus(sl);
	kobs_slab_names_free(sl->names);
	kfree(sl);
}

static int slab_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	const struct kobs_value *p = s->source_params;
	int err = slab_check(s, extack);
	struct kobs_slab *sl;

	if (err)
		return err;
	sl = kzalloc(sizeof(*sl), GFP_KERNEL_ACCOUNT);
	if (!sl)
		return -ENOMEM;
	sl->s = s;
	err = slab_alloc_memory(sl);
	if (err)
		kobs_session_no_memory(s, extack, "objects or rows");
	err = err ?: kobs_code_ranges_init(&sl->helpers, "helper_text",
					   &p[KOBS_CENSUS_P_HELPER_TEXT], extack);
	s->targets = kobs_slab_hooks(sl);
	/* Last: modules can be loaded from here on. */
	err = err ?: kobs_module_code_init(&sl->module, s, &p[KOBS_CENSUS_P_MODULE],
					   &p[KOBS_CENSUS_P_MODULE_TEXT], extack);
	if (err) {
		slab_free_all(sl);
		return err;
	}
	slab_configure(sl);
	s->priv = sl;
	return 0;
}

static int slab_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_slab *sl = s->priv;
	int err = kobs_slab_hook(sl, extack);

	if (sl->stuck)
		kobs_session_pin(s);
	if (!err && !s->stream)
		kobs_census_start(&sl->census);
	return err;
}

static void slab_stop(struct kobs_session *s)
{
	struct kobs_slab *sl = s->priv;

	kobs_slab_unhook(sl);
	if (sl->stuck)
		kobs_session_pin(s);
	if (!s->stream)
		kobs_census_stop(&sl->census);
}

static void slab_release(struct kobs_session *s)
{
	struct kobs_slab *sl = s->priv;

	s->priv = NULL;
	slab_free_all(sl);
}

/*
 * A module comes or goes: its sites have groups of their own. What the site
 * caches know of them must not be used for the code that comes.
 */
static void slab_code(struct kobs_session *s, const struct kobs_code *code,
		      const struct kobs_replace *replace)
{
	struct kobs_slab *sl = s->priv;
	struct kobs_replace site = *replace;

	if (s->stream)
		return;
	kobs_group_table_replace(&sl->groups, replace);
	site.words = BIT(0);
	kobs_group_table_replace(&sl->older, &site);
	slab_site_cache_forget(sl);
}

static void slab_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct kobs_slab *sl = s->priv;

	u->bytes += sizeof(*sl);
	if (s->stream)
		return;
	u->bytes += sizeof(struct kobs_slab_cpu) * num_possible_cpus();
	u->rows = atomic_read(&sl->groups.used);
	u->rows_max = sl->groups.mask + 1;
}

/* A row of frees of objects that are not followed. */
static bool row_older(struct kobs_slab *sl, u32 group, struct kobs_row_out *out)
{
	const u64 *key = kobs_census_older(&sl->census, group, out);
	u64 v[KOBS_WORDS] = {};

	if (!key)
		return false;
	v[SLAB_W_SITE] = key[0];
	memcpy(&v[SLAB_W_CACHE], &key[1],
	       KOBS_CACHE_NAME_WORDS * sizeof(u64));
	kobs_hit_gather(sl->s, v, out->key);
	return true;
}

/* The row of such frees that are in no group; live_1 says that some found no room. */
static bool row_unknown(struct kobs_slab *sl, struct kobs_row_out *out)
{
	*out = (struct kobs_row_out){
		.min = U64_MAX,
		.fields[KOBS_FIELD_LIVE] = READ_ONCE(sl->older_full),
		.fields[KOBS_FIELD_UNKNOWN] =
			kobs_slab_sum(sl, offsetof(struct kobs_slab_cpu,
						   unknown)),
	};
	return true;
}

/* The cursor: 0, then 1 + the group to go on with, then those of older objects. */
static bool slab_rows(struct kobs_session *s, unsigned long *at,
		      struct kobs_row_out *out)
{
	struct kobs_slab *sl = s->priv;
	u32 slots = sl->groups.mask + 1;

	if (s->life == KOBS_LIFE_NEW)
		return false;
	if (!*at) {
		kobs_census_fill(&sl->census);
		*at = 1;
		return row_unknown(sl, out);
	}
	while (*at <= slots) {
		if (kobs_census_row(&sl->census, (*at)++ - 1, out))
			return true;
		cond_resched();
	}
	while (sl->older.slots && *at <= slots + 1 + sl->older.mask) {
		if (row_older(sl, (*at)++ - 1 - slots, out))
			return true;
		cond_resched();
	}
	return false;
}

static struct kobs_census *slab_census(const struct kobs_session *s)
{
	struct kobs_slab *sl = s->priv;

	return s->stream ? NULL : &sl->census;
}

static const struct kobs_field slab_fields[] =
	KOBS_CENSUS_FIELDS_OF("objects",
			      "frees of objects not followed, by the site of the free and cache");

static_assert(ARRAY_SIZE(slab_fields) == KOBS_CENSUS_FIELDS);

static const struct kobs_mode slab_modes[] = {
	{
		.name = "leaks",
		.doc = "count live, allocated and freed objects",
		.value = "age",
		.unit = "ns",
		.own_rows = true,
		.by = "site",
		.fields = slab_fields,
		.n_fields = ARRAY_SIZE(slab_fields),
		.available = kobs_slab_how,
	}, {
		.name = "trace",
		.doc = "stream a record of each allocation and free",
		.stream = true,
		.by = "event,site,ptr,size,cache,pid,comm",
		.available = kobs_slab_how,
	},
};

static const struct kobs_column slab_columns[] = {
	{ "site", "code that allocated or freed it", KOBS_TYPE_ADDRESS, NULL,
	  SLAB_W_SITE, 1 },
	{ "cache", "name of the cache", KOBS_TYPE_TEXT, NULL,
	  SLAB_W_CACHE, KOBS_CACHE_NAME_WORDS },
	{ "size", "size of the object", KOBS_TYPE_NUMBER, "bytes",
	  SLAB_W_SIZE, 1 },
	{ "ptr", "address of the object; trace only", KOBS_TYPE_NUMBER, NULL,
	  SLAB_W_PTR, 1 },
	{ "event", "alloc, failed, free, or give_up to RCU; trace only",
	  KOBS_TYPE_TEXT, NULL, SLAB_W_EVENT, 2 },
};

static const struct kobs_param slab_params[] = {
	KOBS_CENSUS_PARAMS_OF("objects", "objects", 1 << 19),
	[SLAB_P_MIN_SIZE] = {
		"min_size", "smallest object to follow", KOBS_TYPE_NUMBER,
		"bytes", 0, SLAB_MOST_BYTES, 0
	},
	[SLAB_P_MAX_SIZE] = {
		"max_size", "largest object to follow", KOBS_TYPE_NUMBER,
		"bytes", 0, SLAB_MOST_BYTES, SLAB_MOST_BYTES
	},
	[SLAB_P_CACHE] = {
		"cache", "glob that the cache's name must match",
		KOBS_TYPE_TEXT, NULL, 1, 31, 0
	},
	[SLAB_P_SAMPLE] = {
		"sample", "follow one in N addresses",
		KOBS_TYPE_NUMBER, NULL, 1, 1 << 20, 1
	},
};

static const struct kobs_reason slab_reasons[] = {
	[SLAB_LOST_MISSED - KOBS_N_SOURCE] = {
		"missed_returns",
		"allocation whose return could not be hooked",
	},
	[SLAB_LOST_OBJECTS_FULL - KOBS_N_SOURCE] = {
		"objects_full",
		"no room left for a live object: raise objects, or sample",
	},
};

const struct kobs_source kobs_src_slab = {
	.name = "slab",
	.doc = "allocations and frees of the slab allocator",
	.modes = slab_modes,
	.n_modes = ARRAY_SIZE(slab_modes),
	.columns = slab_columns,
	.n_columns = ARRAY_SIZE(slab_columns),
	.params = slab_params,
	.n_params = ARRAY_SIZE(slab_params),
	.reasons = slab_reasons,
	.n_reasons = ARRAY_SIZE(slab_reasons),
	.prepare = slab_prepare,
	.start = slab_start,
	.stop = slab_stop,
	.release = slab_release,
	.missed = kobs_slab_missed,
	.missed_as = SLAB_LOST_MISSED,
	.skipped = slab_skipped,
	.rows = slab_rows,
	.census = slab_census,
	.code = slab_code,
	.usage = slab_usage,
};
