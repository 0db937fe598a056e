// SPDX-License-Identifier: GPL-2.0
/* kobs_gen_stack with larger frames. */
#define FRAME_WORDS	29
#include "kobs_gen_stack.c"
