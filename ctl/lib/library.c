// SPDX-License-Identifier: GPL-2.0
/*
 * Shared libraries that are loaded when they are first needed: relocating a
 * large one takes longer than all else that most verbs do.
 */

#include <dlfcn.h>
#include <string.h>

#include "lib/library.h"

/**
 * library_load() - Load a library for the rest of the program's life.
 *
 * Return: whether the library is installed and has all @functions; only then
 * are their pointers set to be called.
 */
bool library_load(const char *soname, const struct library_function *functions, size_t n)
{
	void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
	size_t i;

	if (!library)
		return false;
	for (i = 0; i < n; i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return false;
		memcpy(functions[i].pointer, &function, sizeof(function));
	}
	return true;
}
