// SPDX-License-Identifier: GPL-2.0
/*
 * 6.2, 04a522b7da3d "rcu: Refactor kvfree_call_rcu() and high-level helpers":
 * the second argument is the object, not an offset cast to a function pointer.
 */
#include <linux/rcupdate.h>

void probe(long *object);
void probe(long *object)
{
	kvfree_call_rcu(NULL, object);
}
