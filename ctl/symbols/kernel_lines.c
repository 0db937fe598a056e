// SPDX-License-Identifier: GPL-2.0
/*
 * Lines and inlined functions of kernel code, where its debug symbols are installed: the
 * running kernel's by its build ID, in which addresses are moved by one distance, and
 * modules', whose sections were put to different places, which libdwfl follows.
 */

#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/lines.h"
#include "symbols/elf_debug.h"
#include "symbols/elf_symbols.h"
#include "symbols/kernel_lines.h"
#include "symbols/libdw.h"

/* A symbol of every kernel. */
#define BEGIN		"_stext"
#define KALLSYMS	"/proc/kallsyms"
#define ID_MAX		64

struct kernel_file {
	struct debug_info *debug;	/* NULL: there is none */
	uint64_t	moved;		/* from an address of the file to one of the kernel */
	Dwfl		*dwfl;		/* of a module; or NULL */
};

/* The build ID among notes, as the kernel and its modules show them. Return: its length, or 0. */
static size_t read_build_id(const char *path, uint8_t *id)
{
	char bytes[8192] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;
	size_t at = 0;

	if (fd >= 0)
		close(fd);
	while (n > 0 && at + sizeof(GElf_Nhdr) <= (size_t)n) {
		const GElf_Nhdr *note = (const void *)(bytes + at);
		size_t name = at + sizeof(*note);
		size_t desc = name + (note->n_namesz + 3) / 4 * 4;

		if (note->n_namesz > sizeof(bytes) || note->n_descsz > sizeof(bytes) ||
		    desc + note->n_descsz > (size_t)n)
			break;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    !memcmp(bytes + name, "GNU", 4) && note->n_descsz <= ID_MAX) {
			memcpy(id, bytes + desc, note->n_descsz);
			return note->n_descsz;
		}
		at = desc + (note->n_descsz + 3) / 4 * 4;
	}
	return 0;
}

/* Where the kernel's code begins; 0 where that is hidden. */
static uint64_t running_begin(void)
{
	unsigned long long address = 0;
	struct lines l;
	bool found = false;
	char name[32];
	size_t len;
	char *line;

	if (lines_open(&l, KALLSYMS))
		return 0;
	while (!found && (line = lines_next(&l, &len)))
		found = sscanf(line, "%llx %*c %31s", &address, name) == 2 && !strcmp(name, BEGIN);
	lines_close(&l);
	return found ? address : 0;
}

static uint64_t begin_in_file(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf_Data *data;
	GElf_Sym sym;
	size_t i;

	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(section, NULL);
		for (i = 0; data && gelf_getsym(data, (int)i, &sym); i++) {
			const char *name = elf_strptr(elf, header.sh_link, sym.st_name);

			if (name && !strcmp(name, BEGIN))
				return sym.st_value;
		}
	}
	return 0;
}

static void open_kernel(struct kernel_lines *k, struct kernel_file *f)
{
	uint64_t begin = running_begin();
	struct utsname name;
	uint8_t id[ID_MAX];
	uint64_t in_file;
	char path[256];
	bool large;
	size_t len = begin ? read_build_id("/sys/kernel/notes", id) : 0;
	Elf *elf;
	int fd;

	if (!len || uname(&name))
		return;
	snprintf(path, sizeof(path), "/usr/lib/debug/boot/vmlinux-%s", name.release);
	fd = elf_debug_by_id(id, len, path);
	if (fd < 0)
		return;
	elf = elf_symbols_open(fd);
	in_file = elf ? begin_in_file(elf) : 0;
	if (in_file && debug_info_has(elf)) {
		f->moved = begin - in_file;
		f->debug = debug_info_open(elf, fd, &k->bytes, &large);
		k->large += large;
	} else {
		elf_end(elf);
	}
	close(fd);
}

static int no_other_file(Dwfl_Module *module, void **arg, const char *name, Dwarf_Addr base,
			 const char *file, const char *link, GElf_Word sum, char **found)
{
	return -1;
}

static void open_module(struct kernel_file *f, const char *module)
{
	static Dwfl_Callbacks calls = { .find_debuginfo = no_other_file };
	const struct libdw *dw = libdw();
	Dwfl_Module *m = NULL;
	Dwarf *dwarf = NULL;
	uint8_t id[ID_MAX];
	Dwarf_Addr moved;
	char path[256];
	size_t len;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", module);
	len = dw ? read_build_id(path, id) : 0;
	fd = len ? elf_debug_by_id(id, len, NULL) : -1;
	if (fd < 0)
		return;
	calls.section_address = dw->dwfl_section_address;
	f->dwfl = dw->dwfl_begin(&calls);
	/* It closes the descriptor when it has taken the file. */
	if (f->dwfl)
		m = dw->dwfl_report_elf(f->dwfl, module, module, fd, 0, false);
	if (m && !dw->dwfl_report_end(f->dwfl, NULL, NULL))
		dwarf = dw->dwfl_module_getdwarf(m, &moved);
	if (!m)
		close(fd);
	if (!dwarf)
		return;
	f->moved = moved;
	f->debug = debug_info_of(dwarf);
}

/**
 * kernel_lines_find() - Find the functions and lines of an address of the kernel.
 * @module: that has it; "" for the kernel itself
 *
 * Return: what is known, until the next call; NULL where no debug symbols are installed.
 */
const struct debug_code *kernel_lines_find(struct kernel_lines *k, const char *module,
					   uint64_t address)
{
	const char *name = pool_intern(&k->names, module);
	struct kernel_file *f = map_get(&k->files, (uint64_t)(uintptr_t)name);

	if (!f) {
		f = zalloc(sizeof(*f));
		map_set(&k->files, (uint64_t)(uintptr_t)name, f);
		if (*module)
			open_module(f, module);
		else
			open_kernel(k, f);
	}
	return f->debug ? debug_info_find(f->debug, address - f->moved, &k->names, false) : NULL;
}

static void free_file(void *file)
{
	struct kernel_file *f = file;

	debug_info_free(f->debug);
	if (f->dwfl)
		libdw()->dwfl_end(f->dwfl);
	free(f);
}

void kernel_lines_free(struct kernel_lines *k)
{
	map_free(&k->files, free_file);
	pool_free(&k->names);
}
