// SPDX-License-Identifier: GPL-2.0
/* Lines of files, and files that are one text or one number. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/lines.h"

#define LINES_BUF	(128 * 1024)

/** lines_begin() - Read the lines of an open file, and close it in the end. */
void lines_begin(struct lines *l, int fd)
{
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	l->copy = -1;
	l->buf = zalloc(LINES_BUF + 1);
}

/** lines_open() - Return: 0, or -errno. */
int lines_open(struct lines *l, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		memset(l, 0, sizeof(*l));
		l->fd = -1;
		return -errno;
	}
	lines_begin(l, fd);
	return 0;
}

static void fill(struct lines *l)
{
	ssize_t got = read(l->fd, l->buf + l->to, LINES_BUF - l->to);

	if (l->copy >= 0 &&
	    (got < 0 || (got && write(l->copy, l->buf + l->to, (size_t)got) != got)))
		l->copy = -1;
	if (got <= 0)
		l->eof = true;
	else
		l->to += (size_t)got;
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
		line = l->buf + l->from;
		end = memchr(line, '\n', l->to - l->from);
		if (end || l->eof || l->to - l->from == LINES_BUF)
			break;
		memmove(l->buf, line, l->to - l->from);
		l->to -= l->from;
		l->from = 0;
		fill(l);
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
