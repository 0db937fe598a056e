// SPDX-License-Identifier: GPL-2.0
/* Histograms as bars, of the first rows of a report. */

#include "lib/format.h"
#include "report/charts.h"
#include "report/hist.h"
#include "report/page.h"

#define CHART_ROWS	10		/* rows that get a bar chart */
#define CHART_LINES	20

static void print_chart(struct report *r, struct out *o, const struct row *row)
{
	struct hist_bar bars[CHART_LINES];
	bool utf8 = hist_terminal_is_utf8();
	size_t n = hist_bars(row, bars, CHART_LINES);
	struct buf line = {};
	uint64_t most = 0;
	char from[32];
	char to[32];
	size_t c;
	size_t i;

	for (c = 0; c < r->view->nr_columns; c++) {
		if (type_is_stack(r->view->types[c]) || view_is_hidden(r->view, c))
			continue;
		buf_puts(&line, line.len ? ", " : "");
		view_print_cell(r->view, c, r->table->keys + row->key, &line);
	}
	out_line(o, "\n%s", line.len ? line.p : "all");
	for (i = 0; i < n; i++)
		if (bars[i].count > most)
			most = bars[i].count;
	for (i = 0; i < n; i++) {
		format_value(from, sizeof(from), (double)bars[i].lo, view_unit(r->view));
		format_value(to, sizeof(to), (double)bars[i].hi, view_unit(r->view));
		line.len = 0;
		if (o->page) {
			buf_printf(&line, "%s .. %s", from, to);
			page_bar(o->page, line.p, bars[i].count, most);
			continue;
		}
		hist_draw(&line, bars[i].count, most, utf8);
		out_line(o, "  %9s .. %-9s %10llu |%s", from, to,
			 (unsigned long long)bars[i].count, line.len ? line.p : "");
	}
	buf_free(&line);
}

/** charts_print() - The bars of the rows that are shown, and what they are worth. */
void charts_print(struct report *r, struct out *o)
{
	size_t i;

	for (i = 0; i < r->rows_shown && i < CHART_ROWS; i++)
		print_chart(r, o, &r->table->rows[i]);
	if (r->rows_shown > CHART_ROWS)
		out_line(o, "(charts of the first %d rows only; -n N limits the rows)", CHART_ROWS);
	out_line(o, "\nPercentiles are never too low and at most 6.25 %% too high.");
}
