// SPDX-License-Identifier: GPL-2.0
/*
 * Callers that are none. The kernel follows frame pointers; where a program has none, their
 * register has something else, and what it leads to is taken for an address to return to: a
 * number, a text, the address of data. Where all code of the process is known, such an
 * address, and what would be above it, is taken out of the stack.
 */

#include <stdlib.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "report/callers.h"

struct recent {
	struct {
		uint64_t	address;
		uint32_t	pid;
		bool		code;
	} at[4096];
};

/* Whether the process has ever had code there. Most addresses come again soon. */
static bool is_code(struct view *v, struct recent *recent, uint32_t pid, uint64_t address)
{
	size_t slot = hash_number(address ^ (uint64_t)pid << 47) % ARRAY_SIZE(recent->at);

	if (!recent)
		return usyms_is_code(&v->usyms, pid, address);
	if (recent->at[slot].address != address || recent->at[slot].pid != pid) {
		recent->at[slot].address = address;
		recent->at[slot].pid = pid;
		recent->at[slot].code = usyms_is_code(&v->usyms, pid, address);
	}
	return recent->at[slot].code;
}

static void cut_stack(struct view *v, struct recent *recent, struct stack *s)
{
	uint32_t i;

	/* One address is no stack, but a place in user code. */
	if (!s->pid || s->nr < 2)
		return;
	v->user_stacks++;
	if (v->usyms.lost || v->usyms.unfollowed || !is_code(v, recent, s->pid, s->addr[0]))
		return;
	/* The call can be the last thing that a function does. */
	for (i = 1; i < s->nr && is_code(v, recent, s->pid, s->addr[i] - 1); i++)
		;
	v->user_stacks_cut += i < s->nr;
	s->nr = i;
}

/**
 * view_cut_stack() - End a stack before a caller that is no code, if it is a user's.
 *
 * Not where code may be unknown: mappings were lost, or are not told of by the kernel, or
 * not even the leaf is known to be code. Counts stacks in the view, all and those cut.
 */
void view_cut_stack(struct view *v, struct stack *s)
{
	cut_stack(v, NULL, s);
}

/** view_cut_callers() - The same for all stacks of a table. */
void view_cut_callers(struct view *v, struct table *t)
{
	struct recent *recent = zalloc(sizeof(*recent));
	size_t i;

	v->user_stacks = 0;
	v->user_stacks_cut = 0;
	for (i = 0; i < t->stacks.size; i++)
		if (t->stacks.slot[i].value)
			cut_stack(v, recent, t->stacks.slot[i].value);
	free(recent);
	if (v->user_stacks_cut)
		table_merge_stacks(t);
}
