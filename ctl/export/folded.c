// SPDX-License-Identifier: GPL-2.0
/* Folded stacks: the frames of a stack on one line, root first, and its weight. */

#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "export/folded.h"
#include "lib/buf.h"
#include "lib/utf8.h"

/* A frame of a folded stack must not hold the characters that separate. */
static void add_frame(struct buf *line, const char *frame)
{
	size_t at;

	if (line->len)
		buf_putc(line, ';');
	at = line->len;
	utf8_plain(line, frame, strlen(frame));
	for (; at < line->len; at++)
		if (line->p[at] == ';')
			line->p[at] = ':';
}

/** folded_write() - A line per stack, in their order; equal ones are one line. */
void folded_write(const struct stack_set *s, FILE *file)
{
	uint64_t *sums = zalloc(s->n * sizeof(*sums));
	const char **lines = zalloc(s->n * sizeof(*lines));
	struct pool pool = {};
	struct map place = {};
	struct buf line = {};
	size_t n = 0;
	size_t i;
	size_t k;

	for (i = 0; i < s->n; i++) {
		const struct stack_line *stack = &s->v[i];
		uint64_t *sum;

		line.len = 0;
		for (k = 0; k < stack->n; k++)
			add_frame(&line, s->frames[s->ids[stack->at + k]].name);
		lines[n] = pool_intern(&pool, line.len ? line.p : "");
		sum = map_get(&place, (uint64_t)(uintptr_t)lines[n]);
		if (!sum) {
			sum = &sums[n];
			map_set(&place, (uint64_t)(uintptr_t)lines[n++], sum);
		}
		*sum += stack->weight;
	}
	for (i = 0; i < n; i++)
		fprintf(file, "%s %llu\n", lines[i], (unsigned long long)sums[i]);
	map_free(&place, NULL);
	pool_free(&pool);
	buf_free(&line);
	free(lines);
	free(sums);
}

/** folded_export() - The same of a report. */
void folded_export(const struct export *e, FILE *to)
{
	folded_write(e->set, to);
}
