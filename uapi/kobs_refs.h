/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Functions that take references to objects and give them back, as the source refs
 * follows them: what its parameter points consists of. A client finds the functions,
 * and compiles an expression to a program (kobs_program.h) whose value is the address
 * of the object; KOBS_REFS_WORDS words tell the module of each:
 *
 *	0	bits 0-7: what the function does, enum kobs_refs_role;
 *		bit 8: KOBS_REFS_RETURN;
 *		bits 32-63: number of its program in the parameter code, from 0
 *	1	address of the function
 *
 * The arguments of a program are 0 to 5 of the function, and at its return also
 * KOBS_PROBE_RESULT.
 */
#ifndef _UAPI_LINUX_KOBS_REFS_H
#define _UAPI_LINUX_KOBS_REFS_H

#define KOBS_REFS_WORDS		2
/* Maximum number of functions. */
#define KOBS_REFS_POINTS	256

/* The program runs when the function returns. */
#define KOBS_REFS_RETURN	0x100

/**
 * enum kobs_refs_role - what a function does to the object
 * @KOBS_REFS_GET: takes a reference
 * @KOBS_REFS_PUT: gives one back
 * @KOBS_REFS_NEW: makes the object, with one reference
 * @KOBS_REFS_END: the object is over, whatever references are held
 * @KOBS_REFS_ROLES: number of them
 */
enum kobs_refs_role {
	KOBS_REFS_GET,
	KOBS_REFS_PUT,
	KOBS_REFS_NEW,
	KOBS_REFS_END,
	KOBS_REFS_ROLES
};

#endif /* _UAPI_LINUX_KOBS_REFS_H */
