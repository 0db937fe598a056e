// SPDX-License-Identifier: GPL-2.0
/*
 * Source lines behind frames, where one report has them (--lines) and the other one does
 * not: they are taken out, and with them the kernel's inlined functions, which come from
 * the same debug symbols. What is left is the same in both.
 */

#include <string.h>

#include "cmd/saved/compare.h"
#include "export/stack_set.h"
#include "lib/parse.h"

/* Where " file.c:12" begins at the end of a frame, or NULL. */
static const char *line_of(const char *frame)
{
	const char *space = strrchr(frame, ' ');
	const char *colon = space ? strrchr(space, ':') : NULL;
	uint64_t line;

	if (!colon || colon == space + 1 || parse_number(colon + 1, 1, UINT32_MAX, &line))
		return NULL;
	return space;
}

static bool is_kernel_stack(const char *column)
{
	static const char user[] = "ustack";
	size_t len = strlen(column), n = strlen(user);

	return len < n || strcmp(column + len - n, user) != 0;
}

/** compare_has_line() - Whether a frame has its line in the source. */
bool compare_has_line(const char *frame)
{
	return line_of(frame);
}

/* Of other reports it was found when their stacks were read. */
static void find_lines(struct saved *s)
{
	const char *column;
	json_t *frame, *row, *value;
	size_t i, k;

	if (!s->form)
		return;
	json_array_foreach(s->rows, i, row)
		json_object_foreach(row, column, value)
			json_array_foreach(value, k, frame)
				s->has_lines |= json_text(frame) && line_of(json_text(frame));
}

static void strip_list(json_t *stack, bool kernel)
{
	size_t i = 0;

	while (i < json_array_size(stack)) {
		const char *frame = json_text(json_array_get(stack, i));
		const char *line = frame ? line_of(frame) : NULL;

		if (!frame)
			return;
		/* Other rows have the same value. */
		if (line)
			json_array_set_new(stack, i, json_stringn(frame, (size_t)(line - frame)));
		frame = json_text(json_array_get(stack, i));
		if (kernel && frame_kind_of(frame, false) == FRAME_INLINED)
			json_array_remove(stack, i);
		else
			i++;
	}
}

/** compare_strip_row() - Take lines out of a row. */
void compare_strip_row(json_t *row)
{
	const char *column;
	json_t *value;

	json_object_foreach(row, column, value)
		strip_list(value, is_kernel_stack(column));
}

static void strip_stack(struct saved *s, struct stack *stack, struct buf *text)
{
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < stack->nr; i++) {
		const char *frame = (const char *)(uintptr_t)stack->addr[i];
		const char *line = line_of(frame);

		if (line) {
			text->len = 0;
			buf_add(text, frame, (size_t)(line - frame));
			frame = pool_intern(&s->table.texts, text->p);
		}
		if (stack->pid || frame_kind_of(frame, false) != FRAME_INLINED)
			stack->addr[n++] = (uint64_t)(uintptr_t)frame;
	}
	stack->nr = n;
}

static void strip_report(struct saved *s)
{
	struct map *stacks = &s->table.stacks;
	struct buf text = {};
	json_t *row;
	size_t i;

	for (i = 0; i < stacks->size; i++)
		if (stacks->slot[i].value)
			strip_stack(s, stacks->slot[i].value, &text);
	buf_free(&text);
	if (s->form)
		json_array_foreach(s->rows, i, row)
			compare_strip_row(row);
}

/** compare_level_lines() - Take out of one report what the other one was not asked for. */
void compare_level_lines(struct diff *d)
{
	size_t i;

	for (i = 0; i < 2; i++)
		find_lines(&d->file[i]);
	if (d->file[0].has_lines == d->file[1].has_lines)
		return;
	i = d->file[0].has_lines ? 0 : 1;
	strip_report(&d->file[i]);
	d->stripped[i] = true;
	strings_add(&d->notes, "One report was made with --lines: compared by function, without lines");
}
