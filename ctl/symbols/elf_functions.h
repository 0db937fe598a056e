/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of a program or library, with where they are in its file. */
#ifndef OBSCTL_ELF_FUNCTIONS_H
#define OBSCTL_ELF_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/map.h"

struct elf_function {
	const char	*name;		/* without its version */
	uint64_t	address;	/* as the file's symbols have it */
	uint64_t	size;		/* 0: not known; reaches to the next one at most */
	bool		indirect;	/* chooses an implementation, and is none */
	bool		twin;		/* another one, elsewhere, has its name */
};

/* A part of the file that becomes code. */
struct elf_segment {
	uint64_t	address;
	uint64_t	offset;
	uint64_t	size;		/* in the file */
};

struct elf_functions {
	struct elf_function *v;		/* by address, the best name of each first */
	size_t		n;
	size_t		cap;
	struct elf_segment *segments;
	size_t		nr_segments;
	size_t		cap_segments;
	struct pool	names;
	int		fd;
	bool		is_go;		/* its tasks move their stacks */
	bool		arm64;
	bool		stripped;	/* of functions that others do not use */
};

int elf_functions_open(struct elf_functions *f, const char *path);
const struct elf_function *elf_functions_next(const struct elf_functions *f, const char *name,
					      size_t *at);
bool elf_functions_import(const struct elf_functions *f, const char *name);
bool elf_functions_offset(const struct elf_functions *f, uint64_t address, uint64_t *offset);
uint64_t elf_functions_end(const struct elf_functions *f, const struct elf_function *fn);
size_t elf_functions_read(const struct elf_functions *f, uint64_t address, void *to, size_t size);
void elf_functions_close(struct elf_functions *f);

#endif
