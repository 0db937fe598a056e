// SPDX-License-Identifier: GPL-2.0
/* Sentences for the user, arrays that grow, interned strings, lines of files. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"

void (*before_sentence)(void);

static void say(const char *prefix, const char *fmt, va_list ap)
{
	if (before_sentence)
		before_sentence();
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

/** refuse() - Print a sentence. Return: the exit status of a refusal. */
int refuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("obsctl: ", fmt, ap);
	va_end(ap);
	return STATUS_REFUSED;
}

/** misuse() - Print a sentence. Return: the exit status of wrong usage. */
int misuse(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("obsctl: ", fmt, ap);
	va_end(ap);
	return STATUS_USAGE;
}

/** warn() - Print a sentence about something that does not end the work. */
void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("obsctl: ", fmt, ap);
	va_end(ap);
}

/** note() - Say how the work goes on, where a person is there to read it. */
void note(const char *fmt, ...)
{
	va_list ap;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

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

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	b->p = grow(b->p, &b->cap, b->len + (size_t)len + 1, 1);
	va_start(ap, fmt);
	vsnprintf(b->p + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
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

/** hash_bytes() - FNV-1a, good enough for keys that nobody chooses to hurt. */
uint64_t hash_bytes(const void *p, size_t len, uint64_t seed)
{
	const unsigned char *c = p;
	uint64_t h = 0xcbf29ce484222325ull ^ seed;

	while (len--)
		h = (h ^ *c++) * 0x100000001b3ull;
	return hash_number(h);
}

static char **pool_slot(char **slot, size_t size, const char *s)
{
	size_t i = hash_bytes(s, strlen(s), 0) & (size - 1);

	while (slot[i] && strcmp(slot[i], s))
		i = (i + 1) & (size - 1);
	return &slot[i];
}

/** pool_intern() - Return: the one copy of @s, valid until pool_free(). */
const char *pool_intern(struct pool *p, const char *s)
{
	char **slot;
	size_t i;

	if (p->n * 2 >= p->size) {
		size_t size = p->size ? p->size * 2 : 64;
		char **old = p->slot;

		p->slot = zalloc(size * sizeof(*p->slot));
		for (i = 0; i < p->size; i++)
			if (old[i])
				*pool_slot(p->slot, size, old[i]) = old[i];
		free(old);
		p->size = size;
	}
	slot = pool_slot(p->slot, p->size, s);
	if (!*slot) {
		*slot = copy_string(s);
		p->n++;
	}
	return *slot;
}

void pool_free(struct pool *p)
{
	size_t i;

	for (i = 0; i < p->size; i++)
		free(p->slot[i]);
	free(p->slot);
	memset(p, 0, sizeof(*p));
}

static struct map_slot *map_find(struct map_slot *slot, size_t size, uint64_t key)
{
	size_t i = hash_number(key) & (size - 1);

	while (slot[i].value && slot[i].key != key)
		i = (i + 1) & (size - 1);
	return &slot[i];
}

/** map_get() - Return: what @key was set to, or NULL. */
void *map_get(const struct map *m, uint64_t key)
{
	return m->size ? map_find(m->slot, m->size, key)->value : NULL;
}

/** map_set() - Set @key to @value, which must not be NULL. */
void map_set(struct map *m, uint64_t key, void *value)
{
	struct map_slot *slot;
	size_t i;

	if (m->n * 2 >= m->size) {
		size_t size = m->size ? m->size * 2 : 64;
		struct map_slot *old = m->slot;

		m->slot = zalloc(size * sizeof(*m->slot));
		for (i = 0; i < m->size; i++)
			if (old[i].value)
				*map_find(m->slot, size, old[i].key) = old[i];
		free(old);
		m->size = size;
	}
	slot = map_find(m->slot, m->size, key);
	if (!slot->value)
		m->n++;
	slot->key = key;
	slot->value = value;
}

void map_free(struct map *m, void (*release)(void *))
{
	size_t i;

	for (i = 0; release && i < m->size; i++)
		if (m->slot[i].value)
			release(m->slot[i].value);
	free(m->slot);
	memset(m, 0, sizeof(*m));
}

#define LINES_BUF	(128 * 1024)

/** lines_open() - Return: 0, or -errno. */
int lines_open(struct lines *l, const char *path)
{
	memset(l, 0, sizeof(*l));
	l->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0)
		return -errno;
	l->buf = zalloc(LINES_BUF + 1);
	return 0;
}

/**
 * lines_next() - Read a line.
 * @len: set to its length, without the newline
 *
 * Return: the line, ended by a NUL and valid until the next call; NULL at the
 * end. A line longer than the buffer comes in pieces.
 */
char *lines_next(struct lines *l, size_t *len)
{
	char *line;
	char *end;

	for (;;) {
		ssize_t got;

		line = l->buf + l->from;
		end = memchr(line, '\n', l->to - l->from);
		if (end || l->eof || l->to - l->from == LINES_BUF)
			break;
		memmove(l->buf, line, l->to - l->from);
		l->to -= l->from;
		l->from = 0;
		got = read(l->fd, l->buf + l->to, LINES_BUF - l->to);
		if (got <= 0)
			l->eof = true;
		else
			l->to += (size_t)got;
	}
	if (!end && l->from == l->to)
		return NULL;
	*len = end ? (size_t)(end - line) : l->to - l->from;
	line[*len] = 0;
	l->from += *len + (end ? 1 : 0);
	return line;
}

void lines_close(struct lines *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->buf);
	l->buf = NULL;
	l->fd = -1;
}

/**
 * read_file() - Read the beginning of a small file, without a last newline.
 * Return: its length, or -errno.
 */
int read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int err;

	if (fd < 0)
		return -errno;
	len = read(fd, buf, size - 1);
	err = errno;
	close(fd);
	if (len < 0)
		return -err;
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = 0;
	return (int)len;
}

/** read_number() - Read a file that holds a number. Return: 0 or -errno. */
int read_number(const char *path, long long *value)
{
	char buf[64];
	char *end;
	int err = read_file(path, buf, sizeof(buf));

	if (err < 0)
		return err;
	*value = strtoll(buf, &end, 0);
	return end == buf ? -EINVAL : 0;
}

/** now_ns() - Return: CLOCK_MONOTONIC, as the kernel's own times. */
uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}
