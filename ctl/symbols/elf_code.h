/* SPDX-License-Identifier: GPL-2.0 */
/* Where the functions of a program or library begin in its file. */
#ifndef OBSCTL_ELF_CODE_H
#define OBSCTL_ELF_CODE_H

#include <stdint.h>

/*
 * @name: without its version
 * @offset: of its first instruction in the file
 * @bytes: the first 8 bytes there
 */
typedef void (*elf_code_fn)(void *arg, const char *name, uint64_t offset, uint64_t bytes);

void elf_code_each(const char *path, elf_code_fn take, void *arg);

#endif
