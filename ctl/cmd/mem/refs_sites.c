// SPDX-License-Identifier: GPL-2.0
/*
 * The sites of 'mem refs --site': from words as reports have them, FUNCTION+0x2a
 * [MODULE] or just FUNCTION, to ranges of code. An offset is that of a return address.
 */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/refs.h"
#include "cmd/slab/helpers.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "symbols/kallsyms.h"
#include "symbols/patterns.h"

/* As many ranges as the module takes. */
#define RANGES_MOST	1024
/* Bytes of the words that it keeps. */
#define WORDS_MOST	255

/* A word, and what it stands for. */
struct site {
	const char	*word;
	char		*pattern;	/* for targets_parse() */
	bool		has_offset;
	uint64_t	offset;
	struct targets	found;
	size_t		first;		/* its functions in the list of ranges */
};

/* [MODULE] at the end of a word. Return: its bytes; 0: there is none, -1: it is none. */
static int module_of(const char *word, size_t len, const char **module)
{
	const char *open = memchr(word, '[', len);

	*module = NULL;
	if (!open || open == word || open[-1] != ' ')
		return 0;
	if (word[len - 1] != ']' || word + len - open < 3)
		return -1;
	*module = open + 1;
	return (int)(word + len - open - 2);
}

static bool parse_offset(const char *text, size_t len, uint64_t *offset)
{
	char copy[24] = "";
	char *end;

	if (!len || len >= sizeof(copy) || !isdigit((unsigned char)*text))
		return false;
	memcpy(copy, text, len);
	errno = 0;
	*offset = strtoull(copy, &end, 0);
	return !errno && !*end;
}

/**
 * refs_site_split() - Take the word of a site apart.
 * @pattern: set to FUNCTION or MODULE:FUNCTION; to be freed
 * @has_offset: set to whether it is one place of the function
 * @offset: set to where that is
 *
 * Return: 0 or an exit status; *pattern is NULL then.
 */
int refs_site_split(const char *word, char **pattern, bool *has_offset, uint64_t *offset)
{
	size_t len = strlen(word);
	struct buf name = {};
	const char *module;
	const char *plus;
	int bytes;

	*pattern = NULL;
	while (len && isspace((unsigned char)word[len - 1]))
		len--;
	bytes = module_of(word, len, &module);
	if (module)
		len = (size_t)(module - word) - 1;
	while (len && isspace((unsigned char)word[len - 1]))
		len--;
	plus = memchr(word, '+', len);
	*has_offset = plus;
	*offset = 0;
	if (!len || plus == word || bytes < 0 ||
	    (plus && !parse_offset(plus + 1, len - (size_t)(plus + 1 - word), offset)))
		return misuse("'%s' names no site: write FUNCTION, or as reports have it, FUNCTION+0x2a or 'FUNCTION+0x2a [MODULE]'",
			      word);
	if (plus)
		len = (size_t)(plus - word);
	if (plus && strcspn(word, "*?[!") < len)
		return misuse("'%s': an offset is of one function, not of a pattern", word);
	if (module && !memchr(word, ':', len))
		buf_printf(&name, "%.*s:", bytes, module);
	buf_add(&name, word, len);
	*pattern = name.p;
	return 0;
}

static int find_functions(struct site *s, struct refs_code *code)
{
	size_t i;
	int err = refs_site_split(s->word, &s->pattern, &s->has_offset, &s->offset);

	err = err ?: targets_parse(&s->found, &s->pattern, 1);
	err = err ?: targets_resolve(&s->found, kallsyms_path());
	s->first = code->n;
	for (i = 0; i < s->found.n && !err; i++) {
		const struct target *t = &s->found.v[i];

		/* The module takes what these allocate for that of their callers. */
		if (!*t->module && slab_is_helper(t->name))
			err = misuse("'%s' is no site: %s() allocates for its callers, each of which is one",
				     s->word, t->name);
		else
			refs_code_add(code, t->address, t->module);
	}
	return err;
}

/* One place of each of its functions that is as long as that. */
static int cut(const struct site *s, struct refs_code *code)
{
	uint64_t longest = 0;
	bool any = false;
	size_t i;

	for (i = 0; i < s->found.n; i++) {
		struct refs_range *r = &code->v[s->first + i];
		uint64_t size = r->end - r->start;

		longest = size > longest ? size : longest;
		/* A call can be the last instruction. */
		if (!s->offset || s->offset > size) {
			r->end = r->start;
			continue;
		}
		r->start += s->offset;
		r->end = r->start + 1;
		any = true;
	}
	if (any)
		return 0;
	return refuse("'%s' is no place where a call of %s() returns to: that has 0x%llx bytes",
		      s->word, s->found.v[0].name, (unsigned long long)longest);
}

/**
 * refs_find_sites() - The code of sites.
 * @words: as they were given
 * @text: gets starts and ends by turns, ascending
 *
 * Return: 0 or an exit status.
 */
int refs_find_sites(const struct strings *words, struct numbers *text)
{
	struct site *sites = zalloc((words->n + 1) * sizeof(*sites));
	struct refs_code code = {};
	size_t i;
	int err = 0;

	for (i = 0; i < words->n && !err; i++) {
		sites[i].word = words->v[i];
		err = find_functions(&sites[i], &code);
	}
	err = err ?: refs_code_end(&code);
	for (i = 0; i < words->n && !err; i++)
		if (sites[i].has_offset)
			err = cut(&sites[i], &code);
	if (!err)
		refs_code_put(&code, text);
	if (!err && text->n > 2 * RANGES_MOST)
		err = refuse("--site: %zu functions match, more than the %d of a session: use narrower patterns",
			     text->n / 2, RANGES_MOST);
	for (i = 0; i < words->n; i++) {
		targets_free(&sites[i].found);
		free(sites[i].pattern);
	}
	free(sites);
	refs_code_free(&code);
	return err;
}

/** refs_name_sites() - The words of sites as a session keeps them, as far as there is room. */
void refs_name_sites(const struct strings *words, struct buf *out)
{
	static const char more[] = ", ...";
	size_t i;

	for (i = 0; i < words->n; i++) {
		if (out->len + strlen(words->v[i]) + 2 > WORDS_MOST - strlen(more)) {
			buf_puts(out, i ? more : "...");
			return;
		}
		buf_printf(out, "%s%s", i ? ", " : "", words->v[i]);
	}
}
