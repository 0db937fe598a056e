// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of profiles for pprof, read by a reader of the wire format which knows nothing
 * of how they were written; prints TAP. tests/formats has them read by pprof itself.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sample_export.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same(const char *got, const char *want, const char *name)
{
	bool good = got && !strcmp(got, want);

	ok(good, name);
	if (!good)
		printf("# '%s' instead of '%s'\n", got ? got : "(null)", want);
}

struct wire {
	const unsigned char *at;
	const unsigned char *end;
	bool		bad;
};

static uint64_t read_varint(struct wire *w)
{
	unsigned int shift = 0;
	uint64_t v = 0;

	for (; w->at < w->end && shift < 64; shift += 7) {
		v |= (uint64_t)(*w->at & 0x7f) << shift;
		if (!(*w->at++ & 0x80))
			return v;
	}
	w->bad = true;
	return 0;
}

/* Whether there is another field: a number, or bytes. */
static bool read_field(struct wire *w, uint64_t *field, uint64_t *number, struct wire *bytes)
{
	uint64_t tag;

	if (w->at >= w->end || w->bad)
		return false;
	tag = read_varint(w);
	*field = tag >> 3;
	*bytes = (struct wire){};
	*number = read_varint(w);
	if ((tag & 7) == 2) {
		if (*number > (uint64_t)(w->end - w->at)) {
			w->bad = true;
			return false;
		}
		*bytes = (struct wire){ .at = w->at, .end = w->at + *number };
		w->at += *number;
	} else {
		w->bad |= (tag & 7) != 0;
	}
	return !w->bad;
}

#define MANY	64

struct profile {
	char		*strings[MANY];
	size_t		nr_strings;
	struct wire	samples[MANY];
	size_t		nr_samples;
	uint64_t	types[MANY][2];
	size_t		nr_types;
	uint64_t	function_of[MANY];	/* by the number of a location */
	uint64_t	mapping_of[MANY];
	uint64_t	line_of[MANY];
	uint64_t	name_of[MANY];		/* by the number of a function */
	uint64_t	source_of[MANY];
	size_t		nr_functions;
	uint64_t	file_of[MANY];		/* by the number of a mapping */
	uint64_t	comments[MANY];
	size_t		nr_comments;
	uint64_t	duration;
	uint64_t	usual;
	bool		bad;
};

static void gunzip(const char *from, size_t len, unsigned char *to, size_t size, size_t *got)
{
	z_stream z = {
		.next_in = (unsigned char *)from, .avail_in = (uInt)len, .next_out = to,
		.avail_out = (uInt)size,
	};

	*got = 0;
	if (inflateInit2(&z, 15 + 16) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END)
		*got = z.total_out;
	inflateEnd(&z);
}

/* Two numbers of a message: of fields 1 and @second. */
static void read_pair(struct wire w, uint64_t second, uint64_t *a, uint64_t *b)
{
	uint64_t field, number;
	struct wire bytes;

	while (read_field(&w, &field, &number, &bytes)) {
		if (field == 1)
			*a = number;
		if (field == second)
			*b = number;
	}
}

static void read_location(struct profile *p, struct wire w)
{
	uint64_t field, number, id = 0, mapping = 0, function = 0, line = 0;
	struct wire bytes;

	while (read_field(&w, &field, &number, &bytes)) {
		if (field == 1)
			id = number;
		if (field == 2)
			mapping = number;
		if (field == 4)
			read_pair(bytes, 2, &function, &line);
	}
	p->bad |= !id || id >= MANY || !function;
	p->line_of[id % MANY] = line;
	p->function_of[id % MANY] = function;
	p->mapping_of[id % MANY] = mapping;
}

static void read_profile(struct profile *p, struct wire w)
{
	uint64_t field, number, a = 0, b = 0;
	struct wire bytes;

	while (read_field(&w, &field, &number, &bytes)) {
		a = 0;
		b = 0;
		if (field == 1)
			read_pair(bytes, 2, &p->types[p->nr_types][0], &p->types[p->nr_types][1]);
		p->nr_types += field == 1;
		if (field == 2)
			p->samples[p->nr_samples++] = bytes;
		if (field == 3 || field == 5)
			read_pair(bytes, field == 3 ? 5 : 2, &a, &b);
		if (field == 3)
			p->file_of[a % MANY] = b;
		if (field == 4)
			read_location(p, bytes);
		if (field == 5)
			p->name_of[a % MANY] = b;
		if (field == 5)
			read_pair(bytes, 4, &a, &p->source_of[a % MANY]);
		p->nr_functions += field == 5;
		if (field == 6)
			p->strings[p->nr_strings++ % MANY] =
				strndup((const char *)bytes.at, (size_t)(bytes.end - bytes.at));
		if (field == 10)
			p->duration = number;
		if (field == 13)
			p->comments[p->nr_comments++] = number;
		if (field == 14)
			p->usual = number;
		p->bad |= !field || field > 14;
	}
	p->bad |= w.bad;
}

static const char *string_of(const struct profile *p, uint64_t i)
{
	return i < p->nr_strings && i < MANY ? p->strings[i] : "(none)";
}

