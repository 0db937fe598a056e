// SPDX-License-Identifier: GPL-2.0
/* Names of operations on futexes. */

#include <stddef.h>

#include "lib/macros.h"
#include "symbols/futexes.h"

/* FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME. */
#define FLAGS	(128 | 256)

/* As linux/futex.h numbers them. */
static const char *const names[] = {
	"FUTEX_WAIT", "FUTEX_WAKE", "FUTEX_FD", "FUTEX_REQUEUE", "FUTEX_CMP_REQUEUE",
	"FUTEX_WAKE_OP", "FUTEX_LOCK_PI", "FUTEX_UNLOCK_PI", "FUTEX_TRYLOCK_PI",
	"FUTEX_WAIT_BITSET", "FUTEX_WAKE_BITSET", "FUTEX_WAIT_REQUEUE_PI",
	"FUTEX_CMP_REQUEUE_PI", "FUTEX_LOCK_PI2",
};

/**
 * futex_op_name() - The name of what futex() does.
 * @op: its argument; flags are left out
 *
 * Return: the name, or NULL.
 */
const char *futex_op_name(long op)
{
	op &= ~FLAGS;
	return op >= 0 && (size_t)op < ARRAY_SIZE(names) ? names[op] : NULL;
}
