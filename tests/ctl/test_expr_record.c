// SPDX-License-Identifier: GPL-2.0
/* Expressions over the numbers and texts of a hit's record. */

#include "expr_harness.h"

/* The record of the tests, as an event or an instruction has one. */
struct record {
	int8_t		small;
	uint8_t		rest[3];
	uint32_t	where;		/* of @tail */
	int64_t		wide;
	char		name[8];	/* without an end */
	char		tail[16];
};

#define SIGNED(n)	{ EXPR_NUMBER, true, .bytes = (n) }
#define TEXT		{ EXPR_TEXT, .bytes = 8 }

static const struct {
	const char	*name;
	struct expr_symbol symbol;
} fields[] = {
	{ "small", { EXPR_FIELD, 0, SIGNED(1) } },
	{ "where", { EXPR_FIELD, 4, { EXPR_NUMBER, .bytes = 4 } } },
	{ "wide", { EXPR_FIELD, 8, SIGNED(8) } },
	{ "name", { EXPR_FIELD_TEXT, 16 | 8ull << 32, TEXT } },
	{ "tail", { EXPR_FIELD_TEXT, 4, TEXT } },
};

static bool find_field(const struct expr_scope *scope, const char *name, struct expr_symbol *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(fields[i].name, name)) {
			*out = fields[i].symbol;
			return true;
		}
	return false;
}

static const struct expr_scope scope = { .find = find_field };

static struct record record = {
	.small = -3, .where = 24 | 6u << 16, .wide = INT64_MIN + 1,
	.name = { 'n', 'o', ' ', 'e', 'n', 'd', '!', '!' }, .tail = "a tail and more",
};

static void test_value(const char *text, uint64_t value)
{
	struct machine m = { .record = { &record, sizeof(record) } };
	enum outcome outcome = run_as(&m, text, &scope, AS_VALUE, NULL);

	ok(outcome == PASSED && m.value == value, text);
	if (outcome != PASSED || m.value != value)
		printf("# outcome %d, value %#llx\n", outcome, (unsigned long long)m.value);
}

static void test_where(const char *text, enum outcome wanted)
{
	struct machine m = { .record = { &record, sizeof(record) } };

	ok(run_as(&m, text, &scope, AS_WHERE, NULL) == wanted, text);
}

static void test_text(const char *text, const char *wanted)
{
	struct machine m = { .record = { &record, sizeof(record) } };
	struct expr_type type = {};

	ok(run_as(&m, text, &scope, AS_KEY, &type) == PASSED && type.kind == EXPR_TEXT &&
	   !strcmp(m.texts[0], wanted), text);
}

/* What is extended already is not extended anew. */
static void test_length(const char *text, size_t words)
{
	struct program p = {};

	ok(!compile_as(&p, text, &scope, AS_VALUE, NULL) && p.words.n == words, text);
	program_free(&p);
}

int main(void)
{
	listen_begin();
	test_value("small", (uint64_t)-3);
	test_value("small * 2 + where", (uint64_t)(-6 + (24 | 6 << 16)));
	test_value("wide + small", (uint64_t)INT64_MIN - 2);
	test_value("(u8)small", 253);
	test_value("name[3]", 'e');
	test_value("name[7] == tail[3]", 0);
	test_value("(tail[0] << 8) + name[0]", 'a' << 8 | 'n');
	test_where("small == -3 && wide < 0", PASSED);
	test_where("name == \"no end!!\"", PASSED);
	test_where("name == \"no end!\"", FILTERED);
	test_where("tail == \"a tail\"", PASSED);
	test_where("tail != \"a tail\" || name == \"no end!!\"", PASSED);
	test_text("name", "no end!!");
	test_text("str(tail)", "a tail");
	record.where = 30 | 11u << 16;
	test_text("tail", "(fault)");
	test_where("tail == \"x\"", LOST);
	test_length("(s8)small", 3);
	test_length("small", 3);
	test_sentence("name == \"nine char\"", "'name' has at most 8 characters", &scope, AS_WHERE);
	test_sentence("small > 127", "is never true", &scope, AS_WHERE);
	test_sentence("name + 1 > 2", "'name' is a text", &scope, AS_WHERE);
	test_sentence("nome == 1", "there is no 'nome'", &scope, AS_WHERE);
	return finish();
}
