/* SPDX-License-Identifier: GPL-2.0 */
/* A session as reports see it: its columns, its value, and names for both. */
#ifndef OBSCTL_VIEW_H
#define OBSCTL_VIEW_H

#include "lib/opts.h"
#include "proto/model.h"
#include "report/writer.h"
#include "symbols/btf.h"
#include "symbols/kernel_lines.h"
#include "symbols/ksyms.h"
#include "symbols/patterns.h"
#include "symbols/usyms.h"

#define VIEW_COLUMNS	16

/* How a number is shown; the letters are those of labels, COLUMN=LETTER[TEXT]:NAME. */
enum shown {
	SHOWN_COUNT	= 'u',
	SHOWN_SIGNED	= 'd',
	SHOWN_HEX	= 'x',
	SHOWN_FUNCTION	= 'f',
	SHOWN_TEXT	= 't',
	SHOWN_SYSCALL	= 's',	/* by its name */
	SHOWN_ERROR	= 'e',	/* likewise, of what is below 0 */
	SHOWN_ENUM	= 'n',	/* likewise, of the enum that follows the letter */
	SHOWN_DEVICE	= 'b',
	SHOWN_DEV_T	= 'D',	/* by its numbers, and as the block device that has them */
	SHOWN_NS	= 'T',	/* a time with its unit; a number in JSON */
	SHOWN_BLK_STATUS = 'B',
	SHOWN_FUTEX_OP	= 'o',
	SHOWN_DATA	= 'a',	/* address in the process of the column pid */
	SHOWN_IPV4	= 'i',
	SHOWN_IPV6	= 'I',	/* the first half; the column after it is the second */
	SHOWN_IPV6_END	= 'J',	/* not shown itself */
	SHOWN_ENTRY	= 'k',	/* of a function */
	SHOWN_RETURN	= 'r',
	SHOWN_CGROUP	= 'g',	/* by the name of a control group */
	SHOWN_FAULTS	= 'z',	/* a bit for each number that could not be read; not shown itself */
};

/* An enum of the kernel's, whose constants name a column's numbers. */
struct view_enum {
	const struct btf *btf;		/* NULL until it is needed, or where there is none */
	uint32_t	id;
	bool		known;		/* it was looked for */
};

/* A function of a stack, as reports have it. */
struct view_frame {
	struct buf	text;
	const char	*path;		/* of the program or library that has it; or NULL */
	const char	*file;		/* its source, where lines were asked for; or NULL */
	uint32_t	line;
};

struct view {
	struct sources	sources;
	const struct source *source;
	const struct mode *mode;
	const struct column *columns[VIEW_COLUMNS];
	uint32_t	types[VIEW_COLUMNS];
	size_t		nr_columns;
	/* What the session's labels make of its columns. */
	struct column	own[VIEW_COLUMNS];
	enum shown	shown[VIEW_COLUMNS];
	const char	*of[VIEW_COLUMNS];	/* what follows the letter */
	struct view_enum enums[VIEW_COLUMNS];
	struct kbtf	btf;
	uint64_t	fault[VIEW_COLUMNS];	/* its bit in the column of faults */
	size_t		faults;			/* the column of faults plus 1, or 0 */
	struct strings	labels;			/* memory of names */
	struct strings	places;			/* names of what has no address, by number */
	const char	*version;	/* of the module */
	char		kernel[128];	/* release */
	struct ksyms	ksyms;
	struct usyms	usyms;
	struct kernel_lines klines;
	struct view_frame frame[USYM_FRAMES];	/* set by view_frames() */
	bool		user_calls;	/* user stacks have calls, not where these return to */
	uint64_t	user_stacks;	/* of more than one frame, and those that were cut: */
	uint64_t	user_stacks_cut;	/* a caller is no code */
	uint64_t	user_stacks_unknown;	/* it is not known what is */
	const struct targets *targets;	/* NULL for a detached session */
	bool		saved;		/* addresses are texts: names that a file has */
};

int view_init(struct view *v, struct nl *nl);
int view_bind(struct view *v, const struct session *s);
void view_free(struct view *v);
void view_tell(struct view *v, struct table *t);
size_t view_column(const struct view *v, const char *name);
bool view_has_type(const struct view *v, uint32_t type);
bool view_has_stacks(const struct view *v);
bool view_names_user_code(const struct view *v);
void view_want_key(struct view *v, size_t column, uint64_t key);
bool view_absent(const struct view *v, size_t column, uint64_t key);
bool view_is_fault(const struct view *v, size_t column, const uint64_t *keys);
bool view_is_hidden(const struct view *v, size_t column);
bool view_is_named(const struct view *v, size_t column);
bool view_has_number(const struct view *v, size_t column);
bool view_is_pointer(const struct view *v, size_t column);
bool view_is_number(const struct view *v, size_t column);
bool view_is_plain(const struct view *v, size_t column);
void view_print_key(struct view *v, size_t column, uint64_t key, struct buf *out);
bool view_print_path(const struct view *v, size_t column, uint64_t key, struct buf *out);
void view_print_cell(struct view *v, size_t column, const uint64_t *keys, struct buf *out);

/* frames.c */
int view_choose_frames(struct view *v, const struct opts *o);
size_t view_frames(struct view *v, const struct stack *s, size_t i);
void view_print_frame(struct view *v, const struct stack *s, size_t i, struct buf *out);
void view_strip(char *name);
bool view_is_hook(const char *frame);
size_t view_first_frame(struct view *v, const struct stack *s);
void frames_free(struct view *v);

/* named.c */
void named_print(struct view *v, size_t column, const uint64_t *keys, struct buf *out);

const char *view_target(const struct view *v);
const char *view_unit(const struct view *v);

#endif
