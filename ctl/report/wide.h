/* SPDX-License-Identifier: GPL-2.0 */
/* Sums that 64 bits do not hold. */
#ifndef OBSCTL_WIDE_H
#define OBSCTL_WIDE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/model.h"

/* What is known of a sum. */
enum wide {
	WIDE_NOT,		/* it is what the row has */
	WIDE_KNOWN,
	WIDE_UNKNOWN,		/* it is larger than can be told */
};

/* Digits of 128 bits with commas between thousands. */
#define WIDE_DIGITS	56

enum wide wide_sum(const struct row *row, uint64_t *high);
uint64_t wide_weight(const struct row *row);
double wide_double(uint64_t high, uint64_t low);
char *wide_format(char *buf, size_t size, uint64_t high, uint64_t low, bool commas);

#endif
