// SPDX-License-Identifier: GPL-2.0
/*
 * 6.2, 04a522b7da3d "rcu: Refactor kvfree_call_rcu() and high-level helpers":
 * the second argument is the object, and not an offset in a function's guise.
 */
#include <linux/rcupdate.h>

void probe(long *object);
void probe(long *object)
{
	kvfree_call_rcu(NULL, object);
}
