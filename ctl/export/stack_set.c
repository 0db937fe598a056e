// SPDX-License-Identifier: GPL-2.0
/* Stacks with weights. Frames are numbers, so that millions of stacks take little memory. */

#include <stdlib.h>
#include <string.h>

#include "export/stack_set.h"
#include "lib/buf.h"

/* A function that became part of its caller: its name says so, before its line if that is told. */
static bool is_inlined(const char *name)
{
	const char *at = strstr(name, FRAME_INLINED_MARK);

	return at && (!at[strlen(FRAME_INLINED_MARK)] || at[strlen(FRAME_INLINED_MARK)] == ' ');
}

/** frame_kind_of() - Return: the kind of a stack's frame, by its name as reports have it. */
enum frame_kind frame_kind_of(const char *name, bool user)
{
	size_t len = strlen(name);

	if (user)
		return is_inlined(name) ? FRAME_INLINED : FRAME_USER;
	if (is_inlined(name))
		return FRAME_INLINED;
	/* What comes first in brackets is no module: the place is not known. */
	return *name != '[' && len && name[len - 1] == ']' ? FRAME_MODULE : FRAME_KERNEL;
}

/* The number of a frame, by a text that no other frame of its kind has. */
static uint32_t find_frame(struct stack_set *s, const char *text, const struct frame *f)
{
	uint64_t key = (uint64_t)(uintptr_t)text;
	uintptr_t number = (uintptr_t)map_get(&s->numbers[f->kind], key);

	if (number)
		return (uint32_t)(number - 1);
	s->frames = grow(s->frames, &s->cap_frames, s->nr_frames + 1, sizeof(*s->frames));
	s->frames[s->nr_frames++] = *f;
	map_set(&s->numbers[f->kind], key, (void *)(uintptr_t)s->nr_frames);
	return (uint32_t)(s->nr_frames - 1);
}

/** stack_set_frame() - Return: the number of a frame; the same for the same name and kind. */
uint32_t stack_set_frame(struct stack_set *s, const char *name, enum frame_kind kind)
{
	const char *kept = pool_intern(&s->names, name);

	return find_frame(s, kept, &(struct frame){ .name = kept, .kind = kind });
}

/** stack_set_column() - Return: the number of the frame that is the value of a column. */
uint32_t stack_set_column(struct stack_set *s, const char *column, const char *value)
{
	struct frame f = {
		.name = pool_intern(&s->names, value), .column = pool_intern(&s->names, column),
		.kind = FRAME_COLUMN,
	};
	struct buf both = {};
	uint32_t number;

	buf_printf(&both, "%s\n%s", column, value);
	number = find_frame(s, pool_intern(&s->names, both.p), &f);
	buf_free(&both);
	return number;
}

/**
 * stack_set_place() - Say where a frame's code is from, unless that is known.
 * @path: the program, library or module that has it; or NULL
 * @file: its source; or NULL
 */
void stack_set_place(struct stack_set *s, uint32_t frame, const char *path, const char *file,
		     uint32_t line)
{
	struct frame *f = &s->frames[frame];

	if (path && !f->path)
		f->path = pool_intern(&s->names, path);
	if (file && !f->file) {
		f->file = pool_intern(&s->names, file);
		f->line = line;
	}
}

/**
 * stack_set_begin() - Begin a stack without frames.
 * @count: hits, of which the weight is
 */
void stack_set_begin(struct stack_set *s, uint64_t weight, uint64_t count)
{
	s->v = grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = (struct stack_line){ .at = s->nr_ids, .weight = weight, .count = count };
}

/**
 * stack_set_extend() - Add frames to the stack that was begun last, towards its leaf.
 * Return: where their numbers go, until the next call.
 */
uint32_t *stack_set_extend(struct stack_set *s, size_t n)
{
	s->ids = grow(s->ids, &s->cap_ids, s->nr_ids + n, sizeof(*s->ids));
	s->nr_ids += n;
	s->v[s->n - 1].n += n;
	return s->ids + s->nr_ids - n;
}

/** stack_set_add() - Add a frame to the stack that was begun last. */
void stack_set_add(struct stack_set *s, uint32_t frame)
{
	*stack_set_extend(s, 1) = frame;
}

/** stack_set_repeat() - Add frames that another stack has at @at of the numbers. */
void stack_set_repeat(struct stack_set *s, size_t at, size_t n)
{
	uint32_t *to = stack_set_extend(s, n);

	memcpy(to, s->ids + at, n * sizeof(*to));
}

/** stack_set_drop() - Take the last frames from the stack that was begun last. */
void stack_set_drop(struct stack_set *s, size_t n)
{
	s->nr_ids -= n;
	s->v[s->n - 1].n -= n;
}

/** stack_set_total() - Return: the weight of all stacks. */
uint64_t stack_set_total(const struct stack_set *s)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		total += s->v[i].weight;
	return total;
}

/** stack_set_before() - Return: the weight of all stacks of the report to compare with. */
uint64_t stack_set_before(const struct stack_set *s)
{
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		total += s->v[i].before;
	return total;
}

void stack_set_free(struct stack_set *s)
{
	size_t i;

	for (i = 0; i < FRAME_KINDS; i++)
		map_free(&s->numbers[i], NULL);
	pool_free(&s->names);
	free(s->frames);
	free(s->ids);
	free(s->v);
	memset(s, 0, sizeof(*s));
}
