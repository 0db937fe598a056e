// SPDX-License-Identifier: GPL-2.0
/* Names that say which of two scopes they are of, and names that a scope lacks. */

#include "expr_harness.h"

static const char *const sides[] = { "from", "to", NULL };

static const struct name args[] = {
	{ "ret", 4, .type = { EXPR_NUMBER, true, .bytes = 8 } },
	{ "small", 6, .type = { EXPR_NUMBER, true, .bytes = 4 } },
	{ "from", 8, .type = { EXPR_POINTER, .bytes = 8, .levels = 1 } },
	{ "to", 9, .type = { EXPR_NUMBER, .bytes = 8 } },
	{}
};

static const struct expr_scope scope = { .find = find_name, .what = "a test", .arg = args };

/* Expressions, the sides that they name, a bit for each, and what the scope lacks then. */
static const struct {
	const char	*text;
	unsigned int	found;
	const char	*lacks;
} samples[] = {
	{ "arg0 > 3", 0, NULL },
	{ "from.arg0 > 3", 1, NULL },
	{ "to.arg0 > 3", 2, NULL },
	{ "from.arg0 == to.arg1", 3, NULL },
	{ "to.ret < 0 && to.small == 3 || to.pid > 1", 2, NULL },
	{ "*(u32)(to.arg0 + 8)", 2, NULL },
	{ "str(from.arg2)", 1, NULL },
	{ "-to.small << 2", 2, NULL },
	/* No side: the scope's own names, and members of them. */
	{ "to + 1", 0, NULL },
	{ "from->next", 0, NULL },
	{ "from.from->next", 1, NULL },
	{ "to.to", 2, NULL },
	{ "ret.from", 0, NULL },
	/* What there is not. */
	{ "other > 1", 0, "other" },
	{ "to.other > 1", 2, "other" },
	{ "arg4", 0, "arg4" },
	{ "from.duration", 1, "duration" },
};

static void test_samples(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		const char *lacks = NULL;
		unsigned int found = ~0u;
		struct expr *e = NULL;
		bool good;

		if (!expr_parse(samples[i].text, &e)) {
			found = expr_take_sides(e, sides);
			lacks = expr_lacks(e, &scope);
		}
		good = found == samples[i].found && !lacks == !samples[i].lacks &&
		       (!lacks || !strcmp(lacks, samples[i].lacks));
		ok(good, samples[i].text);
		if (!good)
			printf("# sides %u, lacks %s\n", found, lacks ? lacks : "nothing");
		expr_free(e);
	}
}

/* A name of a side is the name of the same value. */
static void test_values(void)
{
	static const char *const same[][2] = {
		{ "ret + 3", "from.ret + 3" }, { "-small", "-to.small" },
		{ "arg1 == 7 && pid > 0", "to.arg1 == 7 && to.pid > 0" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(same); i++) {
		struct program p[2] = {};
		bool good = true;
		size_t k;

		for (k = 0; k < 2; k++) {
			struct expr *e;

			good &= !expr_parse(same[i][k], &e);
			expr_take_sides(e, sides);
			good &= !expr_compile_value(&p[k], e, &scope, NULL);
			expr_free(e);
		}
		good &= p[0].words.n == p[1].words.n &&
			!memcmp(p[0].words.v, p[1].words.v, p[0].words.n * sizeof(*p[0].words.v));
		ok(good, same[i][1]);
		program_free(&p[0]);
		program_free(&p[1]);
	}
}

int main(void)
{
	test_samples();
	test_values();
	return finish();
}
