/* SPDX-License-Identifier: GPL-2.0 */
/* Samples with the memory of their user stack, put together from the parts that come. */
#ifndef OBSCTL_PMU_SAMPLES_H
#define OBSCTL_PMU_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kobs_ustack.h"
#include "lib/buf.h"
#include "lib/map.h"

/* A sample, of which parts can be missing. */
struct sample {
	uint64_t	head[KOBS_USTACK_HEAD];	/* of the first part, with the last one's flags */
	uint64_t	regs[KOBS_USTACK_REGS_MAX];
	size_t		nr_regs;
	uint64_t	*key;			/* words of its columns */
	size_t		parts;			/* that came; 0: unused */
	struct buf	memory;
};

/* Those of one CPU that wait for the rest, at most: one for each context, and one more. */
#define SAMPLES_OPEN	5

struct samples_cpu {
	struct sample	open[SAMPLES_OPEN];
};

struct samples {
	size_t		words;		/* of a key */
	struct map	cpus;
	struct sample	*done;		/* complete ones, in the order of their last parts */
	size_t		nr_done;
	size_t		room;		/* of @done that has memory to be used again */
	size_t		cap;
};

void samples_take(struct samples *s, uint32_t cpu, const uint64_t *key, const void *data,
		  size_t words);
void samples_empty(struct samples *s);
void samples_free(struct samples *s);

#endif
