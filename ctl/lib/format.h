/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as people read them. */
#ifndef OBSCTL_FORMAT_H
#define OBSCTL_FORMAT_H

#include <stddef.h>
#include <stdint.h>

uint64_t format_whole(double v);
char *format_exact(char *buf, size_t size, double v);
char *format_count(char *buf, size_t size, uint64_t v);
char *format_ns(char *buf, size_t size, double ns);
char *format_bytes(char *buf, size_t size, uint64_t v);
char *format_rate(char *buf, size_t size, double rate);
char *format_value(char *buf, size_t size, double v, const char *unit);

#endif
