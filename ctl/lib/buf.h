/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is never short, and what grows: bytes, strings, numbers. */
#ifndef OBSCTL_BUF_H
#define OBSCTL_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/macros.h"

void *grow(void *ptr, size_t *cap, size_t need, size_t size);
void *zalloc(size_t size);
char *copy_string(const char *s);

/* Bytes that grow; always ended by a NUL once something was added. */
struct buf {
	char	*p;
	size_t	len;
	size_t	cap;
};

/* In line: a stream's records are made of these. */
static inline void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (b->len + len >= b->cap)
		b->p = grow(b->p, &b->cap, b->len + len + 1, 1);
	memcpy(b->p + b->len, bytes, len);
	b->len += len;
	b->p[b->len] = 0;
}

static inline void buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_quote(struct buf *b, const char *word);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);
void buf_u64(struct buf *b, uint64_t v);
void buf_u64_padded(struct buf *b, uint64_t v, int width, char fill);
void buf_free(struct buf *b);

struct strings {
	char	**v;
	size_t	n;
	size_t	cap;
};

void strings_add(struct strings *s, const char *text);
bool strings_have(const struct strings *s, const char *text);
void strings_free(struct strings *s);

struct numbers {
	uint64_t *v;
	size_t	n;
	size_t	cap;
};

void numbers_add(struct numbers *s, uint64_t v);
void numbers_sort_unique(struct numbers *s);
void numbers_free(struct numbers *s);

#endif
