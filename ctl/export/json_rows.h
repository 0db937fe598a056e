/* SPDX-License-Identifier: GPL-2.0 */
/* The rows of a report that --json wrote to a file, one after the other. */
#ifndef OBSCTL_JSON_ROWS_H
#define OBSCTL_JSON_ROWS_H

#include "export/json_file.h"
#include "export/json_text.h"

/* A list of texts that was taken out of a row: its key, and what it is. */
struct json_list {
	size_t		key;		/* where in the row, behind its quote */
	size_t		len;
	json_t		*value;
};

struct json_rows {
	struct json_text text;
	uint64_t	size;		/* of the file */
	uint64_t	first;		/* where its first row begins; 0: it has none */
	/* Without all rows but the first one; what was left out of it, and where. */
	struct buf	rest;
	uint64_t	begin;		/* of the report, in the file */
	size_t		nr_values;	/* of the file: reports, or records */
	size_t		gap_at;
	uint64_t	gap;
	/* The row that is read, with null in place of its lists. */
	struct buf	row;
	struct json_list *lists;
	size_t		nr_lists;
	size_t		cap_lists;
	/* Frames, each of which is one value, however many rows have it. */
	json_t		**frame;
	size_t		nr_frames;
	size_t		nr_slots;
};

int json_rows_open(struct json_rows *r, const char *path, json_t **root);
bool json_rows_of(struct json_rows *r, const char *text, size_t size, json_t **root);
bool json_rows_are_more(const struct json_rows *r);
int json_rows_each(struct json_rows *r, json_take_fn take, void *arg);
int json_rows_load(struct json_rows *r, json_t *root);
void json_rows_close(struct json_rows *r);

#endif
