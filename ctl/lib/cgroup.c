// SPDX-License-Identifier: GPL-2.0
/*
 * The tree of control groups. A group's number is the inode of its directory, which is
 * never given to another one: what is known once stays true, also of a group that is
 * removed, so that the tree only grows.
 */

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cgroup.h"
#include "lib/cgroup_name.h"
#include "lib/map.h"
#include "lib/nearest.h"
#include "lib/parse.h"

#define LEVELS	64

const char *cgroup_hierarchy;

static struct map paths;	/* number to path below the root, or to gone */
static char gone[1];	/* it was looked for, and not found */
static bool looked;	/* after all numbers that are known */

/** cgroup_root() - Return: where the hierarchy is mounted, or NULL. */
const char *cgroup_root(void)
{
	/* Systems with both versions have the second one below the first. */
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char path[64];
	size_t i;

	for (i = 0; !cgroup_hierarchy && i < ARRAY_SIZE(roots); i++) {
		snprintf(path, sizeof(path), "%s/cgroup.controllers", roots[i]);
		if (!access(path, F_OK))
			cgroup_hierarchy = roots[i];
	}
	return cgroup_hierarchy;
}

static void walk(const char *root, struct buf *path, unsigned int level,
		 bool (*visit)(uint64_t id, const char *path, void *arg), void *arg)
{
	struct buf full = {};
	size_t len = path->len;
	struct dirent *d;
	struct stat st;
	DIR *dir = NULL;

	buf_printf(&full, "%s%s", root, len ? path->p : "");
	if (!stat(full.p, &st) && visit(st.st_ino, len ? path->p : "/", arg) && level < LEVELS)
		dir = opendir(full.p);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || d->d_type != DT_DIR)
			continue;
		buf_printf(path, "/%s", d->d_name);
		walk(root, path, level + 1, visit, arg);
		path->len = len;
		path->p[len] = 0;
	}
	if (dir)
		closedir(dir);
	buf_free(&full);
}

/**
 * cgroups_walk() - Visit all groups, those above before those below.
 * @visit: takes the number and the path below the root; false: nothing below it matters
 */
void cgroups_walk(bool (*visit)(uint64_t id, const char *path, void *arg), void *arg)
{
	const char *root = cgroup_root();
	struct buf path = {};

	if (!root)
		return;
	buf_puts(&path, "");
	walk(root, &path, 0, visit, arg);
	buf_free(&path);
}

static bool keep(uint64_t id, const char *path, void *arg)
{
	if (!map_get(&paths, id))
		map_set(&paths, id, copy_string(path));
	return true;
}

/** cgroups_look() - Learn which groups there are, before some of them go. */
void cgroups_look(void)
{
	cgroups_walk(keep, NULL);
	looked = true;
}

/** cgroups_stale() - Numbers come that may be of groups made since the last look. */
void cgroups_stale(void)
{
	looked = false;
}

/** cgroup_path() - Return: the path of a group below the root, or NULL when it is gone. */
const char *cgroup_path(uint64_t id)
{
	const char *path = map_get(&paths, id);

	/* One look for all of a report's: a walk for each that is gone takes seconds. */
	if (!path && !looked) {
		cgroups_look();
		path = map_get(&paths, id);
	}
	/* Its number does not come back: once is enough. */
	if (!path)
		map_set(&paths, id, gone);
	return path && path != gone ? path : NULL;
}

/** cgroup_print() - Add the short name of a group, by its number. */
void cgroup_print(uint64_t id, struct buf *out)
{
	const char *path = cgroup_path(id);

	if (path)
		cgroup_name(path, out);
	else
		buf_printf(out, "cgroup %llu (gone)", (unsigned long long)id);
}

struct search {
	const char	*path;		/* pattern of a path; NULL for none */
	const char	*name;		/* pattern of a name; NULL for none */
	uint64_t	number;		/* of the group; 0 for none */
	bool (*same)(const char *pattern, const char *text, int flags);
	struct numbers	*ids;
	size_t		found;
};

