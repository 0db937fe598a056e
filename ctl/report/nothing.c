// SPDX-License-Identifier: GPL-2.0
/*
 * A report without rows says why: the patterns were not hit, the filter refused
 * all hits, a process does not exist, or waits are still going on.
 */

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/format.h"
#include "report/absent.h"
#include "report/losses.h"
#include "report/nothing.h"

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void begin_reason(struct buf *why)
{
	buf_puts(why, why->len ? "; " : "");
}

static void add_targets(const struct report *r, struct buf *why)
{
	const struct targets *t = r->view->targets;
	uint64_t n = r->session->targets;
	char number[32];
	bool one = n == 1;
	size_t i;

	begin_reason(why);
	format_count(number, sizeof(number), n);
	if (t) {
		for (i = 0; i < t->nr_patterns; i++)
			buf_printf(why, "%s ", t->patterns[i].text);
		buf_printf(why, "(%s %s%s)", number, view_target(r->view), plural(n));
		one = t->nr_patterns == 1;
	} else if (n) {
		buf_printf(why, "%s %s%s", number, view_target(r->view), plural(n));
	} else {
		buf_printf(why, "the source %s", r->session->source);
		one = true;
	}
	buf_printf(why, " %s hit 0 times", one ? "was" : "were");
}

static void add_count(uint64_t n, const char *one, const char *many, struct buf *why)
{
	char number[32];

	if (!n)
		return;
	begin_reason(why);
	buf_printf(why, "%s %s", format_count(number, sizeof(number), n), n == 1 ? one : many);
}

/** nothing_print() - Say that there are no rows, and why. */
void nothing_print(struct report *r, struct out *o)
{
	const struct session *s = r->session;
	struct losses l = losses_of(s);
	/* A session that runs may have counted one between the two. */
	uint64_t others = s->filtered > s->own ? s->filtered - s->own : 0;
	uint64_t fast = model_note_number(s, "fast");
	struct buf line = {}, why = {};

	if (r->saved) {
		if (r->saved->nothing)
			out_line(o, "%s", r->saved->nothing);
		else
			out_line(o, "Nothing was %s.", s->hits ? "recorded" : "hit");
		return;
	}
	absent_describe(r, &why);
	/* Calls that were not slow are filtered, too. */
	if (fast > others)
		fast = others;
	add_count(fast, "call took less than --over", "calls took less than --over", &why);
	add_count(others - fast, "hit was refused by the filter",
		  "hits were refused by the filter", &why);
	add_count(s->own, "hit came from obsctl itself", "hits came from obsctl itself", &why);
	add_count(l.pending, "call or wait is still going on", "calls or waits are still going on",
		  &why);
	add_count(l.unpaired, "wait had begun before the session",
		  "waits had begun before the session", &why);
	add_count(l.lost, "hit was lost", "hits were lost", &why);
	if (!s->hits)
		add_targets(r, &why);
	buf_printf(&line, "Nothing was %s%s%s.", s->hits ? "recorded" : "hit",
		   why.len ? ": " : "", why.len ? why.p : "");
	out_json_text(o, "nothing", line.p);
	out_line(o, "%s", line.p);
	buf_free(&line);
	buf_free(&why);
}
