// SPDX-License-Identifier: GPL-2.0
/* Arrays that grow; memory that is never short. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/diag.h"

/*
 * The one way out below main(): without memory no report can be made, and the
 * kernel ends the session when the socket is closed.
 */
static void *no_memory(void)
{
	static const char text[] = "obsctl: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_REFUSED);
	_exit(STATUS_REFUSED);
}

/** grow() - Make room for @need items of @size bytes in an array. */
void *grow(void *ptr, size_t *cap, size_t need, size_t size)
{
	size_t n = *cap ? *cap : 8;

	if (need <= *cap)
		return ptr;
	while (n < need)
		n += n / 2 + 1;
	ptr = reallocarray(ptr, n, size);
	if (!ptr)
		return no_memory();
	*cap = n;
	return ptr;
}

/** zalloc() - Allocate zeroed memory. Return: never NULL. */
void *zalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	return p ? p : no_memory();
}

/** copy_string() - Duplicate a string. Return: never NULL. */
char *copy_string(const char *s)
{
	char *p = strdup(s);

	return p ? p : no_memory();
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return;
	b->p = grow(b->p, &b->cap, b->len + (size_t)len + 1, 1);
	vsnprintf(b->p + b->len, (size_t)len + 1, fmt, ap);
	b->len += (size_t)len;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

/** buf_quote() - Add a word in single quotes, as a shell takes it; one in it ends them. */
void buf_quote(struct buf *b, const char *word)
{
	buf_putc(b, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_puts(b, "'\\'");
		buf_putc(b, *word);
	}
	buf_putc(b, '\'');
}

/** buf_u64_padded() - Add a number, at least @width wide, without stdio. */
void buf_u64_padded(struct buf *b, uint64_t v, int width, char fill)
{
	char digits[40];
	char *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (p > digits && digits + sizeof(digits) - p < width)
		*--p = fill;
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void buf_u64(struct buf *b, uint64_t v)
{
	buf_u64_padded(b, v, 0, ' ');
}

void buf_free(struct buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

void strings_add(struct strings *s, const char *text)
{
	s->v = grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = copy_string(text);
}

/** strings_have() - Return: whether one of the strings is @text. */
bool strings_have(const struct strings *s, const char *text)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->v[i], text))
			return true;
	return false;
}

void strings_free(struct strings *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

void numbers_add(struct numbers *s, uint64_t v)
{
	s->v = grow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
	s->v[s->n++] = v;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void numbers_sort_unique(struct numbers *s)
{
	size_t i;
	size_t n = 0;

	if (!s->n)
		return;
	qsort(s->v, s->n, sizeof(*s->v), compare_numbers);
	for (i = 0; i < s->n; i++)
		if (!n || s->v[n - 1] != s->v[i])
			s->v[n++] = s->v[i];
	s->n = n;
}

void numbers_free(struct numbers *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}