static bool is_text(const char *pattern, const char *text, int flags)
{
	return !strcmp(pattern, text);
}

/* A backslash is a part of names: systemd writes "\x2d" for a '-'. */
static bool is_glob(const char *pattern, const char *text, int flags)
{
	return !fnmatch(pattern, text, flags | FNM_NOESCAPE);
}

static bool has_name(const struct search *s, const char *path)
{
	struct buf name = {};
	bool same;

	cgroup_name(path, &name);
	same = s->same(s->name, name.p, 0) || s->same(s->name, strrchr(path, '/') + 1, 0);
	buf_free(&name);
	return same;
}

/* The root has no name, and no '*' stands for it, or all groups would be found. */
static bool is_found(const struct search *s, uint64_t id, const char *path)
{
	if (!s->same)
		return id == s->number;
	if (!path[1])
		return s->path && !strcmp(s->path, path);
	return (s->path && s->same(s->path, path, FNM_PATHNAME)) || (s->name && has_name(s, path));
}

static bool match(uint64_t id, const char *path, void *arg)
{
	struct search *s = arg;

	if (!is_found(s, id, path))
		return true;
	/* What the user named keeps its name when it goes. */
	keep(id, path, NULL);
	numbers_add(s->ids, id);
	s->found++;
	/* The filter takes all that is below it. */
	return false;
}

/* From the root of the hierarchy: without where it is mounted, without a '/' at the end. */
static void clean_pattern(const char *pattern, struct buf *out)
{
	const char *root = cgroup_root();
	size_t len = root ? strlen(root) : 0;

	if (len && !strncmp(pattern, root, len) && (!pattern[len] || pattern[len] == '/'))
		pattern += len;
	else if (*pattern != '/')
		buf_putc(out, '/');
	buf_puts(out, *pattern ? pattern : "/");
	while (out->len > 1 && out->p[out->len - 1] == '/')
		out->p[--out->len] = 0;
}

/**
 * cgroup_find() - Find groups: by a path from the root, a glob of one, whose * stops at '/',
 * by the name of a directory or the short name of a group, a glob of them, or by a number.
 * What a group is called goes before a glob, and both before a number.
 * @ids: gets the numbers, those of the highest groups only where some are below others
 *
 * Return: how many were found.
 */
size_t cgroup_find(const char *pattern, struct numbers *ids)
{
	static bool (*const ways[])(const char *, const char *, int) = { is_text, is_glob };
	struct search s = { .ids = ids };
	struct buf clean = {};
	size_t i;

	if (!*pattern)
		return 0;
	clean_pattern(pattern, &clean);
	if (strchr(pattern, '/'))
		s.path = clean.p;
	if (*pattern != '/')
		s.name = pattern;
	for (i = 0; i < ARRAY_SIZE(ways) && !s.found; i++) {
		s.same = ways[i];
		cgroups_walk(match, &s);
	}
	s.same = NULL;
	if (!s.found && !parse_number(pattern, 1, UINT64_MAX, &s.number))
		cgroups_walk(match, &s);
	buf_free(&clean);
	return s.found;
}

struct offer {
	struct nearest	nearest;
	const char	*pattern;
};

static bool offer(uint64_t id, const char *path, void *arg)
{
	struct offer *o = arg;
	const char *base = strrchr(path, '/') + 1;

	nearest_offer(&o->nearest, o->pattern, *o->pattern == '/' ? path : base);
	return true;
}

/** cgroup_nearest() - Add the names that come closest to one that is not there, or nothing. */
void cgroup_nearest(const char *pattern, struct buf *out)
{
	struct offer o = { .pattern = pattern };
	struct buf clean = {};

	clean_pattern(pattern, &clean);
	if (strchr(pattern, '/'))
		o.pattern = clean.p;
	cgroups_walk(offer, &o);
	nearest_describe(&o.nearest, out);
	buf_free(&clean);
}

static void release(void *path)
{
	if (path != gone)
		free(path);
}

/** cgroups_forget() - Free what is known. */
void cgroups_forget(void)
{
	map_free(&paths, release);
	looked = false;
}
