// SPDX-License-Identifier: GPL-2.0
/*
 * What a report in a file has beside its numbers, so that it can be shown on another
 * machine: which columns its rows have, what their numbers count, and what is to be
 * known of its names.
 */

#include <stdio.h>
#include <string.h>

#include "lib/format.h"
#include "lib/macros.h"
#include "lib/process.h"
#include "report/report.h"

/* Numbers that are shown by names are texts in the rows. */
static const char *type_name(const struct view *v, size_t c)
{
	static const char *const names[] = {
		[KOBS_TYPE_NUMBER] = "number", [KOBS_TYPE_TEXT] = "text",
		[KOBS_TYPE_FUNCTION] = "function", [KOBS_TYPE_ADDRESS] = "address",
		[KOBS_TYPE_KSTACK] = "kstack", [KOBS_TYPE_USTACK] = "ustack",
		[KOBS_TYPE_OBJECT] = "object",
	};
	uint32_t type = v->types[c];

	if (type == KOBS_TYPE_NUMBER && v->shown[c] == SHOWN_NS)
		return "ns";
	if (type == KOBS_TYPE_NUMBER && view_is_named(v, c))
		type = KOBS_TYPE_TEXT;
	/* A place without an address is no function that a stack has, too. */
	if (type == KOBS_TYPE_FUNCTION && v->places.n)
		type = KOBS_TYPE_TEXT;
	return type < ARRAY_SIZE(names) && names[type] ? names[type] : "text";
}

static void print_columns(const struct view *v, struct out *o)
{
	size_t c;

	out_open(o, "columns", '[');
	for (c = 0; c < v->nr_columns; c++) {
		if (view_is_hidden(v, c))
			continue;
		out_open(o, NULL, '{');
		out_json_text(o, "name", v->columns[c]->name);
		out_json_text(o, "type", type_name(v, c));
		out_close(o, '}');
	}
	out_close(o, ']');
}

static void print_figures(const struct mode *m, struct out *o)
{
	size_t i;

	out_open(o, "figures", '[');
	for (i = 0; i < m->nr_figures; i++) {
		out_open(o, NULL, '{');
		out_json_text(o, "name", m->figures[i].name);
		out_json_text(o, "unit", m->figures[i].unit);
		if (m->figures[i].merge == KOBS_MERGE_LOWEST)
			out_json_bool(o, "lowest", true);
		out_close(o, '}');
	}
	out_close(o, ']');
}

/** report_shape() - Columns, value and further numbers of the rows; in JSON only. */
void report_shape(struct report *r, struct out *o)
{
	const struct mode *m = r->view->mode;
	size_t i;

	if (!o->json)
		return;
	out_json_text(o, "obsctl", r->opts->line);
	out_open(o, "command", '[');
	for (i = 0; r->opts->command && r->opts->command[i]; i++)
		out_json_text(o, NULL, r->opts->command[i]);
	out_close(o, ']');
	print_columns(r->view, o);
	out_json_text(o, "value", m->value);
	if (m->value)
		out_json_text(o, "unit", view_unit(r->view));
	if (m->nr_figures)
		print_figures(m, o);
}

static bool shows_processes(const struct view *v)
{
	size_t i;

	for (i = 0; i < v->nr_columns; i++) {
		const char *name = v->columns[i]->name;
		size_t len = strlen(name);

		if (len > 2 && (!strcmp(name + len - 3, "pid") || !strcmp(name + len - 3, "tid")))
			return true;
	}
	return false;
}

static void warn_of(struct strings *lines, const char *fmt, ...) PRINTF(2, 3);

static void warn_of(struct strings *lines, const char *fmt, ...)
{
	struct buf line = {};
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	strings_add(lines, line.p);
	buf_free(&line);
}

static void find_warnings(struct report *r, struct out *o, struct strings *lines)
{
	size_t large = r->view->usyms.debug_large + r->view->klines.large;
	const struct ksyms *k = &r->view->ksyms;
	char advice[160];
	char count[32];

	if (k->hidden && k->unknown) {
		out_json_bool(o, "symbols_hidden", true);
		warn_of(lines, "*** Functions of the kernel are [unknown], since %s hides addresses: %s. ***",
			k->path, kallsyms_advice(advice, sizeof(advice)));
	}
	if (r->view->usyms.unfollowed) {
		out_json_bool(o, "processes_unfollowed", true);
		warn_of(lines, "*** Code of processes that have ended has no names, since perf events cannot be opened: %s. ***",
			strerror(r->view->usyms.unfollowed));
	}
	if (r->view->usyms.lost) {
		out_json_number(o, "lost_mappings", r->view->usyms.lost);
		warn_of(lines, "*** %s mappings of processes were lost, since obsctl read them too late: user code can be [unknown], or have another one's name. ***",
			format_count(count, sizeof(count), r->view->usyms.lost));
	}
	if (large) {
		out_json_number(o, "large_debug_files", large);
		warn_of(lines, "*** Debug information of %s file%s takes too much memory: no lines and no inlined functions of %s. ***",
			format_count(count, sizeof(count), large), large == 1 ? "" : "s",
			large == 1 ? "it" : "them");
	}
	if (shows_processes(r->view) && !process_numbers_are_own())
		warn_of(lines, "Processes and threads have their numbers of the initial PID namespace; obsctl runs in another one.");
}

/** report_warnings() - Why names and numbers are not what they look like. */
void report_warnings(struct report *r, struct out *o)
{
	struct strings lines = {};
	const struct strings *all = r->saved ? &r->saved->warnings : &lines;
	size_t i;

	if (!r->saved)
		find_warnings(r, o, &lines);
	if (o->json)
		out_json_texts(o, "warnings", all);
	for (i = 0; i < all->n; i++)
		out_line(o, "%s", all->v[i]);
	strings_free(&lines);
}
