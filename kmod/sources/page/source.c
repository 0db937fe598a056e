// SPDX-License-Identifier: GPL-2.0
/*
 * Source page: blocks of the page allocator. Mode leaks follows each block from
 * its allocation to its free and reports the live pages per key. Numbers are of
 * pages: a block can be freed in parts. slow.c defines a hit.
 *
 * Locking: prepare, start, stop and release run under the session's change lock. The
 * handlers take no lock but that of the block table; stop waits for them before
 * anything is freed.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/census_tables.h"
#include "core/hit.h"
#include "sources.h"
#include "sources/page/page.h"

static int prepare_cpu(struct kobs_cpus *c, unsigned int cpu)
{
	struct kobs_page *pg = container_of(c, struct kobs_page, cpus);

	return kobs_group_table_prepare(&pg->groups, &pg->s->memory, cpu);
}

static u64 page_address_of(u64 key, unsigned int cpu)
{
	return (unsigned long)page_address(pfn_to_page(kobs_block_pfn(key)));
}

static const struct kobs_lies page_lies = { .address = page_address_of };

static int page_alloc_memory(struct kobs_page *pg)
{
	struct kobs_session *s = pg->s;
	struct kobs_memory *m = &s->memory;
	const struct kobs_value *p = s->source_params;
	int err;

	pg->cpu = alloc_percpu_gfp(struct kobs_page_cpu, GFP_KERNEL_ACCOUNT);
	pg->sites = kobs_memory_get(m, PAGE_SITES * sizeof(*pg->sites),
				    NUMA_NO_NODE);
	if (!pg->cpu || !pg->sites)
		return -ENOMEM;
	err = kobs_block_table_init(&pg->blocks, m, p[KOBS_CENSUS_P_OBJECTS].number);
	if (!err)
		err = kobs_group_table_init(&pg->groups, m,
					    s->params[KOBS_P_ROWS].number,
					    s->n_words);
	if (!err && !kobs_memory_fits(m, num_online_cpus() *
					 kobs_group_table_bytes(&pg->groups)))
		err = -ENOMEM;
	pg->cpus.prepare = prepare_cpu;
	pg->census.s = s;
	pg->census.objects = &pg->blocks.t;
	pg->census.groups = &pg->groups;
	pg->census.unit = PAGE_SIZE;
	pg->census.lies = &page_lies;
	return err ?: kobs_cpus_add(&pg->cpus) ?: kobs_census_init(&pg->census);
}

static void page_free_all(struct kobs_page *pg)
{
	kobs_module_code_free(&pg->module);
	kobs_cpus_remove(&pg->cpus);
	kobs_census_free(&pg->census);
	kobs_group_table_free(&pg->groups);
	kobs_block_table_free(&pg->blocks);
	vfree(pg->sites);
	free_percpu(pg->cpu);
	kfree(pg);
}

static int page_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	const struct kobs_value *p = s->source_params;
	int err = kobs_census_check(s, PAGE_W_SITE, extack);
	struct kobs_page *pg;

	if (err)
		return err;
	pg = kzalloc(sizeof(*pg), GFP_KERNEL_ACCOUNT);
	if (!pg)
		return -ENOMEM;
	pg->s = s;
	err = page_alloc_memory(pg);
	if (err)
		kobs_session_no_memory(s, extack, "blocks or rows");
	err = err ?: kobs_code_ranges_init(&pg->helpers, "helper_text",
					   &p[KOBS_CENSUS_P_HELPER_TEXT], extack);
	err = err ?: kobs_code_ranges_init(&pg->owners, "owner_text",
					   &p[PAGE_P_OWNER_TEXT], extack);
	s->targets = ARRAY_SIZE(pg->probes) + IS_ENABLED(CONFIG_MIGRATION) +
		     IS_ENABLED(CONFIG_KRETPROBES);
	/* Last: modules can be loaded from here on. */
	err = err ?: kobs_module_code_init(&pg->module, s, &p[KOBS_CENSUS_P_MODULE],
					   &p[KOBS_CENSUS_P_MODULE_TEXT], extack);
	if (err) {
		page_free_all(pg);
		return err;
	}
	if (p[PAGE_P_SAMPLE].number > 1)
		pg->draw_below = div64_u64(BIT_ULL(32), p[PAGE_P_SAMPLE].number);
	pg->limited = s->filter.task || pg->module.on || pg->draw_below;
	/* The site, the order and the mobility determine the key. */
	pg->fast = !s->need && !pg->limited && !pg->census.keeps_who;
	s->priv = pg;
	return 0;
}

static int page_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_page *pg = s->priv;
	int err = kobs_page_hook(pg, extack);

	if (pg->stuck)
		kobs_session_pin(s);
	if (!err)
		kobs_census_start(&pg->census);
	return err;
}

static void page_stop(struct kobs_session *s)
{
	struct kobs_page *pg = s->priv;

	kobs_page_unhook(pg);
	if (pg->stuck)
		kobs_session_pin(s);
	kobs_census_stop(&pg->census);
}

static void page_release(struct kobs_session *s)
{
	struct kobs_page *pg = s->priv;

	s->priv = NULL;
	page_free_all(pg);
}

/*
 * A module comes or goes: its sites have groups of their own. What is known of
 * sites must not be used for the code that comes.
 */
static void page_code(struct kobs_session *s, const struct kobs_code *code,
		      const struct kobs_replace *replace)
{
	struct kobs_page *pg = s->priv;

	kobs_group_table_replace(&pg->groups, replace);
	kobs_page_sites_forget(pg);
}

