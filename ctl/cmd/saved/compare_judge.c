// SPDX-License-Identifier: GPL-2.0
/*
 * Whether something changed by more than a limit. A percentage judges rows that make up
 * one in a hundred of all: of smaller ones, a few hits more or less are a big part.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/saved/compare.h"
#include "lib/diag.h"
#include "lib/parse.h"

#define QUIET_PERCENT	5.0	/* without --fail-over */
#define SMALLEST	100	/* one in so many */

static bool is_percent(const char *text)
{
	return *text && text[strlen(text) - 1] == '%';
}

/** compare_percent() - Return: the limit as a part of what was before, in percent. */
double compare_percent(const struct opts *o)
{
	const char *text = o->fail_over.text;

	return text && is_percent(text) ? strtod(text, NULL) : QUIET_PERCENT;
}

/* Rows of different events do not add up: each of them counts. */
static bool is_small(const struct diff *d, const struct pair *p)
{
	__int128 before = amount_size(p->before), after = amount_size(p->after);
	__int128 most = before > after ? before : after;
	__int128 all = d->total[0] > d->total[1] ? d->total[0] : d->total[1];

	return strcmp(d->weight, "scaled") && most < all / SMALLEST;
}

static bool exceeds(__int128 from, __int128 to, double percent)
{
	return to > from && (double)(to - from) * 100 > (double)amount_size(from) * percent;
}

/** compare_is_quiet() - Whether no row grew or shrank by more than @percent. */
bool compare_is_quiet(const struct diff *d, double percent)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct pair *p = &d->v[i];
		double less = (double)(p->before - p->after);

		if (is_small(d, p))
			continue;
		if (exceeds(p->before, p->after, percent) ||
		    less > (double)amount_size(p->before) * percent / 100)
			return false;
	}
	return true;
}

/* A limit that is no percentage is in the unit of what is compared. */
static int read_limit(const struct diff *d, uint64_t *limit)
{
	const char *text = d->o->fail_over.text;
	bool bad;

	if (!strcmp(d->unit, "ns"))
		bad = parse_time(text, limit);
	else if (!strcmp(d->unit, "bytes"))
		bad = parse_bytes(text, limit);
	else
		bad = parse_number(text, 0, UINT64_MAX, limit);
	if (!bad)
		return 0;
	return misuse("option --fail-over needs a percentage such as 5%%, or %s, not '%s'",
		      !strcmp(d->unit, "ns") ? "a time such as 10ms" :
		      !strcmp(d->unit, "bytes") ? "a size such as 10KiB" : "a number", text);
}

/** compare_name() - A pair in words: its cells, of stacks the first frame. */
void compare_name(const struct diff *d, const struct pair *p, struct buf *out)
{
	const char *at;
	size_t c = 0;

	if (d->by_end) {
		buf_puts(out, p->key);
		return;
	}
	for (at = p->key; *at; c++) {
		size_t len = strcspn(at, "\1");
		size_t shown = strcspn(at, "\1\n");

		if (shown) {
			buf_puts(out, out->len ? ", " : "");
			buf_add(out, at, shown);
		}
		at += len + 1;
	}
	if (!out->len)
		buf_puts(out, "all");
}

static bool crosses(const struct diff *d, const struct pair *p, uint64_t limit)
{
	/* More free memory is no growth that one asks for. */
	if (p->given_back)
		return false;
	if (!is_percent(d->o->fail_over.text))
		return p->after > p->before && p->after - p->before > limit;
	return !is_small(d, p) && exceeds(p->before, p->after, compare_percent(d->o));
}

/** compare_judge() - Return: the exit status that --fail-over asks for. */
int compare_judge(const struct diff *d)
{
	const char *text = d->o->fail_over.text;
	const struct pair *worst = NULL;
	struct buf name = {};
	uint64_t limit = 0;
	char grew[AMOUNT_TEXT];
	size_t i;
	int err;

	if (!text)
		return 0;
	err = is_percent(text) ? 0 : read_limit(d, &limit);
	if (err)
		return err;
	/* They are sorted by their change. */
	for (i = 0; i < d->n && !worst; i++)
		if (crosses(d, &d->v[i], limit))
			worst = &d->v[i];
	if (!worst)
		return 0;
	compare_name(d, worst, &name);
	if (is_percent(text) && worst->before > 0)
		snprintf(grew, sizeof(grew), "%.1f %%",
			 ((double)worst->after / (double)worst->before - 1) * 100);
	else
		amount_format(grew, sizeof(grew), worst->after - worst->before, d->unit);
	warn("%.200s grew by %s, more than the limit %s of --fail-over", name.p, grew, text);
	buf_free(&name);
	return STATUS_CROSSED;
}
