/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multiplicative hashing: a word times the golden ratio (Knuth, TAOCP volume 3,
 * section 6.4). The upper bits of the product are the well distributed ones.
 */
#ifndef KOBS_HASH_H
#define KOBS_HASH_H

#include <linux/hash.h>

#define KOBS_HASH_FACTOR	GOLDEN_RATIO_64

#endif /* KOBS_HASH_H */
