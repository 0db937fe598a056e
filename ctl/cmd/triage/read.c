// SPDX-License-Identifier: GPL-2.0
/* The reading of whole files, and of all control groups of the second version. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/triage/machine.h"
#include "cmd/triage/read.h"
#include "lib/macros.h"

#define PART		(64 * 1024)
#define MOST_GROUPS	4096
#define MOST_LEVELS	16

/**
 * machine_read_file() - Read a whole file, and take what it says.
 * @path: without the first slash
 *
 * Return: 0 or -errno.
 */
int machine_read_file(struct machine *m, const char *path)
{
	struct buf name = {};
	struct buf text = {};
	ssize_t got = 0;
	int err = 0;
	int fd;

	buf_printf(&name, "/%s", path);
	fd = open(name.p, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err = -errno;
	while (!err) {
		text.p = grow(text.p, &text.cap, text.len + PART + 1, 1);
		got = read(fd, text.p + text.len, PART);
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		text.len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	if (!err) {
		text.p[text.len] = 0;
		machine_take(m, path, text.p);
	}
	buf_free(&name);
	buf_free(&text);
	return err;
}

/** count_entries() - Return: how many a directory has, without "." and ".."; 0 for none. */
uint64_t count_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	uint64_t n = 0;

	while (dir && (d = readdir(dir)))
		n += d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/** cgroup_add() - Return: the group of a path, which is made if need be. */
struct cgroup *cgroup_add(struct machine *m, const char *path)
{
	struct cgroup *g = m->nr_cgroups ? &m->cgroups[m->nr_cgroups - 1] : NULL;
	size_t i;

	/* Files of a group come together. */
	if (g && !strcmp(g->path, path))
		return g;
	for (i = 0; i < m->nr_cgroups; i++)
		if (!strcmp(m->cgroups[i].path, path))
			return &m->cgroups[i];
	m->cgroups = grow(m->cgroups, &m->cap_cgroups, m->nr_cgroups + 1, sizeof(*g));
	g = &m->cgroups[m->nr_cgroups++];
	memset(g, 0, sizeof(*g));
	g->path = copy_string(path);
	return g;
}

/* Where the hierarchy is; systems with both versions have it below. */
static const char *find_root(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct buf path = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		path.len = 0;
		buf_printf(&path, "%s/cgroup.controllers", roots[i]);
		if (!access(path.p, F_OK))
			break;
	}
	buf_free(&path);
	return i < ARRAY_SIZE(roots) ? roots[i] + 1 : NULL;
}

static void read_group(struct machine *m, const char *path)
{
	static const char *const files[] = {
		"cpu.stat", "memory.events.local", "memory.current", "memory.high", "memory.max",
		"memory.pressure",
	};
	struct buf file = {};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		file.len = 0;
		buf_printf(&file, "%s/%s", path, files[i]);
		machine_read_file(m, file.p);
	}
	buf_free(&file);
}

static void read_groups(struct machine *m, const char *path, unsigned int level)
{
	struct buf absolute = {};
	struct dirent *d;
	DIR *dir;

	read_group(m, path);
	buf_printf(&absolute, "/%s", path);
	dir = opendir(absolute.p);
	while (dir && (d = readdir(dir))) {
		struct buf below = {};

		if (d->d_type != DT_DIR || d->d_name[0] == '.' || level >= MOST_LEVELS ||
		    m->nr_cgroups >= MOST_GROUPS)
			continue;
		buf_printf(&below, "%s/%s", path, d->d_name);
		read_groups(m, below.p, level + 1);
		buf_free(&below);
	}
	if (dir)
		closedir(dir);
	buf_free(&absolute);
}

/** cgroups_read() - Read all groups, up to a number. */
void cgroups_read(struct machine *m)
{
	const char *root = find_root();

	if (root)
		read_groups(m, root, 0);
}
