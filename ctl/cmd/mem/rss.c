// SPDX-License-Identifier: GPL-2.0
/*
 * Resident memory of processes by what is mapped: /proc/PID/smaps, read again and again.
 * What a program allocated, and what its heap takes, are two numbers: an allocator keeps
 * what was freed, in pieces that are too small, or for later.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/mem/rss.h"
#include "cmd/slab/slab.h"
#include "lib/format.h"
#include "lib/lines.h"
#include "lib/macros.h"

/* What share of growth, or of the heap, live objects have if it is theirs: one in so many. */
#define USED_SHARE	2

const char *const rss_names[RSS_KINDS] = {
	[RSS_HEAP] = "heap",
	[RSS_ANONYMOUS] = "anonymous",
	[RSS_STACK] = "stack",
	[RSS_DATA] = "data",
	[RSS_FILE] = "file",
	[RSS_SHARED] = "shared",
	[RSS_SWAP] = "swapped",
};

/* Names of mappings begin with it; the first one counts. */
static const struct {
	const char	*prefix;
	enum rss_kind	kind;
} mappings[] = {
	{ "[heap]", RSS_HEAP }, { "[stack", RSS_STACK }, { "[anon_shmem:", RSS_SHARED },
	{ "[anon", RSS_ANONYMOUS }, { "/memfd:", RSS_SHARED }, { "/dev/shm/", RSS_SHARED },
	{ "/SYSV", RSS_SHARED }, { "/dev/zero", RSS_SHARED },
	/* Of the kernel's: [vdso]. */
	{ "[", RSS_FILE }, { "/", RSS_FILE },
};

static enum rss_kind kind_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mappings); i++)
		if (!strncmp(name, mappings[i].prefix, strlen(mappings[i].prefix)))
			return mappings[i].kind;
	return *name ? RSS_FILE : RSS_ANONYMOUS;
}

/**
 * rss_parse_line() - Take a line of smaps.
 * @kind: that of the mapping that the line is about; set by its first line
 */
void rss_parse_line(struct rss_reading *r, enum rss_kind *kind, const char *line)
{
	unsigned long long start, end, offset, inode, kb;
	char perms[8], dev[16];
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %15s %llu %n", &start, &end, perms, &offset, dev,
		   &inode, &at) == 6) {
		*kind = kind_of(line + at);
	} else if (sscanf(line, "Rss: %llu kB", &kb) == 1) {
		r->bytes[*kind] += kb * 1024;
	} else if (sscanf(line, "Swap: %llu kB", &kb) == 1) {
		r->bytes[RSS_SWAP] += kb * 1024;
	} else if (*kind == RSS_FILE && sscanf(line, "Anonymous: %llu kB", &kb) == 1 &&
		 kb * 1024 <= r->bytes[RSS_FILE]) {
		/* It was in the mapping's Rss. */
		r->bytes[RSS_FILE] -= kb * 1024;
		r->bytes[RSS_DATA] += kb * 1024;
	}
}

/** rss_read() - Add what a process has. Return: false when it cannot be read, or has nothing. */
bool rss_read(struct rss_reading *r, const char *path)
{
	enum rss_kind kind = RSS_FILE;
	struct lines l;
	size_t len;
	char *line;
	bool any = false;

	if (lines_open(&l, path))
		return false;
	while ((line = lines_next(&l, &len))) {
		rss_parse_line(r, &kind, line);
		any = true;
	}
	lines_close(&l);
	/* One that has exited has none. */
	r->processes += any;
	return any;
}

/** rss_add() - Take a reading of all processes, at @now. */
void rss_add(struct rss_series *s, const struct rss_reading *r, uint64_t now)
{
	size_t i;

	if (!s->readings++)
		s->first = *r;
	s->last = *r;
	if (rss_heap(r) > s->most)
		s->most = rss_heap(r);
	for (i = 0; i < RSS_KINDS; i++)
		trend_add(&s->trends[i], now, r->bytes[i]);
}

/** rss_heap() - Return: what allocators can have of it; what is swapped out mostly is theirs. */
uint64_t rss_heap(const struct rss_reading *r)
{
	return r->bytes[RSS_HEAP] + r->bytes[RSS_ANONYMOUS] + r->bytes[RSS_SWAP];
}

/** rss_resident() - Return: all of it that is resident. */
uint64_t rss_resident(const struct rss_reading *r)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < RSS_SWAP; i++)
		sum += r->bytes[i];
	return sum;
}

