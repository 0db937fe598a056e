// SPDX-License-Identifier: GPL-2.0
/*
 * pprof's protocol buffer (profile.proto), compressed by gzip. A frame is a location
 * of a function; columns are labels; the account is a comment, which 'go tool pprof
 * -comments' shows. Nothing in the file depends on when it was written.
 */

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "export/export.h"
#include "lib/map.h"

/* Numbers of fields. */
enum {
	PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE = 2, PROFILE_MAPPING = 3, PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5, PROFILE_STRING = 6, PROFILE_DURATION = 10, PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_TYPE = 14,
	VALUE_TYPE = 1, VALUE_UNIT = 2,
	SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2, SAMPLE_LABEL = 3,
	LABEL_KEY = 1, LABEL_STR = 2,
	MAPPING_ID = 1, MAPPING_FILENAME = 5, MAPPING_HAS_FUNCTIONS = 7,
	LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4,
	LINE_FUNCTION = 1, LINE_NUMBER = 2,
	FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_FILENAME = 4,
};

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

#define GZIP_WINDOW	(15 + 16)	/* zlib's way to ask for gzip's header */

struct pprof {
	const struct export *e;
	struct buf	out;
	struct buf	mappings;	/* messages that are complete, each kind by itself */
	struct buf	locations;
	struct buf	functions;
	struct buf	part;		/* a message that is being made, */
	struct buf	inner;		/* and one in it */
	struct buf	text;
	struct pool	pool;
	struct map	strings;	/* a text to its number */
	struct strings	table;
	struct map	objects;	/* a text to its mapping's number */
	uint64_t	nr_mappings;
	struct map	known;		/* a name and a file to its function's number */
	uint64_t	nr_functions;
	uint64_t	*ids;		/* frames to their locations, from 1 on, as they come */
	uint64_t	nr_ids;
	uint64_t	no_stack;	/* the location of what has none; or 0 */
};

static void put_varint(struct buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_putc(out, (char)(v | 0x80));
	buf_putc(out, (char)v);
}

static void put_number(struct buf *out, unsigned int field, uint64_t v)
{
	put_varint(out, field << 3 | WIRE_VARINT);
	put_varint(out, v);
}

static void put_bytes(struct buf *out, unsigned int field, const char *bytes, size_t len)
{
	put_varint(out, field << 3 | WIRE_BYTES);
	put_varint(out, len);
	buf_add(out, len ? bytes : "", len);
}

static void put_message(struct buf *out, unsigned int field, struct buf *message)
{
	put_bytes(out, field, message->p, message->len);
	message->len = 0;
}

/* The number of a text in the table, whose first one is empty. */
static uint64_t string_of(struct pprof *p, const char *text, size_t len)
{
	const char *kept;
	uint64_t key;
	uint64_t n;

	p->text.len = 0;
	frame_text(&p->text, text, len);
	if (!p->text.len)
		return 0;
	kept = pool_intern(&p->pool, p->text.p);
	key = (uint64_t)(uintptr_t)kept;
	n = (uintptr_t)map_get(&p->strings, key);
	if (n)
		return n;
	strings_add(&p->table, kept);
	map_set(&p->strings, key, (void *)(uintptr_t)p->table.n);
	return p->table.n;
}

static uint64_t text_of(struct pprof *p, const char *text)
{
	return string_of(p, text, strlen(text));
}

static void put_type(struct pprof *p, const char *type, const char *unit)
{
	const char *known = !strcmp(unit, "ns") ? "nanoseconds" : !strcmp(unit, "bytes") ? unit :
			    "count";

	put_number(&p->part, VALUE_TYPE, text_of(p, type));
	put_number(&p->part, VALUE_UNIT, text_of(p, known));
	put_message(&p->out, PROFILE_SAMPLE_TYPE, &p->part);
}

