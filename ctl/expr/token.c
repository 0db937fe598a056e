// SPDX-License-Identifier: GPL-2.0
/* Takes an expression apart into its words. */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "expr/ast.h"
#include "lib/buf.h"
#include "lib/diag.h"

/* Bytes of an expression that a sentence has. */
#define QUOTE_MAX	200

static const struct {
	const char	*text;
	enum token_kind	kind;
} operators[] = {
	/* Those of two characters come first. */
	{ "||", TOKEN_OR_OR }, { "&&", TOKEN_AND_AND }, { "==", TOKEN_EQ }, { "!=", TOKEN_NE },
	{ "<=", TOKEN_LE }, { ">=", TOKEN_GE }, { "<<", TOKEN_SHL }, { ">>", TOKEN_SHR },
	{ "->", TOKEN_ARROW },
	{ "<", TOKEN_LT }, { ">", TOKEN_GT }, { "|", TOKEN_OR }, { "^", TOKEN_XOR },
	{ "&", TOKEN_AND }, { "+", TOKEN_PLUS }, { "-", TOKEN_MINUS }, { "*", TOKEN_STAR },
	{ "/", TOKEN_SLASH }, { "%", TOKEN_PERCENT }, { "!", TOKEN_NOT }, { "~", TOKEN_TILDE },
	{ ".", TOKEN_DOT }, { "(", TOKEN_LEFT }, { ")", TOKEN_RIGHT }, { "[", TOKEN_OPEN },
	{ "]", TOKEN_CLOSE },
};

/* Units of bytes and of time. */
static const struct {
	const char	*name;
	uint64_t	factor;
} units[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
	{ "B", 1 },
	{ "k", 1ull << 10 }, { "kB", 1ull << 10 }, { "kiB", 1ull << 10 },
	{ "K", 1ull << 10 }, { "KB", 1ull << 10 }, { "KiB", 1ull << 10 },
	{ "M", 1ull << 20 }, { "MB", 1ull << 20 }, { "MiB", 1ull << 20 },
	{ "G", 1ull << 30 }, { "GB", 1ull << 30 }, { "GiB", 1ull << 30 },
	{ "T", 1ull << 40 }, { "TB", 1ull << 40 }, { "TiB", 1ull << 40 },
};

/** expr_quote() - Add a part of an expression, or its beginning. */
void expr_quote(struct buf *out, const char *text, size_t len)
{
	size_t shown = len;

	if (len > QUOTE_MAX) {
		shown = QUOTE_MAX;
		/* Not in the middle of a character. */
		while (shown && ((unsigned char)text[shown] & 0xc0) == 0x80)
			shown--;
	}
	buf_add(out, text, shown);
	if (shown < len)
		buf_puts(out, "...");
}

/**
 * expr_wrong() - Refuse an expression.
 * @at: which character of it is wrong, or EXPR_NOWHERE
 *
 * Return: STATUS_USAGE.
 */
int expr_wrong(const char *text, size_t at, const char *fmt, ...)
{
	struct buf why = {};
	struct buf shown = {};
	va_list ap;

	expr_quote(&shown, text, strlen(text));
	va_start(ap, fmt);
	buf_vprintf(&why, fmt, ap);
	va_end(ap);
	if (at == EXPR_NOWHERE)
		misuse("the expression '%s': %s", shown.p, why.p);
	else
		misuse("the expression '%s': %s (column %zu)", shown.p, why.p, at + 1);
	buf_free(&shown);
	buf_free(&why);
	return STATUS_USAGE;
}

static bool begins_name(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_in_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while (is_in_name(s[n]))
		n++;
	return n;
}

static char *copy_part(const char *s, size_t len)
{
	char *copy = zalloc(len + 1);

	memcpy(copy, s, len);
	return copy;
}

static int read_unit(struct token *t, const char *text, const char *unit)
{
	size_t len = name_length(unit);
	size_t i;

	t->to = (size_t)(unit + len - text);
	if (!len)
		return 0;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strncmp(units[i].name, unit, len) || units[i].name[len])
			continue;
		if (__builtin_mul_overflow(t->number, units[i].factor, &t->number))
			return expr_wrong(text, t->from, "the number '%.*s' is too large",
					  (int)(t->to - t->from), text + t->from);
		return 0;
	}
	return expr_wrong(text, (size_t)(unit - text),
			  "there is no unit '%.*s': there are k, M, G and T, ns, us, ms and s",
			  (int)len, unit);
}

