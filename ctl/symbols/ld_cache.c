// SPDX-License-Identifier: GPL-2.0
/*
 * Libraries that the dynamic loader knows: those of its cache, which ldconfig makes,
 * or else of the standard folders.
 */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "symbols/ld_cache.h"

#define MAGIC		"glibc-ld.so.cache1.1"

#ifdef __aarch64__
#define TRIPLET		"aarch64-linux-gnu"
#define ABI		0x0a00
#else
#define TRIPLET		"x86_64-linux-gnu"
#define ABI		0x0300
#endif

/* What the file begins with, after what older loaders read. */
struct cache {
	char		magic[20];
	uint32_t	n;
	uint32_t	bytes;
	uint32_t	unused[5];
	struct cached {
		uint32_t	flags;
		uint32_t	name;		/* offsets from the start of this */
		uint32_t	path;
		uint32_t	os;
		uint64_t	variant;	/* for some processors only */
	} v[];
};

/**
 * library_is() - Whether a file of a library is the one that a word means.
 * @word: "libc", "libc.so" or "libc.so.6"
 * @file: name of the file, without folders
 */
bool library_is(const char *word, const char *file)
{
	size_t len = strlen(word);

	if (strncmp(file, word, len))
		return false;
	if (!strstr(word, ".so"))
		return !strncmp(file + len, ".so", 3) && (!file[len + 3] || file[len + 3] == '.');
	return !file[len] || file[len] == '.';
}

static char *find_cached(const void *file, size_t size, const char *word)
{
	const struct cache *c = memmem(file, size, MAGIC, strlen(MAGIC));
	size_t left = c ? size - (size_t)((const char *)c - (const char *)file) : 0;
	const char *text = (const char *)c;
	uint32_t i;

	if (left < sizeof(*c) || c->n > (left - sizeof(*c)) / sizeof(c->v[0]))
		return NULL;
	for (i = 0; i < c->n; i++) {
		const struct cached *e = &c->v[i];

		if ((e->flags & 0xff00) != ABI || e->variant || e->name >= left ||
		    e->path >= left || !memchr(text + e->name, 0, left - e->name) ||
		    !memchr(text + e->path, 0, left - e->path))
			continue;
		if (library_is(word, text + e->name))
			return copy_string(text + e->path);
	}
	return NULL;
}

static char *find_in_cache(const char *word)
{
	int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
	char *found = NULL;
	struct stat st;
	void *file;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 0) {
		file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file != MAP_FAILED) {
			found = find_cached(file, (size_t)st.st_size, word);
			munmap(file, (size_t)st.st_size);
		}
	}
	close(fd);
	return found;
}

static char *find_in_folder(const char *folder, const char *word)
{
	DIR *dir = opendir(folder);
	struct buf path = {};
	struct dirent *d;

	while (dir && !path.len && (d = readdir(dir)))
		if (library_is(word, d->d_name))
			buf_printf(&path, "%s/%s", folder, d->d_name);
	if (dir)
		closedir(dir);
	return path.p;
}

/** library_find() - The file of a library that the loader would take. Return: to free, or NULL. */
char *library_find(const char *word)
{
	static const char *const folders[] = {
		"/lib/" TRIPLET, "/usr/lib/" TRIPLET, "/lib64", "/usr/lib64", "/lib", "/usr/lib",
		"/usr/local/lib",
	};
	char *found = find_in_cache(word);
	size_t i;

	for (i = 0; !found && i < ARRAY_SIZE(folders); i++)
		found = find_in_folder(folders[i], word);
	return found;
}
