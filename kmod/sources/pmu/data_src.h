/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a sample's data source says: which level of the memory hierarchy had the
 * data, what the instruction did, and what the TLB had. Pure.
 *
 * Locking: none.
 */
#ifndef KOBS_DATA_SRC_H
#define KOBS_DATA_SRC_H

#include <linux/types.h>

u64 kobs_data_level(u64 src);
u64 kobs_data_op(u64 src);
u64 kobs_data_tlb(u64 src);

#endif /* KOBS_DATA_SRC_H */
