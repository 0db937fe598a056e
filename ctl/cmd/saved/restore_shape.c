// SPDX-License-Identifier: GPL-2.0
/*
 * The columns of a saved report, and the further numbers of its rows: as the file says, or
 * from its rows, where it is of an older obsctl.
 */

#include <string.h>

#include "cmd/saved/saved.h"
#include "lib/macros.h"

static uint32_t type_of_name(const char *name)
{
	static const struct {
		const char	*name;
		uint32_t	type;
	} types[] = {
		{ "number", KOBS_TYPE_NUMBER }, { "ns", KOBS_TYPE_NUMBER },
		{ "function", KOBS_TYPE_FUNCTION },
		{ "address", KOBS_TYPE_ADDRESS }, { "kstack", KOBS_TYPE_KSTACK },
		{ "ustack", KOBS_TYPE_USTACK }, { "object", KOBS_TYPE_OBJECT },
	};
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, name))
			return types[i].type;
	return KOBS_TYPE_TEXT;
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && !strcmp(name + len - n, suffix);
}

/* What rows are looked at for. */
struct found {
	const char	*name;
	bool		found;
};

static int find_text(json_t *row, void *arg)
{
	struct found *f = arg;
	const json_t *value = json_object_get(row, f->name);

	f->found = value && !json_is_unsigned(value) && !json_is_integer(value);
	return f->found;
}

static int find_value(json_t *row, void *arg)
{
	struct found *f = arg;

	f->found = json_object_get(row, f->name);
	return f->found;
}

/* Older files do not have the types: the rows tell them, and what is known of the sources. */
static uint32_t guess_type(struct saved *s, const char *name)
{
	struct found f = { .name = name };

	if (has_suffix(name, "stack"))
		return strcmp(name, "ustack") ? KOBS_TYPE_KSTACK : KOBS_TYPE_USTACK;
	if (!strcmp(name, "func") && !strcmp(s->kind->source ? s->kind->source : "", "func"))
		return KOBS_TYPE_FUNCTION;
	if (!strcmp(name, "site"))
		return KOBS_TYPE_ADDRESS;
	saved_each_row(s, find_text, &f);
	return f.found ? KOBS_TYPE_TEXT : KOBS_TYPE_NUMBER;
}

/* Whether a column of the session's is one of the rows, too: some verbs make others of it. */
static bool in_rows(struct saved *s, const char *name)
{
	struct found f = { .name = name };

	saved_each_row(s, find_value, &f);
	return f.found || !json_array_size(s->rows);
}

static bool add_column(struct saved *s, const char *name, uint32_t type, enum shown shown)
{
	struct view *v = &s->view;
	size_t c = v->nr_columns;

	if (!name || c == VIEW_COLUMNS)
		return false;
	s->columns[c] = (struct column){ .name = (char *)name, .type = type };
	v->columns[c] = &s->columns[c];
	v->types[c] = type;
	v->shown[c] = shown;
	v->nr_columns++;
	return true;
}

static bool find_columns(struct saved *s)
{
	json_t *list = json_object_get(s->root, "columns");
	json_t *by = json_object_get(s->root, "by");
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *type = json_text(json_object_get(item, "type"));

		if (!add_column(s, json_text(json_object_get(item, "name")), type_of_name(type),
				type && !strcmp(type, "ns") ? SHOWN_NS : SHOWN_COUNT))
			return false;
	}
	if (list)
		return json_is_array(list);
	if (by && !json_is_array(by))
		return false;
	json_array_foreach(by, i, item) {
		const char *name = json_text(item);

		if (name && !in_rows(s, name) && strcmp(name, "kstack"))
			continue;
		if (name && !in_rows(s, name) && in_rows(s, "blocked_in"))
			name = "blocked_in";
		if (!add_column(s, name, name ? guess_type(s, name) : 0, SHOWN_COUNT))
			return false;
	}
	return true;
}

static int refuse_columns(const struct saved *s)
{
	return saved_no_report(s, "its columns are no list of names");
}

/**
 * restore_faults() - Numbers that could not be read are texts in the rows, and bits of a column
 * in the table: add that. Return: 0, or an exit status after a sentence.
 */
int restore_faults(struct saved *s)
{
	static struct column faults = { .name = (char *)"faults", .type = KOBS_TYPE_NUMBER };
	struct view *v = &s->view;
	size_t n = v->nr_columns;
	size_t c;

	if (n == VIEW_COLUMNS)
		return refuse_columns(s);
	v->columns[n] = &faults;
	v->types[n] = KOBS_TYPE_NUMBER;
	v->shown[n] = SHOWN_FAULTS;
	v->faults = n + 1;
	v->nr_columns++;
	for (c = 0; c < n; c++)
		v->fault[c] = 1ull << c;
	return 0;
}

/* Records can have some. Where there is no room for the column, such a one is refused. */
static void expect_faults(struct saved *s)
{
	if (s->records && s->view.nr_columns < VIEW_COLUMNS &&
	    view_has_type(&s->view, KOBS_TYPE_NUMBER))
		restore_faults(s);
}

static void add_figure(struct saved *s, const char *name, const char *unit, bool lowest)
{
	struct mode *m = &s->mode;

	if (!name || m->nr_figures == SAVED_FIGURES)
		return;
	m->figures = grow(m->figures, &m->cap_figures, m->nr_figures + 1, sizeof(*m->figures));
	m->figures[m->nr_figures++] = (struct figure){
		.name = (char *)name, .unit = (char *)unit,
		.merge = lowest ? KOBS_MERGE_LOWEST : KOBS_MERGE_SUM,
	};
}

/* In older files, what is a number of the first row and nothing else that is known. */
static void guess_figures(struct saved *s)
{
	static const char *const known[] = { "count", "sum", "min", "max", "p50", "p90", "p99",
					     "p999", "per_s" };
	const char *name;
	json_t *value;
	size_t i;

	json_object_foreach(s->first, name, value) {
		for (i = 0; i < ARRAY_SIZE(known) && strcmp(name, known[i]); i++)
			;
		if (i == ARRAY_SIZE(known) && json_is_unsigned(value) &&
		    view_column(&s->view, name) == SIZE_MAX && !has_suffix(name, "_number"))
			add_figure(s, name, NULL, false);
	}
}

static void find_figures(struct saved *s)
{
	json_t *list = json_object_get(s->root, "figures");
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		add_figure(s, json_text(json_object_get(item, "name")),
			   json_text(json_object_get(item, "unit")),
			   json_is_true(json_object_get(item, "lowest")));
	if (!json_object_get(s->root, "columns"))
		guess_figures(s);
}

/** restore_shape() - What the rows have. Return: 0, or an exit status after a sentence. */
int restore_shape(struct saved *s)
{
	if (!find_columns(s))
		return refuse_columns(s);
	expect_faults(s);
	find_figures(s);
	return 0;
}
