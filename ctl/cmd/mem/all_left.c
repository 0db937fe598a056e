// SPDX-License-Identifier: GPL-2.0
/* What a module left behind, of all kinds of memory, and the exit status of the report. */

#include <stdio.h>
#include <string.h>

#include "cmd/mem/all.h"
#include "cmd/slab/slab.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/format.h"

static void add_orders(uint64_t orders, struct buf *out)
{
	const char *before = orders & (orders - 1) ? " (orders " : " (order ";
	unsigned int i;

	for (i = 0; i < 64; i++) {
		if (!(orders >> i & 1))
			continue;
		buf_printf(out, "%s%u", before, i);
		before = ", ";
	}
	buf_puts(out, orders ? ")" : "");
}

/** all_left() - Add what is live of each kind. Return: whether there is something. */
bool all_left(const struct all_report *a, struct buf *out)
{
	bool any = false;
	char n[32];
	size_t i;

	for (i = 0; i < MEM_KINDS; i++) {
		const struct all_kind *k = &a->kinds[i];

		if (!k->session || !k->objects)
			continue;
		buf_printf(out, "%s%s %s", any ? ", " : "",
			   format_count(n, sizeof(n), k->objects),
			   k->objects == 1 ? mem_kinds[i].one : mem_kinds[i].many);
		add_orders(k->orders, out);
		any = true;
	}
	return any;
}

/** all_print_module() - What the module has, or left. */
void all_print_module(const struct all_report *a, struct out *o)
{
	struct buf left = {};
	unsigned int order;
	size_t i;
	bool any;

	if (!a->module)
		return;
	any = all_left(a, &left);
	out_open(o, "module", '{');
	out_json_text(o, "name", a->module);
	out_json_bool(o, "loaded", a->loaded);
	out_open(o, "left", '[');
	for (i = 0; i < MEM_KINDS; i++) {
		const struct all_kind *k = &a->kinds[i];

		if (!k->session || !k->objects)
			continue;
		out_open(o, NULL, '{');
		out_json_text(o, "kind", mem_kinds[i].name);
		out_json_number(o, "objects", k->objects);
		out_json_number(o, "bytes", k->bytes);
		if (k->orders)
			out_open(o, "orders", '[');
		for (order = 0; order < 64; order++)
			if (k->orders >> order & 1)
				out_json_number(o, NULL, order);
		if (k->orders)
			out_close(o, ']');
		out_close(o, '}');
	}
	out_close(o, ']');
	out_close(o, '}');
	if (a->loaded)
		out_line(o, "\nModule %s is loaded, and holds %s.", a->module,
			 any ? left.p : "nothing");
	else if (any)
		out_line(o, "\n*** Module %s is not loaded any more, and left %s behind. ***",
			 a->module, left.p);
	else
		out_line(o, "\nModule %s is not loaded, and left nothing behind.", a->module);
	buf_free(&left);
}

/* The site of a row, or else the first of its columns. */
static const char *name_of(const struct all_report *a, const struct all_row *row)
{
	size_t i;

	for (i = 0; i < a->columns.n; i++)
		if (!strcmp(a->columns.v[i], "site") && row->cells[i].text)
			return row->cells[i].text;
	if (row->frames.n)
		return row->frames.v[0];
	return a->columns.n && row->cells[0].text ? row->cells[0].text : "a row";
}

static int crossed(const struct all_report *a, const struct opt_limit *limit)
{
	double seconds = (double)a->duration / 1e9;
	char rate[40];
	size_t i;

	for (i = 0; limit->text && seconds > 0 && i < a->n; i++) {
		const struct all_row *row = &a->rows[i];
		double grows = (double)row->live_bytes / seconds;

		if (row->verdict != VERDICT_LEAK || grows <= (double)limit->value)
			continue;
		warn("%.200s leaks %s of %s, more than the limit %s of --fail-over",
		     name_of(a, row), slab_format_bytes_rate(rate, sizeof(rate), grows),
		     mem_kinds[row->kind].many, limit->text);
		return STATUS_CROSSED;
	}
	return 0;
}

/** all_verdict() - Return: the exit status that the module and the user's limits ask for. */
int all_verdict(const struct all_report *a, const struct opts *o)
{
	struct buf left = {};
	int status = 0;
	size_t i;

	if (a->module && !a->loaded && all_left(a, &left)) {
		warn("module %s left %s behind", a->module, left.p);
		status = STATUS_CROSSED;
	}
	buf_free(&left);
	if (!status)
		status = crossed(a, &o->fail_over);
	for (i = 0; !status && i < MEM_KINDS; i++)
		if (a->kinds[i].session)
			status = report_lost(a->kinds[i].session, o);
	return status;
}
