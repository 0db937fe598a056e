// SPDX-License-Identifier: GPL-2.0
/* A saved report of pmu branch: edges, calls and blocks with the names that the file has. */

#include <stdlib.h>
#include <string.h>

#include "export/json_file.h"
#include "cmd/pmu/edges.h"
#include "cmd/pmu/pmu.h"
#include "lib/buf.h"
#include "report/report.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_text(json_object_get(object, key));

	return text ? text : "?";
}

static void read_hist(const json_t *list, struct edges *e, struct row *to)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		struct bucket b = {
			.lo = number_of(item, "lo"), .hi = number_of(item, "hi"),
			.count = number_of(item, "count"),
		};

		if (b.lo <= b.hi)
			table_add_bucket(to, &b);
	}
	e->has_hist |= json_is_array(list);
}

static void read_edges(struct edges *e, const json_t *rows)
{
	json_t *row;
	size_t i;

	e->edge = zalloc((json_array_size(rows) + 1) * sizeof(*e->edge));
	json_array_foreach(rows, i, row) {
		struct edge *to = &e->edge[e->nr_edges++];

		*to = (struct edge){
			.pid = (uint32_t)number_of(row, "pid"), .count = number_of(row, "count"),
			.from = number_of(row, "from_address"), .to = number_of(row, "to_address"),
			.mispredicted = number_of(row, "mispredicted"),
			.sum = number_of(row, "sum"), .min = number_of(row, "min"),
			.max = number_of(row, "max"),
			.name = { text_of(row, "from"), text_of(row, "to") },
		};
		to->hist.max = to->max;
		read_hist(json_object_get(row, "hist"), e, &to->hist);
		e->entries += to->count;
		e->timed += json_object_get(row, "sum") ? to->count : 0;
	}
}

static void read_blocks(struct edges *e, const json_t *rows)
{
	json_t *row;
	size_t i;

	e->block = zalloc((json_array_size(rows) + 1) * sizeof(*e->block));
	json_array_foreach(rows, i, row)
		e->block[e->nr_blocks++] = (struct edge){
			.pid = (uint32_t)number_of(row, "pid"), .count = number_of(row, "count"),
			.name = { text_of(row, "start"), text_of(row, "end") },
		};
}

static size_t read_calls(struct call **out, const json_t *rows, bool callers)
{
	json_t *row;
	size_t i;

	*out = zalloc((json_array_size(rows) + 1) * sizeof(**out));
	json_array_foreach(rows, i, row)
		(*out)[i] = (struct call){
			.caller = callers ? text_of(row, "caller") : NULL,
			.callee = text_of(row, "func"), .count = number_of(row, "count"),
			.returns = number_of(row, "returns"),
		};
	return json_array_size(rows);
}

static void read_all(struct edges *e, const struct report *r, const json_t *root)
{
	const struct session *s = r->session;

	memset(e, 0, sizeof(*e));
	e->view = r->view;
	e->predictions = model_note(s, "predictions");
	read_edges(e, json_object_get(root, "rows"));
	read_blocks(e, json_object_get(root, "blocks"));
	e->nr_calls = read_calls(&e->call, json_object_get(root, "calls"), false);
	e->nr_graph = read_calls(&e->graph, json_object_get(root, "graph"), true);
	/* Older files do not have the sum, which is that of all edges. */
	if (json_object_get(root, "entries"))
		e->entries = number_of(root, "entries");
	e->left_out[EDGES_ROWS] = (size_t)number_of(root, "rows_left_out");
	e->left_out[EDGES_CALLS] = (size_t)number_of(root, "calls_left_out");
	e->left_out[EDGES_GRAPH] = (size_t)number_of(root, "graph_left_out");
	e->left_out[EDGES_BLOCKS] = (size_t)number_of(root, "blocks_left_out");
}

/** pmu_edges_show() - Return: 0, or an exit status after a sentence. */
int pmu_edges_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	bool calls = json_object_get(root, "calls");
	bool blocks = json_object_get(root, "blocks");
	bool graph = json_object_get(root, "graph");
	struct edges e;
	struct out o;

	read_all(&e, r, root);
	output_begin(to, &o, false);
	report_header(r, &o);
	/* Text has the graph where it was asked for: a file with all parts was not asked. */
	edges_print(&e, &o, r->opts, true, calls, graph && !(calls && blocks), blocks);
	report_footer(r, &o);
	out_free(&o);
	edges_free(&e);
	return output_flush(to);
}
