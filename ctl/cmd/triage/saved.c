// SPDX-License-Identifier: GPL-2.0
/* A saved report of triage. */

#include <stdlib.h>
#include <string.h>

#include "cmd/saved/saved.h"
#include "cmd/triage/saved.h"
#include "cmd/triage/words.h"
#include "lib/macros.h"
#include "report/report.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static double real_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_text(json_object_get(object, key));

	return text ? text : "?";
}

static void show_pressure(const json_t *list, struct out *o)
{
	json_t *row;
	size_t i;

	out_table_begin(o, "pressure");
	json_array_foreach(list, i, row)
		triage_print_pressure(o, &(struct triage_pressure){
			.resource = text_of(row, "resource"), .some = real_of(row, "some"),
			.full = real_of(row, "full"), .avg10 = real_of(row, "avg10"),
		});
	out_table_end(o);
	out_line(o, "%s", "");
}

static struct triage_line read_line(const json_t *row)
{
	const char *subject = json_text(json_object_get(row, "subject"));
	struct triage_line l = {
		.resource = text_of(row, "resource"), .subject = subject ? subject : "",
		.verdict = text_of(row, "verdict"), .evidence = text_of(row, "evidence"),
		.next = json_text(json_object_get(row, "next")),
	};
	size_t i;

	for (i = 0; i < NR_ASPECTS; i++) {
		const json_t *value = json_object_get(row, aspect_names[i]);

		if (value)
			l.value[i] = (struct triage_value){
				.name = text_of(value, "name"), .value = real_of(value, "value"),
				.unit = triage_unit_of(text_of(value, "unit")),
			};
	}
	return l;
}

static void show_rows(const json_t *root, struct out *o)
{
	bool all = json_is_true(json_object_get(root, "all"));
	struct strings told = {};
	size_t left = 0;
	json_t *row;
	size_t i;

	out_table_begin(o, "rows");
	json_array_foreach(json_object_get(root, "rows"), i, row) {
		struct triage_line l = read_line(row);

		if (triage_shows(&l, all, &told))
			triage_print_line(o, &l);
		else
			left++;
	}
	out_table_end(o);
	triage_print_left(o, left);
	strings_free(&told);
}

static void show_processes(const json_t *list, struct out *o)
{
	json_t *row;
	size_t i;

	out_table_begin(o, "processes");
	json_array_foreach(list, i, row) {
		out_row_begin(o);
		triage_print_process(o, &(struct triage_process){
			.comm = text_of(row, "comm"), .pid = number_of(row, "pid"),
			.user = real_of(row, "user"), .system = real_of(row, "system"),
			.threads = number_of(row, "threads"),
			.faults = real_of(row, "major_faults_per_s"),
		});
		/* Of all rows, or of none: they are one table. */
		if (json_object_get(json_array_get(list, 0), "syscalls_per_s"))
			triage_print_service(o, &(struct triage_service){
				.calls = real_of(row, "syscalls_per_s"),
				.errors = real_of(row, "errors_per_s"),
				.p99 = number_of(row, "syscall_p99_ns"),
				.any = json_object_get(row, "syscall_p99_ns"),
			});
		out_row_end(o);
	}
	out_table_end(o);
}

static void show_session(json_t *row, struct out *o)
{
	double cost = real_of(row, "cost_percent");
	struct session s = {
		.stop_reason = (char *)json_text(json_object_get(row, "stopped")),
	};

	restore_account(row, &s);
	triage_print_session(o, text_of(row, "session"), &s,
			     json_object_get(row, "cost_percent") ? &cost : NULL);
	free(s.lost);
}

static void show_sessions(const json_t *list, struct out *o)
{
	json_t *row;
	size_t i;

	if (!list)
		return;
	out_line(o, "%s", "");
	out_table_begin(o, "sessions");
	json_array_foreach(list, i, row)
		show_session(row, o);
	out_table_end(o);
	triage_print_equation(o);
}

/** triage_show() - Return: 0, or an exit status after a sentence. */
int triage_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	const json_t *missing = json_object_get(root, "not_seen");
	struct strings lines = {};
	struct out o;
	json_t *line;
	size_t i;

	json_array_foreach(missing, i, line)
		if (json_text(line))
			strings_add(&lines, json_text(line));
	output_begin(to, &o, false);
	triage_print_head(&o, &(struct triage_head){
		.duration = r->session->duration, .cpus = number_of(root, "cpus"),
		.threads = number_of(root, "threads"),
	});
	show_pressure(json_object_get(root, "pressure"), &o);
	show_rows(root, &o);
	triage_print_sentence(&o, text_of(root, "sentence"));
	show_processes(json_object_get(root, "processes"), &o);
	show_sessions(json_object_get(root, "sessions"), &o);
	triage_print_missing(&o, &lines);
	out_free(&o);
	strings_free(&lines);
	return output_flush(to);
}
