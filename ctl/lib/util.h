/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every other file uses: errors as sentences, growing arrays, a string
 * pool, parsing and printing of numbers.
 *
 * Include it last: it takes away names that this program does not use. Nothing
 * below main() ends the program, so that a session is always stopped properly;
 * integers have the names of stdint.h.
 */
#ifndef OBSCTL_UTIL_H
#define OBSCTL_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NSEC_PER_SEC	1000000000ull

/* The exit status of obsctl. Functions that print a sentence return one. */
enum status {
	STATUS_DONE	= 0,
	STATUS_REFUSED	= 1,
	STATUS_USAGE	= 2,
	STATUS_CROSSED	= 3,
	STATUS_LOST	= 4,
};

/* version.c */
extern const char program_version[];

/* Called before a sentence is printed, to make room for it on the terminal. */
extern void (*before_sentence)(void);

#define PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))

int refuse(const char *fmt, ...) PRINTF(1, 2);
int misuse(const char *fmt, ...) PRINTF(1, 2);
void warn(const char *fmt, ...) PRINTF(1, 2);
void note(const char *fmt, ...) PRINTF(1, 2);

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

void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_u64(struct buf *b, uint64_t v);
void buf_u64_padded(struct buf *b, uint64_t v, int width, char fill);
void buf_free(struct buf *b);

struct strings {
	char	**v;
	size_t	n;
	size_t	cap;
};

void strings_add(struct strings *s, const char *text);
void strings_free(struct strings *s);

struct numbers {
	uint64_t *v;
	size_t	n;
	size_t	cap;
};

void numbers_add(struct numbers *s, uint64_t v);
void numbers_sort_unique(struct numbers *s);
void numbers_free(struct numbers *s);

/*
 * Strings kept once each: equal strings have equal pointers, so that a text
 * can be part of a key as a number.
 */
struct pool {
	char	**slot;
	size_t	n;
	size_t	size;
};

const char *pool_intern(struct pool *p, const char *s);
void pool_free(struct pool *p);

/* A map from a number to a pointer; never forgets. */
struct map {
	struct map_slot {
		uint64_t key;
		void	*value;
	} *slot;
	size_t	n;
	size_t	size;
};

void *map_get(const struct map *m, uint64_t key);
void map_set(struct map *m, uint64_t key, void *value);
void map_free(struct map *m, void (*release)(void *));

uint64_t hash_bytes(const void *p, size_t len, uint64_t seed);

static inline uint64_t hash_number(uint64_t v)
{
	v ^= v >> 32;
	v *= 0x9e3779b97f4a7c15ull;
	return v ^ (v >> 29);
}

/* Lines of a file of /proc, without a copy of the file. */
struct lines {
	int	fd;
	char	*buf;
	size_t	from;
	size_t	to;
	bool	eof;
};

int lines_open(struct lines *l, const char *path);
char *lines_next(struct lines *l, size_t *len);
void lines_close(struct lines *l);

int read_file(const char *path, char *buf, size_t size);
int read_number(const char *path, long long *value);
uint64_t now_ns(void);

int parse_number(const char *s, uint64_t min, uint64_t max, uint64_t *value);
int parse_time(const char *s, uint64_t *ns);
int parse_bytes(const char *s, uint64_t *bytes);
int parse_seconds(const char *s, uint64_t *ns);
int parse_list(const char *s, uint64_t max, bool ranges, struct numbers *out);

char *format_count(char *buf, size_t size, uint64_t v);
char *format_ns(char *buf, size_t size, double ns);
char *format_bytes(char *buf, size_t size, uint64_t v);
char *format_value(char *buf, size_t size, double v, const char *unit);
size_t text_width(const char *s);

#pragma GCC poison exit u8 u16 u32 u64 s32 s64
#endif
