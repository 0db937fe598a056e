// SPDX-License-Identifier: GPL-2.0
/*
 * Functions of a program or library, by libelf: those of its symbol tables, and of
 * the file with its debug symbols where that is installed. Program headers tell
 * where an address is in the file.
 */

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/diag.h"
#include "symbols/elf_debug.h"
#include "symbols/elf_functions.h"
#include "symbols/elf_symbols.h"

#ifdef __aarch64__
#define MACHINE		EM_AARCH64
#else
#define MACHINE		EM_X86_64
#endif

/* Of the names of an address the one that is written without leading underscores. */
static int compare_functions(const void *a, const void *b)
{
	const struct elf_function *x = a;
	const struct elf_function *y = b;
	size_t nx = strspn(x->name, "_");
	size_t ny = strspn(y->name, "_");

	if (x->address != y->address)
		return x->address > y->address ? 1 : -1;
	if (nx != ny)
		return nx > ny ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void take_symbol(void *arg, const struct elf_symbol *symbol)
{
	struct elf_functions *f = arg;

	if (symbol->data || symbol->label)
		return;
	f->v = grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = (struct elf_function) {
		.name = elf_symbol_name(&f->names, symbol->name),
		.address = symbol->address,
		.size = symbol->size,
		.indirect = symbol->indirect,
	};
}

static void load_symbols(struct elf_functions *f, Elf *elf)
{
	if (elf_symbols_each(elf, take_symbol, f))
		f->stripped = false;
}

static void load_segments(struct elf_functions *f, Elf *elf)
{
	size_t n = 0;
	GElf_Phdr ph;
	size_t i;

	if (elf_getphdrnum(elf, &n))
		return;
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		f->segments = grow(f->segments, &f->cap_segments, f->nr_segments + 1,
				   sizeof(*f->segments));
		f->segments[f->nr_segments++] = (struct elf_segment) {
			.address = ph.p_vaddr, .offset = ph.p_offset, .size = ph.p_filesz,
		};
	}
}

static void load_debug(struct elf_functions *f, Elf *elf, const char *path)
{
	int fd = elf_debug_open(elf, "", path);
	Elf *debug;

	if (fd < 0)
		return;
	debug = elf_begin(fd, ELF_C_READ, NULL);
	if (debug && elf_kind(debug) == ELF_K_ELF)
		load_symbols(f, debug);
	elf_end(debug);
	close(fd);
}

static int compare_names(const void *a, const void *b)
{
	const struct elf_function *x = *(const struct elf_function *const *)a;
	const struct elf_function *y = *(const struct elf_function *const *)b;

	return strcmp(x->name, y->name);
}

/* Static functions of different files can have the same name. */
static void find_twins(struct elf_functions *f)
{
	struct elf_function **sorted = NULL;
	size_t cap = 0;
	size_t i;

	sorted = grow(sorted, &cap, f->n + 1, sizeof(struct elf_function *));
	for (i = 0; i < f->n; i++)
		sorted[i] = &f->v[i];
	qsort(sorted, f->n, sizeof(struct elf_function *), compare_names);
	for (i = 1; i < f->n; i++) {
		if (!strcmp(sorted[i]->name, sorted[i - 1]->name)) {
			sorted[i - 1]->twin = true;
			sorted[i]->twin = true;
		}
	}
	free(sorted);
}

/* A name can be in both tables. */
static void sort_functions(struct elf_functions *f)
{
	size_t n = 0;
	size_t i;

	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_functions);
	for (i = 0; i < f->n; i++) {
		if (n && f->v[n - 1].address == f->v[i].address && f->v[n - 1].name == f->v[i].name)
			continue;
		f->v[n++] = f->v[i];
	}
	f->n = n;
	find_twins(f);
}

static int check_file(Elf *elf, const char *path)
{
	GElf_Ehdr header;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &header))
		return refuse("%s is no program or library (ELF)", path);
	if (header.e_ident[EI_CLASS] != ELFCLASS64)
		return refuse("%s is a 32-bit program or library: only 64-bit ones can be probed",
			      path);
	if (header.e_machine != MACHINE)
		return refuse("%s is for another architecture", path);
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return refuse("%s is an object file: it is not what runs", path);
	return 0;
}

