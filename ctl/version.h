/* SPDX-License-Identifier: GPL-2.0 */
/* Only version.c is rebuilt when the version changes. */
#ifndef OBSCTL_VERSION_H
#define OBSCTL_VERSION_H

extern const char program_version[];

#endif
