// SPDX-License-Identifier: GPL-2.0
/*
 * Interim reports for a screen. It gets all rows as data, whatever form the last report will
 * have; what else would be printed meanwhile, it shows as a sentence.
 */

#include "lib/clock.h"
#include "lib/diag.h"
#include "report/grid_rows.h"
#include "run/live_report.h"
#include "top/live.h"

/** live_interval() - Return: ns between interim reports. */
uint64_t live_interval(const struct opts *o)
{
	return o->interval.given ? o->interval.value : LIVE_EVERY_NS;
}

/** live_report_begin() - Have a report fill a grid. @o: a copy of the options, for it alone */
void live_report_begin(struct opts *o, struct output *to)
{
	o->json = false;
	o->folded = false;
	o->stacks = false;
	o->csv = false;
	o->format = NULL;
	o->flame = NULL;
	o->html = NULL;
	if (!o->top.given)
		o->top = (struct opt_number){ .given = true };
	to->grid = grid_new();
}

/** live_report_end() - Show it, unless making it failed with @err. */
void live_report_end(struct report *r, struct output *to, const struct pace *p, int err)
{
	if (err) {
		grid_free(to->grid);
		return;
	}
	if (r)
		grid_account(r, to->grid);
	live_show(to->grid, p->every > p->asked ? p->every : 0);
}

/** live_pace() - The user asks for another interval, for a pause or for its end. */
void live_pace(struct pace *p)
{
	uint64_t now = now_ns();

	if (live_paused()) {
		p->next = 0;
		return;
	}
	if (live_every() != p->asked)
		pace_change(p, live_every(), now);
	/* The pause is over. */
	if (!p->next)
		p->next = now;
}

/** live_pace_end() - A report was made. @live: what there is to say, the screen shows */
void live_pace_end(struct pace *p, bool live)
{
	struct buf said = {};

	if (live)
		sentences_kept = &said;
	pace_end(p, pace_cpu(), now_ns());
	sentences_kept = NULL;
	if (said.len)
		live_say(said.p);
	buf_free(&said);
}
