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
static char *line_of(const char *frame)
{
	char *space = strrchr(frame, ' ');
	char *colon = space ? strrchr(space, ':') : NULL;
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

static bool has_lines(const struct saved *s)
{
	const char *column;
	json_t *frame, *row, *value;
	size_t i, k;

	json_array_foreach(s->rows, i, row)
		json_object_foreach(row, column, value)
			json_array_foreach(value, k, frame)
				if (json_text(frame) && line_of(json_text(frame)))
					return true;
	return false;
}

static void strip_frame(json_t *frame)
{
	char *line = line_of(json_text(frame));

	if (line)
		json_string_setn_nocheck(frame, json_text(frame),
					 (size_t)(line - json_text(frame)));
}

static void strip_stack(json_t *stack, bool kernel)
{
	size_t i = 0;

	while (i < json_array_size(stack)) {
		json_t *frame = json_array_get(stack, i);

		if (!json_text(frame))
			return;
		strip_frame(frame);
		if (kernel && frame_kind_of(json_text(frame), false) == FRAME_INLINED)
			json_array_remove(stack, i);
		else
			i++;
	}
}

/** compare_level_lines() - Take out of one report what the other one was not asked for. */
void compare_level_lines(struct diff *d)
{
	bool before = has_lines(&d->file[0]);
	const char *column;
	json_t *row, *value;
	size_t i;

	if (before == has_lines(&d->file[1]))
		return;
	json_array_foreach(d->file[before ? 0 : 1].rows, i, row)
		json_object_foreach(row, column, value)
			strip_stack(value, is_kernel_stack(column));
	strings_add(&d->notes, "One report was made with --lines: compared by function, without lines");
}
