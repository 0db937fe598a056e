// SPDX-License-Identifier: GPL-2.0
/*
 * The verdicts of a saved report of 'slab leaks'. They are not made again: what they are
 * based on is not all in the file.
 */

#include <math.h>
#include <string.h>

#include "export/json_file.h"
#include "cmd/mem/dump.h"
#include "cmd/slab/judge.h"
#include "lib/buf.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static double real_of(const json_t *object, const char *key)
{
	double v = json_number_value(json_object_get(object, key));

	return isfinite(v) ? v : 0;
}

static void restore_row(struct report *r, struct leaks *l, struct judged *j, const json_t *row)
{
	const json_t *kept = json_object_get(row, "kept");
	struct row *to = &r->table->rows[j - l->v];
	struct evidence *e = &j->evidence;
	size_t i;

	to->count = number_of(row, "live") / l->sample;
	to->max = number_of(row, "oldest_ns");
	/* Numbers of rows are scaled in the file. */
	for (i = 0; i < r->table->nr_figures; i++)
		table_figures(r->table, to)[i] /= l->sample;
	j->row = *to;
	j->verdict = verdict_find(json_text(json_object_get(row, "verdict")));
	j->live_bytes = number_of(row, "live_bytes") / l->sample;
	j->missed = number_of(row, "missed_frees") / l->sample;
	j->failed = number_of(row, "failed");
	j->rate = real_of(row, "growth_per_s");
	for (i = 0; i < VERDICT_PARTS; i++)
		e->kept[i] = json_number_value(json_array_get(kept, i));
	e->reclaimable = json_is_true(json_object_get(row, "reclaimable"));
	l->missed |= j->missed > 0;
	l->failed |= j->failed > 0;
}

static uint64_t intern(struct report *r, const json_t *from, const char *key)
{
	const char *text = json_text(json_object_get(from, key));

	return (uint64_t)(uintptr_t)pool_intern(&r->table->texts, text ? text : "");
}

static void restore_turnover(struct report *r, struct leaks *l, const json_t *list)
{
	json_t *item;
	size_t i;

	if (!json_array_size(list) || view_column(r->view, "site") == SIZE_MAX)
		return;
	l->flows.v = zalloc(json_array_size(list) * sizeof(*l->flows.v));
	json_array_foreach(list, i, item)
		l->flows.v[l->flows.n++] = (struct flow){
			.cache = intern(r, item, "cache"), .site = intern(r, item, "site"),
			.gained = number_of(item, "gained"), .freed = number_of(item, "freed"),
		};
}

static bool not_followed(const json_t *root, const char *what)
{
	const json_t *list = json_object_get(root, "not_followed");
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (json_text(item) && !strcmp(json_text(item), what))
			return true;
	return false;
}

static void restore_rss(struct leaks *l, const json_t *from)
{
	if (!json_is_object(from))
		return;
	l->rss_saved = zalloc(sizeof(*l->rss_saved));
	rss_restore(l->rss_saved, from);
	l->rss = l->rss_saved;
	l->rss_live = number_of(from, "live_bytes");
}

static void restore_foot(struct report *r, struct leaks *l, const json_t *root)
{
	const json_t *module = json_object_get(root, "module");

	l->unknown_frees = number_of(root, "unknown_frees") / l->sample;
	l->longer = number_of(root, "steps_need_ns");
	l->other_caches = not_followed(root, "caches");
	l->other_sizes = not_followed(root, "sizes");
	l->module = json_text(json_object_get(module, "name"));
	l->objects = number_of(module, "objects");
	l->bytes = number_of(module, "bytes");
	l->dump = dump_restore(root);
	restore_turnover(r, l, json_object_get(root, "turnover"));
	restore_rss(l, json_object_get(root, "rss"));
}

/** leaks_restore() - Take the verdicts, and the order of the rows, from the file. */
void leaks_restore(struct report *r)
{
	const json_t *root = r->saved->root;
	const json_t *rows = json_object_get(root, "rows");
	const json_t *idle = json_object_get(root, "rows_without_live");
	struct table *t = r->table;
	struct leaks *l = zalloc(sizeof(*l));
	size_t i;

	leaks_release(r);
	l->kind = leaks_kind_of(r);
	l->v = zalloc((t->nr_rows + 1) * sizeof(*l->v));
	l->sample = leaks_number(r, "sample");
	if (!l->sample)
		l->sample = 1;
	r->rows_worth = 0;
	for (i = 0; i < t->nr_rows; i++) {
		restore_row(r, l, &l->v[i], json_array_get(rows, i));
		r->rows_worth += t->rows[i].count > 0;
	}
	l->idle = idle ? (size_t)json_unsigned(idle) : t->nr_rows - r->rows_worth;
	restore_foot(r, l, root);
	r->judged = l;
	if (leaks_number(r, "escalate"))
		r->no_stack = "      (not taken)";
}
