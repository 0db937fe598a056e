// SPDX-License-Identifier: GPL-2.0
/*
 * A copy of /proc/kallsyms in /run/obsctl, because the kernel takes 2,000
 * instructions to format each symbol, for every reader anew.
 *
 * The copy is valid as long as its key is: the boot, and of every module the
 * name, the inode of its directory in /sys/module, the address and the size.
 * The inode is a number that the kernel gives once per boot, so that a module
 * that was loaded again has another, whatever else is equal. Symbols of code
 * generated at run time come and go without a change of the key: no reader gets
 * them from here.
 *
 * A file is trusted that belongs to the effective user, as does its directory,
 * and that no other user can write or read. Who is not shown addresses by
 * /proc/kallsyms now gets none from here either: the beginning is compared.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/lines.h"
#include "symbols/modules.h"
#include "symbols/symbol_cache.h"

#define NAME	"kallsyms"

static const struct symbol_cache_paths system_paths = {
	.dir = "/run/obsctl",
	.kallsyms = "/proc/kallsyms",
	.modules = "/proc/modules",
	.sysfs = "/sys/module",
	.boot_id = "/proc/sys/kernel/random/boot_id",
};

static bool add_module(struct buf *key, const struct module *m, const char *sysfs)
{
	struct buf path = {};
	struct stat st;
	bool found;

	buf_printf(&path, "%s/%s", sysfs, m->name);
	found = !stat(path.p, &st);
	buf_free(&path);
	if (found)
		buf_printf(key, "%s %llu %llx %llx\n", m->name, (unsigned long long)st.st_ino,
			   (unsigned long long)m->start, (unsigned long long)m->end);
	return found;
}

/* Return: false when symbols are about to change, since a module comes or goes. */
static bool make_key(struct buf *key, const struct symbol_cache_paths *paths)
{
	struct modules modules = {};
	char boot[64];
	bool stable;
	size_t i;

	stable = read_file(paths->boot_id, boot, sizeof(boot)) > 0;
	if (stable)
		buf_printf(key, "obsctl symbols 1 %s\n", boot);
	modules_read(&modules, paths->modules);
	for (i = 0; stable && i < modules.n; i++)
		stable = modules.v[i].live && add_module(key, &modules.v[i], paths->sysfs);
	buf_putc(key, '\n');
	modules_free(&modules);
	return stable;
}

static int check_owner(int fd, mode_t others)
{
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & others)))
		return fd;
	close(fd);
	return -1;
}

static int open_dir(const char *path)
{
	return check_owner(open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 022);
}

/* Whether a line begins with an address other than 0. */
static bool shows_addresses(const char *text, size_t len)
{
	const char *end = text + len;

	while (text && text < end) {
		if (text[strspn(text, "0")] != ' ')
			return true;
		text = memchr(text, '\n', (size_t)(end - text));
		text += !!text;
	}
	return false;
}

static bool begins_as(int fd, size_t from, const char *kallsyms)
{
	char shown[4096 + 1];
	char copy[4096];
	int live = open(kallsyms, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (live < 0)
		return false;
	len = read(live, shown, sizeof(shown) - 1);
	close(live);
	if (len <= 0)
		return false;
	shown[len] = 0;
	return pread(fd, copy, (size_t)len, (off_t)from) == len &&
	       !memcmp(shown, copy, (size_t)len) && shows_addresses(shown, (size_t)len);
}

static bool has_key(int fd, const struct buf *key)
{
	struct buf found = {};
	bool same;

	found.p = grow(NULL, &found.cap, key->len, 1);
	same = read(fd, found.p, key->len) == (ssize_t)key->len &&
	       !memcmp(found.p, key->p, key->len);
	buf_free(&found);
	return same;
}

/**
 * symbol_cache_open() - Find the copy.
 * @paths: NULL for the system's
 *
 * Return: a file descriptor whose next byte is the first of the symbols, or -1
 * when there is no copy, or none that is valid.
 */
int symbol_cache_open(const struct symbol_cache_paths *paths)
{
	struct buf key = {};
	int dir;
	int fd;

	if (!paths)
		paths = &system_paths;
	dir = open_dir(paths->dir);
	if (dir < 0)
		return -1;
	fd = check_owner(openat(dir, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), 077);
	close(dir);
	if (fd < 0)
		return -1;
	if (!make_key(&key, paths) || !has_key(fd, &key) ||
	    !begins_as(fd, key.len, paths->kallsyms)) {
		close(fd);
		fd = -1;
	}
	buf_free(&key);
	return fd;
}

/**
 * symbol_cache_create() - Begin a copy; what is written to @c->fd becomes one.
 * @paths: NULL for the system's
 *
 * Return: 0, or -1 when there can be none.
 */
int symbol_cache_create(struct symbol_cache *c, const struct symbol_cache_paths *paths)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	c->paths = paths ? paths : &system_paths;
	if (mkdir(c->paths->dir, 0700) && errno != EEXIST)
		return -1;
	c->dir = open_dir(c->paths->dir);
	if (c->dir < 0)
		return -1;
	/* Without a name until it is complete: nothing stays when obsctl is killed. */
	modules_read(&c->modules, c->paths->modules);
	if (make_key(&c->key, c->paths))
		c->fd = openat(c->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (c->fd >= 0 && write(c->fd, c->key.p, c->key.len) == (ssize_t)c->key.len)
		return 0;
	symbol_cache_finish(c, false);
	return -1;
}

static void publish(const struct symbol_cache *c)
{
	char new[64];
	char file[64];

	snprintf(new, sizeof(new), NAME ".%d", (int)getpid());
	snprintf(file, sizeof(file), "/proc/self/fd/%d", c->fd);
	unlinkat(c->dir, new, 0);
	if (!linkat(AT_FDCWD, file, c->dir, new, AT_SYMLINK_FOLLOW) &&
	    renameat(c->dir, new, c->dir, NAME))
		unlinkat(c->dir, new, 0);
}

/**
 * symbol_cache_saw() - Note that the copy has a symbol of a module.
 *
 * A module that is not in the key's list was loaded and unloaded while the
 * symbols were read: the key is the same before and after, but the copy is not
 * used.
 */
void symbol_cache_saw(struct symbol_cache *c, const char *module)
{
	c->torn |= !modules_find(&c->modules, module);
}

/** symbol_cache_finish() - End what symbol_cache_create() began; the copy is used if @complete. */
void symbol_cache_finish(struct symbol_cache *c, bool complete)
{
	struct buf key = {};

	if (complete && !c->torn && make_key(&key, c->paths) && key.len == c->key.len &&
	    !memcmp(key.p, c->key.p, key.len))
		publish(c);
	buf_free(&key);
	buf_free(&c->key);
	modules_free(&c->modules);
	if (c->fd >= 0)
		close(c->fd);
	close(c->dir);
	c->fd = -1;
}
