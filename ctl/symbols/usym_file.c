// SPDX-License-Identifier: GPL-2.0
/*
 * Symbols of a file that processes have mapped. The program headers turn a place
 * in the file into the address that its symbols use. So it does not matter where
 * it was loaded.
 */

#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "lib/buf.h"
#include "symbols/elf_debug.h"
#include "symbols/elf_symbols.h"
#include "symbols/mini_debug.h"
#include "symbols/usyms.h"

/*
 * Of the names of an address the one that is written without leading underscores is last, and
 * that of a function behind that of a label.
 */
static int compare_symbols(const void *a, const void *b)
{
	const struct usym_symbol *x = a;
	const struct usym_symbol *y = b;
	size_t nx = strspn(x->name, "_");
	size_t ny = strspn(y->name, "_");

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	if (x->label != y->label)
		return x->label ? -1 : 1;
	if (nx != ny)
		return nx < ny ? 1 : -1;
	return strcmp(y->name, x->name);
}

struct loading {
	struct usyms	*u;
	struct usym_file *f;
};

static void take_symbol(void *arg, const struct elf_symbol *symbol)
{
	struct loading *l = arg;
	struct usym_file *f = l->f;
	struct usym_symbol *s;

	if (symbol->data) {
		f->data = grow(f->data, &f->cap_data, f->nr_data + 1, sizeof(*f->data));
		s = &f->data[f->nr_data++];
	} else {
		f->v = grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
		s = &f->v[f->n++];
	}
	*s = (struct usym_symbol) {
		.start = symbol->address,
		.end = symbol->address + symbol->size,
		.name = elf_symbol_name(&l->u->names, symbol->name),
		.label = symbol->label,
	};
}

/* A program, whose code has one place: not a library, which says so by the lack of DF_1_PIE. */
static bool is_program(Elf *elf)
{
	Elf_Scn *section = NULL;
	Elf_Data *data;
	GElf_Shdr header;
	GElf_Ehdr file;
	GElf_Dyn dyn;
	int i;

	if (!gelf_getehdr(elf, &file))
		return false;
	if (file.e_type == ET_EXEC)
		return true;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
			continue;
		data = elf_getdata(section, NULL);
		for (i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++)
			if (dyn.d_tag == DT_FLAGS_1)
				return dyn.d_un.d_val & DF_1_PIE;
	}
	return false;
}

static void load_segments(struct usym_file *f, Elf *elf)
{
	size_t nr = 0;
	size_t i;

	if (elf_getphdrnum(elf, &nr))
		return;
	for (i = 0; i < nr; i++) {
		struct usym_segment *s;
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
			continue;
		f->segment = grow(f->segment, &f->cap_segments, f->nr_segments + 1, sizeof(*s));
		s = &f->segment[f->nr_segments++];
		s->offset = ph.p_offset;
		s->size = ph.p_filesz;
		s->address = ph.p_vaddr;
		s->memory = ph.p_memsz;
	}
}

/* Those of a stripped file are in its file of debug symbols, or some of them in itself. */
static void load_symbols(struct loading *l, Elf *elf, Elf *debug)
{
	struct buf bytes = {};
	Elf *mini;

	if (elf_symbols_each(elf, take_symbol, l) ||
	    (debug && elf_symbols_each(debug, take_symbol, l)))
		return;
	mini = mini_debug_open(elf, &bytes);
	if (mini)
		elf_symbols_each(mini, take_symbol, l);
	elf_end(mini);
	buf_free(&bytes);
}

static bool wants_debug(const struct usyms *u)
{
	return !u->no_debug && (u->lines || !u->no_inlined);
}

/* Debug information stays open; what has none is closed. */
static void keep_or_close(struct loading *l, Elf *elf, int fd)
{
	struct usyms *u = l->u;
	struct usym_file *f = l->f;
	bool large = false;

	if (elf && !f->debug && wants_debug(u) && debug_info_has(elf))
		f->debug = debug_info_open(elf, fd, &u->debug_bytes, &large);
	else
		elf_end(elf);
	u->debug_large += large;
	if (fd >= 0)
		close(fd);
}

/* Labels in functions are no names of their own. */
static void drop_labels(struct usym_file *f)
{
	uint64_t end = 0;
	size_t n = 0;
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (f->v[i].label && f->v[i].start < end)
			continue;
		if (f->v[i].end > end)
			end = f->v[i].end;
		f->v[n++] = f->v[i];
	}
	f->n = n;
}

static void load_elf(struct loading *l, Elf *elf, int fd, const char *root)
{
	struct usym_file *f = l->f;
	bool whole = elf_section(elf, ".symtab") && (debug_info_has(elf) || !wants_debug(l->u));
	int debug_fd = whole ? -1 : elf_debug_open(elf, root, f->path);
	Elf *debug = debug_fd >= 0 ? elf_symbols_open(debug_fd) : NULL;

	load_segments(f, elf);
	load_symbols(l, elf, debug);
	f->program = is_program(elf);
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_symbols);
	drop_labels(f);
	if (f->nr_data)
		qsort(f->data, f->nr_data, sizeof(*f->data), compare_symbols);
	keep_or_close(l, elf, fd);
	keep_or_close(l, debug, debug_fd);
}

/* All processes of the kernel's own architecture have the same one. */
static Elf *open_vdso(void)
{
	char *image = (char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *h = (const void *)image;

	if (!image || elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	return elf_memory(image, h->e_shoff + (size_t)h->e_shnum * h->e_shentsize);
}

/** usym_file_read() - Read a mapped file as process @pid sees it, unless it was read. */
void usym_file_read(struct usyms *u, uint32_t pid, const struct usym_mapping *m)
{
	struct usym_file *f = m->file;
	struct loading l = { .u = u, .f = f };
	struct buf root = {};
	Elf *elf;
	int fd = -1;

	if (f->read || f->tried == pid)
		return;
	/* Another process may see it. */
	f->tried = pid;
	if (!strcmp(f->path, USYM_VDSO)) {
		elf = open_vdso();
	} else {
		fd = *f->path == '/' ? usyms_open_file(u, pid, m, &root) : -1;
		elf = fd >= 0 ? elf_symbols_open(fd) : NULL;
	}
	f->read = fd >= 0 || elf;
	if (elf)
		load_elf(&l, elf, fd, root.p ? root.p : "");
	else if (fd >= 0)
		close(fd);
	buf_free(&root);
}

/** usym_file_address() - The address that the file itself has for a place in it. */
bool usym_file_address(const struct usym_file *f, uint64_t offset, uint64_t *address)
{
	size_t i;

	for (i = 0; i < f->nr_segments; i++) {
		if (offset - f->segment[i].offset >= f->segment[i].size)
			continue;
		*address = offset - f->segment[i].offset + f->segment[i].address;
		return true;
	}
	return false;
}

/** usym_file_symbol() - Return: the symbol at an address of the file, or NULL. */
struct usym_symbol *usym_file_symbol(const struct usym_file *f, uint64_t address)
{
	struct usym_symbol *s;
	size_t lo = 0;
	size_t hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->v[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	s = &f->v[lo - 1];
	/* Hand-written code often has no size; it reaches to the next symbol. */
	return address < s->end || s->end == s->start ? s : NULL;
}

void usym_file_free(void *file)
{
	struct usym_file *f = file;

	debug_info_free(f->debug);
	free(f->v);
	free(f->data);
	free(f->segment);
	free(f);
}
