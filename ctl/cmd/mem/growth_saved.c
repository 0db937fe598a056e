// SPDX-License-Identifier: GPL-2.0
/* A saved report of 'mem growth'. */

#include <string.h>

#include "cmd/mem/balance.h"
#include "cmd/mem/growth_print.h"
#include "cmd/mem/mem.h"
#include "export/json_file.h"
#include "report/report.h"

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_text(json_object_get(object, key));

	return text ? text : "?";
}

/* Memory has fewer bytes than an integer of the library. */
static int64_t bytes_of(const json_t *object, const char *key)
{
	int64_t bytes = json_integer_value(json_object_get(object, key));

	return bytes > -INT64_MAX ? bytes : -INT64_MAX;
}

static struct mem_change read_change(const json_t *row)
{
	return (struct mem_change){
		.change = bytes_of(row, "change"),
		.rate = json_number_value(json_object_get(row, "bytes_per_s")),
		.confidence = json_number_value(json_object_get(row, "confidence")),
		.error = json_number_value(json_object_get(row, "growth_error")),
		.known = json_object_get(row, "confidence"),
		.moved = !json_is_true(json_object_get(row, "unchanged")),
	};
}

/* The words for a part; another version can have others. */
static const char *doc_of(const char *part)
{
	size_t i;

	for (i = 0; i < nr_balance_items; i++)
		if (!strcmp(balance_items[i].name, part))
			return balance_items[i].doc;
	return part;
}

static void read_parts(const json_t *rows, struct mem_report *r)
{
	json_t *row;
	size_t i;

	r->parts = zalloc(json_array_size(rows) * sizeof(*r->parts));
	json_array_foreach(rows, i, row) {
		const char *name = text_of(row, "part");

		r->parts[r->nr_parts++] = (struct mem_share){
			.name = name, .doc = doc_of(name), .bytes = bytes_of(row, "bytes"),
			.change = read_change(row),
			.rest = !strcmp(name, balance_items[BALANCE_REST].name),
		};
		if (r->grows && !strcmp(r->grows, name))
			r->rate = r->parts[i].change.rate;
	}
}

static void read_growers(const json_t *rows, struct mem_report *r)
{
	json_t *row;
	size_t i;

	r->growers = zalloc(json_array_size(rows) * sizeof(*r->growers));
	json_array_foreach(rows, i, row)
		r->growers[r->nr_growers++] = (struct mem_grower){
			.from = text_of(row, "from"), .name = text_of(row, "name"),
			.bytes = json_unsigned(json_object_get(row, "bytes")),
			.change = read_change(row),
		};
}

/** mem_growth_show() - Return: 0, or an exit status after a sentence. */
int mem_growth_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	const json_t *blocks = json_object_get(root, "free_blocks");
	struct mem_report m = {
		.duration = r->session->duration, .interim = r->interim,
		.readings = (size_t)json_unsigned(json_object_get(root, "readings")),
		.total = json_unsigned(json_object_get(root, "total")),
		.page = json_unsigned(json_object_get(root, "page_size")),
		.grows = json_text(json_object_get(root, "grows")),
		.next = json_text(json_object_get(root, "next")),
	};
	struct out o;
	size_t i;

	m.grows_doc = m.grows ? doc_of(m.grows) : NULL;
	for (i = 0; i < MEM_ORDERS; i++)
		m.blocks[i] = json_unsigned(json_array_get(blocks, i));
	read_parts(json_object_get(root, "rows"), &m);
	read_growers(json_object_get(root, "growing"), &m);
	output_begin(to, &o, false);
	mem_report_print(&m, &o);
	out_free(&o);
	mem_report_free(&m);
	return output_flush(to);
}
