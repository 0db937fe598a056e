/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that are shown by their names. */
#ifndef OBSCTL_NAMED_H
#define OBSCTL_NAMED_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols/btf.h"

/* An enum of the kernel's, whose constants name a column's numbers. */
struct named_enum {
	const struct btf *btf;		/* NULL until it is needed, or where there is none */
	uint32_t	id;
	bool		known;		/* it was looked for */
};

const char *named_constant(struct kbtf *btf, struct named_enum *e, const char *of, uint64_t value);

#endif
