/* SPDX-License-Identifier: GPL-2.0 */
/* The file that has the debug symbols of another one. */
#ifndef OBSCTL_ELF_DEBUG_H
#define OBSCTL_ELF_DEBUG_H

#include <libelf.h>

int elf_debug_open(struct Elf *elf, const char *root, const char *path);
int elf_debug_by_id(const void *id, size_t len, const char *path);
int elf_debug_shared(int fd, const char *name, const void *id, size_t len);

#endif
