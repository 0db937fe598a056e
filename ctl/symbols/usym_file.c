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
#include <unistd.h>

#include "lib/buf.h"
#include "symbols/usyms.h"

static int compare_symbols(const void *a, const void *b)
{
	const struct usym_symbol *x = a;
	const struct usym_symbol *y = b;

	if (x->start != y->start)
		return x->start > y->start ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void load_section(struct usyms *u, struct usym_file *f, Elf *elf, Elf_Scn *section,
			 const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	size_t i;

	if (!data || n > INT32_MAX)
		return;
	for (i = 0; i < n; i++) {
		struct usym_symbol *s;
		const char *name;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || !sym.st_value)
			continue;
		if (GELF_ST_TYPE(sym.st_info) != STT_FUNC &&
		    GELF_ST_TYPE(sym.st_info) != STT_GNU_IFUNC)
			continue;
		name = elf_strptr(elf, header->sh_link, sym.st_name);
		if (!name || !*name)
			continue;
		f->v = grow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
		s = &f->v[f->n++];
		s->start = sym.st_value;
		s->end = sym.st_value + sym.st_size;
		s->name = pool_intern(&u->names, name);
	}
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

static void load_elf(struct usyms *u, struct usym_file *f, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
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
	}
	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			load_section(u, f, elf, section, &header);
	f->program = is_program(elf);
	if (f->n)
		qsort(f->v, f->n, sizeof(*f->v), compare_symbols);
}

/** usym_file_read() - Read the symbols of a file as process @pid sees it, unless they were. */
void usym_file_read(struct usyms *u, uint32_t pid, struct usym_file *f)
{
	Elf *elf;
	int fd;

	if (f->read || f->tried == pid)
		return;
	/* Another process may see it. */
	f->tried = pid;
	if (*f->path != '/' || elf_version(EV_CURRENT) == EV_NONE)
		return;
	fd = usyms_open_file(u, pid, f);
	if (fd < 0)
		return;
	f->read = true;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		load_elf(u, f, elf);
	elf_end(elf);
	close(fd);
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

/** usym_file_symbol() - The symbol at a place in the file, and that address. Return: it or NULL. */
const struct usym_symbol *usym_file_symbol(const struct usym_file *f, uint64_t offset,
					   uint64_t *address)
{
	const struct usym_symbol *s;
	size_t lo = 0;
	size_t hi = f->n;

	if (!usym_file_address(f, offset, address))
		return NULL;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->v[mid].start <= *address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	s = &f->v[lo - 1];
	/* Hand-written code often has no size; it reaches to the next symbol. */
	return *address < s->end || s->end == s->start ? s : NULL;
}

void usym_file_free(void *file)
{
	struct usym_file *f = file;

	free(f->v);
	free(f->segment);
	free(f);
}
