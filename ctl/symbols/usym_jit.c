// SPDX-License-Identifier: GPL-2.0
/*
 * Code that a process makes itself, as its run-time system (Java, Node) names it for perf:
 * in /tmp/perf-PID.map, a line "START SIZE NAME" for each function, of which a later one
 * takes the place of earlier ones. The process writes it as it sees files and its number.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "symbols/usyms.h"

/* Functions of a process. */
#define MOST_FUNCTIONS	(1u << 20)

struct usym_jit {
	uint32_t	report;		/* for which it was read last */
	struct timespec	changed;
	off_t		size;
	struct pool	names;
	struct jit_function {
		uint64_t	start;
		uint64_t	end;
		const char	*name;
		size_t		line;
	} *v;
	size_t		n;
	size_t		cap;
};

/* The number that a process has for itself: it may live in a namespace. */
static unsigned long own_number(uint32_t pid)
{
	unsigned long number = pid;
	struct lines l;
	char path[64];
	char *last;
	size_t len;
	char *line;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (lines_open(&l, path))
		return number;
	while ((line = lines_next(&l, &len))) {
		if (strncmp(line, "NSpid:", 6))
			continue;
		last = strrchr(line, '\t');
		if (last)
			number = strtoul(last, NULL, 10);
		break;
	}
	lines_close(&l);
	return number;
}

/*
 * Everybody can write to /tmp. A file that is neither the process' user's nor root's nor
 * one's own would have names that somebody else made up; of a process that is gone, the
 * user is not known.
 */
static bool is_owner(uint32_t pid, uid_t owner)
{
	struct stat st;
	char path[32];

	if (!owner || owner == geteuid())
		return true;
	snprintf(path, sizeof(path), "/proc/%u", pid);
	return !stat(path, &st) && st.st_uid == owner;
}

static int open_map(uint32_t pid, struct stat *st)
{
	unsigned long own = own_number(pid);
	char path[2][96];
	int fd = -1;
	int i;

	snprintf(path[0], sizeof(path[0]), "/proc/%u/root/tmp/perf-%lu.map", pid, own);
	snprintf(path[1], sizeof(path[1]), "/tmp/perf-%u.map", pid);
	for (i = 0; i < 2 && fd < 0; i++) {
		fd = open(path[i], O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
		if (fd >= 0 && (fstat(fd, st) || !S_ISREG(st->st_mode) ||
				!is_owner(pid, st->st_uid))) {
			close(fd);
			fd = -1;
		}
	}
	return fd;
}

static void parse_line(struct usym_jit *j, const char *line)
{
	unsigned long long start, size;
	int at = 0;

	if (sscanf(line, "%llx %llx %n", &start, &size, &at) < 2 || !at || !line[at] || !size ||
	    start + size < start)
		return;
	j->v = grow(j->v, &j->cap, j->n + 1, sizeof(*j->v));
	j->v[j->n] = (struct jit_function) {
		.start = start, .end = start + size, .name = pool_intern(&j->names, line + at),
		.line = j->n,
	};
	j->n++;
}

static int compare(const void *a, const void *b)
{
	const struct jit_function *x = a;
	const struct jit_function *y = b;

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return (x->line > y->line) - (x->line < y->line);
}

static void read_map(struct usym_jit *j, uint32_t pid)
{
	struct lines l;
	struct stat st;
	char *line;
	size_t len;
	int fd = open_map(pid, &st);

	/* One that is gone has the names that it had. */
	if (fd < 0)
		return;
	if (j->size == st.st_size && j->changed.tv_sec == st.st_mtim.tv_sec &&
	    j->changed.tv_nsec == st.st_mtim.tv_nsec) {
		close(fd);
		return;
	}
	j->size = st.st_size;
	j->changed = st.st_mtim;
	j->n = 0;
	lines_begin(&l, fd);
	while (j->n < MOST_FUNCTIONS && (line = lines_next(&l, &len)))
		parse_line(j, line);
	lines_close(&l);
	if (j->n)
		qsort(j->v, j->n, sizeof(*j->v), compare);
}

/* Code is moved: the function that was told last of those that have an address. */
static const struct jit_function *find(const struct usym_jit *j, uint64_t address)
{
	const struct jit_function *best = NULL;
	size_t lo = 0;
	size_t hi = j->n;
	int back;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (j->v[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (back = 0; lo && back < 64; back++) {
		const struct jit_function *f = &j->v[--lo];

		if (address < f->end && (!best || f->line > best->line))
			best = f;
	}
	return best;
}

/** usym_jit_find() - Return: the name of code that a process made itself, or NULL. */
const char *usym_jit_find(struct usyms *u, uint32_t pid, uint64_t address, uint64_t *offset)
{
	struct usym_process *p = map_get(&u->processes, pid);
	const struct jit_function *f;

	if (!p)
		return NULL;
	if (!p->jit) {
		p->jit = zalloc(sizeof(*p->jit));
		p->jit->report = ~u->report;
	}
	/* What it has made since is in the next report. */
	if (p->jit->report != u->report)
		read_map(p->jit, pid);
	p->jit->report = u->report;
	f = find(p->jit, address);
	if (f)
		*offset = address - f->start;
	return f ? f->name : NULL;
}

void usym_jit_free(struct usym_jit *jit)
{
	if (!jit)
		return;
	pool_free(&jit->names);
	free(jit->v);
	free(jit);
}
