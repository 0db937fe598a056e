// SPDX-License-Identifier: GPL-2.0
/*
 * Where the functions of a program or library begin in its file, by its own symbols. A file
 * that is none, or for another architecture, has none.
 */

#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "lib/macros.h"
#include "symbols/elf_code.h"
#include "symbols/elf_symbols.h"

#ifdef __aarch64__
#define MACHINE	EM_AARCH64
#else
#define MACHINE	EM_X86_64
#endif

struct reader {
	Elf		*elf;
	int		fd;
	elf_code_fn	take;
	void		*arg;
};

static bool find_offset(Elf *elf, uint64_t address, uint64_t *offset)
{
	GElf_Phdr ph;
	size_t n = 0;
	size_t i;

	if (elf_getphdrnum(elf, &n))
		return false;
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD ||
		    !(ph.p_flags & PF_X) || address - ph.p_vaddr >= ph.p_filesz)
			continue;
		*offset = address - ph.p_vaddr + ph.p_offset;
		return true;
	}
	return false;
}

static void take_symbol(void *arg, const struct elf_symbol *symbol)
{
	size_t len = strcspn(symbol->name, "@");
	const struct reader *r = arg;
	uint64_t bytes = 0;
	uint64_t offset;
	char name[256];

	if (symbol->data || symbol->indirect || len >= sizeof(name) ||
	    !find_offset(r->elf, symbol->address, &offset) ||
	    pread(r->fd, &bytes, sizeof(bytes), (off_t)offset) <= 0)
		return;
	memcpy(name, symbol->name, len);
	name[len] = 0;
	r->take(r->arg, name, offset, bytes);
}

static bool is_ours(Elf *elf)
{
	GElf_Ehdr header;

	return gelf_getehdr(elf, &header) && header.e_ident[EI_CLASS] == ELFCLASS64 &&
	       header.e_machine == MACHINE &&
	       (header.e_type == ET_EXEC || header.e_type == ET_DYN);
}

/** elf_code_each() - Call @take for each function of a file; one with several names has several. */
void elf_code_each(const char *path, elf_code_fn take, void *arg)
{
	struct reader r = { .take = take, .arg = arg };

	r.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (r.fd < 0)
		return;
	r.elf = elf_symbols_open(r.fd);
	if (r.elf && is_ours(r.elf))
		elf_symbols_each(r.elf, take_symbol, &r);
	elf_end(r.elf);
	close(r.fd);
}
