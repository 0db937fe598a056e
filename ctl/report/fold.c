// SPDX-License-Identifier: GPL-2.0
/* Folded stacks: the frames of a stack on one line, root first, for flame graphs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "report/fold.h"

/* A frame of a folded stack must not hold the characters that separate. */
static void add_frame(struct buf *line, const char *frame)
{
	if (line->len)
		buf_putc(line, ';');
	for (; *frame; frame++)
		buf_putc(line, *frame == ';' ? ':' : (unsigned char)*frame < 0x20 ? '?' : *frame);
}

/* Frames of one function are one, wherever in it the call was. */
static void strip_offset(char *frame)
{
	char *plus = strstr(frame, "+0x");
	char *rest;

	if (!plus)
		return;
	rest = strchr(plus, ' ');
	memmove(plus, rest ? rest : "", strlen(rest ? rest : "") + 1);
}

static void fold_stack(struct report *r, struct buf *line, size_t column, uint64_t id)
{
	const struct stack *s = map_get(&r->table->stacks, id);
	size_t first = s ? view_first_frame(r->view, s) : 0;
	struct buf frame = {};
	size_t i;

	if (!s && id)
		add_frame(line, "[lost stack]");
	for (i = s ? s->nr : 0; i > first; i--) {
		frame.len = 0;
		view_print_frame(r->view, s, i - 1, &frame);
		strip_offset(frame.p);
		add_frame(line, frame.p);
	}
	buf_free(&frame);
}

static void fold_row(struct report *r, const struct row *row, struct buf *line)
{
	const uint64_t *keys = r->table->keys + row->key;
	struct view *v = r->view;
	struct buf key = {};
	size_t c;

	for (c = 0; c < v->nr_columns; c++) {
		if (type_is_stack(v->types[c]) || view_is_hidden(v, c))
			continue;
		/* A function is the stack's first frame; a tracepoint is not. */
		if (v->types[c] == KOBS_TYPE_FUNCTION && !v->places.n)
			continue;
		if (r->kind && r->kind->site_in_stack && v->types[c] == KOBS_TYPE_ADDRESS)
			continue;
		key.len = 0;
		view_print_cell(v, c, keys, &key);
		add_frame(line, key.len ? key.p : "");
	}
	for (c = 0; c < v->nr_columns; c++)
		if (v->types[c] == KOBS_TYPE_USTACK)
			fold_stack(r, line, c, keys[c]);
	for (c = 0; c < v->nr_columns; c++)
		if (v->types[c] == KOBS_TYPE_KSTACK)
			fold_stack(r, line, c, keys[c]);
	if (!line->len)
		add_frame(line, "[no stack]");
	buf_free(&key);
}

/** fold_print() - A line per stack; stacks that differ only in offsets are one line. */
void fold_print(struct report *r, FILE *file)
{
	uint64_t *sums = zalloc(r->rows_shown * sizeof(*sums));
	const char **lines = zalloc(r->rows_shown * sizeof(*lines));
	struct pool pool = {};
	struct map place = {};
	struct buf line = {};
	size_t n = 0;
	size_t i;

	for (i = 0; i < r->rows_shown; i++) {
		const struct row *row = &r->table->rows[i];
		uint64_t weight = report_weight(r, row);
		uint64_t *sum;

		if (!weight)
			continue;
		line.len = 0;
		fold_row(r, row, &line);
		lines[n] = pool_intern(&pool, line.p);
		sum = map_get(&place, (uint64_t)(uintptr_t)lines[n]);
		if (!sum) {
			sum = &sums[n];
			map_set(&place, (uint64_t)(uintptr_t)lines[n++], sum);
		}
		*sum += weight;
	}
	for (i = 0; i < n; i++)
		fprintf(file, "%s %llu\n", lines[i], (unsigned long long)sums[i]);
	map_free(&place, NULL);
	pool_free(&pool);
	buf_free(&line);
	free(lines);
	free(sums);
}
