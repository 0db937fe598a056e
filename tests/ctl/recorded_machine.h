/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recorded machine, as in tests/ctl/triage: the text of its files at two times. Lines "@begin NS"
 * and "@end NS", each followed by "@file PATH" with the text; and sizes of slab memory in between,
 * "@slab NS BYTES".
 */
#ifndef KOBS_RECORDED_MACHINE_H
#define KOBS_RECORDED_MACHINE_H

#include <stdlib.h>
#include <string.h>

#include "cmd/triage/machine.h"
#include "lib/macros.h"

struct recorded {
	struct machine	begin;
	struct machine	end;
	struct slab_reading v[16];
	size_t		n;
};

/* The text of a file goes up to the next line of the recording's own. */
static inline bool recorded_section(struct recorded *r, struct machine **to, char *section)
{
	char *text = section;
	char *line = strsep(&text, "\n");

	if (!strncmp(line, "begin ", 6)) {
		*to = &r->begin;
		r->begin.time = strtoull(line + 6, NULL, 10);
	} else if (!strncmp(line, "end ", 4)) {
		*to = &r->end;
		r->end.time = strtoull(line + 4, NULL, 10);
	} else if (!strncmp(line, "slab ", 5) && r->n < ARRAY_SIZE(r->v)) {
		char *at = line + 5;

		r->v[r->n].time = strtoull(at, &at, 10);
		r->v[r->n++].bytes = strtoull(at, NULL, 10);
	} else if (!strncmp(line, "file ", 5)) {
		return machine_take(*to, line + 5, text ? text : line + strlen(line));
	} else {
		return false;
	}
	return true;
}

/* Takes a text apart. Returns how many of its sections are none of a machine. */
static inline size_t recorded_take(struct recorded *r, char *text)
{
	struct machine *to = &r->begin;
	char *at = strstr(text, "\n@");
	size_t unknown = 0;

	memset(r, 0, sizeof(*r));
	while (at) {
		char *next = strstr(at + 2, "\n@");

		if (next)
			*next = 0;
		unknown += !recorded_section(r, &to, at + 2);
		at = next;
	}
	return unknown;
}

static inline void recorded_free(struct recorded *r)
{
	machine_free(&r->begin);
	machine_free(&r->end);
}

#endif /* KOBS_RECORDED_MACHINE_H */
