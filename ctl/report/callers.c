// SPDX-License-Identifier: GPL-2.0
/*
 * Callers that are none. The kernel follows frame pointers; where a program has none, their
 * register has something else, and what it leads to is taken for an address to return to: a
 * number, a text, the address of data. Where all code of the process is known, such an
 * address, and what would be above it, is taken out of the stack. Of a detached session, the
 * code is known of the processes that live: what these have mapped when the report is made.
 */

#include <stdlib.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "report/callers.h"

#define FIRST_CODE	4096
#define END_OF_CODE	(1ull << 56)

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

/* Whether there can be code: the first page has none, and no process has so much of addresses. */
static bool can_be_code(uint64_t address)
{
	return address >= FIRST_CODE && address < END_OF_CODE;
}

static void cut_stack(struct view *v, struct recent *recent, struct stack *s)
{
	bool known;
	uint32_t i;

	/* One address is no stack, but a place in user code. */
	if (!s->pid || s->nr < 2)
		return;
	v->user_stacks++;
	known = !v->usyms.lost && !v->usyms.unfollowed && is_code(v, recent, s->pid, s->addr[0]);
	v->user_stacks_unknown += !known;
	/* The call can be the last thing that a function does. */
	for (i = 1; i < s->nr && can_be_code(s->addr[i] - 1); i++)
		if (known && !is_code(v, recent, s->pid, s->addr[i] - 1))
			break;
	v->user_stacks_cut += i < s->nr;
	s->nr = i;
}

/**
 * view_cut_stack() - End a stack before a caller that is no code, if it is a user's.
 *
 * Where code may be unknown, since mappings were lost, or are not told of by the kernel, or
 * not even the leaf is known to be code, only before what can be no code of any process.
 * Counts stacks in the view: all, those cut and those of which code is unknown.
 */
void view_cut_stack(struct view *v, struct stack *s)
{
	cut_stack(v, NULL, s);
}

/** view_cut_callers() - The same for all stacks of a table. */
void view_cut_callers(struct view *v, struct table *t)
{
	struct recent *recent;
	size_t i;

	v->user_stacks = 0;
	v->user_stacks_cut = 0;
	v->user_stacks_unknown = 0;
	if (!view_has_type(v, KOBS_TYPE_USTACK))
		return;
	recent = zalloc(sizeof(*recent));
	for (i = 0; i < t->stacks.size; i++)
		if (t->stacks.slot[i].value)
			cut_stack(v, recent, t->stacks.slot[i].value);
	free(recent);
	if (v->user_stacks_cut)
		table_merge_stacks(t);
}
