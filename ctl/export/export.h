/* SPDX-License-Identifier: GPL-2.0 */
/* A report as the formats of others need it: live or saved, by names and numbers only. */
#ifndef OBSCTL_EXPORT_H
#define OBSCTL_EXPORT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "export/stack_set.h"
#include "lib/buf.h"

struct json_rows;

/* What became of every hit. */
struct export_account {
	uint64_t	hits;
	uint64_t	recorded;
	uint64_t	filtered;
	uint64_t	pending;
	uint64_t	unpaired;
	struct strings	reasons;	/* of losses, with a number each */
	struct numbers	lost;
};

struct export {
	const char	*source;
	const char	*mode;
	const char	*version;	/* of kobs */
	uint64_t	duration;	/* ns */
	struct export_account account;
	/* Formats of stacks. */
	const struct stack_set *set;
	const char	*hit;		/* what is counted: "samples" */
	const char	*weighs;	/* what the weight is: "duration"; NULL for the hits */
	const char	*unit;		/* of the weight: "ns", "bytes", or another */
	/* Formats of rows. */
	const json_t	*report;
	struct json_rows *rows;		/* its rows, where it has the first one alone */
};

void export_weigh(struct export *e, const char *hit, const char *weighs, const char *unit);
void export_lost(struct export *e, const char *reason, uint64_t count);
void export_title(const struct export *e, struct buf *out);
void export_balance(const struct export *e, struct buf *out);
void export_account(const struct export *e, struct buf *out);
void export_free(struct export *e);

/* What a frame's name, as reports have it, says: NAME [OBJECT] FILE:LINE. */
struct frame_parts {
	size_t		symbol;		/* bytes of the function alone */
	size_t		shown;		/* with the object */
	const char	*file;		/* of the source; or NULL */
	size_t		file_len;
	uint64_t	line;
	/* What its code belongs to, as perf calls it; empty for what is no code. */
	struct buf	object;
};

void frame_parts(const struct frame *f, struct frame_parts *p);
void frame_text(struct buf *out, const char *name, size_t len);

/* The formats, a file each. */
void folded_export(const struct export *e, FILE *to);
void perf_write(const struct export *e, FILE *to);
void pprof_write(const struct export *e, FILE *to);
void speedscope_write(const struct export *e, FILE *to);

#endif