/* The number of the mapping of a frame, or 0: what is no code belongs to nothing. */
static uint64_t mapping_of(struct pprof *p, const struct frame *f, const struct frame_parts *parts)
{
	const char *kept;
	uint64_t n;

	if (!parts->object.len || f->kind == FRAME_INLINED)
		return 0;
	kept = pool_intern(&p->pool, parts->object.p);
	n = (uintptr_t)map_get(&p->objects, (uint64_t)(uintptr_t)kept);
	if (n)
		return n;
	n = ++p->nr_mappings;
	map_set(&p->objects, (uint64_t)(uintptr_t)kept, (void *)(uintptr_t)n);
	put_number(&p->part, MAPPING_ID, n);
	put_number(&p->part, MAPPING_FILENAME, text_of(p, kept));
	put_number(&p->part, MAPPING_HAS_FUNCTIONS, 1);
	put_message(&p->mappings, PROFILE_MAPPING, &p->part);
	return n;
}

/* The number of a function, whose lines can be several. */
static uint64_t function_of(struct pprof *p, const struct frame *f, const struct frame_parts *parts)
{
	struct buf both = {};
	uint64_t key;
	uint64_t n;

	buf_add(&both, f->name, parts->shown);
	buf_putc(&both, '\n');
	buf_add(&both, parts->file ? parts->file : "", parts->file ? parts->file_len : 0);
	key = (uint64_t)(uintptr_t)pool_intern(&p->pool, both.p);
	buf_free(&both);
	n = (uintptr_t)map_get(&p->known, key);
	if (n)
		return n;
	n = ++p->nr_functions;
	map_set(&p->known, key, (void *)(uintptr_t)n);
	put_number(&p->part, FUNCTION_ID, n);
	put_number(&p->part, FUNCTION_NAME, string_of(p, f->name, parts->shown));
	if (parts->file)
		put_number(&p->part, FUNCTION_FILENAME, string_of(p, parts->file, parts->file_len));
	put_message(&p->functions, PROFILE_FUNCTION, &p->part);
	return n;
}

/* A frame is one location: a line of a function, or any place in it. */
static void put_frame(struct pprof *p, const struct frame *f, uint64_t id)
{
	struct frame_parts parts = {};
	uint64_t function;
	uint64_t mapping;

	frame_parts(f, &parts);
	mapping = mapping_of(p, f, &parts);
	function = function_of(p, f, &parts);
	put_number(&p->inner, LINE_FUNCTION, function);
	if (parts.file)
		put_number(&p->inner, LINE_NUMBER, parts.line);
	put_number(&p->part, LOCATION_ID, id);
	if (mapping)
		put_number(&p->part, LOCATION_MAPPING, mapping);
	put_message(&p->part, LOCATION_LINE, &p->inner);
	put_message(&p->locations, PROFILE_LOCATION, &p->part);
	buf_free(&parts.object);
}

static void put_label(struct pprof *p, const struct frame *f)
{
	put_number(&p->inner, LABEL_KEY, text_of(p, f->column));
	put_number(&p->inner, LABEL_STR, text_of(p, f->name));
}

static uint64_t value_of(uint64_t v)
{
	return v > INT64_MAX ? INT64_MAX : v;
}

/* What has columns alone would be in no function: the parts would not add up to the whole. */
static uint64_t without_stack(struct pprof *p)
{
	if (!p->no_stack) {
		p->no_stack = ++p->nr_ids;
		put_frame(p, &(struct frame){ .name = "[no stack]", .kind = FRAME_COLUMN },
			  p->no_stack);
	}
	return p->no_stack;
}

