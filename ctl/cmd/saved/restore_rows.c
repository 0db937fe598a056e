// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of a saved report, in the table that they were printed from. What had an
 * address has its name as a text; stacks have the texts of their frames.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/saved/saved.h"
#include "lib/macros.h"

/* Frames of a stack: the module has no more of them. */
#define FRAMES_MAX	4096
#define FIGURES_MAX	32
#define NUMBER_FAULTS	"(fault)"

/* A stack that was lost: it has an identifier, and no frames. */
#define LOST_STACK	(RESTORED_STACK - 1)

struct rows {
	struct restored	keys;
	uint64_t	figures[FIGURES_MAX];
	struct row	part;
};

static uint64_t intern(struct restored *r, const char *text)
{
	return (uint64_t)(uintptr_t)pool_intern(&r->to->texts, text);
}

/** restore_stack() - Add a stack to the table. Return: its identifier; 0 for none. */
uint64_t restore_stack(struct restored *r, const json_t *row, const char *column, bool user)
{
	const json_t *frames = json_object_get(row, column);
	size_t n = json_array_size(frames);
	struct buf name = {};
	struct stack *s;
	size_t i;

	if (!json_is_array(frames) || n > FRAMES_MAX) {
		r->wrong = "a stack is no list of names";
		return 0;
	}
	buf_printf(&name, n ? "%s_pid" : "%s_lost", column);
	if (!n) {
		bool lost = json_is_true(json_object_get(row, name.p));

		buf_free(&name);
		return lost ? LOST_STACK : 0;
	}
	s = zalloc(sizeof(*s) + n * sizeof(*s->addr));
	s->id = r->next_stack++;
	s->pid = (uint32_t)json_unsigned(json_object_get(row, name.p));
	if (!user)
		s->pid = 0;
	else if (!s->pid)
		s->pid = UINT32_MAX;
	buf_free(&name);
	for (i = 0; i < n; i++) {
		const char *frame = json_text(json_array_get(frames, i));

		if (!frame)
			r->wrong = "a stack is no list of names";
		s->addr[i] = intern(r, frame ? frame : "");
	}
	s->nr = (uint32_t)n;
	map_set(&r->to->stacks, s->id, s);
	return s->id;
}

/* The number of a column that has numbers; what could not be read has its bit in the last. */
static uint64_t restore_number(struct restored *r, size_t c, const json_t *value)
{
	struct view *v = &r->s->view;

	if (json_is_integer(value) && json_integer_value(value) < 0)
		v->shown[c] = SHOWN_SIGNED;
	if (json_text(value) && view_is_pointer(v, c))
		return strtoull(json_text(value), NULL, 16);
	if (json_is_integer(value))
		return (uint64_t)json_integer_value(value);
	if (json_is_unsigned(value))
		return json_unsigned(value);
	if (value && v->faults)
		r->key[v->faults - 1] |= v->fault[c];
	else if (value && r->s->records)
		r->wrong = "a number is a text, beside as many columns as a trace can have";
	return 0;
}

static uint64_t restore_text(struct restored *r, const json_t *value)
{
	const char *text = json_text(value);
	char number[32];

	if (!text && json_is_integer(value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		text = number;
	}
	return intern(r, text ? text : "");
}

static void restore_key(struct restored *r, size_t c, const json_t *row)
{
	struct view *v = &r->s->view;
	const char *name = v->columns[c]->name;
	const json_t *value = json_object_get(row, name);

	bool empty;

	if (type_is_stack(v->types[c])) {
		r->key[c] = restore_stack(r, row, name, v->types[c] == KOBS_TYPE_USTACK);
		return;
	}
	if (v->types[c] == KOBS_TYPE_NUMBER) {
		r->key[c] = restore_number(r, c, value);
		empty = !r->key[c];
	} else if (v->types[c] == KOBS_TYPE_OBJECT && !value) {
		r->key[c] = 0;
		empty = true;
	} else {
		r->key[c] = restore_text(r, value);
		empty = !*(const char *)(uintptr_t)r->key[c];
	}
	/* What is empty, and yet there, is not what does not apply. */
	if (value && empty) {
		v->own[c] = *v->columns[c];
		v->columns[c] = &v->own[c];
	}
}

static void restore_hist(struct rows *r, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		struct bucket b = {
			.lo = json_unsigned(json_object_get(item, "lo")),
			.hi = json_unsigned(json_object_get(item, "hi")),
			.count = json_unsigned(json_object_get(item, "count")),
		};

		if (b.lo <= b.hi)
			table_add_bucket(&r->part, &b);
	}
	r->keys.to->has_hist |= json_is_array(list);
}

static void restore_numbers(struct rows *r, const json_t *row)
{
	const struct mode *m = &r->keys.s->mode;
	__int128 sum;
	size_t i;

	/* As the module has it: what is above 64 bits follows from the histogram. */
	json_wide(json_object_get(row, "sum"), &sum);
	r->part = (struct row){
		.count = json_unsigned(json_object_get(row, "count")),
		.sum = (uint64_t)sum,
		.min = json_unsigned(json_object_get(row, "min")),
		.max = json_unsigned(json_object_get(row, "max")),
	};
	restore_hist(r, json_object_get(row, "hist"));
	for (i = 0; i < m->nr_figures; i++) {
		const json_t *value = json_object_get(row, m->figures[i].name);

		r->figures[i] = value ? json_unsigned(value) :
				m->figures[i].merge == KOBS_MERGE_LOWEST ? UINT64_MAX : 0;
	}
}

