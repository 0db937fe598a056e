/* SPDX-License-Identifier: GPL-2.0 */
/* The JSON values of a file, one after the other, in pieces: it is not read as a whole. */
#ifndef OBSCTL_JSON_TEXT_H
#define OBSCTL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "export/json_file.h"
#include "lib/buf.h"

struct json_text {
	const char	*path;		/* NULL for a text in memory */
	FILE		*file;
	bool		lent;		/* a text in memory that is another one's */
	struct buf	part;		/* what was read, from @begin of the file on */
	uint64_t	begin;
	size_t		at;		/* what is left begins there */
};

int json_text_open(struct json_text *t, const char *path);
void json_text_of(struct json_text *t, const char *text, size_t size);
void json_text_close(struct json_text *t);
int json_text_seek(struct json_text *t, uint64_t offset);
bool json_text_fill(struct json_text *t);
int json_text_next(struct json_text *t);
size_t json_text_length(struct json_text *t);
int json_text_each(struct json_text *t, json_take_fn take, void *arg);
int json_text_refuse(struct json_text *t, uint64_t offset, const json_error_t *why);

/** json_text_left() - Return: what was read and not taken. Reading more moves it. */
static inline const char *json_text_left(const struct json_text *t)
{
	return t->part.p + t->at;
}

/** json_text_offset() - Return: where in the file that begins. */
static inline uint64_t json_text_offset(const struct json_text *t)
{
	return t->begin + t->at;
}

#endif
