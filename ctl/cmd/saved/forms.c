// SPDX-License-Identifier: GPL-2.0
/* Reports whose rows are made of a session's, and that have a way of their own to be shown. */

#include <string.h>

#include "cmd/pmu/pmu.h"
#include "cmd/saved/saved.h"
#include "cmd/slab/slab.h"
#include "lib/macros.h"

static const struct saved_form forms[] = {
	{ "pmu", "record", "self", form_graph, "func", "self_events" },
	{ "pmu", "record", "scaled", pmu_stat_show, NULL, NULL },
	{ "pmu", "branch", "from_address", pmu_edges_show, NULL, NULL },
	{ "pmu", "stat", NULL, pmu_stat_show, NULL, NULL },
	{ "slab", "growth", NULL, slab_growth_show, NULL, NULL },
};

/** form_of() - Return: the form of a saved report, or NULL. */
const struct saved_form *form_of(const struct saved *s)
{
	const json_t *first = json_array_get(s->rows, 0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strcmp(forms[i].source, s->session.source) &&
		    !strcmp(forms[i].mode, s->session.mode) &&
		    (!forms[i].key || json_object_get(first, forms[i].key)))
			return &forms[i];
	return NULL;
}
