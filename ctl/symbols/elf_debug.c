// SPDX-License-Identifier: GPL-2.0
/*
 * The file that has the debug symbols of another one: by its build ID, or by the name
 * that the section .gnu_debuglink gives, as debuggers look for it. It is the other's
 * only if it has the same build ID, or, without one, the checksum of the section.
 */

#include <fcntl.h>
#include <gelf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "symbols/elf_debug.h"
#include "symbols/elf_symbols.h"

#define DEBUG_DIR	"/usr/lib/debug"

/* The folder of debug files; tests have their own. */
static const char *debug_dir(void)
{
	const char *dir = getenv("OBSCTL_DEBUG_DIR");

	return dir ? dir : DEBUG_DIR;
}

static void add_hex(struct buf *out, const void *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_printf(out, "%02x", ((const uint8_t *)bytes)[i]);
}

/* The build ID in hexadecimal, or without text. */
static void build_id(Elf *elf, struct buf *out)
{
	Elf_Data *data = elf_section_data(elf, ".note.gnu.build-id");
	size_t name, desc;
	GElf_Nhdr note;

	if (!data || !gelf_getnote(data, 0, &note, &name, &desc) ||
	    note.n_type != NT_GNU_BUILD_ID || desc + note.n_descsz > data->d_size)
		return;
	add_hex(out, (const uint8_t *)data->d_buf + desc, note.n_descsz);
}

/* The checksum of .gnu_debuglink: CRC-32, as of zlib. */
static uint32_t checksum(int fd)
{
	uint32_t crc = UINT32_MAX;
	static uint8_t bytes[1 << 16];
	ssize_t n, i;
	int bit;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		for (i = 0; i < n; i++) {
			crc ^= bytes[i];
			for (bit = 0; bit < 8; bit++)
				crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		}
	}
	lseek(fd, 0, SEEK_SET);
	return ~crc;
}

/* Whether a file belongs to the one with this build ID, or this checksum. */
static bool belongs(int fd, const struct buf *id, const uint32_t *sum)
{
	struct buf other = {};
	Elf *elf;
	bool same;

	if (!id->len)
		return sum && checksum(fd) == *sum;
	elf = elf_symbols_open(fd);
	if (elf)
		build_id(elf, &other);
	elf_end(elf);
	same = other.len && !strcmp(other.p, id->p);
	buf_free(&other);
	return same;
}

static int open_if(const char *path, const struct buf *id, const uint32_t *sum)
{
	struct stat st;
	int fd;

	/* The name is the other file's: to open a device can have effects. */
	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode) || !belongs(fd, id, sum))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* By .gnu_debuglink: a name, filled up to 4 bytes, and a checksum. */
static int open_linked(Elf *elf, const char *root, const char *path, const struct buf *id)
{
	Elf_Data *data = elf_section_data(elf, ".gnu_debuglink");
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) : 0;
	struct buf name = {};
	uint32_t sum;
	size_t len;
	int fd = -1;
	int i;

	len = data ? strnlen(data->d_buf, data->d_size) : 0;
	if (!len || (len + 4) / 4 * 4 + 4 > data->d_size || memchr(data->d_buf, '/', len))
		return -1;
	memcpy(&sum, (const char *)data->d_buf + (len + 4) / 4 * 4, sizeof(sum));
	for (i = 0; i < 3 && fd < 0; i++) {
		name.len = 0;
		buf_printf(&name, "%s%s%.*s%s/%s", root, i == 2 ? debug_dir() : "", folder, path,
			   i == 1 ? "/.debug" : "", (const char *)data->d_buf);
		fd = open_if(name.p, id, &sum);
	}
	buf_free(&name);
	return fd;
}

static int open_by_id(const char *root, const struct buf *id)
{
	struct buf name = {};
	int fd;

	if (id->len <= 2)
		return -1;
	buf_printf(&name, "%s%s/.build-id/%.2s/%s.debug", root, debug_dir(), id->p, id->p + 2);
	fd = open_if(name.p, id, NULL);
	buf_free(&name);
	return fd;
}

/**
 * elf_debug_open() - Open the file that has the debug symbols of another one.
 * @elf: the other one
 * @root: the root directory of who uses it, without a slash at its end
 * @path: its absolute path in there
 *
 * Return: a descriptor, or -1.
 */
int elf_debug_open(Elf *elf, const char *root, const char *path)
{
	struct buf id = {};
	int fd;

	build_id(elf, &id);
	fd = open_by_id("", &id);
	if (fd < 0 && *root)
		fd = open_by_id(root, &id);
	if (fd < 0)
		fd = open_linked(elf, root, path, &id);
	buf_free(&id);
	return fd;
}

/**
 * elf_debug_by_id() - Open the debug symbols of what has a build ID, of @len bytes.
 * @path: of a file that may be it, too; or NULL
 *
 * Return: a descriptor, or -1.
 */
int elf_debug_by_id(const void *id, size_t len, const char *path)
{
	struct buf text = {};
	int fd;

	add_hex(&text, id, len);
	fd = open_by_id("", &text);
	if (fd < 0 && path && text.len)
		fd = open_if(path, &text, NULL);
	buf_free(&text);
	return fd;
}

/**
 * elf_debug_shared() - Open what dwz took out of several files with debug symbols.
 * @fd: one of these
 * @name: its path, as that one has it
 * @id: its build ID, of @len bytes
 *
 * Return: a descriptor, or -1.
 */
int elf_debug_shared(int fd, const char *name, const void *id, size_t len)
{
	struct buf link = {};
	struct buf text = {};
	char path[4096] = "";
	char *slash;
	int found;

	add_hex(&text, id, len);
	if (*name != '/') {
		buf_printf(&link, "/proc/self/fd/%d", fd);
		if (readlink(link.p, path, sizeof(path) - 1) < 0)
			*path = 0;
		slash = strrchr(path, '/');
		if (slash)
			*slash = 0;
		link.len = 0;
	}
	buf_printf(&link, "%s%s%s", path, *name == '/' ? "" : "/", name);
	found = text.len ? open_if(link.p, &text, NULL) : -1;
	if (found < 0)
		found = open_by_id("", &text);
	buf_free(&link);
	buf_free(&text);
	return found;
}
