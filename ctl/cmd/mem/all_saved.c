// SPDX-License-Identifier: GPL-2.0
/*
 * A saved report of all kinds of memory. Nothing in the file is taken for granted: what is
 * missing or of another type is 0, or left out.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/all.h"
#include "cmd/saved/saved.h"
#include "lib/buf.h"
#include "report/outfile.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static double real_of(const json_t *value)
{
	double v = json_number_value(value);

	return isfinite(v) ? v : 0;
}

static void restore_columns(struct all_report *a, const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		const char *name = json_text(item);

		if (!name || !strcmp(name, "kind") || !strcmp(name, "group"))
			continue;
		if (!strcmp(name, "kstack"))
			a->stacks = true;
		else if (a->columns.n < ALL_CELLS)
			strings_add(&a->columns, name);
	}
}

static void restore_cell(struct all_cell *cell, const json_t *value)
{
	struct buf digits = {};

	if (json_text(value)) {
		cell->text = copy_string(json_text(value));
	} else if (json_is_unsigned(value)) {
		cell->number = true;
		cell->value = json_unsigned(value);
		buf_u64(&digits, cell->value);
		cell->text = digits.p;
	}
}

static void restore_row(struct all_report *a, size_t kind, const json_t *from)
{
	const json_t *live_after = json_object_get(from, "live_after");
	const json_t *group = json_object_get(from, "group");
	const json_t *kept = json_object_get(from, "kept");
	struct all_row *row = all_row_add(a, kind);
	json_t *frame;
	size_t i;

	for (i = 0; i < a->columns.n; i++)
		restore_cell(&row->cells[i], json_object_get(from, a->columns.v[i]));
	if (json_text(group))
		row->group = copy_string(json_text(group));
	json_array_foreach(json_object_get(from, "kstack"), i, frame)
		strings_add(&row->frames, json_text(frame) ? json_text(frame) : "?");
	row->verdict = verdict_find(json_text(json_object_get(from, "verdict")));
	row->live = number_of(from, "live");
	row->live_bytes = number_of(from, "live_bytes");
	row->allocated = number_of(from, "allocated");
	row->allocated_bytes = number_of(from, "allocated_bytes");
	row->freed = number_of(from, "freed");
	row->missed = number_of(from, "missed_frees");
	row->failed = number_of(from, "failed");
	row->oldest = number_of(from, "oldest_ns");
	row->rate = real_of(json_object_get(from, "growth_per_s"));
	row->confidence = real_of(json_object_get(from, "confidence"));
	row->reclaimable = json_is_true(json_object_get(from, "reclaimable"));
	for (i = 0; i < VERDICT_PARTS; i++) {
		row->kept[i] = real_of(json_array_get(kept, i));
		row->live_after[i] = json_unsigned(json_array_get(live_after, i));
	}
}

/* Return: the place of a kind; MEM_KINDS for none. */
static size_t kind_of(const json_t *object)
{
	const struct mem_kind *kind = mem_kind_find(json_text(json_object_get(object, "kind")));

	return kind ? (size_t)(kind - mem_kinds) : MEM_KINDS;
}

static void restore_kinds(struct all_report *a, struct session *sessions, const json_t *root)
{
	json_t *item;
	size_t i;

	for (i = 0; i < MEM_KINDS; i++)
		a->kinds[i].absent = "the file does not have it";
	json_array_foreach(json_object_get(root, "kinds"), i, item) {
		const char *absent = json_text(json_object_get(item, "absent"));
		size_t kind = kind_of(item);
		struct all_kind *k;

		if (kind == MEM_KINDS || a->kinds[kind].session)
			continue;
		k = &a->kinds[kind];
		k->absent = absent;
		if (absent)
			continue;
		restore_account(json_object_get(item, "accounting"), &sessions[kind]);
		restore_cost(json_object_get(item, "cost"), &sessions[kind]);
		sessions[kind].stop_reason = (char *)json_text(json_object_get(item, "stopped"));
		sessions[kind].duration = a->duration;
		k->session = &sessions[kind];
		k->unknown_frees = number_of(item, "unknown_frees");
		k->elsewhere = number_of(item, "counted_elsewhere");
		k->idle = number_of(item, "rows_without_live");
		k->objects = number_of(item, "live");
		k->bytes = number_of(item, "live_bytes");
	}
}

static void restore_module(struct all_report *a, const json_t *root)
{
	const json_t *module = json_object_get(root, "module");
	json_t *item;
	size_t i;

	a->module = json_text(json_object_get(module, "name"));
	a->loaded = json_is_true(json_object_get(module, "loaded"));
	json_array_foreach(json_object_get(module, "left"), i, item) {
		size_t kind = kind_of(item);
		json_t *order;
		size_t k;

		json_array_foreach(json_object_get(item, "orders"), k, order)
			if (kind < MEM_KINDS && json_unsigned(order) < 64)
				a->kinds[kind].orders |= 1ull << json_unsigned(order);
	}
}

/** mem_leaks_show() - A saved report. Return: 0, or an exit status after a sentence. */
int mem_leaks_show(struct report *r, const struct output *to)
{
	struct session sessions[MEM_KINDS] = {};
	const json_t *root = r->saved->root;
	struct all_report a = {
		.version = r->view->version, .kernel = r->view->kernel, .interim = r->interim,
		.duration = r->session->duration,
		.filter = json_text(json_object_get(root, "filter_text")),
		.left_out = number_of(root, "rows_left_out"), .saved = true,
	};
	struct dump *dump;
	struct out o;
	json_t *row;
	size_t i;

	restore_columns(&a, json_object_get(root, "by"));
	restore_kinds(&a, sessions, root);
	json_array_foreach(json_object_get(root, "rows"), i, row)
		if (kind_of(row) < MEM_KINDS)
			restore_row(&a, kind_of(row), row);
	restore_module(&a, root);
	dump = dump_restore(root);
	a.dump = dump;
	output_begin(to, &o, false);
	all_print(&a, r->opts, &o);
	out_free(&o);
	all_report_free(&a);
	if (dump)
		dump_free(dump);
	free(dump);
	for (i = 0; i < MEM_KINDS; i++)
		free(sessions[i].lost);
	return output_flush(to);
}
