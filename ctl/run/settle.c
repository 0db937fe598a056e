// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a session whose objects are about to be freed: the kernel frees some
 * later than it is told to, by RCU for one. What is left a moment after a module
 * went may be gone a moment later.
 */

#include <time.h>

#include "lib/clock.h"
#include "run/settle.h"

#define PAUSE_NS	(20 * 1000 * 1000)
#define SETTLE_NS	(3 * NSEC_PER_SEC)

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
 * @look: takes the session's counters anew, with @arg
 */
int settle(struct run_spec *spec, struct nl *data, const struct view *view, uint32_t id,
	   int (*look)(void *arg), void *arg)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t end = now_ns() + SETTLE_NS;
	int err = look(arg);

	while (!err && spec->settling(spec) && now_ns() < end && some_live(data, view, id)) {
		nanosleep(&pause, NULL);
		err = look(arg);
	}
	return err;
}
