// SPDX-License-Identifier: GPL-2.0
/* Unit tests of 'obsctl mem refs': words of functions, presets. Prints TAP. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/refs.h"
#include "kobs_refs.h"
#include "lib/diag.h"
#include "lib/macros.h"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static void test_words(void)
{
	static const struct {
		const char *word;
		const char *function;		/* NULL: refused */
		const char *expression;
	} cases[] = {
		{ "kref_get", "k:kref_get", "arg0" },
		{ "k:kref_get", "k:kref_get", "arg0" },
		{ "fget=ret", "k:fget", "ret" },
		{ "sock:hold = &sk->sk_refcnt", "k:sock:hold", " &sk->sk_refcnt" },
		{ "put=*(u64)(arg0 + 24)", "k:put", "*(u64)(arg0 + 24)" },
		{ "get=arg1 == 2", "k:get", "arg1 == 2" },
		{ "get=", NULL, NULL },
		{ "=arg0", NULL, NULL },
		{ "k:=arg0", NULL, NULL },
		{ "k:", NULL, NULL },
		{ "", NULL, NULL },
	};
	struct buf said = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *expression = NULL;
		char *function = NULL;
		int err;

		said.len = 0;
		sentences_kept = &said;
		err = refs_split(cases[i].word, &function, &expression);
		sentences_kept = NULL;
		if (cases[i].function)
			ok(!err && !strcmp(function, cases[i].function) &&
			   !strcmp(expression, cases[i].expression), cases[i].word);
		else
			ok(err == STATUS_USAGE && !function && said.len, "a word without a function");
		free(function);
	}
	buf_free(&said);
}

/* Each has a get and a put, or says what is inlined instead. */
static void test_presets(void)
{
	struct buf said = {};
	size_t i;

	for (i = 0; i < nr_refs_presets; i++) {
		const struct refs_preset *p = &refs_presets[i];

		ok(refs_preset_find(p->name) == p && p->functions[KOBS_REFS_GET] &&
		   p->functions[KOBS_REFS_PUT] && p->inlined && p->doc, p->name);
	}
	ok(!refs_preset_find("socket"), "there is no other");
	sentences_kept = &said;
	ok(refs_preset_refuse("fil") == STATUS_USAGE, "a word that is none is refused");
	sentences_kept = NULL;
	ok(said.len && strstr(said.p, "near it: file"), "with the nearest one");
	buf_free(&said);
}

int main(void)
{
	test_words();
	test_presets();
	printf("1..%u\n", test_nr);
	return failures > 0;
}
