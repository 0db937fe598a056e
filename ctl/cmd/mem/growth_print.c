// SPDX-License-Identifier: GPL-2.0
/* Prints 'mem growth': the parts of the memory, what grows of them, and what to ask next. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/growth_print.h"
#include "cmd/slab/slab.h"
#include "lib/format.h"

#define HUGE_BYTES	(2u << 20)

static void print_change(struct out *o, const struct mem_change *c)
{
	char shown[40], bytes[32];

	out_json_exact(o, "bytes_per_s", c->rate);
	out_cell_aside(o, "BYTES/S", slab_format_bytes_rate(shown, sizeof(shown), c->rate), true);
	if (c->known) {
		out_json_exact(o, "confidence", c->confidence);
		out_json_exact(o, "growth_error", c->error);
	}
	slab_format_confidence(shown, sizeof(shown), c->confidence, c->known);
	out_cell_aside(o, "SURE", shown, true);
	out_json_signed(o, "change", c->change);
	format_bytes(bytes, sizeof(bytes), (uint64_t)llabs(c->change));
	snprintf(shown, sizeof(shown), "%s%s", c->change < 0 ? "-" : c->change ? "+" : "", bytes);
	out_cell_aside(o, "CHANGE", shown, true);
	if (!c->moved)
		out_json_bool(o, "unchanged", true);
}

static void print_part(const struct mem_report *r, struct out *o, const struct mem_share *p)
{
	double share = r->total ? (double)p->bytes / (double)r->total : 0;
	char shown[40], number[32];

	/* A machine has few of them. */
	if (!o->json && !p->bytes && !p->change.moved && !p->rest)
		return;
	out_row_begin(o);
	out_json_text(o, "part", p->name);
	out_cell_aside(o, "PART", p->doc, false);
	format_bytes(number, sizeof(number), (uint64_t)llabs(p->bytes));
	snprintf(shown, sizeof(shown), "%s%s", p->bytes < 0 ? "-" : "", number);
	out_cell_signed(o, "bytes", "BYTES", p->bytes, shown);
	out_json_exact(o, "share", share);
	snprintf(shown, sizeof(shown), "%.1f %%", share * 100);
	out_cell_aside(o, "SHARE", shown, true);
	print_change(o, &p->change);
	out_json_bool(o, "given_back", p->given_back);
	out_row_end(o);
}

static void print_head(const struct mem_report *r, struct out *o)
{
	char took[32], total[32];

	if (r->interim)
		out_json_bool(o, "interim", true);
	out_json_number(o, "duration_ns", r->duration);
	out_json_number(o, "readings", r->readings);
	out_json_number(o, "total", r->total);
	out_line(o, "mem growth, %s%s, %zu readings of /proc/meminfo: parts of %s\n",
		 format_ns(took, sizeof(took), (double)r->duration), r->interim ? " so far" : "",
		 r->readings, format_bytes(total, sizeof(total), r->total));
}

static void print_growers(const struct mem_report *r, struct out *o)
{
	char shown[40];
	size_t i;

	if (r->nr_growers)
		out_line(o, "\nOf these, by who took it:\n");
	out_table_begin(o, "growing");
	for (i = 0; i < r->nr_growers; i++) {
		const struct mem_grower *g = &r->growers[i];

		out_row_begin(o);
		out_cell_text(o, "from", "FROM", g->from);
		out_cell_text(o, "name", "NAME", g->name);
		out_cell_shown(o, "bytes", "BYTES", g->bytes,
			       format_bytes(shown, sizeof(shown), g->bytes));
		print_change(o, &g->change);
		out_row_end(o);
	}
	out_table_end(o);
}

static void print_blocks(const struct mem_report *r, struct out *o)
{
	uint64_t huge = 0;
	uint64_t all = 0;
	size_t largest = 0;
	char bytes[32];
	size_t order;

	if (!r->page)
		return;
	out_json_number(o, "page_size", r->page);
	out_open(o, "free_blocks", '[');
	for (order = 0; order < MEM_ORDERS; order++) {
		uint64_t of_order = r->blocks[order] * (r->page << order);

		out_json_number(o, NULL, r->blocks[order]);
		all += of_order;
		if (r->page << order >= HUGE_BYTES)
			huge += of_order;
		if (of_order)
			largest = order;
	}
	out_close(o, ']');
	if (all)
		out_line(o, "\nFree blocks: the largest is of %s; %.0f %% of the free memory is in blocks of 2 MiB or more",
			 format_bytes(bytes, sizeof(bytes), r->page << largest),
			 100 * (double)huge / (double)all);
}

static void print_next(const struct mem_report *r, struct out *o)
{
	char rate[40];

	if (!r->grows) {
		out_line(o, "Nothing surely grows, but for what the kernel takes back when it needs it.");
		return;
	}
	out_json_text(o, "grows", r->grows);
	out_line(o, "%s grows by %s.", r->grows_doc,
		 slab_format_bytes_rate(rate, sizeof(rate), r->rate));
	if (!r->next)
		return;
	out_json_text(o, "next", r->next);
	out_line(o, "Next: %s", r->next);
}

/** mem_report_print() - Print the report; what JSON has of the machine is the caller's. */
void mem_report_print(const struct mem_report *r, struct out *o)
{
	size_t i;

	print_head(r, o);
	out_table_begin(o, "rows");
	for (i = 0; i < r->nr_parts; i++)
		print_part(r, o, &r->parts[i]);
	out_table_end(o);
	print_growers(r, o);
	print_blocks(r, o);
	out_line(o, "SURE: confidence that BYTES/S is not 0. Unaccounted is what no counter of the kernel has, such as pages that drivers take");
	print_next(r, o);
}

/** mem_report_free() - Free the lists; their texts are the caller's. */
void mem_report_free(struct mem_report *r)
{
	free(r->parts);
	free(r->growers);
	memset(r, 0, sizeof(*r));
}
