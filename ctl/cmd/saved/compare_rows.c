// SPDX-License-Identifier: GPL-2.0
/* The rows of two reports by their keys, or by the function that their stacks end in. */

#include <stdlib.h>
#include <string.h>

#include "cmd/saved/compare.h"
#include "lib/diag.h"
#include "lib/macros.h"

struct names {
	const char	*v[VIEW_COLUMNS];
	size_t		n;
};

static void columns_of(const struct saved *s, struct names *out)
{
	size_t i;

	if (s->form && s->form->compared)
		out->v[out->n++] = s->form->compared;
	for (i = 0; i < ARRAY_SIZE(s->kind->keys) && s->kind->keys[i]; i++)
		out->v[out->n++] = s->kind->keys[i];
	if (out->n)
		return;
	for (i = 0; s->form && i < s->session.by.n && i < VIEW_COLUMNS; i++)
		out->v[out->n++] = s->session.by.v[i];
	for (i = 0; i < s->view.nr_columns; i++)
		if (!view_is_hidden(&s->view, i))
			out->v[out->n++] = s->view.columns[i]->name;
}

static bool has(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

/** compare_columns() - Find what both have. Return: 0, or an exit status after a sentence. */
int compare_columns(struct diff *d)
{
	struct names before = {}, after = {};
	struct buf line = {};
	size_t i;

	columns_of(&d->file[0], &before);
	columns_of(&d->file[1], &after);
	for (i = 0; i < after.n; i++)
		if (has(&before, after.v[i]))
			d->columns[d->nr_columns++] = after.v[i];
	if (!d->nr_columns && (before.n || after.n))
		return refuse("%s and %s have no column in common (--by): these cannot be compared",
			      d->file[0].path, d->file[1].path);
	if (before.n == d->nr_columns && after.n == d->nr_columns)
		return 0;
	buf_puts(&line, "The reports have other columns; compared by those of both: ");
	for (i = 0; i < d->nr_columns; i++)
		buf_printf(&line, "%s%s", i ? ", " : "", d->columns[i]);
	strings_add(&d->notes, line.p);
	buf_free(&line);
	return 0;
}

/* One function is one frame, wherever in it the call was. */
static void add_frames(const json_t *stack, struct buf *key)
{
	struct buf name = {};
	json_t *frame;
	size_t i;

	json_array_foreach(stack, i, frame) {
		const char *text = json_text(frame);

		name.len = 0;
		buf_puts(&name, text ? text : "?");
		view_strip(name.p);
		buf_printf(key, "%s%s", i ? "\n" : "", name.p);
	}
	buf_free(&name);
}

static void make_key(struct diff *d, const json_t *row, struct buf *key)
{
	size_t c;

	key->len = 0;
	for (c = 0; c < d->nr_columns; c++) {
		const json_t *value = json_object_get(row, d->columns[c]);

		if (json_is_array(value)) {
			d->stacked[c] = true;
			add_frames(value, key);
		} else if (json_text(value)) {
			buf_puts(key, json_text(value));
		} else if (json_is_unsigned(value)) {
			buf_u64(key, json_unsigned(value));
		} else if (json_is_integer(value)) {
			buf_printf(key, "%lld", (long long)json_integer_value(value));
		}
		buf_putc(key, CELL_END);
	}
}

static struct pair *get_pair(struct diff *d, const char *text)
{
	const char *key = pool_intern(&d->keys, text);
	uintptr_t number = (uintptr_t)map_get(&d->by_key, (uint64_t)(uintptr_t)key);

	if (number)
		return &d->v[number - 1];
	d->v = grow(d->v, &d->cap, d->n + 1, sizeof(*d->v));
	d->v[d->n++] = (struct pair){ .key = key };
	map_set(&d->by_key, (uint64_t)(uintptr_t)key, (void *)(uintptr_t)d->n);
	return &d->v[d->n - 1];
}

static void add_hist(struct diff *d, struct row *to, const json_t *row)
{
	json_t *hist = json_object_get(row, "hist");
	uint64_t max = json_unsigned(json_object_get(row, "max"));
	json_t *item;
	size_t i;

	json_array_foreach(hist, i, item) {
		struct bucket b = {
			.lo = json_unsigned(json_object_get(item, "lo")),
			.hi = json_unsigned(json_object_get(item, "hi")),
			.count = json_unsigned(json_object_get(item, "count")),
		};

		if (b.lo <= b.hi)
			table_add_bucket(to, &b);
	}
	if (max > to->max)
		to->max = max;
	/* Ages are no values of the rows. */
	d->has_hist |= to->nr_buckets && strcmp(d->weight, "live_bytes");
}

struct side {
	struct diff	*d;
	size_t		nr;
	struct buf	key;
};

static int compare_row(json_t *row, void *arg)
{
	struct side *side = arg;
	struct diff *d = side->d;
	const json_t *value = json_object_get(row, d->weight);
	__int128 weight;
	struct pair *p;

	/* A row of an event that the machine does not count has no number. */
	if (!value && json_is_false(json_object_get(row, "supported")))
		return 0;
	if (!json_wide(value, &weight))
		return saved_no_report(&d->file[side->nr], "a row has no numbers");
	if (!side->nr)
		weight = compare_scaled(d, weight);
	if (d->stripped[side->nr])
		compare_strip_row(row);
	make_key(d, row, &side->key);
	p = get_pair(d, side->key.p ? side->key.p : "");
	*(side->nr ? &p->after : &p->before) += weight;
	d->total[side->nr] += weight;
	p->given_back |= json_is_true(json_object_get(row, "given_back"));
	add_hist(d, &p->hist[side->nr], row);
	return 0;
}

/** compare_rows() - Return: 0, or an exit status after a sentence. */
int compare_rows(struct diff *d)
{
	struct side side = { .d = d };
	int err = 0;

	for (; !err && side.nr < 2; side.nr++)
		err = saved_each_row(&d->file[side.nr], compare_row, &side);
	buf_free(&side.key);
	return err;
}

/** compare_ends() - The weights of stacks, by their last frames. */
void compare_ends(struct diff *d)
{
	const struct stack_set *s = &d->set;
	size_t *place = zalloc((s->nr_frames + 1) * sizeof(*place));
	size_t i;

	d->v = zalloc((s->nr_frames + 1) * sizeof(*d->v));
	for (i = 0; i < s->n; i++) {
		const struct stack_line *line = &s->v[i];
		uint32_t leaf = s->ids[line->at + line->n - 1];

		if (!place[leaf]) {
			d->v[d->n++].key = s->frames[leaf].name;
			place[leaf] = d->n;
		}
		d->v[place[leaf] - 1].before += line->before;
		d->v[place[leaf] - 1].after += line->weight;
		d->total[0] += line->before;
		d->total[1] += line->weight;
	}
	free(place);
}
