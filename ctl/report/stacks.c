// SPDX-License-Identifier: GPL-2.0
/*
 * The one place that joins what a row has into one stack: its columns, the user's
 * stack, and the kernel's on top of it. Each address and each stack is named once,
 * however many rows have it.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "lib/progress.h"
#include "report/stacks.h"

/* Frames of a stack of the table, or of an address, for those that have it again. */
struct joined {
	size_t		at;
	size_t		n;
};

/* An address to its place in named, plus 1: of leaves, and of what calls return to. */
struct known {
	struct map	at[2];
};

struct join {
	struct report	*r;
	struct stack_set *set;
	size_t		*places;	/* of small identifiers in joined, plus 1 */
	size_t		nr_places;
	struct map	stacks;		/* the same of others */
	struct joined	*joined;	/* places in the set */
	size_t		nr_joined;
	size_t		cap_joined;
	struct map	texts[VIEW_COLUMNS];	/* of a column to its frame's number plus 1 */
	struct known	kernel;
	struct map	user;		/* a process to the same of its addresses */
	struct joined	*named;		/* places in frames */
	size_t		nr_named;
	size_t		cap_named;
	struct numbers	frames;		/* of each address, from the outermost to the leaf */
	/* Addresses of the kernel that were named a moment ago, as leaves and as returns. */
	struct {
		uint64_t	address;
		size_t		place;	/* in named, plus 1 */
	} recent[2][4096];
	uint32_t	*ids;		/* frames of the stack that is joined */
	size_t		cap_ids;
	struct buf	text;
};

/* Frames of one function are one, wherever in it the call was. */
static void strip_offset(char *frame)
{
	char *plus = strstr(frame, "+0x");
	char *rest;

	/* Without a name, the place is all there is: [file] +0x1f */
	if (!plus || (plus > frame && plus[-1] == ' '))
		return;
	rest = strchr(plus, ' ');
	memmove(plus, rest ? rest : "", strlen(rest ? rest : "") + 1);
}

static void free_known(void *known)
{
	struct known *k = known;

	map_free(&k->at[0], NULL);
	map_free(&k->at[1], NULL);
	free(k);
}

static struct known *known_of(struct join *j, const struct stack *s)
{
	struct known *k = s->pid ? map_get(&j->user, s->pid) : &j->kernel;

	if (!k) {
		k = zalloc(sizeof(*k));
		map_set(&j->user, s->pid, k);
	}
	return k;
}

static uint32_t frame_number(struct join *j, const struct stack *s, struct view_frame *f)
{
	uint32_t number;

	/* In a picture, addresses without a name would be slivers: they are one frame. */
	if (j->r->opts->folded && !j->r->opts->flame)
		strip_offset(f->text.p);
	else
		view_strip(f->text.p);
	number = stack_set_frame(j->set, f->text.p, frame_kind_of(f->text.p, s->pid));
	stack_set_place(j->set, number, f->path, f->file, f->line);
	return number;
}

/* Name the frames of an address. Return: their place in named, plus 1. */
static size_t name_frames(struct join *j, const struct stack *s, struct map *known, size_t i)
{
	size_t place = (uintptr_t)map_get(known, s->addr[i]);
	struct joined *named;
	size_t k;

	if (place)
		return place;
	j->named = grow(j->named, &j->cap_named, j->nr_named + 1, sizeof(*j->named));
	named = &j->named[j->nr_named++];
	named->at = j->frames.n;
	named->n = view_frames(j->r->view, s, i);
	for (k = named->n; k--;)
		numbers_add(&j->frames, frame_number(j, s, &j->r->view->frame[k]));
	map_set(known, s->addr[i], (void *)(uintptr_t)j->nr_named);
	return j->nr_named;
}

/* The same. What a call returns to can be in another function as a leaf. */
static const struct joined *frames_of(struct join *j, const struct stack *s, struct known *known,
				      size_t i)
{
	size_t slot = hash_number(s->addr[i]) % ARRAY_SIZE(j->recent[0]);
	struct map *at = &known->at[i > 0];
	size_t place = 0;

	if (!s->pid && j->recent[i > 0][slot].address == s->addr[i])
		place = j->recent[i > 0][slot].place;
	if (!place)
		place = name_frames(j, s, at, i);
	if (!s->pid) {
		j->recent[i > 0][slot].address = s->addr[i];
		j->recent[i > 0][slot].place = place;
	}
	return &j->named[place - 1];
}

/* Name the frames of a stack, behind those that its row has. */
static void join_frames(struct join *j, const struct stack *s, struct joined *out)
{
	struct known *known = known_of(j, s);
	struct stack_set *set = j->set;
	size_t n = 0;
	size_t i;
	size_t k;

	for (i = s->nr; i; i--) {
		const struct joined *named = frames_of(j, s, known, i - 1);

		if (n + named->n > j->cap_ids)
			j->ids = grow(j->ids, &j->cap_ids, n + named->n, sizeof(*j->ids));
		for (k = 0; k < named->n; k++)
			j->ids[n++] = (uint32_t)j->frames.v[named->at + k];
	}
	out->at = set->nr_ids;
	out->n = n;
	if (n)
		memcpy(stack_set_extend(set, n), j->ids, n * sizeof(*j->ids));
	/* As view_first_frame() has it: a stack of nothing but hooks is shown as it is. */
	while (!s->pid && n && view_is_hook(set->frames[set->ids[out->at + n - 1]].name))
		n--;
	if (n) {
		stack_set_drop(set, out->n - n);
		out->n = n;
	}
}

static size_t get_place(const struct join *j, uint64_t id)
{
	return id < j->nr_places ? j->places[id] : (size_t)(uintptr_t)map_get(&j->stacks, id);
}

static void set_place(struct join *j, uint64_t id, size_t place)
{
	if (id < j->nr_places)
		j->places[id] = place;
	else
		map_set(&j->stacks, id, (void *)(uintptr_t)place);
}

static void add_stack(struct join *j, uint64_t id)
{
	size_t known = get_place(j, id);
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
	set_place(j, id, j->nr_joined);
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
	struct join *j = zalloc(sizeof(*j));
	size_t i;

	j->r = r;
	j->set = set;
	j->nr_places = r->table->stacks.n * 2 + 1;
	j->places = zalloc(j->nr_places * sizeof(*j->places));
	progress_begin("Naming stacks");
	for (i = 0; i < r->rows_shown; i++) {
		const struct row *row = &r->table->rows[i];
		uint64_t weight = report_weight(r, row);

		if (weight)
			add_row(j, row, weight);
		progress_at(i, r->rows_shown);
	}
	progress_end();
	for (i = 0; i < VIEW_COLUMNS; i++)
		map_free(&j->texts[i], NULL);
	map_free(&j->stacks, NULL);
	free(j->places);
	free(j->joined);
	map_free(&j->kernel.at[0], NULL);
	map_free(&j->kernel.at[1], NULL);
	map_free(&j->user, free_known);
	free(j->named);
	numbers_free(&j->frames);
	free(j->ids);
	buf_free(&j->text);
	free(j);
}
