/* SPDX-License-Identifier: GPL-2.0 */
/* Shared libraries that are loaded when they are first needed. */
#ifndef OBSCTL_LIBRARY_H
#define OBSCTL_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct library_function {
	const char	*name;
	void		*pointer;	/* where the function's address is put */
};

bool library_load(const char *soname, const struct library_function *functions, size_t n);

#endif
