// SPDX-License-Identifier: GPL-2.0
/* A shared library for ucfi: calls what it is given. */

#define FRAME __attribute__((noipa))

void library_outer(void (*last)(void));

static FRAME void library_inner(void (*last)(void))
{
	last();
	asm volatile("");
}

void library_outer(void (*last)(void))
{
	library_inner(last);
	asm volatile("");
}
