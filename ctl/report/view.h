/* SPDX-License-Identifier: GPL-2.0 */
/* A session as reports see it: its columns, its value, and names for both. */
#ifndef OBSCTL_VIEW_H
#define OBSCTL_VIEW_H

#include "proto/model.h"
#include "report/writer.h"
#include "symbols/ksyms.h"
#include "symbols/patterns.h"
#include "symbols/usyms.h"

#define VIEW_COLUMNS	16

struct view {
	struct sources	sources;
	const struct source *source;
	const struct mode *mode;
	const struct column *columns[VIEW_COLUMNS];
	uint32_t	types[VIEW_COLUMNS];
	size_t		nr_columns;
	const char	*version;	/* of the module */
	char		kernel[128];	/* release */
	struct ksyms	ksyms;
	struct usyms	usyms;
	const struct targets *targets;	/* NULL for a detached session */
};

int view_init(struct view *v, struct nl *nl);
int view_bind(struct view *v, const struct session *s);
void view_free(struct view *v);
void view_tell(struct view *v, struct table *t);
size_t view_column(const struct view *v, const char *name);
bool view_has_type(const struct view *v, uint32_t type);
void view_want_key(struct view *v, size_t column, uint64_t key);
bool view_absent(const struct view *v, size_t column, uint64_t key);
bool view_is_pointer(const struct view *v, size_t column);
void view_print_key(struct view *v, size_t column, uint64_t key, struct buf *out);
void view_print_frame(struct view *v, const struct stack *s, size_t i, struct buf *out);
void view_strip(char *name);
bool view_is_hook(const char *frame);
size_t view_first_frame(struct view *v, const struct stack *s);
const char *view_target(const struct view *v);
const char *view_unit(const struct view *v);

#endif
