// SPDX-License-Identifier: GPL-2.0
/* Functions that were asked for and cannot be observed. */

#include "lib/diag.h"
#include "run/kept_out.h"

/* Whether a function is left that the same pattern asked for. */
static bool has_others(const struct targets *all, const struct session *s, uint32_t asked)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < all->n; i++)
		n += all->v[i].asked == asked;
	for (i = 0; i < s->nr_kept_out; i++) {
		const struct target *t = targets_find(all, s->kept_out[i].address);

		n -= t && t->asked == asked;
	}
	return n;
}

/**
 * kept_out_check() - Refuse if a function that was asked for by name is left out.
 * @all: the functions that were asked for, or NULL
 *
 * Of namesakes one is enough. Return: 0 or an exit status.
 */
int kept_out_check(const struct targets *all, const struct session *s)
{
	size_t i;

	for (i = 0; all && i < s->nr_kept_out; i++) {
		const struct target *t = targets_find(all, s->kept_out[i].address);
		const char *why = s->kept_out[i].reason;

		if (t && t->exact && !has_others(all, s, t->asked))
			return refuse("%s cannot be observed: %s", t->name,
				      why ? why : "the kernel does not say why");
	}
	return 0;
}
