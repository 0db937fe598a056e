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

#define DEBUG_DIR	"/usr/lib/debug"

/* The folder of debug files; tests have their own. */
static const char *debug_dir(void)
{
	const char *dir = getenv("OBSCTL_DEBUG_DIR");

	return dir ? dir : DEBUG_DIR;
}

static Elf_Data *section_data(Elf *elf, const char *wanted)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &header) ?
				   elf_strptr(elf, names, header.sh_name) : NULL;

		if (name && !strcmp(name, wanted) && header.sh_type != SHT_NOBITS)
			return elf_getdata(section, NULL);
	}
	return NULL;
}

/* The build ID in hexadecimal, or without text. */
static void build_id(Elf *elf, struct buf *out)
{
	Elf_Data *data = section_data(elf, ".note.gnu.build-id");
	size_t name, desc, i;
	GElf_Nhdr note;

	if (!data || !gelf_getnote(data, 0, &note, &name, &desc) ||
	    note.n_type != NT_GNU_BUILD_ID || desc + note.n_descsz > data->d_size)
		return;
	for (i = 0; i < note.n_descsz; i++)
		buf_printf(out, "%02x", ((const uint8_t *)data->d_buf)[desc + i]);
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
	elf = elf_begin(fd, ELF_C_READ, NULL);
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
static int open_linked(Elf *elf, const char *path, const struct buf *id)
{
	Elf_Data *data = section_data(elf, ".gnu_debuglink");
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
		buf_printf(&name, "%s%.*s%s/%s", i == 2 ? debug_dir() : "", folder, path,
			   i == 1 ? "/.debug" : "", (const char *)data->d_buf);
		fd = open_if(name.p, id, &sum);
	}
	buf_free(&name);
	return fd;
}

/**
 * elf_debug_open() - Open the file that has the debug symbols of another one.
 * @elf: the other one
 * @path: its absolute path
 *
 * Return: a descriptor, or -1.
 */
int elf_debug_open(struct Elf *elf, const char *path)
{
	struct buf name = {};
	struct buf id = {};
	int fd = -1;

	build_id(elf, &id);
	if (id.len > 2) {
		buf_printf(&name, "%s/.build-id/%.2s/%s.debug", debug_dir(), id.p, id.p + 2);
		fd = open_if(name.p, &id, NULL);
	}
	if (fd < 0)
		fd = open_linked(elf, path, &id);
	buf_free(&name);
	buf_free(&id);
	return fd;
}
