/* SPDX-License-Identifier: GPL-2.0 */
/* Programs of the source probe, as words that are added one by one. */
#ifndef OBSCTL_PROGRAM_H
#define OBSCTL_PROGRAM_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#include "kobs_program.h"
#include "lib/buf.h"

/* Programs that follow one another. */
struct program {
	struct numbers	words;
	size_t		start;		/* of the program that is not ended */
	unsigned int	reads;		/* instructions of it that read memory */
};

void program_add(struct program *p, unsigned int op, unsigned int dst, unsigned int src,
		 unsigned int arg, int32_t imm);
int32_t program_text_words(const char *text);
void program_add_text(struct program *p, const char *text);
size_t program_jump(struct program *p, unsigned int op, unsigned int reg);
void program_land(struct program *p, size_t jump);
void program_end(struct program *p);
void program_free(struct program *p);

#endif
