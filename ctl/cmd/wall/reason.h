/* SPDX-License-Identifier: GPL-2.0 */
/* What a thread is blocked by, from the functions of its stack. */
#ifndef OBSCTL_WALL_REASON_H
#define OBSCTL_WALL_REASON_H

#include <stddef.h>

/* What a thread does on a CPU, as the module tells it apart. */
enum on_cpu { ON_RUN, ON_SYSTEM, ON_IRQ, ON_CLASSES };

const char *reason_of(const char *class, const char *const *frames, size_t n);
size_t reason_first(const char *const *frames, size_t n);
enum on_cpu on_cpu_of(const char *const *frames, size_t n);

#endif
