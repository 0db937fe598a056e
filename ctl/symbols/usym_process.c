// SPDX-License-Identifier: GPL-2.0
/*
 * What processes have had mapped: as /proc tells, and as the kernel tells of each
 * mapping, fork and exec (sideband.c). Nothing is forgotten, since an address may come
 * from any time of a process.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/lines.h"
#include "lib/map.h"
#include "symbols/usyms.h"

/* A process sees files as its ancestors do, up to this one. */
#define ANCESTORS	4
/* Maximum number of forks between a process and the one whose mappings it has. */
#define FORKS		16
/* Of all processes: 100 MiB. More are lost. */
#define MOST_MAPPINGS	(2u << 20)
/* Behind the path of a file that has none any more. */
#define DELETED		" (deleted)"
/* An equal mapping is looked for among so many, the newest. */
#define RECENT		64

static struct usym_process *get_process(struct usyms *u, uint32_t pid)
{
	struct usym_process *p = map_get(&u->processes, pid);

	if (!p) {
		p = zalloc(sizeof(*p));
		map_set(&u->processes, pid, p);
	}
	return p;
}

/* [libc.so.6]; what has no file says so by its brackets. */
static const char *label_of(struct usyms *u, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : *path ? path : "anon";
	size_t len = strlen(base);
	struct buf text = {};
	const char *label;

	if (len > strlen(DELETED) && !strcmp(base + len - strlen(DELETED), DELETED))
		len -= strlen(DELETED);
	buf_printf(&text, *base == '[' ? "%.*s" : "[%.*s]", (int)len, base);
	label = pool_intern(&u->names, text.p);
	buf_free(&text);
	return label;
}

static struct usym_file *get_file(struct usyms *u, const char *path, uint64_t inode)
{
	struct buf text = {};
	struct usym_file *f;
	const char *key;

	buf_printf(&text, "%llu %s", (unsigned long long)inode, path);
	key = pool_intern(&u->names, text.p);
	buf_free(&text);
	f = map_get(&u->files, (uint64_t)(uintptr_t)key);
	if (!f) {
		f = zalloc(sizeof(*f));
		f->path = pool_intern(&u->names, path);
		f->label = label_of(u, path);
		f->inode = inode;
		map_set(&u->files, (uint64_t)(uintptr_t)key, f);
	}
	return f;
}

/* Whether a process has it since its last fork or exec: a library's parts are told again. */
static bool is_known(const struct usym_process *p, const struct usym_mapping *at,
		     const struct usym_file *f)
{
	uint64_t begin = p->nr_begins ? p->begin[p->nr_begins - 1].time : 0;
	size_t i;

	for (i = p->n; i && i + RECENT > p->n && p->v[i - 1].time >= begin; i--) {
		const struct usym_mapping *m = &p->v[i - 1];

		if (m->start == at->start && m->end == at->end && m->offset == at->offset &&
		    m->file == f && m->time <= at->time)
			return true;
	}
	return false;
}

/**
 * usyms_map() - A process has code mapped.
 * @at: where, and since when; its file is set here
 * @path: of the file; memory without one has "" or "//anon"
 * @inode: of the file, 0 if that is not known
 */
void usyms_map(struct usyms *u, uint32_t pid, const struct usym_mapping *at, const char *path,
	       uint64_t inode)
{
	struct usym_process *p = get_process(u, pid);
	struct usym_file *f = get_file(u, strcmp(path, "//anon") ? path : "", inode);

	if (is_known(p, at, f))
		return;
	if (u->nr_mappings >= MOST_MAPPINGS) {
		u->lost++;
		return;
	}
	u->nr_mappings++;
	if (!f->time)
		f->time = at->time ? at->time : u->begun;
	p->v = grow(p->v, &p->cap, p->n + 1, sizeof(*p->v));
	p->v[p->n] = *at;
	p->v[p->n++].file = f;
}

/**
 * usyms_begin() - A process has begun anew.
 * @parent: the one that it was forked from, whose mappings it has; 0 for an exec, which
 *	leaves none
 * @time: when
 */
void usyms_begin(struct usyms *u, uint32_t pid, uint32_t parent, uint64_t time)
{
	struct usym_process *p = get_process(u, pid);
	size_t i;

	p->begin = grow(p->begin, &p->cap_begins, p->nr_begins + 1, sizeof(*p->begin));
	/* Each CPU tells by itself. */
	for (i = p->nr_begins++; i && p->begin[i - 1].time > time; i--)
		p->begin[i] = p->begin[i - 1];
	p->begin[i] = (struct usym_begin){ .time = time, .parent = parent };
}

/* "START-END PERM OFFSET DEVICE INODE PATH" */
static void parse_mapping(struct usyms *u, uint32_t pid, const char *line, uint64_t time)
{
	unsigned long long start, end, offset, inode;
	struct usym_mapping m;
	char perm[8];
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %*s %llu %n", &start, &end, perm, &offset, &inode,
		   &at) < 5)
		return;
	m = (struct usym_mapping) {
		.start = start, .end = end, .offset = offset, .time = time,
	};
	if (strchr(perm, 'x') && at)
		usyms_map(u, pid, &m, line + at, inode);
}

