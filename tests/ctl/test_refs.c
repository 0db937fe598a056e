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

static void test_sites(void)
{
	static const struct {
		const char *word;
		const char *pattern;		/* NULL: refused */
		bool has_offset;
		uint64_t offset;
	} cases[] = {
		{ "foo_create", "foo_create", false, 0 },
		{ "foo_create+0x2a", "foo_create", true, 0x2a },
		{ "foo_create+42", "foo_create", true, 42 },
		{ "foo_create+0x2a [foo]", "foo:foo_create", true, 0x2a },
		{ "foo_create [foo] ", "foo:foo_create", false, 0 },
		{ "foo:foo_create+0x2a", "foo:foo_create", true, 0x2a },
		{ "foo_[cd]*", "foo_[cd]*", false, 0 },
		{ "foo*+0x2a", NULL, false, 0 },
		{ "foo_create+", NULL, false, 0 },
		{ "foo_create+x", NULL, false, 0 },
		{ "foo_create+0x2a [", NULL, false, 0 },
		{ "foo_create+0x2a [foo", NULL, false, 0 },
		{ "foo_create []", NULL, false, 0 },
		{ "+0x2a", NULL, false, 0 },
		{ " ", NULL, false, 0 },
		{ "", NULL, false, 0 },
	};
	struct buf said = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t offset = 1;
		char *pattern = NULL;
		bool has_offset;
		int err;

		said.len = 0;
		sentences_kept = &said;
		err = refs_site_split(cases[i].word, &pattern, &has_offset, &offset);
		sentences_kept = NULL;
		if (cases[i].pattern)
			ok(!err && !strcmp(pattern, cases[i].pattern) &&
			   offset == cases[i].offset && has_offset == cases[i].has_offset,
			   cases[i].word);
		else
			ok(err == STATUS_USAGE && !pattern && said.len, "a word that is no site");
		free(pattern);
	}
	buf_free(&said);
}

static void test_site_names(void)
{
	struct strings words = {};
	struct buf out = {};
	char name[61];
	size_t i;

	strings_add(&words, "foo_create+0x2a [foo]");
	strings_add(&words, "bar");
	refs_name_sites(&words, &out);
	ok(!strcmp(out.p, "foo_create+0x2a [foo], bar"), "names of two sites");
	memset(name, 'x', 60);
	name[60] = 0;
	for (i = 0; i < 8; i++)
		strings_add(&words, name);
	out.len = 0;
	refs_name_sites(&words, &out);
	ok(out.len <= 255 && !strcmp(out.p + out.len - 8, "xxx, ..."), "more than there is room for");
	buf_free(&out);
	strings_free(&words);
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
	test_sites();
	test_site_names();
	printf("1..%u\n", test_nr);
	return failures > 0;
}