/* "VALUE,VALUE comm=cp ... : leaf (file) < caller (file)" */
static void describe(const struct profile *p, size_t i, struct buf *out)
{
	struct wire w = p->samples[i], bytes, locations = {}, values = {};
	uint64_t field, number, a = 0, b = 0;
	struct buf labels = {};

	while (read_field(&w, &field, &number, &bytes)) {
		if (field == 1)
			locations = bytes;
		if (field == 2)
			values = bytes;
		if (field == 3) {
			read_pair(bytes, 2, &a, &b);
			buf_printf(&labels, " %s=%s", string_of(p, a), string_of(p, b));
		}
	}
	out->len = 0;
	while (values.at < values.end)
		buf_printf(out, "%s%llu", out->len ? "," : "",
			   (unsigned long long)read_varint(&values));
	buf_printf(out, "%s :", labels.p ? labels.p : "");
	while (locations.at < locations.end) {
		number = read_varint(&locations) % MANY;
		buf_printf(out, " %s", string_of(p, p->name_of[p->function_of[number] % MANY]));
		if (p->line_of[number])
			buf_printf(out, " at %s:%llu",
				   string_of(p, p->source_of[p->function_of[number] % MANY]),
				   (unsigned long long)p->line_of[number]);
		if (p->mapping_of[number])
			buf_printf(out, " (%s)", string_of(p, p->file_of[p->mapping_of[number]]));
		buf_puts(out, locations.at < locations.end ? " <" : "");
	}
	buf_free(&labels);
}

static void read_sample(struct profile *p, sample_fn sample)
{
	static unsigned char bytes[65536];
	size_t len, got;
	char *file = sample_make("pprof", sample, &len);

	memset(p, 0, sizeof(*p));
	gunzip(file, len, bytes, sizeof(bytes), &got);
	ok(got, "it is compressed by gzip");
	read_profile(p, (struct wire){ .at = bytes, .end = bytes + got });
	ok(!p->bad && p->nr_strings && !*p->strings[0] && p->nr_strings <= MANY,
	   "and a profile, whose first string is empty");
	free(file);
}

static void free_profile(struct profile *p)
{
	size_t i;

	for (i = 0; i < p->nr_strings; i++)
		free(p->strings[i]);
}

static const char *const pprof_samples[] = {
	"4,1000 comm=cp pid=812 : vfs_read ([kernel.kallsyms]) < ksys_read ([kernel.kallsyms]) < main [cp] (cp)",
	"10,2500 comm=cp pid=812 : ext4_read [ext4] ([ext4]) < ksys_read ([kernel.kallsyms]) < main [cp] (cp)",
	"2,400 comm=a b pid=7 : vfs_read ([kernel.kallsyms]) < walk [find] (find) < walk [find] (find)",
	"1,70 comm=<b>;\"x\" pid=9 : =1+1,2 ([kernel.kallsyms]) < \xef\xbf\xbd\xef\xbf\xbd!bad ([kernel.kallsyms]) < caf\xc3\xa9 ([kernel.kallsyms]) < new?line ([kernel.kallsyms]) < semi;colon ([kernel.kallsyms]) < two words (int) ([kernel.kallsyms]) < a\"b'c ([kernel.kallsyms]) < <script>alert(1)</script> ([kernel.kallsyms])",
	"1,20 comm=idle pid=0 : [no stack]",
	"1,10 : [no stack]",
};

static void test_pprof(void)
{
	struct profile p;
	struct buf line = {};
	size_t i;

	read_sample(&p, sample_times);
	ok(p.nr_samples == ARRAY_SIZE(pprof_samples), "a sample for each row");
	for (i = 0; i < p.nr_samples; i++) {
		describe(&p, i, &line);
		same(line.p, pprof_samples[i], "its values, labels and frames");
	}
	ok(p.nr_types == 2 && !strcmp(string_of(&p, p.types[0][0]), "hits") &&
	   !strcmp(string_of(&p, p.types[0][1]), "count") &&
	   !strcmp(string_of(&p, p.types[1][0]), "duration") &&
	   !strcmp(string_of(&p, p.types[1][1]), "nanoseconds"), "hits, and what they took");
	same(string_of(&p, p.usual), "duration", "the weight is what is shown");
	ok(p.duration == 2000000000, "the duration");
	ok(p.nr_comments == 2, "two comments");
	same(string_of(&p, p.comments[0]), "kobs 9.9: func time, 2.00 s", "what it is");
	same(string_of(&p, p.comments[1]),
	     "hits 25 = recorded 18 + filtered 2 + pending 1 + lost 4; lost by table_full: 4",
	     "the account, with what was lost by what");
	free_profile(&p);
	read_sample(&p, sample_counts);
	ok(p.nr_types == 1 && !strcmp(string_of(&p, p.types[0][0]), "samples") &&
	   !strcmp(string_of(&p, p.types[0][1]), "count"), "samples alone are one type");
	describe(&p, 0, &line);
	same(line.p, "5 event=cycles comm=cp tid=812 : b ([kernel.kallsyms]) < a ([kernel.kallsyms])",
	     "the event is a label");
	free_profile(&p);
	read_sample(&p, sample_lines);
	describe(&p, 0, &line);
	same(line.p, "3 : main [cp] at cp.c:12 (cp)", "a line of a function");
	describe(&p, 1, &line);
	same(line.p, "4 : step (inlined) at a.h:3 < main [cp] at cp.c:15 (cp)",
	     "another one, and a function that became part of it");
	ok(p.nr_functions == 3, "lines of one function are of one function");
	free_profile(&p);
	read_sample(&p, sample_nothing);
	ok(!p.nr_samples && p.nr_types == 1, "a profile of nothing");
	free_profile(&p);
	buf_free(&line);
}

int main(void)
{
	test_pprof();
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
