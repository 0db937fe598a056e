// SPDX-License-Identifier: GPL-2.0
/* The types of casts, as they are written: which parentheses are a cast's. */

#include <string.h>

#include "expr/type_name.h"
#include "lib/diag.h"

#define STARS_MAX	8

/* Types of one word. */
static const struct {
	const char	*word;
	enum type_kind	kind;
	uint8_t		bytes;
	bool		is_signed;
} types[] = {
	{ "u8", TYPE_NUMBER, 1, false }, { "s8", TYPE_NUMBER, 1, true },
	{ "u16", TYPE_NUMBER, 2, false }, { "s16", TYPE_NUMBER, 2, true },
	{ "u32", TYPE_NUMBER, 4, false }, { "s32", TYPE_NUMBER, 4, true },
	{ "u64", TYPE_NUMBER, 8, false }, { "s64", TYPE_NUMBER, 8, true },
	{ "bool", TYPE_BOOL, 1, false }, { "_Bool", TYPE_BOOL, 1, false },
	{ "void", TYPE_VOID, 0, false },
};

/* Numbers that are shown in ways of their own. */
static const struct {
	const char	*word;
	enum expr_shown	shown;
	uint8_t		bytes;
	bool		is_signed;
} shown_types[] = {
	{ "errno", EXPR_SHOWN_ERROR, 4, true },
	/* Of a system call: an error, or a number of any size. */
	{ "result", EXPR_SHOWN_ERROR, 8, true }, { "symbol", EXPR_SHOWN_SYMBOL, 8, false },
	{ "dev", EXPR_SHOWN_DEVICE, 4, false },
	{ "blk_status", EXPR_SHOWN_BLK_STATUS, 1, false },
	{ "futex_op", EXPR_SHOWN_FUTEX_OP, 4, true },
	{ "user_data", EXPR_SHOWN_DATA, 8, false },
	{ "ipv4", EXPR_SHOWN_IPV4, 4, false },
	{ "ipv6", EXPR_SHOWN_IPV6, 8, false }, { "ipv6_end", EXPR_SHOWN_IPV6_END, 8, false },
};

static const struct {
	const char	*word;
	enum type_kind	kind;
} tags[] = {
	{ "struct", TYPE_STRUCT }, { "union", TYPE_UNION }, { "enum", TYPE_ENUM },
};

/* The words of C's own types, which are combined. */
enum word {
	WORD_CHAR	= 1,
	WORD_SHORT	= 2,
	WORD_INT	= 4,
	WORD_LONG	= 8,
	WORD_SIGNED	= 16,
	WORD_UNSIGNED	= 32,
};

static const struct {
	const char	*word;
	enum word	bit;
} words[] = {
	{ "char", WORD_CHAR }, { "short", WORD_SHORT }, { "int", WORD_INT },
	{ "long", WORD_LONG }, { "signed", WORD_SIGNED }, { "unsigned", WORD_UNSIGNED },
};

static bool is_word(const struct token *t, const char *word)
{
	return t->kind == TOKEN_NAME && !strcmp(t->string, word);
}

static bool is_qualifier(const struct token *t)
{
	return is_word(t, "const") || is_word(t, "volatile");
}

static unsigned int word_of(const struct token *t)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (is_word(t, words[i].word))
			return words[i].bit;
	return 0;
}

static bool is_known(const struct token *t)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (is_word(t, types[i].word))
			return true;
	for (i = 0; i < ARRAY_SIZE(shown_types); i++)
		if (is_word(t, shown_types[i].word))
			return true;
	for (i = 0; i < ARRAY_SIZE(tags); i++)
		if (is_word(t, tags[i].word))
			return true;
	return is_qualifier(t) || word_of(t);
}

/**
 * type_name_begins() - Whether a parenthesis is that of a cast.
 *
 * (NAME) is one if a value follows: behind a value in parentheses there would
 * have to be an operator.
 */
