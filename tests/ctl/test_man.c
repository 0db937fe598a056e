// SPDX-License-Identifier: GPL-2.0
/*
 * Does the manual page have the options that the tables have? Run by 'make
 * check' in ctl/; prints TAP, and where the page differs the text that it needs.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/noun.h"
#include "lib/buf.h"

#define PAGE	"obsctl.8"
#define BEGIN	".\\\" Options by verb, as tests/ctl/test_man.c wants them.\n"
#define TAG	"\n.It Fl"
#define END	".\\\" End of the options by verb.\n"

static unsigned int test_nr;
static unsigned int failures;

static void ok(bool good, const char *name)
{
	failures += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++test_nr, name);
}

static bool read_page(struct buf *page)
{
	FILE *file = fopen(PAGE, "r");
	char part[4096];
	size_t len;

	while (file && (len = fread(part, 1, sizeof(part), file)))
		buf_add(page, part, len);
	if (file)
		fclose(file);
	return page->len;
}

static void list_options(struct buf *out, const struct opt_group *g, const char **start)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		buf_printf(out, "%s-%s", *start, g->v[i].name);
		*start = " , ";
	}
}

/* Groups of several options go by their names, which are explained once. */
static bool is_named(const struct opt_group *g)
{
	return g->name && g->n > 1;
}

static void describe_verb(struct buf *out, const struct noun *noun, const struct verb *v)
{
	const struct opt_group *const *g;
	const char *start = ".Em ";

	if (!*v->groups)
		return;
	buf_printf(out, ".It Cm %s%s%s\n", noun->name, *v->name ? " " : "", v->name);
	for (g = v->groups; *g; g++)
		if (is_named(*g)) {
			buf_printf(out, "%s%s", start, (*g)->name);
			start = " , ";
		}
	if (*start == ' ')
		buf_puts(out, " ;\n");
	start = ".Fl ";
	for (g = v->groups; *g; g++)
		if (!is_named(*g))
			list_options(out, *g, &start);
	buf_puts(out, "\n");
}

static void describe_groups(struct buf *out)
{
	static const struct opt_group *const all[] = {
		&group_filter, &group_run, &group_stacks, &group_folded, &group_flame,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const char *start = ".Fl ";

		buf_printf(out, ".It Em %s\n", all[i]->name);
		list_options(out, all[i], &start);
		buf_puts(out, "\n");
	}
}

static void test_verbs(const char *page)
{
	const char *begin = strstr(page, BEGIN);
	const char *end = strstr(page, END);
	struct buf want = {};
	size_t i;
	size_t k;
	bool same;

	buf_puts(&want, BEGIN);
	describe_groups(&want);
	for (i = 0; i < nr_nouns; i++)
		for (k = 0; k < nouns[i]->nr_verbs; k++)
			describe_verb(&want, nouns[i], &nouns[i]->verbs[k]);
	buf_puts(&want, END);
	same = begin && end && (size_t)(end - begin) + strlen(END) == want.len &&
	       !memcmp(begin, want.p, want.len);
	ok(same, "the options by verb are those of the tables");
	if (!same)
		fputs(want.p, stdout);
	buf_free(&want);
}

static void make_tag(char *tag, size_t size, const struct opt *opt)
{
	if (opt->letter)
		snprintf(tag, size, TAG " %c , -%s", opt->letter, opt->name);
	else
		snprintf(tag, size, TAG " -%s", opt->name);
}

/* An option is explained under its name, with its letter. */
static void test_explained(const char *page)
{
	const struct opt_group *const *g;
	bool good = true;
	char tag[80];
	size_t i, k, n;

	for (i = 0; i < nr_nouns; i++)
		for (k = 0; k < nouns[i]->nr_verbs; k++)
			for (g = nouns[i]->verbs[k].groups; *g; g++)
				for (n = 0; n < (*g)->n; n++) {
					const struct opt *opt = &(*g)->v[n];
					const char *at;

					make_tag(tag, sizeof(tag), opt);
					at = strstr(page, tag);
					while (at && !isspace((unsigned char)at[strlen(tag)]))
						at = strstr(at + 1, tag);
					if (!at)
						printf("# %s\n", tag + 1);
					good &= !!at;
				}
	ok(good, "every option of the tables is explained");
}

static bool is_option(const char *name, size_t len)
{
	size_t i, k;

	for (i = 0; i < nr_nouns; i++)
		for (k = 0; k < nouns[i]->nr_verbs; k++)
			if (verb_option(&nouns[i]->verbs[k], name, len))
				return true;
	return false;
}

static void test_existing(const char *page)
{
	const char *at = page;
	size_t found = 0;
	bool good = true;

	while ((at = strstr(at, TAG))) {
		const char *name;
		size_t len;

		at += sizeof(TAG);
		name = strchr(at, '-') + 1;
		len = strcspn(name, "\n ");
		found++;
		/* The two dashes before the command are no option. */
		if (len && !is_option(name, len)) {
			printf("# --%.*s\n", (int)len, name);
			good = false;
		}
	}
	ok(good && found > 40, "every option that is explained is one of the tables'");
}

int main(void)
{
	struct buf page = {};

	ok(read_page(&page), PAGE);
	if (page.len) {
		test_verbs(page.p);
		test_explained(page.p);
		test_existing(page.p);
	}
	buf_free(&page);
	printf("1..%u\n", test_nr);
	return failures ? 1 : 0;
}
