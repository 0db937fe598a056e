// SPDX-License-Identifier: GPL-2.0
/*
 * 6.2, 04a522b7da3d "rcu: Refactor kvfree_call_rcu() and high-level helpers":
 * the second argument is the object, and not an offset in a function's guise.
 */
#include <linux/build_bug.h>
#include <linux/rcupdate.h>

static_assert(__builtin_types_compatible_p(typeof(kvfree_call_rcu),
					   void (struct rcu_head *, void *)));
