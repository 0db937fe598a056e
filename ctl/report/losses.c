// SPDX-License-Identifier: GPL-2.0
/* Tells losses from waits and calls that lie across an end of the session. */

#include <string.h>

#include "lib/macros.h"
#include "report/losses.h"

static const struct {
	const char	*reason;
	enum loss	loss;
} not_lost[] = {
	{ "in_flight", LOSS_PENDING },
	{ "unpaired", LOSS_UNPAIRED },
	{ "unmatched", LOSS_UNPAIRED },
	{ "replaced", LOSS_UNPAIRED },
};

/** loss_of() - Return: what kind of a loss the kernel's @reason is. */
enum loss loss_of(const char *reason)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(not_lost); i++)
		if (!strcmp(not_lost[i].reason, reason))
			return not_lost[i].loss;
	return LOSS;
}

/** losses_of() - Return: the sums of a session, by kind. */
struct losses losses_of(const struct session *s)
{
	struct losses sum = {};
	size_t i;

	for (i = 0; i < s->nr_lost; i++) {
		uint64_t n = s->lost[i].count;
		enum loss loss = loss_of(s->lost[i].reason);

		sum.all += n;
		if (loss == LOSS_PENDING)
			sum.pending += n;
		else if (loss == LOSS_UNPAIRED)
			sum.unpaired += n;
		else
			sum.lost += n;
	}
	return sum;
}
