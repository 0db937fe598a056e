// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of 'slab leaks': evidence from the kernel's numbers, the verdict on
 * each, their order.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/dump.h"
#include "cmd/slab/judge.h"
#include "cmd/slab/leaks.h"
#include "cmd/slab/slab.h"
#include "lib/buf.h"
#include "lib/macros.h"

/** slab_figure() - Return: the place of a number of each row, by its name. */
size_t slab_figure(const struct mode *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr_figures; i++)
		if (!strcmp(m->figures[i].name, name))
			return i;
	return SIZE_MAX;
}

/** leaks_figure() - Return: a number of a row by its name; 0 without one. */
uint64_t leaks_figure(const struct report *r, const struct row *row, const char *name)
{
	size_t i = slab_figure(r->view->mode, name);

	return i == SIZE_MAX ? 0 : table_figures(r->table, row)[i];
}

/** leaks_param() - Return: a parameter of the session, or NULL. */
const struct param *leaks_param(const struct report *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->session->nr_params; i++)
		if (!strcmp(r->session->params[i].name, name))
			return &r->session->params[i];
	return NULL;
}

/** leaks_number() - Return: the number of a parameter of the session. */
uint64_t leaks_number(const struct report *r, const char *name)
{
	const struct param *p = leaks_param(r, name);

	return p ? p->number : 0;
}

/** leaks_key() - Return: a row's key in a column; 0 without the column. */
uint64_t leaks_key(const struct report *r, const struct row *row, const char *column)
{
	size_t c;

	for (c = 0; c < r->view->nr_columns; c++)
		if (!strcmp(r->view->columns[c]->name, column))
			return r->table->keys[row->key + c];
	return 0;
}

static bool takes_objects_back(const char *cache, const char *site)
{
	return slab_reclaimable(cache);
}

/* Page tables of processes, which go with what they map. */
static const char *const of_processes[] = {
	"pte_alloc_one+", "__pte_alloc+", "__pmd_alloc+", "__pud_alloc+", "__p4d_alloc+",
	"pgd_alloc+", "mm_init+", "pagetable_alloc",
};

/* Pages that move are of users or the page cache; the kernel takes both back. */
static bool takes_pages_back(const char *mobility, const char *site)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(of_processes); i++)
		if (!strncmp(site, of_processes[i], strlen(of_processes[i])))
			return true;
	return !strcmp(mobility, "movable") || !strcmp(mobility, "reclaimable");
}

static bool takes_nothing_back(const char *group, const char *site)
{
	return false;
}

static const struct leaks_kind kinds[] = {
	{ "slab", "slab objects", "cache", takes_objects_back,
	  "pages and vmalloc() are not followed", false },
	{ "page", "pages", "mobility", takes_pages_back,
	  "slab objects are not followed", false },
	{ "vmalloc", "areas", "", takes_nothing_back,
	  "slab objects and pages are not followed", false },
	{ "percpu", "percpu areas", "", takes_nothing_back,
	  "slab objects and pages are not followed", false },
	{ "umem", "objects", "", takes_nothing_back, "memory of brk() is not followed",
	  false },
	{ "refs", "references", "", takes_nothing_back, "", true },
};

/** leaks_kind_of() - Return: what the report is about. */
const struct leaks_kind *leaks_kind_of(const struct report *r)
{
	size_t i;

	for (i = ARRAY_SIZE(kinds) - 1; i; i--)
		if (!strcmp(kinds[i].source, r->view->source->name))
			break;
	return &kinds[i];
}

static const char *group_of(const struct report *r, const struct leaks *l, const struct row *row)
{
	uint64_t key = leaks_key(r, row, l->kind->group);

	return key ? (const char *)(uintptr_t)key : "";
}

/** leaks_is_set() - Whether the user gave a parameter that limits which objects are followed. */
bool leaks_is_set(const struct report *r, const char *name)
{
	const struct param *p = leaks_param(r, name);
	const struct source *s = r->view->source;
	size_t i;

	if (!p || p->text)
		return p && *p->text;
	/* The session's parameters come without their defaults. */
	for (i = 0; i < s->nr_params; i++)
		if (!strcmp(s->params[i].name, name))
			return p->number != s->params[i].def;
	return false;
}

