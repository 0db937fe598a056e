// SPDX-License-Identifier: GPL-2.0
/*
 * Which caches there are. Caches of the same layout are merged into one, which
 * goes by the name of the first: /proc/slabinfo lists that, and /sys/kernel/slab
 * has a link for each name, to the directory that all of them share.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/slab/caches.h"
#include "cmd/slab/slabinfo.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/nearest.h"
#include "symbols/patterns.h"

const char *slab_sysfs = "/sys/kernel/slab";

/* Names of caches, and of the directories that they are merged in. */
struct caches {
	struct strings	names;		/* of slabinfo */
	struct strings	links;
	struct strings	merged;		/* in the order of the links */
};

/** slabinfo_path() - Return: the file of caches, $OBSCTL_SLABINFO if that is set. */
const char *slabinfo_path(void)
{
	const char *path = getenv("OBSCTL_SLABINFO");

	return path ? path : "/proc/slabinfo";
}

static void read_names(struct strings *names)
{
	struct slabinfo info;
	struct lines l;
	size_t len;
	char *line;

	if (lines_open(&l, slabinfo_path()))
		return;
	while ((line = lines_next(&l, &len)))
		if (slabinfo_parse(line, &info))
			strings_add(names, info.name);
	lines_close(&l);
}

static void read_links(struct caches *c)
{
	struct dirent *d;
	char path[512];
	char to[256];
	DIR *dir = opendir(slab_sysfs);

	while (dir && (d = readdir(dir))) {
		ssize_t len;

		if (d->d_name[0] == '.' || d->d_name[0] == ':')
			continue;
		snprintf(path, sizeof(path), "%s/%.255s", slab_sysfs, d->d_name);
		len = readlink(path, to, sizeof(to) - 1);
		to[len > 0 ? len : 0] = 0;
		strings_add(&c->links, d->d_name);
		/* A cache that is merged with none has a directory of its own. */
		strings_add(&c->merged, len > 0 ? basename(to) : d->d_name);
	}
	if (dir)
		closedir(dir);
}

static void free_caches(struct caches *c)
{
	strings_free(&c->names);
	strings_free(&c->links);
	strings_free(&c->merged);
}

static bool matches_any(const char *pattern, const struct strings *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (glob_match(pattern, names->v[i]))
			return true;
	return false;
}

/* Names that kobs gives: of pages, and of caches whose names it cannot read. */
static bool is_made_up(const char *pattern)
{
	return glob_match(pattern, "kmalloc-large") || !strncmp(pattern, "size-", 5);
}

static const char *merged_in(const struct caches *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->links.n; i++)
		if (!strcmp(c->links.v[i], name))
			return c->merged.v[i];
	return "";
}

/* The caches that the names which the pattern matches are merged into. */
static void find_merged(const struct caches *c, const char *pattern, struct strings *found)
{
	size_t i;
	size_t k;

	for (i = 0; i < c->links.n; i++) {
		if (!glob_match(pattern, c->links.v[i]))
			continue;
		for (k = 0; k < c->names.n; k++)
			if (!strcmp(merged_in(c, c->names.v[k]), c->merged.v[i]) &&
			    !strings_have(found, c->names.v[k]))
				strings_add(found, c->names.v[k]);
	}
}

static int refuse_unknown(const struct caches *c, const char *pattern)
{
	struct nearest near = {};
	struct buf hint = {};
	size_t i;
	int err;

	for (i = 0; i < c->names.n; i++)
		nearest_offer(&near, pattern, c->names.v[i]);
	for (i = 0; i < c->links.n; i++)
		nearest_offer(&near, pattern, c->links.v[i]);
	nearest_describe(&near, &hint);
	err = refuse("there is no slab cache '%s'%s", pattern, hint.len ? hint.p : "");
	buf_free(&hint);
	return err;
}

static int choose_merged(struct slab_choice *c, const struct strings *found)
{
	struct buf all = {};
	size_t i;
	int err;

	if (found->n == 1) {
		c->cache = copy_string(found->v[0]);
		warn("the cache '%s' is merged with others: all of '%s' is observed", c->own.cache,
		     c->cache);
		c->own.cache = c->cache;
		return 0;
	}
	for (i = 0; i < found->n; i++)
		buf_printf(&all, "%s'%s'", i ? ", " : "", found->v[i]);
	err = refuse("'%s' matches names that were merged into several caches, name one: %s",
		     c->own.cache, all.p);
	buf_free(&all);
	return err;
}

/* A module brings its caches with it. */
static bool comes_later(const struct slab_opts *own)
{
	char path[128];

	if (!own->module)
		return false;
	snprintf(path, sizeof(path), "/sys/module/%.64s", own->module);
	return access(path, F_OK);
}

/**
 * slab_choose() - Take the options, with the name of a cache in place of its alias.
 *
 * Return: 0 or an exit status: a pattern that no cache answers to is refused, where there is
 * a list of caches.
 */
int slab_choose(struct slab_choice *c, const struct opts *o)
{
	struct strings found = {};
	struct caches caches = {};
	const char *pattern;
	int err = 0;

	c->opts = *o;
	c->own = *(const struct slab_opts *)o->own;
	c->opts.own = &c->own;
	c->cache = NULL;
	pattern = c->own.cache;
	if (!pattern || comes_later(&c->own) || is_made_up(pattern))
		return 0;
	read_names(&caches.names);
	read_links(&caches);
	if ((caches.names.n || caches.links.n) && !matches_any(pattern, &caches.names)) {
		find_merged(&caches, pattern, &found);
		if (found.n)
			err = choose_merged(c, &found);
		else if (caches.names.n || !matches_any(pattern, &caches.links))
			err = refuse_unknown(&caches, pattern);
	}
	strings_free(&found);
	free_caches(&caches);
	return err;
}

void slab_choice_free(struct slab_choice *c)
{
	free(c->cache);
}
