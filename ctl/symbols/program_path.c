// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a program or library, as people name it: by a path; by a process, of
 * which it is the program; by the name of a library that a process has mapped, or that
 * the loader would take; or by the name of a command.
 *
 * The module opens the file by its path, as obsctl sees it. What a process sees
 * elsewhere, as in a container, or what was deleted, has a path below /proc.
 */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "symbols/ld_cache.h"
#include "symbols/program_path.h"

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static bool is_same(const char *a, const char *b)
{
	struct stat x;
	struct stat y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void set(struct program_path *out, const char *path, const char *shown)
{
	out->path = copy_string(path);
	out->shown = copy_string(base_of(shown));
}

/* What a link below /proc leads to: by its own path where that is the same file. */
static int set_linked(struct program_path *out, uint32_t pid, const char *link)
{
	static const char deleted[] = " (deleted)";
	char target[PATH_MAX] = "";
	struct buf inside = {};
	ssize_t n = readlink(link, target, sizeof(target) - 1);
	size_t len;

	if (n < 0)
		return refuse("the file of process %u cannot be read: %s", pid,
			      errno == ENOENT ? "it is gone, or a kernel thread" : strerror(errno));
	buf_printf(&inside, "/proc/%u/root%s", pid, target);
	if (is_same(target, link))
		set(out, target, target);
	else
		set(out, is_same(inside.p, link) ? inside.p : link, target);
	len = strlen(out->shown);
	if (len > strlen(deleted) && !strcmp(out->shown + len - strlen(deleted), deleted))
		out->shown[len - strlen(deleted)] = 0;
	buf_free(&inside);
	return 0;
}

/* A library that a process has mapped. Returns false if it has none of this name. */
static bool find_mapped(const char *word, uint32_t pid, struct program_path *out)
{
	unsigned long long start, end;
	struct buf link = {};
	struct lines l;
	char path[64];
	size_t len;
	char *line;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	if (lines_open(&l, path))
		return false;
	while (!link.len && (line = lines_next(&l, &len))) {
		const char *file = strchr(line, '/');

		if (!file || sscanf(line, "%llx-%llx", &start, &end) != 2)
			continue;
		/* What was deleted has a word behind it. */
		if (library_is(word, base_of(file)) ||
		    (strstr(file, ".so") && !strncmp(base_of(file), word, strlen(word)) &&
		     !strcmp(base_of(file) + strlen(word), " (deleted)")))
			buf_printf(&link, "/proc/%u/map_files/%llx-%llx", pid, start, end);
	}
	lines_close(&l);
	if (!link.len)
		return false;
	set_linked(out, pid, link.p);
	buf_free(&link);
	return out->path;
}

static bool find_command(const char *word, struct program_path *out)
{
	const char *folders = getenv("PATH");
	struct buf path = {};

	while (folders && *folders && !out->path) {
		size_t len = strcspn(folders, ":");

		path.len = 0;
		buf_printf(&path, "%.*s/%s", (int)len, folders, word);
		if (len && is_file(path.p) && !access(path.p, X_OK))
			set(out, path.p, word);
		folders += len + (folders[len] == ':');
	}
	buf_free(&path);
	return out->path;
}

static bool find_library(const char *word, struct program_path *out)
{
	char *found = library_find(word);

	if (found)
		set(out, found, found);
	free(found);
	return out->path;
}

/* A path without links, which does not depend on where obsctl runs. */
static int make_absolute(struct program_path *out)
{
	char *path;

	/* A link there leads out of the process's own tree. */
	if (!strncmp(out->path, "/proc/", 6) && isdigit((unsigned char)out->path[6]))
		return 0;
	path = realpath(out->path, NULL);
	if (!path)
		return refuse("%s cannot be read: %s", out->path, strerror(errno));
	free(out->path);
	out->path = path;
	return 0;
}

static bool all_digits(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

/**
 * program_find() - Find the file of a program or library.
 * @word: a path, a process, or a name
 * @pid: process that a library's name is looked for in first; 0 for none
 *
 * Return: 0, or STATUS_REFUSED.
 */
int program_find(const char *word, uint32_t pid, struct program_path *out)
{
	char link[64];

	memset(out, 0, sizeof(*out));
	if (all_digits(word)) {
		snprintf(link, sizeof(link), "/proc/%s/exe", word);
		return set_linked(out, (uint32_t)strtoul(word, NULL, 10), link);
	}
	if (strchr(word, '/')) {
		set(out, word, word);
		return make_absolute(out);
	}
	if ((pid && find_mapped(word, pid, out)) || find_command(word, out) ||
	    find_library(word, out))
		return make_absolute(out);
	if (is_file(word)) {
		set(out, word, word);
		return make_absolute(out);
	}
	return refuse("there is no program or library '%s': name its path, a command of PATH, or a library such as libc",
		      word);
}

void program_free_path(struct program_path *p)
{
	free(p->path);
	free(p->shown);
	memset(p, 0, sizeof(*p));
}
