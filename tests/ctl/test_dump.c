// SPDX-License-Identifier: GPL-2.0
/* Unit tests of --dump: bytes as text, words for pointers, chains of objects; prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/dump.h"
#include "lib/buf.h"
#include "lib/macros.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void same_text(const char *got, const char *want, const char *name)
{
	ok(got && !strcmp(got, want), name);
	if (!got || strcmp(got, want))
		printf("# got  '%s'\n# want '%s'\n", got ? got : "(none)", want);
}

/* The lines of a dump, with a bar between them. */
static void check_bytes(const uint8_t *data, size_t len, const char *want, const char *name)
{
	struct strings lines = {};
	struct buf all = {};
	size_t i;

	dump_add_bytes(data, len, &lines);
	for (i = 0; i < lines.n; i++)
		buf_printf(&all, "%s%s", i ? "\n" : "", lines.v[i]);
	same_text(all.len ? all.p : "", want, name);
	buf_free(&all);
	strings_free(&lines);
}

static void test_bytes(void)
{
	uint8_t data[80] = {};
	size_t i;

	check_bytes(data, 0, "", "no bytes");
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)('A' + i % 26);
	check_bytes(data, 1,
		    "0000  41                                                |A|", "one byte");
	check_bytes(data, 9,
		    "0000  41 42 43 44 45 46 47 48  49                       |ABCDEFGHI|",
		    "the second half of a line");
	data[2] = 0x1f;
	data[3] = ' ';
	data[4] = '~';
	data[5] = 0x7f;
	data[6] = 0xff;
	check_bytes(data, 16,
		    "0000  41 42 1f 20 7e 7f ff 48  49 4a 4b 4c 4d 4e 4f 50  |AB. ~..HIJKLMNOP|",
		    "what can be printed, and what cannot");
	memset(data, 0, sizeof(data));
	check_bytes(data, 80,
		    "0000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
		    "*\n"
		    "0040  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|",
		    "lines that are the same: the first and the last are there");
	data[47] = 'x';
	check_bytes(data, 80,
		    "0000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
		    "*\n"
		    "0020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 78  |...............x|\n"
		    "0030  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
		    "0040  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|",
		    "a line that differs; one line is not the same as others");
}

#define SIZE	0x100

/* A list of objects at 0x1000, 0x2000 and so on, which point to others as the string says: */
/* "01 12" is the first to the second one, and that to the third. */
static void make(struct dump *d, size_t n, const char *links)
{
	size_t i;

	memset(d, 0, sizeof(*d));
	d->all.v = zalloc(n * sizeof(*d->all.v));
	d->all.n = n;
	for (i = 0; i < n; i++) {
		d->all.v[i].address = 0x1000 * (i + 1);
		d->all.v[i].size = SIZE;
		d->all.v[i].state = KOBS_CONTENTS_READ;
	}
	for (; *links; links += links[2] ? 3 : 2) {
		struct object *o = &d->all.v[links[0] - '0'];

		o->pointers = grow(o->pointers, &o->cap_pointers, o->nr_pointers + 1,
				   sizeof(*o->pointers));
		o->pointers[o->nr_pointers] = (struct object_pointer){
			.offset = (uint32_t)(8 * o->nr_pointers),
			.value = 0x1000 * (uint64_t)(links[1] - '0' + 1) + 0x10,
			.kind = KOBS_POINTER_PAGE,
		};
		o->nr_pointers++;
	}
}

/* Chains as words, such as "0>1>2", and "2>0!" where 0 is in a chain before. */
static void check_chains(size_t n, const char *links, const char *want, const char *name)
{
	struct dump_links found = {};
	struct buf text = {};
	struct dump d;
	size_t i;

	make(&d, n, links);
	dump_find_links(&d, &found);
	for (i = 0; i < found.n; i++) {
		const struct dump_link *l = &found.v[i];

		if (l->begins)
			buf_printf(&text, "%s%zu", text.len ? " " : "", l->from);
		buf_printf(&text, ">%zu%s", l->to, l->known ? "!" : "");
		if (l->at != 0x10)
			buf_printf(&text, "(at %llx)", (unsigned long long)l->at);
	}
	same_text(text.len ? text.p : "", want, name);
	buf_free(&text);
	free(found.v);
	dump_free(&d);
}

