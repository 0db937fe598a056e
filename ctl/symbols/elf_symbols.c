// SPDX-License-Identifier: GPL-2.0
/*
 * What is read of ELF files by all that reads them: the symbols of functions and
 * variables, and sections by their names.
 */

#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "symbols/elf_symbols.h"

/**
 * elf_symbols_mapped() - Whether a file can be mapped, rather than read.
 *
 * One that its owner can cut off meanwhile is not: that would end obsctl.
 */
bool elf_symbols_mapped(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (!st.st_uid || st.st_uid == geteuid()) && !(st.st_mode & 022);
}

/** elf_symbols_open() - Open a file, whose descriptor stays open. Return: NULL if it is none. */
Elf *elf_symbols_open(int fd)
{
	Elf *elf;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	elf = elf_begin(fd, elf_symbols_mapped(fd) ? ELF_C_READ_MMAP : ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		return elf;
	elf_end(elf);
	return NULL;
}

/* Hand-written code can have names that do not say what they are. */
static bool is_label(Elf *elf, const GElf_Sym *sym)
{
	Elf_Scn *section = sym->st_shndx < SHN_LORESERVE ? elf_getscn(elf, sym->st_shndx) : NULL;
	GElf_Shdr header;

	return section && gelf_getshdr(section, &header) && header.sh_flags & SHF_EXECINSTR;
}

static void read_section(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, elf_symbol_fn take,
			 void *arg)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	size_t i;

	if (!data || n > INT32_MAX)
		return;
	for (i = 0; i < n; i++) {
		struct elf_symbol s = {};
		unsigned int type;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF || !sym.st_value)
			continue;
		type = GELF_ST_TYPE(sym.st_info);
		s.label = type == STT_NOTYPE && is_label(elf, &sym);
		if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_OBJECT && !s.label)
			continue;
		s.name = elf_strptr(elf, header->sh_link, sym.st_name);
		/* Assemblers mark data, and code of another mode, by $x and the like. */
		if (s.label && s.name && strchr("$.", *s.name))
			continue;
		s.address = sym.st_value;
		s.size = sym.st_size;
		s.data = type == STT_OBJECT;
		s.indirect = type == STT_GNU_IFUNC;
		if (s.name && *s.name)
			take(arg, &s);
	}
}

/**
 * elf_symbols_each() - Call @take for each symbol of a function, a variable or a label.
 *
 * A file has one table of each kind; one that claims to have thousands is not read for ever.
 *
 * Return: whether there is the table that strip takes away.
 */
bool elf_symbols_each(Elf *elf, elf_symbol_fn take, void *arg)
{
	Elf_Scn *section = NULL;
	bool symtab = false;
	bool dynsym = false;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		bool *seen;

		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		seen = header.sh_type == SHT_SYMTAB ? &symtab : &dynsym;
		if (!*seen)
			read_section(elf, section, &header, take, arg);
		*seen = true;
	}
	return symtab;
}

/** elf_symbols_import() - Whether a function of this name is one that a library has. */
bool elf_symbols_import(Elf *elf, const char *name)
{
	Elf_Scn *section = elf_section(elf, ".dynsym");
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Shdr header;
	GElf_Sym sym;
	int i;

	if (!data || !gelf_getshdr(section, &header))
		return false;
	for (i = 0; gelf_getsym(data, i, &sym); i++) {
		const char *s = sym.st_shndx == SHN_UNDEF && GELF_ST_TYPE(sym.st_info) == STT_FUNC ?
				elf_strptr(elf, header.sh_link, sym.st_name) : NULL;

		if (s && !strcmp(s, name))
			return true;
	}
	return false;
}

/** elf_symbol_name() - Return: a symbol's name without its version (malloc@@GLIBC_2.2.5). */
const char *elf_symbol_name(struct pool *names, const char *name)
{
	const char *at = strchr(name, '@');
	const char *kept;
	char *bare;

	if (!at || at == name)
		return pool_intern(names, name);
	bare = strndup(name, (size_t)(at - name));
	kept = pool_intern(names, bare ? bare : name);
	free(bare);
	return kept;
}

/** elf_section() - Return: the section of a name that has bytes in the file, or NULL. */
Elf_Scn *elf_section(Elf *elf, const char *wanted)
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
			return section;
	}
	return NULL;
}

Elf_Data *elf_section_data(Elf *elf, const char *wanted)
{
	Elf_Scn *section = elf_section(elf, wanted);

	return section ? elf_getdata(section, NULL) : NULL;
}