/** rss_growth() - Return: bytes that the heap became more by; all of it, since its begin. */
int64_t rss_growth(const struct rss_series *s)
{
	return (int64_t)rss_heap(&s->last) - (s->whole ? 0 : (int64_t)rss_heap(&s->first));
}

/**
 * rss_judge() - Whose the memory is that the heap has, or has gained.
 * @live: bytes of the objects that were allocated in the session, and are live
 */
enum rss_verdict rss_judge(const struct rss_series *s, uint64_t live)
{
	int64_t growth = rss_growth(s);

	if (s->readings < (s->whole ? 1 : 2))
		return RSS_UNKNOWN;
	if (growth < (int64_t)RSS_LEAST)
		return RSS_STEADY;
	return live >= (uint64_t)growth / USED_SHARE ? RSS_USED : RSS_FRAGMENTED;
}

/** rss_verdict_name() - Return: the word for it. */
const char *rss_verdict_name(enum rss_verdict v)
{
	static const char *const names[] = {
		[RSS_UNKNOWN] = "unknown",
		[RSS_STEADY] = "steady",
		[RSS_USED] = "used",
		[RSS_FRAGMENTED] = "fragmented",
	};

	return names[v];
}

static struct rss_growth growth_of(const struct rss_series *s, size_t kind)
{
	const struct trend *t = &s->trends[kind];

	if (s->saved)
		return s->told[kind];
	return (struct rss_growth){
		.rate = trend_rate(t), .confidence = trend_confidence(t), .known = t->steps >= 2,
	};
}

static void print_growth(const struct rss_growth *g, struct out *o)
{
	char shown[40];

	out_json_precise(o, "bytes_per_s", g->rate);
	out_cell_aside(o, "BYTES/S", slab_format_bytes_rate(shown, sizeof(shown), g->rate), true);
	if (g->known)
		out_json_precise(o, "confidence", g->confidence);
	slab_format_confidence(shown, sizeof(shown), g->confidence, g->known);
	out_cell_aside(o, "SURE", shown, true);
}

static char *format_signed(char *buf, size_t size, int64_t bytes)
{
	char number[32];

	snprintf(buf, size, "%s%s", bytes < 0 ? "-" : bytes ? "+" : "",
		 format_bytes(number, sizeof(number), (uint64_t)(bytes < 0 ? -bytes : bytes)));
	return buf;
}

/** rss_print_rows() - A table with a row for each kind. */
void rss_print_rows(const struct rss_series *s, struct out *o)
{
	uint64_t all = rss_resident(&s->last);
	char shown[40];
	size_t i;

	out_table_begin(o, "rows");
	for (i = 0; i < RSS_KINDS; i++) {
		uint64_t bytes = s->last.bytes[i];
		int64_t change = (int64_t)(bytes - s->first.bytes[i]);
		const struct rss_growth growth = growth_of(s, i);

		out_row_begin(o);
		out_cell_text(o, "kind", "KIND", rss_names[i]);
		out_cell_shown(o, "bytes", "BYTES", bytes,
			       format_bytes(shown, sizeof(shown), bytes));
		snprintf(shown, sizeof(shown), "%.1f %%",
			 all && i != RSS_SWAP ? (double)bytes * 100 / (double)all : 0);
		out_cell_aside(o, "SHARE", i == RSS_SWAP ? "-" : shown, true);
		print_growth(&growth, o);
		out_json_signed(o, "change", change);
		out_cell_aside(o, "CHANGE", format_signed(shown, sizeof(shown), change), true);
		out_row_end(o);
	}
	out_table_end(o);
}

static void print_json(const struct rss_series *s, uint64_t live, struct out *o)
{
	size_t i;

	out_open(o, "rss", '{');
	out_json_number(o, "readings", s->readings);
	out_json_bool(o, "since_start", s->whole);
	out_json_number(o, "most", s->most);
	out_json_number(o, "live_bytes", live);
	out_json_text(o, "verdict", rss_verdict_name(rss_judge(s, live)));
	out_open(o, "kinds", '[');
	for (i = 0; i < RSS_KINDS; i++) {
		out_open(o, NULL, '{');
		out_json_text(o, "kind", rss_names[i]);
		out_json_number(o, "first", s->first.bytes[i]);
		out_json_number(o, "last", s->last.bytes[i]);
		out_close(o, '}');
	}
	out_close(o, ']');
	out_close(o, '}');
}