static int load(struct elf_functions *f, Elf *elf, const char *path)
{
	int err = check_file(elf, path);

	if (err)
		return err;
	f->arm64 = MACHINE == EM_AARCH64;
	f->is_go = elf_section(elf, ".gopclntab") || elf_section(elf, ".go.buildinfo");
	f->stripped = true;
	load_segments(f, elf);
	load_symbols(f, elf);
	load_debug(f, elf, path);
	sort_functions(f);
	if (!f->n)
		return refuse("%s has no symbols of functions: it was stripped, and no file with its debug symbols is installed",
			      path);
	return 0;
}

/** elf_functions_open() - Read the functions of a file. Return: 0, or STATUS_REFUSED. */
int elf_functions_open(struct elf_functions *f, const char *path)
{
	struct stat st;
	Elf *elf;
	int err;

	memset(f, 0, sizeof(*f));
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (f->fd < 0)
		return refuse("%s cannot be read: %s", path, strerror(errno));
	if (fstat(f->fd, &st) || !S_ISREG(st.st_mode))
		return refuse("%s is no regular file", path);
	if (elf_version(EV_CURRENT) == EV_NONE)
		return refuse("libelf is another one than obsctl was built for");
	/* Not mapped: a file that is cut off meanwhile would end obsctl. */
	elf = elf_begin(f->fd, ELF_C_READ, NULL);
	err = load(f, elf, path);
	elf_end(elf);
	return err;
}

/**
 * elf_functions_next() - The next function of a name.
 * @at: where to go on; 0 at first
 *
 * Return: it, or NULL.
 */
const struct elf_function *elf_functions_next(const struct elf_functions *f, const char *name,
					      size_t *at)
{
	while (*at < f->n) {
		const struct elf_function *fn = &f->v[(*at)++];

		if (!strcmp(fn->name, name))
			return fn;
	}
	return NULL;
}

/** elf_functions_import() - Whether a file has a function of this name from a library. */
bool elf_functions_import(const struct elf_functions *f, const char *name)
{
	Elf *elf = elf_begin(f->fd, ELF_C_READ, NULL);
	bool found = elf && elf_symbols_import(elf, name);

	elf_end(elf);
	return found;
}

/** elf_functions_offset() - Where an address of code is in the file. */
bool elf_functions_offset(const struct elf_functions *f, uint64_t address, uint64_t *offset)
{
	size_t i;

	for (i = 0; i < f->nr_segments; i++) {
		const struct elf_segment *s = &f->segments[i];

		if (address - s->address >= s->size)
			continue;
		*offset = address - s->address + s->offset;
		return true;
	}
	return false;
}

/** elf_functions_end() - The address behind a function; of one without size, the next one's. */
uint64_t elf_functions_end(const struct elf_functions *f, const struct elf_function *fn)
{
	const struct elf_function *next = fn;
	size_t i;

	if (fn->size)
		return fn->address + fn->size;
	while (next < f->v + f->n && next->address == fn->address)
		next++;
	if (next < f->v + f->n)
		return next->address;
	for (i = 0; i < f->nr_segments; i++)
		if (fn->address - f->segments[i].address < f->segments[i].size)
			return f->segments[i].address + f->segments[i].size;
	return fn->address;
}

/** elf_functions_read() - Read code. Return: how many bytes there were. */
size_t elf_functions_read(const struct elf_functions *f, uint64_t address, void *to, size_t size)
{
	uint64_t offset;
	ssize_t n;

	if (!elf_functions_offset(f, address, &offset))
		return 0;
	n = pread(f->fd, to, size, (off_t)offset);
	return n > 0 ? (size_t)n : 0;
}

void elf_functions_close(struct elf_functions *f)
{
	if (f->fd >= 0)
		close(f->fd);
	pool_free(&f->names);
	free(f->segments);
	free(f->v);
	memset(f, 0, sizeof(*f));
	f->fd = -1;
}