static void find_evidence(struct report *r, struct judged *j, uint64_t sample)
{
	struct evidence *e = &j->evidence;
	const struct row *row = &j->row;
	char name[8];
	size_t k;

	e->window = r->session->duration;
	e->older = leaks_number(r, "older") * 1000000;
	e->allocated = leaks_figure(r, row, "allocated");
	e->freed = leaks_figure(r, row, "freed");
	j->live_bytes = leaks_kind_of(r)->counted ? row->count :
						    leaks_figure(r, row, "live_bytes");
	j->missed = leaks_figure(r, row, "missed_frees");
	j->failed = leaks_figure(r, row, "failed");
	for (k = 1; k < VERDICT_PARTS; k++) {
		snprintf(name, sizeof(name), "live_%zu", k);
		e->live[k] = leaks_figure(r, row, name);
	}
	/* Not the row's count, which --older cuts. */
	if (e->allocated > e->freed + j->missed)
		j->gained = e->allocated - e->freed - j->missed;
	e->live[VERDICT_PARTS] = j->gained;
	if (r->session->duration)
		j->rate = (double)(j->gained * sample) / ((double)r->session->duration / 1e9);
	verdict_add_ages(e, row->buckets, row->nr_buckets);
}

/* Whether the kernel takes back what a row has. */
static bool is_reclaimable(const struct report *r, const struct leaks *l, const struct row *row)
{
	size_t column = view_column(r->view, "site");
	struct buf site = {};
	bool found;

	if (column < r->view->nr_columns)
		view_print_key(r->view, column, leaks_key(r, row, "site"), &site);
	found = l->kind->reclaimable(group_of(r, l, row), site.len ? site.p : "");
	buf_free(&site);
	return found;
}

static bool same_site(const struct report *r, const struct row *a, const struct row *b)
{
	const uint64_t *keys = r->table->keys;
	size_t c;

	for (c = 0; c < r->view->nr_columns; c++)
		if (!type_is_stack(r->view->types[c]) && keys[a->key + c] != keys[b->key + c])
			return false;
	return true;
}

static void add_evidence(struct evidence *to, const struct evidence *from)
{
	size_t k;

	to->allocated += from->allocated;
	to->freed += from->freed;
	for (k = 0; k < VERDICT_PARTS; k++) {
		to->kept[k] += from->kept[k];
		to->live[k + 1] += from->live[k + 1];
	}
}

/*
 * What a cache gained can be compared with what it freed only if all of its
 * allocations were followed: frees of others count as of older objects.
 */
static bool follows_all(const struct report *r)
{
	const struct filter *f = &r->session->filter;
	size_t i;

	for (i = 0; i < r->session->nr_lost; i++)
		if (r->session->lost[i].count)
			return false;
	return view_column(r->view, "site") < r->view->nr_columns &&
	       !f->pids.n && !f->tids.n && !f->cpus.n && !f->comms.n &&
	       !leaks_is_set(r, "min_size") && !leaks_is_set(r, "max_size") && !leaks_is_set(r, "module");
}

static void add_flow(const struct report *r, struct leaks *l, const struct judged *j)
{
	uint64_t cache = leaks_key(r, &j->row, l->kind->group);
	uint64_t freed = leaks_figure(r, &j->row, "unknown_frees");
	uint64_t freed_by[VERDICT_PARTS + 1];

	if (!cache || !*(const char *)(uintptr_t)cache) {
		/* Some frees found no room in the kernel's table of them. */
		if (freed && j->evidence.live[1])
			l->all_followed = false;
		return;
	}
	flows_gain(&l->flows, cache, j->gained);
	if (!freed)
		return;
	memcpy(freed_by, j->evidence.live, sizeof(freed_by));
	freed_by[VERDICT_PARTS] = freed;
	flows_free(&l->flows, cache, leaks_key(r, &j->row, "site"), freed_by);
}

static void judge_flow(const struct report *r, const struct leaks *l, const struct row *row,
		       struct evidence *e)
{
	const struct flow *flow = flows_find(&l->flows, leaks_key(r, row, l->kind->group));

	e->cache_known = l->all_followed && flow && flow->freed;
	e->cache_gained = flow ? flow->gained : 0;
	e->cache_freed = flow ? flow->freed : 0;
	if (flow)
		memcpy(e->cache_freed_by, flow->freed_by, sizeof(e->cache_freed_by));
}