/** usyms_snapshot() - Add what a process has mapped now, and has had since @time. */
void usyms_snapshot(struct usyms *u, uint32_t pid, uint64_t time)
{
	struct lines l;
	char path[64];
	size_t len;
	char *line;

	/* One that is gone is not looked for again. */
	get_process(u, pid);
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (lines_open(&l, path))
		return;
	while ((line = lines_next(&l, &len)))
		parse_mapping(u, pid, line, time);
	lines_close(&l);
}

/* A file that was changed after it had been mapped is another one, if with its inode. */
static bool was_changed(const struct stat *st, const struct usym_file *f)
{
	struct timespec now;
	uint64_t changed = (uint64_t)st->st_ctim.tv_sec * NSEC_PER_SEC +
			   (uint64_t)st->st_ctim.tv_nsec;

	clock_gettime(CLOCK_REALTIME, &now);
	/* How long ago, on both clocks. */
	return f->time && (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec + f->time <
			  changed + now_ns();
}

/*
 * The file that was mapped, and no other one of the same name. overlayfs can put the
 * number of a layer into the upper half of an inode's number.
 */
static int open_same(const char *path, const struct usym_file *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || !f->inode)
		return fd;
	if (!fstat(fd, &st) && (uint32_t)st.st_ino == (uint32_t)f->inode && !was_changed(&st, f))
		return fd;
	close(fd);
	return -1;
}

/* The process that one was forked from last, or 0. */
static uint32_t parent_of(const struct usyms *u, uint32_t pid)
{
	const struct usym_process *p = map_get(&u->processes, pid);
	size_t i;

	for (i = p ? p->nr_begins : 0; i--;)
		if (p->begin[i].parent)
			return p->begin[i].parent;
	return 0;
}

/* As a process sees it: it may live in a container; or else as its ancestors do. */
static int open_inside(struct usyms *u, uint32_t pid, const struct usym_file *f, struct buf *root)
{
	int fd = -1;
	int i;

	for (i = 0; pid && fd < 0 && i < ANCESTORS; i++, pid = parent_of(u, pid)) {
		struct buf path = {};

		root->len = 0;
		buf_printf(root, "/proc/%u/root", pid);
		buf_printf(&path, "%s%s", root->p, f->path);
		fd = open_same(path.p, f);
		buf_free(&path);
	}
	if (fd < 0) {
		root->len = 0;
		buf_puts(root, "");
	}
	return fd;
}

/* One that was deleted or replaced is there as long as it is mapped. */
static int open_mapped(uint32_t pid, const struct usym_mapping *m)
{
	struct stat st;
	char path[96];
	int fd;

	if (!m->file->inode)
		return -1;
	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", pid,
		 (unsigned long long)m->start, (unsigned long long)m->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || (!fstat(fd, &st) && S_ISREG(st.st_mode) &&
		       (uint32_t)st.st_ino == (uint32_t)m->file->inode))
		return fd;
	close(fd);
	return -1;
}

/**
 * usyms_open_file() - Open a file that a process had mapped.
 * @root: gets the root directory that it was found in, "" for obsctl's own
 *
 * Return: a descriptor, or -1.
 */
int usyms_open_file(struct usyms *u, uint32_t pid, const struct usym_mapping *m, struct buf *root)
{
	int fd = open_inside(u, pid, m->file, root);

	if (fd < 0)
		fd = open_same(m->file->path, m->file);
	return fd >= 0 ? fd : open_mapped(pid, m);
}

static bool visit_lives(struct usyms *u, uint32_t pid, uint64_t to, int depth, usym_life *visit,
			void *data)
{
	const struct usym_process *p = map_get(&u->processes, pid);
	size_t i;

	if (!p || depth > FORKS)
		return false;
	for (i = p->nr_begins; i--;) {
		const struct usym_begin *b = &p->begin[i];

		if (b->time > to)
			continue;
		if (visit(p, b->time, to, data))
			return true;
		to = b->time - 1;
		if (b->parent && visit_lives(u, b->parent, to, depth + 1, visit, data))
			return true;
		if (depth)
			return false;
	}
	return visit(p, 0, to, data);
}

/**
 * usyms_lives() - Look at what a process has mapped, the newest first.
 *
 * Also at what it was before an exec, and at what it was forked from. The number of the
 * process itself may have had other lives before; of an ancestor, only the one that it
 * forked in counts.
 *
 * Return: whether @visit ended the search.
 */
bool usyms_lives(struct usyms *u, uint32_t pid, usym_life *visit, void *data)
{
	return visit_lives(u, pid, UINT64_MAX, 0, visit, data);
}

static void free_process(void *item)
{
	struct usym_process *p = item;

	usym_jit_free(p->jit);
	free(p->begin);
	free(p->v);
	free(p);
}

void usyms_free(struct usyms *u)
{
	map_free(&u->processes, free_process);
	map_free(&u->files, usym_file_free);
	pool_free(&u->names);
}
