// SPDX-License-Identifier: GPL-2.0
/* Prints 'slab growth': the title, a row per cache and what is said of them all. */

#include <stdio.h>
#include <string.h>

#include "export/json_file.h"
#include "cmd/slab/growth_print.h"
#include "cmd/slab/leaks.h"
#include "cmd/slab/slab.h"
#include "lib/format.h"
#include "report/report.h"

#define TEXT_ROWS	40

/** growth_print_title() - @from: the file that was read, or "kobs". */
void growth_print_title(struct out *o, size_t caches, uint64_t duration, bool interim,
			size_t readings, const char *from, const char *stopped)
{
	char took[32];

	out_line(o, "slab growth of %zu caches, %s%s, %zu readings of %s\n", caches,
		 format_ns(took, sizeof(took), (double)duration), interim ? " so far" : "",
		 readings, strcmp(from, "kobs") ? from : "the objects that kobs follows");
	if (stopped)
		out_line(o, "*** Stopped early: %s. ***\n", stopped);
}

/** growth_print_row() - A cache. */
void growth_print_row(struct out *o, const struct growth_row *row)
{
	char shown[40];

	out_row_begin(o);
	out_cell_text(o, "cache", "CACHE", row->cache);
	out_json_exact(o, "bytes_per_s", row->bytes_rate);
	out_cell_aside(o, "BYTES/S",
		       slab_format_bytes_rate(shown, sizeof(shown), row->bytes_rate), true);
	if (row->known)
		out_json_exact(o, "confidence", row->confidence);
	slab_format_confidence(shown, sizeof(shown), row->confidence, row->known);
	out_cell_aside(o, "SURE", shown, true);
	out_json_signed(o, "change", row->change);
	out_cell_aside(o, "CHANGE", slab_format_change(shown, sizeof(shown), row->change), true);
	out_json_exact(o, "growth_per_s", row->rate);
	out_cell_aside(o, "OBJECTS/S", slab_format_rate(shown, sizeof(shown), row->rate), true);
	if (row->known)
		out_json_exact(o, "growth_error", row->error);
	snprintf(shown, sizeof(shown), "%.3g", row->error);
	out_cell_aside(o, "+-", row->known ? shown : "-", true);
	out_cell_number(o, "objects", "OBJECTS", row->objects);
	out_json_number(o, "size", row->size);
	out_cell_shown(o, "bytes", "BYTES", row->bytes,
		       format_bytes(shown, sizeof(shown), row->bytes));
	if (row->memory)
		out_json_number(o, "memory", row->memory);
	if (!row->changed)
		out_json_bool(o, "unchanged", true);
	out_row_end(o);
}

/** growth_print_foot() - @unchanged: caches that did not change are among those that are shown. */
void growth_print_foot(struct out *o, size_t caches, size_t changed, size_t shown, bool unchanged)
{
	if (!changed)
		out_line(o, "No cache changed%s.", unchanged ? "" : " (-n 0 shows all)");
	else if (changed > shown)
		out_line(o, "... %zu more changed caches (-n 0 shows all)", changed - shown);
	if (changed && changed < caches)
		out_line(o, "%zu caches did not change%s", caches - changed,
			 unchanged ? "" : " (-n 0 shows them)");
	if (changed)
		out_line(o, "\nSURE: confidence that OBJECTS/S is not 0; +-: its standard error");
}

static struct growth_row read_row(const json_t *row)
{
	const char *cache = json_text(json_object_get(row, "cache"));

	return (struct growth_row){
		.cache = cache ? cache : "?",
		.known = json_object_get(row, "confidence"),
		.changed = !json_is_true(json_object_get(row, "unchanged")),
		.bytes_rate = json_number_value(json_object_get(row, "bytes_per_s")),
		.confidence = json_number_value(json_object_get(row, "confidence")),
		.change = json_integer_value(json_object_get(row, "change")),
		.rate = json_number_value(json_object_get(row, "growth_per_s")),
		.error = json_number_value(json_object_get(row, "growth_error")),
		.objects = json_unsigned(json_object_get(row, "objects")),
		.bytes = json_unsigned(json_object_get(row, "bytes")),
	};
}

static void show_rows(struct report *r, struct out *o, const json_t *rows, size_t caches)
{
	const struct opt_number *top = &r->opts->top;
	size_t most = top->given ? top->value ? top->value : SIZE_MAX : TEXT_ROWS;
	bool unchanged = top->given && !top->value;
	size_t changed = 0;
	size_t shown = 0;
	json_t *item;
	size_t i;

	out_table_begin(o, "rows");
	json_array_foreach(rows, i, item) {
		struct growth_row row = read_row(item);

		changed += row.changed;
		if (shown == most || (!row.changed && !unchanged))
			continue;
		growth_print_row(o, &row);
		shown++;
	}
	out_table_end(o);
	growth_print_foot(o, caches, changed, shown, unchanged);
}

/** slab_growth_show() - A saved report. Return: 0, or an exit status after a sentence. */
int slab_growth_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	const json_t *rows = json_object_get(root, "rows");
	const json_t *all = json_object_get(root, "caches");
	const char *from = json_text(json_object_get(root, "from"));
	size_t caches = all ? (size_t)json_unsigned(all) : json_array_size(rows);
	struct out o;

	/* Whose rows all CPUs share. */
	r->kind = &slab_leaks_report;
	output_begin(to, &o, false);
	growth_print_title(&o, caches, r->session->duration, r->interim,
			   (size_t)json_unsigned(json_object_get(root, "readings")),
			   from ? from : "?", r->session->stop_reason);
	show_rows(r, &o, rows, caches);
	if (json_object_get(root, "accounting"))
		report_footer(r, &o);
	out_free(&o);
	return output_flush(to);
}
