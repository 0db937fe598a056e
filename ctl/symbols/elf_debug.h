/* SPDX-License-Identifier: GPL-2.0 */
/* The file that has the debug symbols of another one. */
#ifndef OBSCTL_ELF_DEBUG_H
#define OBSCTL_ELF_DEBUG_H

#include <libelf.h>

int elf_debug_open(struct Elf *elf, const char *path);

#endif
