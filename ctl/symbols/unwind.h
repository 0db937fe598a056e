/* SPDX-License-Identifier: GPL-2.0 */
/* User stacks from registers and memory, by the tables of the code's files. */
#ifndef OBSCTL_UNWIND_H
#define OBSCTL_UNWIND_H

#include "lib/map.h"
#include "symbols/cfi.h"
#include "symbols/usyms.h"

/* Why a stack ends where it does. */
enum unwind_end {
	UNWIND_COMPLETE,	/* with the outermost function */
	UNWIND_SIZE,		/* with the memory that was taken */
	UNWIND_ABSENT,		/* with the memory that is there */
	UNWIND_DEPTH,		/* with the most frames asked for */
	UNWIND_UNMAPPED,	/* in memory that is no known file's */
	UNWIND_NO_TABLE,	/* in code without tables */
	UNWIND_BROKEN,		/* where tables and memory contradict each other */
	UNWIND_ENDS,
};

/* What is known of a process at one moment. */
struct unwind_sample {
	uint32_t	pid;
	uint64_t	time;		/* on CLOCK_MONOTONIC */
	bool		absent;		/* the memory ended before its size was reached */
	struct cfi_regs	regs;
	struct cfi_memory memory;
};

/* Where code is; kept, since samples come from few places. */
struct unwind_place {
	uint64_t	address;
	uint32_t	pid;
	uint32_t	begins;		/* of the process then */
	size_t		mappings;
	uint64_t	since;		/* the last of its mappings */
	bool		mapped;
	struct cfi_file	*file;
	uint64_t	offset;		/* in the file */
	uint64_t	inside;		/* the address that the file has for it */
};

#define UNWIND_PLACES	8192

struct unwinder {
	struct usyms	*usyms;
	struct map	files;		/* struct usym_file to struct unwind_file */
	struct unwind_place *places;	/* UNWIND_PLACES, by a hash */
};

void unwinder_init(struct unwinder *w, struct usyms *u);
void unwinder_free(struct unwinder *w);
size_t unwind(struct unwinder *w, struct unwind_sample *s, uint64_t *frames, size_t max,
	      enum unwind_end *end);

/* unwind_guess.c */
bool unwind_guess(struct unwinder *w, struct unwind_sample *s, const struct unwind_place *at,
		  bool called);
const struct unwind_place *unwind_locate(struct unwinder *w, const struct unwind_sample *s,
					 uint64_t address);

#endif
