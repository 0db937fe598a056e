/* SPDX-License-Identifier: GPL-2.0 */
/* Hits per second of each row, since the report before. */
#ifndef OBSCTL_RATES_H
#define OBSCTL_RATES_H

#include "lib/map.h"
#include "report/report.h"

struct rates {
	struct map	before;		/* hash of a row's key to its count */
	uint64_t	duration;	/* of the session at that report */
};

double rates_of(const struct rates *x, const struct report *r, const struct row *row);
void rates_take(struct rates *x, const struct report *r);
void rates_free(struct rates *x);

#endif
