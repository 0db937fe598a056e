// SPDX-License-Identifier: GPL-2.0
/* A saved report of pmu record --graph: functions, with who calls them and whom they call. */

#include "cmd/saved/saved.h"
#include "report/callgraph.h"

static uint64_t number_of(const json_t *object, const char *key)
{
	return json_unsigned(json_object_get(object, key));
}

static const char *name_of(const json_t *object)
{
	const char *name = json_text(json_object_get(object, "func"));

	return name ? name : "?";
}

static void add_links(const json_t *list, struct graph_links *to)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		graph_link(to, name_of(item), number_of(item, "count"),
			   number_of(item, "events"), 1);
}

/** form_graph() - Return: 0, or an exit status after a sentence. */
int form_graph(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	const json_t *rows = json_object_get(root, "rows");
	struct graph g = {};
	json_t *row;
	size_t i;
	int err;

	json_array_foreach(rows, i, row) {
		/* Names of the file are other pointers, even where they are the same. */
		struct graph_function *f = graph_function(&g, name_of(row));

		f->self = number_of(row, "self");
		f->total = number_of(row, "total");
		f->self_weight = number_of(row, "self_events");
		f->total_weight = number_of(row, "total_events");
		add_links(json_object_get(row, "callers"), &f->callers);
		add_links(json_object_get(row, "callees"), &f->callees);
		g.weight += f->self_weight;
	}
	/* Older files do not have the sum, which is that of all functions. */
	if (json_object_get(root, "events"))
		g.weight = number_of(root, "events");
	g.left_out = (size_t)number_of(root, "rows_left_out");
	err = graph_show(&g, r, to);
	graph_free(&g);
	return err;
}
