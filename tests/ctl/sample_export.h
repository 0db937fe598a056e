/* SPDX-License-Identifier: GPL-2.0 */
/* Reports of which every number is known, for the tests of formats. */
#ifndef KOBS_SAMPLE_EXPORT_H
#define KOBS_SAMPLE_EXPORT_H

#include <stdio.h>
#include <string.h>

#include "export/formats.h"
#include "lib/macros.h"

/* A frame: "comm=cp" is a column, "u:main [cp]" of the user's, others are the kernel's. */
struct sample_row {
	uint64_t	weight;
	uint64_t	count;
	const char	*frames[12];	/* root first */
};

/* Names that are markup, quotes, separators, no UTF-8; and a function in a stack twice. */
static const struct sample_row sample_rows[] = {
	{ 1000, 4, { "comm=cp", "pid=812", "u:main [cp]", "ksys_read", "vfs_read" } },
	{ 2500, 10, { "comm=cp", "pid=812", "u:main [cp]", "ksys_read", "ext4_read [ext4]" } },
	{ 400, 2, { "comm=a b", "pid=7", "u:walk [find]", "u:walk [find]", "vfs_read" } },
	{ 70, 1, { "comm=<b>;\"x\"", "pid=9", "<script>alert(1)</script>", "a\"b'c", "two words (int)",
		   "semi;colon", "new\nline", "caf\xc3\xa9", "\xff\xfe!bad", "=1+1,2" } },
	{ 20, 1, { "comm=idle", "pid=0" } },
	{ 10, 1, { "[no stack]" } },
};

/* Two events by thread. */
static const struct sample_row sample_events[] = {
	{ 5, 5, { "event=cycles", "comm=cp", "tid=812", "a", "b" } },
	{ 3, 3, { "event=faults", "comm=cp", "tid=812", "a" } },
	{ 2, 2, { "event=cycles", "comm=cp", "tid=812", "a", "c" } },
	{ 1, 1, { "event=cycles", "comm=dd", "tid=813", "a", "b" } },
};

/* Lines of one function, one of which is of a function that became part of it. */
static const struct sample_row sample_source[] = {
	{ 3, 3, { "u:main [cp] cp.c:12" } },
	{ 4, 4, { "u:main [cp] cp.c:15", "i:step (inlined) a.h:3" } },
	{ 5, 5, { "u:main [dd] dd.c:12" } },
};

static inline uint32_t sample_frame(struct stack_set *set, const char *text)
{
	const char *equals = strchr(text, '=');
	char column[16];

	if (!strcmp(text, "[no stack]"))
		return stack_set_frame(set, text, FRAME_COLUMN);
	if (!strncmp(text, "u:", 2))
		return stack_set_frame(set, text + 2, FRAME_USER);
	if (!strncmp(text, "i:", 2))
		return stack_set_frame(set, text + 2, FRAME_INLINED);
	if (!equals || equals == text)
		return stack_set_frame(set, text, frame_kind_of(text, false));
	memcpy(column, text, (size_t)(equals - text));
	column[equals - text] = 0;
	return stack_set_column(set, column, equals + 1);
}

static inline void sample_fill(struct stack_set *set, const struct sample_row *rows, size_t n)
{
	size_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		stack_set_begin(set, rows[i].weight, rows[i].count);
		for (k = 0; k < ARRAY_SIZE(rows[i].frames) && rows[i].frames[k]; k++)
			stack_set_add(set, sample_frame(set, rows[i].frames[k]));
	}
}

/* Times of calls, some of which were lost. */
static inline void sample_times(struct export *e, struct stack_set *set)
{
	*e = (struct export){
		.source = "func", .mode = "time", .version = "9.9", .duration = 2000000000,
		.set = set,
		.account = { .hits = 25, .recorded = 18, .filtered = 2, .pending = 1 },
	};
	export_lost(e, "table_full", 4);
	export_lost(e, "stack_full", 0);
	export_weigh(e, NULL, "duration", "ns");
	sample_fill(set, sample_rows, ARRAY_SIZE(sample_rows));
}

/* Samples of two events, which do not add up. */
static inline void sample_counts(struct export *e, struct stack_set *set)
{
	*e = (struct export){
		.source = "pmu", .mode = "record", .version = "9.9", .duration = 1500000,
		.set = set, .account = { .hits = 11, .recorded = 11 },
	};
	export_weigh(e, "samples", NULL, "samples");
	sample_fill(set, sample_events, ARRAY_SIZE(sample_events));
}

static inline void sample_lines(struct export *e, struct stack_set *set)
{
	*e = (struct export){ .source = "func", .mode = "count", .version = "9.9", .set = set };
	export_weigh(e, NULL, NULL, "hits");
	sample_fill(set, sample_source, ARRAY_SIZE(sample_source));
}

static inline void sample_nothing(struct export *e, struct stack_set *set)
{
	*e = (struct export){ .source = "func", .mode = "count", .version = "9.9", .set = set };
	export_weigh(e, NULL, NULL, "hits");
}

typedef void (*sample_fn)(struct export *e, struct stack_set *set);

/* A sample in a format. */
static inline char *sample_make(const char *format, sample_fn sample, size_t *len)
{
	struct stack_set set = {};
	struct export e;
	char *text = NULL;
	FILE *file = open_memstream(&text, len);

	sample(&e, &set);
	format_find(format)->write(&e, file);
	fclose(file);
	export_free(&e);
	stack_set_free(&set);
	return text;
}

#endif
