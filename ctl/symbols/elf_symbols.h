/* SPDX-License-Identifier: GPL-2.0 */
/* What is read of ELF files by all that reads them. */
#ifndef OBSCTL_ELF_SYMBOLS_H
#define OBSCTL_ELF_SYMBOLS_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/map.h"

/* The symbol of a function, or of a variable. */
struct elf_symbol {
	const char	*name;		/* with its version: elf_symbol_name() is without */
	uint64_t	address;
	uint64_t	size;		/* 0: not known */
	bool		data;		/* it is a variable's */
	bool		indirect;	/* chooses an implementation, and is none */
	bool		label;		/* a place in code, which may be a function's begin */
};

typedef void (*elf_symbol_fn)(void *arg, const struct elf_symbol *symbol);

bool elf_symbols_mapped(int fd);
Elf *elf_symbols_open(int fd);
bool elf_symbols_each(Elf *elf, elf_symbol_fn take, void *arg);
bool elf_symbols_import(Elf *elf, const char *name);
const char *elf_symbol_name(struct pool *names, const char *name);
Elf_Scn *elf_section(Elf *elf, const char *wanted);
Elf_Data *elf_section_data(Elf *elf, const char *wanted);

#endif
