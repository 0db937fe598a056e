/* SPDX-License-Identifier: GPL-2.0 */
/* The stacks of a report that --json wrote to a file. */
#ifndef OBSCTL_SAVED_H
#define OBSCTL_SAVED_H

#include <jansson.h>

#include "export/export.h"
#include "export/flame.h"
#include "lib/buf.h"
#include "lib/opts.h"

struct saved_kind;

struct saved {
	const char	*path;
	json_t		*root;
	const struct saved_kind *kind;
	const char	*weight;	/* what a row's weight is called */
	const char	*unit;
};

int saved_open(struct saved *s, const char *path);
int saved_same(const struct saved *a, const struct saved *b);
int saved_stacks(const struct saved *s, struct stack_set *set);
uint64_t saved_number(const struct saved *s, const char *key);
enum flame_palette saved_palette(const struct saved *s);
void saved_describe(const struct saved *s, struct buf *out);
uint64_t saved_lost(const struct saved *s);
void saved_account(const struct saved *s, struct buf *out);
void saved_machine(const struct saved *s, struct buf *out);
void saved_weigh(const struct saved *s, struct export *e);
void saved_close(struct saved *s);

/* export.c */
int saved_export(const struct opts *o);

#endif