static void page_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct kobs_page *pg = s->priv;

	u->bytes += sizeof(*pg) +
		    sizeof(struct kobs_page_cpu) * num_possible_cpus();
	u->rows = atomic_read(&pg->groups.used);
	u->rows_max = pg->groups.mask + 1;
}

static u64 page_sum(const struct kobs_page *pg, size_t member)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += local64_read((local64_t *)((char *)per_cpu_ptr(pg->cpu, cpu) +
						  member));
	return sum;
}

static bool page_note(const struct kobs_session *s, unsigned int i,
		      struct kobs_note *note)
{
	static const struct {
		struct kobs_note note;
		size_t member;
	} notes[] = {
		{ { .name = "unknown_pages",
		    .doc = "pages freed whose allocation was not seen" },
		  offsetof(struct kobs_page_cpu, unknown) },
		{ { .name = "owner_pages",
		    .doc = "pages of the slab allocator: see slab leaks" },
		  offsetof(struct kobs_page_cpu, other) },
	};
	const struct kobs_page *pg = s->priv;

	if (!pg || i >= ARRAY_SIZE(notes))
		return false;
	*note = notes[i].note;
	note->number = page_sum(pg, notes[i].member);
	return true;
}

/* The row of frees of pages that are not followed. */
static bool row_unknown(struct kobs_page *pg, struct kobs_row_out *out)
{
	*out = (struct kobs_row_out){
		.min = U64_MAX,
		.fields[KOBS_FIELD_UNKNOWN] =
			page_sum(pg, offsetof(struct kobs_page_cpu, unknown)),
	};
	return true;
}

/* The cursor: 0, then 1 + the group to go on with. */
static bool page_rows(struct kobs_session *s, unsigned long *at,
		      struct kobs_row_out *out)
{
	struct kobs_page *pg = s->priv;

	if (s->life == KOBS_LIFE_NEW)
		return false;
	if (!*at) {
		kobs_census_fill(&pg->census);
		*at = 1;
		return row_unknown(pg, out);
	}
	while (*at <= pg->groups.mask + 1UL) {
		if (kobs_census_row(&pg->census, (*at)++ - 1, out))
			return true;
		cond_resched();
	}
	return false;
}

static struct kobs_census *page_census(const struct kobs_session *s)
{
	struct kobs_page *pg = s->priv;

	return &pg->census;
}

static const struct kobs_field page_fields[] =
	KOBS_CENSUS_FIELDS_OF("pages", "pages freed that are not followed");

static_assert(ARRAY_SIZE(page_fields) == KOBS_CENSUS_FIELDS);

static const struct kobs_mode page_modes[] = {
	{
		.name = "leaks",
		.doc = "count live, allocated and freed pages",
		.value = "age",
		.unit = "ns",
		.own_rows = true,
		.by = "site",
		.fields = page_fields,
		.n_fields = ARRAY_SIZE(page_fields),
		.available = kobs_page_how,
	},
};

static const struct kobs_column page_columns[] = {
	{ "site", "code that allocated it", KOBS_TYPE_ADDRESS, NULL,
	  PAGE_W_SITE, 1 },
	{ "order", "order of the block that was allocated", KOBS_TYPE_NUMBER,
	  NULL, PAGE_W_ORDER, 1 },
	{ "mobility", "unmovable, movable (of users, page cache) or reclaimable",
	  KOBS_TYPE_TEXT, NULL, PAGE_W_MOBILITY, 2 },
};

static const struct kobs_param page_params[] = {
	KOBS_CENSUS_PARAMS_OF("blocks", "pages", 1 << 19),
	[PAGE_P_OWNER_TEXT] = {
		"owner_text",
		"code of allocators whose objects another report has: pairs of start and end, ascending",
		KOBS_TYPE_ADDRESSES, NULL, 0, 2 * KOBS_SITE_RANGES, 0
	},
	[PAGE_P_SAMPLE] = {
		"sample", "follow one in N blocks",
		KOBS_TYPE_NUMBER, NULL, 1, 1 << 20, 1
	},
};

static const struct kobs_reason page_reasons[] = {
	[PAGE_LOST_MISSED - KOBS_N_SOURCE] = {
		"missed_returns",
		"allocation whose return could not be hooked, or whose pages could not be told",
	},
	[PAGE_LOST_OBJECTS_FULL - KOBS_N_SOURCE] = {
		"objects_full",
		"no room left for a live block: raise objects",
	},
	[PAGE_LOST_SPLIT_BUSY - KOBS_N_SOURCE] = {
		"split_busy",
		"free or migration while another CPU split a block for too long",
	},
};

const struct kobs_source kobs_src_page = {
	.name = "page",
	.doc = "allocations and frees of the page allocator",
	.modes = page_modes,
	.n_modes = ARRAY_SIZE(page_modes),
	.columns = page_columns,
	.n_columns = ARRAY_SIZE(page_columns),
	.params = page_params,
	.n_params = ARRAY_SIZE(page_params),
	.reasons = page_reasons,
	.n_reasons = ARRAY_SIZE(page_reasons),
	.prepare = page_prepare,
	.start = page_start,
	.stop = page_stop,
	.release = page_release,
	.missed = kobs_page_missed,
	.missed_as = PAGE_LOST_MISSED,
	.rows = page_rows,
	.census = page_census,
	.code = page_code,
	.usage = page_usage,
	.note = page_note,
};
