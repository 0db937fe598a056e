// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a session whose objects are about to be freed: the kernel frees some
 * later than it is told to, by RCU for one. What is left a moment after a module
 * went may be gone a moment later.
 */

#include <poll.h>

#include "lib/clock.h"
#include "run/settle.h"

#define PAUSE_MS	20
/* kfree_rcu() collects objects for up to five seconds; a grace period follows. */
#define SETTLE_NS	(7 * NSEC_PER_SEC)

/* False also when the rows cannot be read: the report will say why. */
static bool some_live(struct nl *data, const struct view *view, uint32_t id)
{
	bool some = false;
	struct table table;
	size_t i;

	model_init_table(&table, view->types, view->nr_columns, view->mode);
	if (!model_get_table(data, id, &table))
		for (i = 0; i < table.nr_rows; i++)
			some |= table.rows[i].count > 0;
	model_free_table(&table);
	return some;
}

/**
 * settle() - Go on while the verb says that objects may be freed, and there are some.
 * @signals: the user's, which end it
 * @look: takes the session's counters anew, with @arg
 */
int settle(struct run_spec *spec, struct signals *signals, struct child *child, struct nl *data,
	   const struct view *view, uint32_t id, int (*look)(void *arg), void *arg)
{
	struct pollfd asked = { .fd = signals->fd, .events = POLLIN };
	uint64_t end = now_ns() + SETTLE_NS;
	int err = look(arg);

	while (!err && !signals->asked && spec->settling(spec) && now_ns() < end &&
	       some_live(data, view, id)) {
		if (poll(&asked, 1, PAUSE_MS) > 0)
			signals_read(signals, child);
		err = look(arg);
	}
	return err;
}
