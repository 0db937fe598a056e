/* SPDX-License-Identifier: GPL-2.0 */
/* What became of the hits that are neither recorded nor filtered. */
#ifndef OBSCTL_LOSSES_H
#define OBSCTL_LOSSES_H

#include "lib/buf.h"
#include "proto/model.h"
#include "report/view.h"

/*
 * The kernel's reasons "in_flight" and "unpaired" are no losses: what they count
 * lies across an end of the session.
 */
enum loss { LOSS, LOSS_PENDING, LOSS_UNPAIRED };

struct losses {
	uint64_t	lost;
	uint64_t	pending;	/* begun in the session, and not ended */
	uint64_t	unpaired;	/* ended in the session, and begun before it */
	uint64_t	all;		/* the three together */
};

enum loss loss_of(const char *reason);
struct losses losses_of(const struct session *s);
bool losses_add_share(const struct session *s, struct buf *out);
void losses_add_advice(const struct view *v, const char *doc, struct buf *out);
void losses_add_reason(const struct view *v, const struct lost *l, struct buf *out);
void losses_add_account(const struct session *s, struct buf *out);

#endif
