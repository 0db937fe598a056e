// SPDX-License-Identifier: GPL-2.0
/*
 * The one place that joins what a row has into one stack: its columns, the user's
 * stack, and the kernel's on top of it. Each address and each stack is named once,
 * however many rows have it.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "report/stacks.h"

/* Where a stack of the table is in the set, for the rows after the first that has it. */
struct joined {
	size_t		at;
	size_t		n;
};

struct join {
	struct report	*r;
	struct stack_set *set;
	struct map	stacks;		/* an identifier to its place in joined, plus 1 */
	struct joined	*joined;
	size_t		nr_joined;
	size_t		cap_joined;
	struct map	texts[VIEW_COLUMNS];	/* of a column to its frame's number plus 1 */
	struct map	kernel;		/* an address to its frame's number plus 1 */
	struct map	user;		/* a process to the same map of its addresses */
	struct buf	text;
};

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

static void free_addresses(void *map)
{
	map_free(map, NULL);
	free(map);
}

static struct map *addresses_of(struct join *j, const struct stack *s)
{
	struct map *m = s->pid ? map_get(&j->user, s->pid) : &j->kernel;

	if (!m) {
		m = zalloc(sizeof(*m));
		map_set(&j->user, s->pid, m);
	}
	return m;
}

static uint32_t name_frame(struct join *j, const struct stack *s, struct map *known, size_t i)
{
	uintptr_t number = (uintptr_t)map_get(known, s->addr[i]);

	if (number)
		return (uint32_t)(number - 1);
	j->text.len = 0;
	view_print_frame(j->r->view, s, i, &j->text);
	/* In a picture, addresses without a name would be slivers: they are one frame. */
	if (j->r->opts->folded && !j->r->opts->flame)
		strip_offset(j->text.p);
	else
		view_strip(j->text.p);
	number = stack_set_frame(j->set, j->text.p, frame_kind_of(j->text.p, s->pid));
	map_set(known, s->addr[i], (void *)(number + 1));
	return (uint32_t)number;
}

/* Name the frames of a stack, behind those that its row has. */
static void join_frames(struct join *j, const struct stack *s, struct joined *out)
{
	struct map *known = addresses_of(j, s);
	struct stack_set *set = j->set;
	uint32_t *to = stack_set_extend(set, s->nr);
	size_t n = s->nr;
	size_t i;

	out->at = set->nr_ids - s->nr;
	for (i = s->nr; i; i--)
		*to++ = name_frame(j, s, known, i - 1);
	/* As view_first_frame() has it: a stack of nothing but hooks is shown as it is. */
	while (!s->pid && n && view_is_hook(set->frames[set->ids[out->at + n - 1]].name))
		n--;
	out->n = n ? n : s->nr;
	stack_set_drop(set, s->nr - out->n);
}

static void add_stack(struct join *j, uint64_t id)
{
	size_t known = (uintptr_t)map_get(&j->stacks, id);
	const struct stack *s;

	if (known) {
		stack_set_repeat(j->set, j->joined[known - 1].at, j->joined[known - 1].n);
		return;
	}
	s = map_get(&j->r->table->stacks, id);
	if (!s && id)
		stack_set_add(j->set, stack_set_frame(j->set, "[lost stack]", FRAME_COLUMN));
	if (!s)
		return;
	j->joined = grow(j->joined, &j->cap_joined, j->nr_joined + 1, sizeof(*j->joined));
	join_frames(j, s, &j->joined[j->nr_joined++]);
	map_set(&j->stacks, id, (void *)(uintptr_t)j->nr_joined);
}

/* Whether a column is not a frame of its own. */
static bool is_left_out(const struct report *r, size_t c)
{
	const struct view *v = r->view;

	if (type_is_stack(v->types[c]) || view_is_hidden(v, c))
		return true;
	/* A function is the stack's first frame; a tracepoint is not. */
	if (v->types[c] == KOBS_TYPE_FUNCTION && !v->places.n)
		return true;
	return r->kind && r->kind->site_in_stack && v->types[c] == KOBS_TYPE_ADDRESS;
}

static void add_column(struct join *j, size_t c, const uint64_t *keys)
{
	/* What goes on in another column is not known by its key. */
	bool whole = !view_is_fault(j->r->view, c, keys) &&
		     j->r->view->shown[c] != SHOWN_IPV6;
	uintptr_t known = whole ? (uintptr_t)map_get(&j->texts[c], keys[c]) : 0;
	uint32_t frame = (uint32_t)(known - 1);

	if (!known) {
		j->text.len = 0;
		view_print_cell(j->r->view, c, keys, &j->text);
		if (!j->text.len)
			return;
		frame = stack_set_column(j->set, j->r->view->columns[c]->name, j->text.p);
	}
	if (!known && whole)
		map_set(&j->texts[c], keys[c], (void *)((uintptr_t)frame + 1));
	stack_set_add(j->set, frame);
}

static uint64_t count_of(struct report *r, const struct row *row)
{
	return r->kind && r->kind->count ? r->kind->count(r, row) : row->count;
}

static void add_row(struct join *j, const struct row *row, uint64_t weight)
{
	const uint64_t *keys = j->r->table->keys + row->key;
	const struct view *v = j->r->view;
	size_t c;

	stack_set_begin(j->set, weight, count_of(j->r, row));
	for (c = 0; c < v->nr_columns; c++)
		if (!is_left_out(j->r, c))
			add_column(j, c, keys);
	for (c = 0; c < v->nr_columns; c++)
		if (v->types[c] == KOBS_TYPE_USTACK)
			add_stack(j, keys[c]);
	for (c = 0; c < v->nr_columns; c++)
		if (v->types[c] == KOBS_TYPE_KSTACK)
			add_stack(j, keys[c]);
	if (!j->set->v[j->set->n - 1].n)
		stack_set_add(j->set, stack_set_frame(j->set, "[no stack]", FRAME_COLUMN));
}

/** stacks_collect() - The stacks of the rows that are shown; rows without weight are none. */
void stacks_collect(struct report *r, struct stack_set *set)
{
	struct join j = { .r = r, .set = set };
	size_t i;

	for (i = 0; i < r->rows_shown; i++) {
		const struct row *row = &r->table->rows[i];
		uint64_t weight = report_weight(r, row);

		if (weight)
			add_row(&j, row, weight);
	}
	for (i = 0; i < VIEW_COLUMNS; i++)
		map_free(&j.texts[i], NULL);
	map_free(&j.stacks, NULL);
	free(j.joined);
	map_free(&j.kernel, NULL);
	map_free(&j.user, free_addresses);
	buf_free(&j.text);
}