static void put_sample(struct pprof *p, const struct stack_line *line, struct buf *sample)
{
	const struct stack_set *set = p->e->set;
	const uint32_t *ids = set->ids + line->at;
	struct buf packed = {};
	size_t i;

	/* The leaf is first. */
	for (i = line->n; i; i--) {
		const struct frame *f = &set->frames[ids[i - 1]];
		uint64_t *id = &p->ids[ids[i - 1]];

		if (f->column)
			continue;
		if (!*id) {
			*id = ++p->nr_ids;
			put_frame(p, f, *id);
		}
		put_varint(&packed, *id);
	}
	if (!packed.len)
		put_varint(&packed, without_stack(p));
	put_message(sample, SAMPLE_LOCATION, &packed);
	if (p->e->weighs)
		put_varint(&packed, value_of(line->count));
	put_varint(&packed, value_of(line->weight));
	put_message(sample, SAMPLE_VALUE, &packed);
	for (i = 0; i < line->n; i++) {
		if (!set->frames[ids[i]].column)
			continue;
		put_label(p, &set->frames[ids[i]]);
		put_message(sample, SAMPLE_LABEL, &p->inner);
	}
	put_message(&p->out, PROFILE_SAMPLE, sample);
	buf_free(&packed);
}

static void put_comments(struct pprof *p)
{
	struct buf line = {};

	buf_printf(&line, "kobs %s: ", p->e->version);
	export_title(p->e, &line);
	put_number(&p->out, PROFILE_COMMENT, text_of(p, line.p));
	line.len = 0;
	export_account(p->e, &line);
	put_number(&p->out, PROFILE_COMMENT, text_of(p, line.p));
	buf_free(&line);
}

static void make(struct pprof *p)
{
	const struct export *e = p->e;
	struct buf sample = {};
	size_t i;

	p->ids = zalloc((e->set->nr_frames + 1) * sizeof(*p->ids));
	if (e->weighs)
		put_type(p, e->hit, "");
	put_type(p, e->weighs ? e->weighs : e->hit, e->weighs ? e->unit : "");
	for (i = 0; i < e->set->n; i++)
		put_sample(p, &e->set->v[i], &sample);
	put_number(&p->out, PROFILE_DURATION, value_of(e->duration));
	put_number(&p->out, PROFILE_DEFAULT_TYPE, text_of(p, e->weighs ? e->weighs : e->hit));
	put_comments(p);
	buf_add(&p->out, p->mappings.len ? p->mappings.p : "", p->mappings.len);
	buf_add(&p->out, p->locations.len ? p->locations.p : "", p->locations.len);
	buf_add(&p->out, p->functions.len ? p->functions.p : "", p->functions.len);
	put_bytes(&p->out, PROFILE_STRING, "", 0);
	for (i = 0; i < p->table.n; i++)
		put_bytes(&p->out, PROFILE_STRING, p->table.v[i], strlen(p->table.v[i]));
	buf_free(&sample);
}

static void compress_to(const struct buf *from, FILE *to)
{
	char part[16384];
	z_stream z = {
		.next_in = (unsigned char *)from->p,
	};
	size_t left = from->len;
	int state;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	do {
		/* zlib counts in 32 bits. */
		z.avail_in = (unsigned int)(left < UINT32_MAX ? left : UINT32_MAX);
		left -= z.avail_in;
		do {
			z.next_out = (unsigned char *)part;
			z.avail_out = sizeof(part);
			state = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
			fwrite(part, 1, sizeof(part) - z.avail_out, to);
		} while (!z.avail_out);
	} while (state != Z_STREAM_END);
	deflateEnd(&z);
}

/** pprof_write() - Write a profile for pprof. */
void pprof_write(const struct export *e, FILE *to)
{
	struct pprof p = { .e = e };

	make(&p);
	compress_to(&p.out, to);
	buf_free(&p.out);
	buf_free(&p.mappings);
	buf_free(&p.locations);
	buf_free(&p.functions);
	buf_free(&p.part);
	buf_free(&p.inner);
	buf_free(&p.text);
	map_free(&p.strings, NULL);
	map_free(&p.objects, NULL);
	map_free(&p.known, NULL);
	strings_free(&p.table);
	pool_free(&p.pool);
	free(p.ids);
}
