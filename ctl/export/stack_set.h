/* SPDX-License-Identifier: GPL-2.0 */
/* Stacks with weights, as frames that have a name and a kind: what every format is made from. */
#ifndef OBSCTL_STACK_SET_H
#define OBSCTL_STACK_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"

enum frame_kind {
	FRAME_COLUMN,		/* no code: a column's value, a stack that is missing */
	FRAME_USER,
	FRAME_INLINED,		/* into the frame below it */
	FRAME_KERNEL,
	FRAME_MODULE,		/* of the kernel */
	FRAME_MERGED,		/* several, made by a format */
	FRAME_KINDS,
};

/* Behind the name of an inlined function. */
#define FRAME_INLINED_MARK	" (inlined)"

struct frame {
	const char	*name;
	const char	*column;	/* that the name is the value of; or NULL */
	enum frame_kind	kind;
	const char	*path;		/* of the program or library that has it; or NULL */
	const char	*file;		/* its source, where lines were asked for; or NULL */
	uint32_t	line;
};

/* The frames of one stack, root first. */
struct stack_line {
	size_t		at;		/* index into the numbers of frames */
	size_t		n;
	uint64_t	weight;
	uint64_t	count;		/* hits, whatever they weigh */
	uint64_t	before;		/* the same of a report to compare with; or 0 */
};

struct stack_set {
	struct pool	names;
	struct map	numbers[FRAME_KINDS];	/* a name to its frame's number plus 1 */
	struct frame	*frames;
	size_t		nr_frames;
	size_t		cap_frames;
	uint32_t	*ids;			/* numbers of frames, of all stacks */
	size_t		nr_ids;
	size_t		cap_ids;
	struct stack_line *v;
	size_t		n;
	size_t		cap;
};

enum frame_kind frame_kind_of(const char *name, bool user);
uint32_t stack_set_frame(struct stack_set *s, const char *name, enum frame_kind kind);
uint32_t stack_set_column(struct stack_set *s, const char *column, const char *value);
void stack_set_begin(struct stack_set *s, uint64_t weight, uint64_t count);
void stack_set_place(struct stack_set *s, uint32_t frame, const char *path, const char *file,
		     uint32_t line);
uint32_t *stack_set_extend(struct stack_set *s, size_t n);
void stack_set_add(struct stack_set *s, uint32_t frame);
void stack_set_repeat(struct stack_set *s, size_t at, size_t n);
void stack_set_drop(struct stack_set *s, size_t n);
uint64_t stack_set_total(const struct stack_set *s);
uint64_t stack_set_before(const struct stack_set *s);
void stack_set_free(struct stack_set *s);

#endif
