/* SPDX-License-Identifier: GPL-2.0 */
/* System calls by name and number. */
#ifndef OBSCTL_SYSCALLS_H
#define OBSCTL_SYSCALLS_H

const char *syscall_name(long nr);
long syscall_number(const char *name);
long syscall_next(long nr);

#endif
