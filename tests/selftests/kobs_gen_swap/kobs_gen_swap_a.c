// SPDX-License-Identifier: GPL-2.0
/* See kobs_gen_swap.h. */
#define SWAP(what)	swap_a_##what
#include "kobs_gen_swap.h"

module_init(swap_a_init);
module_exit(swap_a_exit);
