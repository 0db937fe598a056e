// SPDX-License-Identifier: GPL-2.0
/* What follows from the options; parameters of the kernel's among them. */

#include <string.h>

#include "lib/opts.h"

/** opts_wants_stacks() - Return: whether the report is made of stacks. */
bool opts_wants_stacks(const struct opts *o)
{
	return o->folded || o->stacks || o->flame;
}

/** opts_by_stack() - Return: whether one of the columns that were asked for is a stack. */
bool opts_by_stack(const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->by.n; i++) {
		size_t len = strlen(o->by.v[i]);

		if (len > 4 && !strcmp(o->by.v[i] + len - 5, "stack"))
			return true;
	}
	return false;
}

/** opts_set_param() - Set a parameter; the last value counts. Return: whether there was room. */
bool opts_set_param(struct opts *o, const char *name, uint64_t value)
{
	size_t i;

	for (i = 0; i < o->nr_params; i++)
		if (!strcmp(o->params[i].name, name))
			break;
	if (i == OPT_PARAMS)
		return false;
	if (i == o->nr_params)
		o->nr_params++;
	o->params[i].name = name;
	o->params[i].value = value;
	return true;
}

/** opts_has_param() - Return: whether a parameter was given. */
bool opts_has_param(const struct opts *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->nr_params; i++)
		if (!strcmp(o->params[i].name, name))
			return true;
	return false;
}