static void test_chains(void)
{
	check_chains(0, "", "", "no objects");
	check_chains(3, "", "", "objects without pointers");
	check_chains(2, "00", "", "an object that points to itself alone");
	check_chains(3, "01 12", "0>1>2", "a chain");
	check_chains(3, "21 10", "2>1>0", "a chain against the order of the list");
	check_chains(4, "01 02 23", "0>1 0>2>3", "an object that points to two");
	check_chains(3, "02 12", "0>2 1>2!", "an object that two point to");
	check_chains(2, "01 10", "0>1>0!", "a circle");
	check_chains(4, "01 12 20 31", "3>1>2>0>1!", "a way into a circle");
	check_chains(3, "01 01", "0>1 0>1!", "two words that point to the same");
	check_chains(5, "01 12 34", "0>1>2 3>4", "two chains");
}

static void test_targets(void)
{
	struct dump d;
	uint64_t at = 7;

	make(&d, 2, "");
	ok(dump_target(&d, 0x1000, &at) == 0 && !at, "the begin of an object");
	ok(dump_target(&d, 0x10ff, &at) == 0 && at == 0xff, "its last byte");
	ok(dump_target(&d, 0x1100, &at) == SIZE_MAX, "behind its end");
	ok(dump_target(&d, 0xfff, &at) == SIZE_MAX, "before its begin");
	ok(dump_target(&d, 0x2080, &at) == 1 && at == 0x80, "another object");
	d.all.v[1].state = KOBS_CONTENTS_GONE;
	ok(dump_target(&d, 0x2080, &at) == SIZE_MAX, "one that has gone");
	dump_free(&d);
}

static void check_pointer(const struct object_pointer *p, const char *want)
{
	struct buf text = {};
	struct dump d;

	make(&d, 2, "");
	dump_add_pointer(&d, 0, p, &text);
	same_text(text.p, want, want);
	buf_free(&text);
	dump_free(&d);
}

static void test_pointers(void)
{
	static const struct object_pointer p[] = {
		{ .kind = KOBS_POINTER_SYMBOL, .value = 0xf0, .text = (char *)"f+0x3 [m]" },
		{ .kind = KOBS_POINTER_SLAB, .value = 0x9018, .start = 0x9000,
		  .text = (char *)"dentry" },
		{ .kind = KOBS_POINTER_SLAB, .value = 0x9000, .start = 0x9000 },
		{ .kind = KOBS_POINTER_SLAB, .value = 0x2018, .start = 0x2000,
		  .text = (char *)"dentry" },
		{ .kind = KOBS_POINTER_SLAB, .value = 0x1000, .start = 0x1000,
		  .text = (char *)"dentry" },
		{ .kind = KOBS_POINTER_STACK, .value = 0x9f04, .start = 0x9000, .tid = 7,
		  .text = (char *)"sh" },
		{ .kind = KOBS_POINTER_VMALLOC, .value = 0x9f04 },
		{ .kind = KOBS_POINTER_PAGE, .value = 0x9040, .start = 0x9000 },
		{ .kind = 99, .value = 0x9040 },
	};
	static const char *const want[] = {
		"f+0x3 [m]", "object of slab cache dentry +0x18", "object of slab cache ?",
		"#2 +0x18, object of slab cache dentry +0x18", "itself, object of slab cache dentry",
		"stack of sh (tid 7) +0xf04", "area of vmalloc()", "page +0x40", "unknown",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(p); i++)
		check_pointer(&p[i], want[i]);
	same_text(dump_pointer_name(KOBS_POINTER_STACK), "stack", "the word for a kind");
	same_text(dump_pointer_name(99), "unknown", "one of a newer module");
	same_text(dump_state_name(KOBS_CONTENTS_GONE), "gone", "the word for a state");
	same_text(dump_state_name(99), "unreadable", "one of a newer module");
}

int main(void)
{
	test_bytes();
	test_chains();
	test_targets();
	test_pointers();
	printf("1..%u\n", test_nr);
	return failures > 0;
}