static int read_number(struct token *t, const char *text)
{
	const char *s = text + t->from;
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
	char *end;

	t->kind = TOKEN_NUMBER;
	if (hex && !isxdigit((unsigned char)s[2]))
		return expr_wrong(text, t->from, "'0x' has no digits");
	errno = 0;
	t->number = strtoull(s, &end, 0);
	if (errno)
		return expr_wrong(text, t->from, "the number '%.*s' is too large",
				  (int)name_length(s), s);
	if (isdigit((unsigned char)*end))
		return expr_wrong(text, t->from,
				  "'%.*s' begins with 0 and is octal: it has digits up to 7",
				  (int)name_length(s), s);
	if (*end == '.' && isdigit((unsigned char)end[1]))
		return expr_wrong(text, t->from, "numbers are whole ones");
	return read_unit(t, text, end);
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* A character behind a backslash, of which there are one or three. Return: it, or -1. */
static int read_escape(const char **s)
{
	static const char names[] = "ntr\\'\"";
	static const char values[] = "\n\t\r\\'\"";
	const char *at;
	char c = *(*s)++;

	if (c == 'x' && isxdigit((unsigned char)(*s)[0]) && isxdigit((unsigned char)(*s)[1])) {
		c = (char)(hex_digit((*s)[0]) << 4 | hex_digit((*s)[1]));
		*s += 2;
		return (unsigned char)c;
	}
	if (c == '0')
		return 0;
	at = c ? strchr(names, c) : NULL;
	return at ? values[at - names] : -1;
}

/* What stands between quotes. */
static int read_quoted(struct token *t, const char *text, struct buf *out)
{
	const char *s = text + t->from;
	char quote = *s++;

	while (*s && *s != quote) {
		const char *at = s;
		int c = (unsigned char)*s++;

		if (c == '\\') {
			c = read_escape(&s);
			if (c < 0)
				return expr_wrong(text, (size_t)(at - text),
						  "a backslash stands before n, t, r, 0, xHH, a quote or a backslash");
		}
		buf_putc(out, (char)c);
	}
	if (*s != quote)
		return expr_wrong(text, t->from, "the closing %c is missing", quote);
	t->to = (size_t)(s + 1 - text);
	return 0;
}

static int read_character(struct token *t, const char *text)
{
	struct buf c = {};
	int err = read_quoted(t, text, &c);

	t->kind = TOKEN_NUMBER;
	if (!err && c.len != 1)
		err = expr_wrong(text, t->from,
				 "single quotes are for one character, double ones for a text");
	else if (!err && (unsigned char)*c.p > 127)
		err = expr_wrong(text, t->from, "a character above 127 has to be a number");
	if (!err)
		t->number = (unsigned char)*c.p;
	buf_free(&c);
	return err;
}

static int read_string(struct token *t, const char *text)
{
	struct buf s = {};
	int err = read_quoted(t, text, &s);

	t->kind = TOKEN_STRING;
	if (!err && s.len > EXPR_TEXT_MAX)
		err = expr_wrong(text, t->from, "a text has at most %zu characters", EXPR_TEXT_MAX);
	else if (!err && s.len && strlen(s.p) != s.len)
		err = expr_wrong(text, t->from, "a text ends before the first \\0");
	if (!err)
		t->string = copy_string(s.len ? s.p : "");
	buf_free(&s);
	return err;
}

static int read_operator(struct token *t, const char *text)
{
	const char *s = text + t->from;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(operators); i++) {
		size_t len = strlen(operators[i].text);

		if (strncmp(s, operators[i].text, len))
			continue;
		t->kind = operators[i].kind;
		t->to = t->from + len;
		return 0;
	}
	if (*s == '=')
		return expr_wrong(text, t->from, "'=' is no operator, '==' is");
	if (*s == '?' || *s == ':')
		return expr_wrong(text, t->from, "there is no operator '?:'");
	for (i = 1; ((unsigned char)s[i] & 0xc0) == 0x80; i++)
		;
	return expr_wrong(text, t->from, "'%.*s' means nothing here", (int)i, s);
}

static int read_token(struct token *t, const char *text)
{
	const char *s = text + t->from;

	if (isdigit((unsigned char)*s))
		return read_number(t, text);
	if (*s == '\'')
		return read_character(t, text);
	if (*s == '"')
		return read_string(t, text);
	if (!begins_name(*s))
		return read_operator(t, text);
	t->kind = TOKEN_NAME;
	t->to = t->from + name_length(s);
	t->string = copy_part(s, t->to - t->from);
	return 0;
}

/** tokens_read() - Take a text apart. Return: 0, or STATUS_USAGE after a sentence. */
int tokens_read(struct tokens *t, const char *text)
{
	size_t at = 0;
	int err = 0;

	do {
		struct token *new;

		at += strspn(text + at, " \t\n\r");
		t->v = grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
		new = &t->v[t->n++];
		memset(new, 0, sizeof(*new));
		new->from = at;
		new->to = at;
		if (!text[at])
			break;
		err = read_token(new, text);
		at = new->to;
	} while (!err);
	return err;
}

/** tokens_free() - Forget the words. */
void tokens_free(struct tokens *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->v[i].string);
	free(t->v);
	memset(t, 0, sizeof(*t));
}
