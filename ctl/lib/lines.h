/* SPDX-License-Identifier: GPL-2.0 */
/* Files of /proc and /sys: lines, short texts, numbers. */
#ifndef OBSCTL_LINES_H
#define OBSCTL_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Lines of a file of /proc, without a copy of the file. */
struct lines {
	int	fd;
	int	copy;		/* file to copy what is read to; -1 for none, or when it fails */
	char	*buf;
	size_t	from;
	size_t	to;
	bool	eof;
};

int lines_open(struct lines *l, const char *path);
void lines_begin(struct lines *l, int fd);
char *lines_next(struct lines *l, size_t *len);
void lines_close(struct lines *l);

int read_file(const char *path, char *buf, size_t size);
int read_number(const char *path, long long *value);

#endif
