// SPDX-License-Identifier: GPL-2.0
/*
 * Names of C++ and Rust as their programs have them, by libiberty: it knows C++ (which
 * libstdc++ has from it), and both of Rust's ways, which libstdc++ does not know. It is
 * a part of obsctl; there is nothing to load.
 */

#include <setjmp.h>
#include <string.h>

#include "symbols/demangle.h"
#include "symbols/libiberty.h"

/* Substitutions make a name of a few bytes gigabytes long: a longer one stays as it is. */
#define LONGEST		4096

struct text {
	struct buf	*out;
	size_t		most;
	jmp_buf		too_long;
};

/* The library has no other way to end early; it holds no memory that matters. */
static void take(const char *piece, size_t len, void *arg)
{
	struct text *t = arg;

	if (t->out->len + len > t->most)
		longjmp(t->too_long, 1);
	buf_add(t->out, piece, len);
}

/** demangle() - Add a symbol's name as its program has it. Return: whether it was mangled. */
bool demangle(const char *name, struct buf *out)
{
	size_t begin = out->len;
	struct text t = { .out = out, .most = begin + LONGEST };
	int options = DMGL_PARAMS | DMGL_ANSI;

	if (name[0] != '_' || (name[1] != 'Z' && name[1] != 'R'))
		return false;
	if (!setjmp(t.too_long)) {
		/* The older of Rust's ways is also one of C++. */
		if (rust_demangle_callback(name, options, take, &t))
			return true;
		out->len = begin;
		if (cplus_demangle_v3_callback(name, options, take, &t))
			return true;
	}
	out->len = begin;
	if (out->p)
		out->p[begin] = 0;
	return false;
}
