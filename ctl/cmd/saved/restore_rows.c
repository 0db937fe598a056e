// SPDX-License-Identifier: GPL-2.0
/*
 * The rows of a saved report, in the table that they were printed from. What had an
 * address has its name as a text; stacks have the texts of their frames.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/saved/compare.h"
#include "cmd/saved/saved.h"
#include "lib/macros.h"

/* Frames of a stack: the module has no more of them. */
#define FRAMES_MAX	4096

/* A stack that was lost: it has an identifier, and no frames. */
#define LOST_STACK	(RESTORED_STACK - 1)

/* Frames that other rows have, too, by where they were read to: most come again soon. */
struct recent_texts {
	struct {
		const char	*text;
		uint64_t	kept;
	} at[4096];
};

struct rows {
	struct restored	keys;
	uint64_t	figures[SAVED_FIGURES];
	struct row	part;
	bool		kept;		/* in the report, without their stacks */
	size_t		nr_rates;
	size_t		cap_rates;
};

static uint64_t intern(struct restored *r, const char *text)
{
	return (uint64_t)(uintptr_t)pool_intern(&r->to->texts, text);
}

static uint64_t intern_frame(struct restored *r, const char *frame)
{
	size_t slot = hash_number((uint64_t)(uintptr_t)frame) % ARRAY_SIZE(r->recent->at);
	uint64_t kept;

	if (!r->recent)
		return intern(r, frame);
	kept = r->recent->at[slot].kept;
	/* There may be another text by now. */
	if (r->recent->at[slot].text == frame && !strcmp((const char *)(uintptr_t)kept, frame))
		return kept;
	kept = intern(r, frame);
	r->recent->at[slot].text = frame;
	r->recent->at[slot].kept = kept;
	r->s->has_lines |= compare_has_line(frame);
	return kept;
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
	if (!n || user)
		buf_printf(&name, n ? "%s_pid" : "%s_lost", column);
	if (!n) {
		bool lost = json_is_true(json_object_get(row, name.p));

		buf_free(&name);
		return lost ? LOST_STACK : 0;
	}
	s = zalloc(sizeof(*s) + n * sizeof(*s->addr));
	s->id = r->next_stack++;
	if (user) {
		s->pid = (uint32_t)json_unsigned(json_object_get(row, name.p));
		s->pid = s->pid ? s->pid : UINT32_MAX;
	}
	buf_free(&name);
	for (i = 0; i < n; i++) {
		const char *frame = json_text(json_array_get(frames, i));

		if (!frame)
			r->wrong = "a stack is no list of names";
		s->addr[i] = intern_frame(r, frame ? frame : "");
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
	else if (json_text(value))
		r->faulty = true;
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

/* Rates of all rows, if any has one. */
static void restore_rate(struct rows *r, const json_t *row)
{
	const json_t *rate = json_object_get(row, "per_s");
	struct saved *s = r->keys.s;

	if (!rate && !s->row_rates)
		return;
	s->row_rates = grow(s->row_rates, &r->cap_rates, s->table.nr_rows,
			    sizeof(*s->row_rates));
	while (r->nr_rates < s->table.nr_rows - 1)
		s->row_rates[r->nr_rates++] = 0;
	s->row_rates[r->nr_rates++] = json_number_value(rate);
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
	restore_rate(r, row);
	free(r->part.buckets);
}

static void keep_row(struct saved *s, json_t *row)
{
	size_t c;

	for (c = 0; c < s->view.nr_columns; c++)
		if (type_is_stack(s->view.types[c]))
			json_object_del(row, s->view.columns[c]->name);
	json_array_append(s->rows, row);
}

static int take_row(json_t *row, void *arg)
{
	struct rows *r = arg;
	struct saved *s = r->keys.s;

	if (!json_is_object(row) || (!json_is_unsigned(json_object_get(row, "count")) &&
				     !json_is_unsigned(json_object_get(row, "live"))))
		return saved_no_report(s, "a row has no numbers");
	restore_row(r, row);
	if (r->keys.wrong)
		return saved_no_report(s, r->keys.wrong);
	if (r->kept)
		keep_row(s, row);
	return 0;
}

static int read_rows(struct saved *s, bool *faulty)
{
	struct rows r = {
		.keys = { .s = s, .to = &s->table, .next_stack = RESTORED_STACK },
		.kept = s->report.kind && s->report.kind->file_rows,
	};
	int err;

	r.keys.recent = zalloc(sizeof(*r.keys.recent));
	model_init_table(&s->table, s->view.types, s->view.nr_columns, &s->mode);
	if (r.kept)
		json_array_clear(s->rows);
	err = saved_each_row(s, take_row, &r);
	free(r.keys.recent);
	*faulty = r.keys.faulty;
	return err;
}

/** restore_rows() - Fill the table. Return: 0, or an exit status after a sentence. */
int restore_rows(struct saved *s)
{
	bool faulty;
	int err = restore_shape(s);

	if (err)
		return err;
	err = read_rows(s, &faulty);
	if (err || !faulty)
		return err;
	/* Few reports have any: it is known once all rows were read. */
	err = restore_faults(s);
	if (err)
		return err;
	model_free_table(&s->table);
	free(s->row_rates);
	s->row_rates = NULL;
	return read_rows(s, &faulty);
}