bool type_name_begins(const struct token *t)
{
	if (t->kind != TOKEN_LEFT || t[1].kind != TOKEN_NAME)
		return false;
	t++;
	if (is_known(t))
		return true;
	t++;
	if (t->kind == TOKEN_STAR) {
		while (t->kind == TOKEN_STAR)
			t++;
		return t->kind == TOKEN_RIGHT;
	}
	if (t->kind != TOKEN_RIGHT)
		return false;
	switch (t[1].kind) {
	case TOKEN_NUMBER:
	case TOKEN_STRING:
	case TOKEN_NAME:
	case TOKEN_LEFT:
	case TOKEN_NOT:
	case TOKEN_TILDE:
		return true;
	default:
		return false;
	}
}

/* Whether words of C's own types belong together, and what they are. */
static bool combine(unsigned int all, unsigned int longs, struct type_name *out)
{
	unsigned int size = all & (WORD_CHAR | WORD_SHORT | WORD_LONG);

	if (size & (size - 1) || longs > 2 || (all & WORD_CHAR && all & WORD_INT) ||
	    (all & WORD_SIGNED && all & WORD_UNSIGNED))
		return false;
	out->kind = all == WORD_CHAR ? TYPE_CHAR : TYPE_NUMBER;
	out->bytes = size == WORD_CHAR ? 1 : size == WORD_SHORT ? 2 : size == WORD_LONG ? 8 : 4;
	out->is_signed = !(all & WORD_UNSIGNED);
	return true;
}

static int parse_words(const char *text, const struct token **t, struct type_name *out)
{
	const struct token *first = *t;
	unsigned int longs = 0;
	unsigned int all = 0;
	bool twice = false;

	for (; word_of(*t) || is_qualifier(*t); ++*t) {
		unsigned int word = word_of(*t);

		longs += word == WORD_LONG;
		twice |= word != WORD_LONG && all & word;
		all |= word;
	}
	if (twice || !combine(all, longs, out))
		return expr_wrong(text, first->from, "there is no type '%.*s'",
				  (int)((*t)[-1].to - first->from), text + first->from);
	return 0;
}

static int parse_base(const char *text, const struct token **t, struct type_name *out)
{
	const struct token *word = *t;
	size_t i;

	if (word_of(word))
		return parse_words(text, t, out);
	if (word->kind != TOKEN_NAME)
		return expr_wrong(text, word->from, "a cast needs a type, such as (u32) or (struct file *)");
	++*t;
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (is_word(word, types[i].word)) {
			out->kind = types[i].kind;
			out->bytes = types[i].bytes;
			out->is_signed = types[i].is_signed;
			return 0;
		}
	for (i = 0; i < ARRAY_SIZE(shown_types); i++)
		if (is_word(word, shown_types[i].word)) {
			*out = (struct type_name){ .kind = TYPE_NUMBER,
						   .bytes = shown_types[i].bytes,
						   .is_signed = shown_types[i].is_signed,
						   .shown = shown_types[i].shown };
			return 0;
		}
	for (i = 0; i < ARRAY_SIZE(tags); i++)
		if (is_word(word, tags[i].word)) {
			out->kind = tags[i].kind;
			word = (*t)++;
			if (word->kind != TOKEN_NAME)
				return expr_wrong(text, word[-1].from,
						  "behind '%s' a name is missing", tags[i].word);
			out->name = word->string;
			return 0;
		}
	out->kind = TYPE_TYPEDEF;
	out->name = word->string;
	return 0;
}

static void skip_qualifiers(const struct token **t)
{
	while (is_qualifier(*t))
		++*t;
}

/**
 * type_name_parse() - Read the type of a cast.
 * @t: the first of its words; becomes what follows them
 *
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int type_name_parse(const char *text, const struct token **t, struct type_name *out)
{
	skip_qualifiers(t);
	if (parse_base(text, t, out))
		return STATUS_USAGE;
	skip_qualifiers(t);
	for (; (*t)->kind == TOKEN_STAR; skip_qualifiers(t)) {
		if (++out->stars > STARS_MAX)
			return expr_wrong(text, (*t)->from, "a type has at most %d '*'", STARS_MAX);
		++*t;
	}
	return 0;
}
