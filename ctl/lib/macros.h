/* SPDX-License-Identifier: GPL-2.0 */
/* Macros for every file. */
#ifndef OBSCTL_MACROS_H
#define OBSCTL_MACROS_H

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))

#endif