/*
 * A site's stacks are taken from some time on only: none of them has evidence
 * for all of the window, and so they share the verdict of their site.
 */
static void judge(struct report *r, struct leaks *l, size_t n)
{
	bool together = leaks_number(r, "escalate");
	struct evidence *all = zalloc((n + 1) * sizeof(*all));
	size_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		all[i] = l->v[i].evidence;
		for (k = 0; together && k < n; k++)
			if (k != i && same_site(r, &l->v[i].row, &l->v[k].row))
				add_evidence(&all[i], &l->v[k].evidence);
	}
	for (i = 0; i < n; i++) {
		struct judged *j = &l->v[i];

		all[i].reclaimable = is_reclaimable(r, l, &j->row);
		judge_flow(r, l, &j->row, &all[i]);
		j->verdict = verdict_judge(&all[i]);
		if (j->verdict == VERDICT_STEPS && verdict_longer(&all[i]) > l->longer)
			l->longer = verdict_longer(&all[i]);
		if (together)
			j->evidence = all[i];
		j->evidence.reclaimable = all[i].reclaimable;
		j->evidence.confidence = all[i].confidence;
		j->evidence.cache_known = all[i].cache_known;
		j->evidence.cache_gained = all[i].cache_gained;
		j->evidence.cache_freed = all[i].cache_freed;
	}
	free(all);
}

static int compare(const void *a, const void *b)
{
	const struct judged *x = a;
	const struct judged *y = b;
	int leaks = (y->verdict == VERDICT_LEAK) - (x->verdict == VERDICT_LEAK);

	if (leaks)
		return leaks;
	if (x->live_bytes != y->live_bytes)
		return x->live_bytes < y->live_bytes ? 1 : -1;
	if (x->evidence.allocated != y->evidence.allocated)
		return x->evidence.allocated < y->evidence.allocated ? 1 : -1;
	return (x->row.key > y->row.key) - (x->row.key < y->row.key);
}

/* The row of frees that belong to no site tells of nothing else. */
static bool is_no_row(const struct judged *j)
{
	return !j->evidence.allocated && !j->failed && !j->row.count;
}

/** leaks_arrange() - Judge the rows, and order them. */
void leaks_arrange(struct report *r)
{
	const struct param *module = leaks_param(r, "module");
	struct table *t = r->table;
	struct leaks *l = zalloc(sizeof(*l));
	size_t n = 0;
	size_t i;

	l->v = zalloc((t->nr_rows + 1) * sizeof(*l->v));
	l->kind = leaks_kind_of(r);
	l->sample = leaks_number(r, "sample");
	if (!l->sample)
		l->sample = 1;
	l->all_followed = follows_all(r);
	l->other_caches = leaks_is_set(r, "cache");
	l->other_sizes = leaks_is_set(r, "min_size") || leaks_is_set(r, "max_size");
	l->module = module && module->text && *module->text ? module->text : NULL;
	for (i = 0; i < t->nr_rows; i++) {
		struct judged *j = &l->v[n];

		memset(j, 0, sizeof(*j));
		j->row = t->rows[i];
		l->unknown_frees += leaks_figure(r, &j->row, "unknown_frees");
		find_evidence(r, j, l->sample);
		add_flow(r, l, j);
		if (is_no_row(j)) {
			free(j->row.buckets);
			continue;
		}
		l->objects += j->row.count;
		l->bytes += j->live_bytes;
		l->missed |= j->missed > 0;
		l->failed |= j->failed > 0;
		n++;
	}
	judge(r, l, n);
	if (n)
		qsort(l->v, n, sizeof(*l->v), compare);
	t->nr_rows = n;
	r->rows_worth = 0;
	for (i = 0; i < n; i++) {
		t->rows[i] = l->v[i].row;
		r->rows_worth += l->v[i].row.count > 0;
	}
	l->idle = n - r->rows_worth;
	r->judged = l;
	if (leaks_number(r, "escalate"))
		r->no_stack = "      (not taken)";
}

/** leaks_release() - Free what leaks_arrange() made. */
void leaks_release(struct report *r)
{
	struct leaks *l = r->judged;

	if (!l)
		return;
	if (l->dump)
		dump_free(l->dump);
	free(l->dump);
	refs_puts_free(l->puts);
	free(l->flows.v);
	free(l->rss_saved);
	free(l->v);
	free(l);
	r->judged = NULL;
}
