/* SPDX-License-Identifier: GPL-2.0 */
/* System calls by name and number. */
#ifndef OBSCTL_SYSCALLS_H
#define OBSCTL_SYSCALLS_H

#include <stdbool.h>

#include "lib/buf.h"

const char *syscall_name(long nr);
void syscall_print(long nr, struct buf *out);
bool syscall_matches(const char *pattern, const char *name);
long syscall_number(const char *name);
long syscall_next(long nr);

#endif