/** restore_keys() - Set the keys of a row, or of a record. */
void restore_keys(struct restored *r, const json_t *row)
{
	const struct view *v = &r->s->view;
	size_t c;

	memset(r->key, 0, sizeof(r->key));
	for (c = 0; c < v->nr_columns; c++)
		if (!view_is_hidden(v, c))
			restore_key(r, c, row);
}

static void restore_row(struct rows *r, const json_t *row)
{
	struct saved *s = r->keys.s;
	struct row *to;

	restore_keys(&r->keys, row);
	restore_numbers(r, row);
	/* Two can have one name, and yet be two: what the file says of each is by its number. */
	to = table_append(&s->table, r->keys.key);
	table_add(&s->table, to, &r->part, r->figures);
	if (s->row_rates)
		s->row_rates[to - s->table.rows] =
			json_number_value(json_object_get(row, "per_s"));
	free(r->part.buckets);
}

static uint32_t type_of_name(const char *name)
{
	static const struct {
		const char	*name;
		uint32_t	type;
	} types[] = {
		{ "number", KOBS_TYPE_NUMBER }, { "function", KOBS_TYPE_FUNCTION },
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

/* Older files do not have the types: the rows tell them, and what is known of the sources. */
static uint32_t guess_type(const struct saved *s, const char *name)
{
	json_t *row;
	size_t i;

	if (has_suffix(name, "stack"))
		return strcmp(name, "ustack") ? KOBS_TYPE_KSTACK : KOBS_TYPE_USTACK;
	if (!strcmp(name, "func") && !strcmp(s->kind->source ? s->kind->source : "", "func"))
		return KOBS_TYPE_FUNCTION;
	if (!strcmp(name, "site"))
		return KOBS_TYPE_ADDRESS;
	json_array_foreach(s->rows, i, row) {
		const json_t *value = json_object_get(row, name);

		if (value && !json_is_unsigned(value) && !json_is_integer(value))
			return KOBS_TYPE_TEXT;
	}
	return KOBS_TYPE_NUMBER;
}

/* Whether a column of the session's is one of the rows, too: some verbs make others of it. */
static bool in_rows(const struct saved *s, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(s->rows, i, row)
		if (json_object_get(row, name))
			return true;
	return !json_array_size(s->rows);
}

static bool add_column(struct saved *s, const char *name, uint32_t type)
{
	struct view *v = &s->view;
	size_t c = v->nr_columns;

	if (!name || c == VIEW_COLUMNS)
		return false;
	s->columns[c] = (struct column){ .name = (char *)name, .type = type };
	v->columns[c] = &s->columns[c];
	v->types[c] = type;
	v->shown[c] = SHOWN_COUNT;
	v->nr_columns++;
	return true;
}

static bool find_columns(struct saved *s)
{
	json_t *list = json_object_get(s->root, "columns");
	json_t *by = json_object_get(s->root, "by");
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (!add_column(s, json_text(json_object_get(item, "name")),
				type_of_name(json_text(json_object_get(item, "type")))))
			return false;
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
		if (!add_column(s, name, name ? guess_type(s, name) : 0))
			return false;
	}
	return true;
}

/* Numbers that could not be read are texts in the rows, and bits of a column in the table. */
static bool find_faults(struct saved *s)
{
	static struct column faults = { .name = (char *)"faults", .type = KOBS_TYPE_NUMBER };
	struct view *v = &s->view;
	size_t n = v->nr_columns;
	bool found = false;
	json_t *row;
	size_t i;
	size_t c;

	json_array_foreach(s->rows, i, row)
		for (c = 0; c < n && !found; c++)
			found = v->types[c] == KOBS_TYPE_NUMBER &&
				json_text(json_object_get(row, v->columns[c]->name));
	/* Records are read one by one. */
	for (c = 0; s->records && c < n; c++)
		found |= v->types[c] == KOBS_TYPE_NUMBER;
	if (!found)
		return true;
	/* Records that have as many can have none: one that does is refused when it is read. */
	if (n == VIEW_COLUMNS)
		return s->records;
	v->columns[n] = &faults;
	v->types[n] = KOBS_TYPE_NUMBER;
	v->shown[n] = SHOWN_FAULTS;
	v->faults = n + 1;
	v->nr_columns++;
	for (c = 0; c < n; c++)
		v->fault[c] = 1ull << c;
	return true;
}

static void add_figure(struct saved *s, const char *name, const char *unit, bool lowest)
{
	struct mode *m = &s->mode;

	if (!name || m->nr_figures == FIGURES_MAX)
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

	json_object_foreach(json_array_get(s->rows, 0), name, value) {
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

/** restore_rows() - Fill the table. Return: 0, or an exit status after a sentence. */
int restore_rows(struct saved *s)
{
	struct rows r = {
		.keys = { .s = s, .to = &s->table, .next_stack = RESTORED_STACK },
	};
	size_t n = json_array_size(s->rows);
	json_t *row;
	size_t i;

	if (!find_columns(s) || !find_faults(s))
		return saved_no_report(s, "its columns are no list of names");
	find_figures(s);
	model_init_table(&s->table, s->view.types, s->view.nr_columns, &s->mode);
	json_array_foreach(s->rows, i, row) {
		if (!s->row_rates && json_object_get(row, "per_s"))
			s->row_rates = zalloc(n * sizeof(*s->row_rates));
		if (!json_is_object(row) || (!json_is_unsigned(json_object_get(row, "count")) &&
					     !json_is_unsigned(json_object_get(row, "live"))))
			return saved_no_report(s, "a row has no numbers");
		restore_row(&r, row);
		if (r.keys.wrong)
			return saved_no_report(s, r.keys.wrong);
	}
	return 0;
}