static void print_kinds(const struct rss_series *s, struct out *o)
{
	char bytes[32], change[40];
	struct buf line = {};
	size_t i;

	for (i = 0; i < RSS_KINDS; i++) {
		int64_t grown = (int64_t)(s->last.bytes[i] - s->first.bytes[i]);

		if (!s->last.bytes[i] && !grown)
			continue;
		buf_printf(&line, "%s%s %s", line.len ? ", " : "", rss_names[i],
			   format_bytes(bytes, sizeof(bytes), s->last.bytes[i]));
		if (grown && !s->whole)
			buf_printf(&line, " (%s)", format_signed(change, sizeof(change), grown));
	}
	out_line(o, "\nResident: %s (/proc/PID/smaps)",
		 line.len ? line.p : "nothing");
	buf_free(&line);
}

/**
 * rss_print_foot() - What was mapped, below a report of live objects.
 * @live: their bytes
 */
void rss_print_foot(const struct rss_series *s, uint64_t live, struct out *o)
{
	static const char untouched[] =
		": the program has not touched all of it, or allocated it after the last reading";
	static const char elsewhere[] =
		": in memory that was there before, or that the program has not touched";
	int64_t growth = rss_growth(s);
	enum rss_verdict v = rss_judge(s, live);
	/* Than there can be in what is resident, or came. */
	bool more = (int64_t)live > growth + (int64_t)RSS_LEAST;
	char grown[40], used[32];

	print_json(s, live, o);
	if (v == RSS_UNKNOWN)
		return;
	print_kinds(s, o);
	format_signed(grown, sizeof(grown), growth);
	format_bytes(used, sizeof(used), live);
	if (v == RSS_STEADY && s->whole)
		out_line(o, "%s: heap and anonymous mappings have %s, live objects %s%s",
			 rss_verdict_name(v), *grown == '+' ? grown + 1 : grown, used,
			 more ? untouched : "");
	else if (v == RSS_STEADY)
		out_line(o, "%s: heap and anonymous mappings changed by %s, live objects of the session have %s%s",
			 rss_verdict_name(v), grown, used,
			 more ? elsewhere : "");
	else if (v == RSS_USED)
		out_line(o, "%s: heap and anonymous mappings %s %s, live objects of the session %s: it is theirs",
			 rss_verdict_name(v), s->whole ? "have" : "grew by",
			 *grown == '+' ? grown + 1 : grown, used);
	else
		out_line(o, "%s: heap and anonymous mappings %s %s, live objects of the session only %s: the rest is freed memory that the allocator keeps, in pieces or for later, stacks of threads, or what the program maps itself (--mmap)",
			 rss_verdict_name(v), s->whole ? "have" : "grew by",
			 *grown == '+' ? grown + 1 : grown, used);
	if (!s->whole)
		out_line(o, "What was allocated before the session is in no row.");
}

/** rss_restore() - Take what print_json() wrote. */
void rss_restore(struct rss_series *s, const json_t *from)
{
	const json_t *kinds = json_object_get(from, "kinds");
	size_t i;

	s->readings = json_unsigned(json_object_get(from, "readings"));
	s->whole = json_is_true(json_object_get(from, "since_start"));
	s->most = json_unsigned(json_object_get(from, "most"));
	for (i = 0; i < RSS_KINDS; i++) {
		const json_t *item = json_array_get(kinds, i);

		s->first.bytes[i] = json_unsigned(json_object_get(item, "first"));
		s->last.bytes[i] = json_unsigned(json_object_get(item, "last"));
	}
}

/** rss_restore_rows() - Take what rss_print_rows() wrote. */
void rss_restore_rows(struct rss_series *s, const json_t *rows)
{
	json_t *row;
	size_t i;
	size_t k;

	s->saved = true;
	json_array_foreach(rows, i, row) {
		const char *name = json_text(json_object_get(row, "kind"));
		const json_t *sure = json_object_get(row, "confidence");

		for (k = 0; name && k < RSS_KINDS; k++) {
			if (strcmp(rss_names[k], name))
				continue;
			s->last.bytes[k] = json_unsigned(json_object_get(row, "bytes"));
			s->first.bytes[k] = s->last.bytes[k] -
				(uint64_t)json_integer_value(json_object_get(row, "change"));
			s->told[k] = (struct rss_growth){
				.rate = json_number_value(json_object_get(row, "bytes_per_s")),
				.confidence = json_number_value(sure), .known = sure,
			};
		}
	}
}
