// SPDX-License-Identifier: GPL-2.0
/* The table of nouns, made from the list in nouns.h. */

#include <string.h>

#include "cmd/nouns.h"
#include "report/report.h"

#define NOUN_ROW(n) &noun_##n,

const struct noun *const nouns[] = {
	NOUNS(NOUN_ROW)
};

const size_t nr_nouns = ARRAY_SIZE(nouns);

/** noun_find() - Return: the noun of a name, or NULL. */
const struct noun *noun_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_nouns; i++)
		if (!strcmp(nouns[i]->name, name))
			return nouns[i];
	return NULL;
}

/** verb_find() - Return: the verb of a name, "" for a noun that has one only; or NULL. */
const struct verb *verb_find(const struct noun *noun, const char *name)
{
	size_t i;

	for (i = 0; i < noun->nr_verbs; i++)
		if (!strcmp(noun->verbs[i].name, name))
			return &noun->verbs[i];
	return NULL;
}

/** nouns_report_kind() - Return: what the report of a session does in its own way, or NULL. */
const struct report_kind *nouns_report_kind(const char *source, const char *mode)
{
	size_t i;
	size_t k;

	for (i = 0; i < nr_nouns; i++)
		for (k = 0; k < nouns[i]->nr_verbs; k++) {
			const struct report_kind *kind = nouns[i]->verbs[k].report;

			for (; kind; kind = kind->also)
				if (!strcmp(kind->source, source) && !strcmp(kind->mode, mode))
					return kind;
		}
	return NULL;
}
