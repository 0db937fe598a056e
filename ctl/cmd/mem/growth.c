// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl mem growth: where the machine's memory went, and what of it grows. All of
 * it is read from /proc and /sys; the module is not needed. The parts add up to
 * MemTotal, with what no counter has as a line of its own.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/mem/balance.h"
#include "cmd/mem/mem.h"
#include "cmd/mem/series.h"
#include "cmd/slab/slab.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/lines.h"
#include "lib/parse.h"
#include "report/outfile.h"
#include "run/readings.h"
#include "version.h"

/* Bytes can be negative, readings of a trend cannot. */
#define BIAS		(1ll << 50)

/* Control groups: how deep, and how many. */
#define CGROUP_DEPTH	3
#define CGROUPS		512

#define GROWING_ROWS	5
#define HUGE_BYTES	(2u << 20)

/* What says more than the balance, where it is there. */
enum detail { DETAIL_VMALLOC, DETAIL_TAG, DETAIL_CGROUP, DETAILS };

static const struct {
	const char	*name;
	const char	*file;
} details[DETAILS] = {
	[DETAIL_VMALLOC] = { "vmalloc", "/proc/vmallocinfo" },
	[DETAIL_TAG] = { "allocinfo", "/proc/allocinfo" },
	[DETAIL_CGROUP] = { "cgroup", "/sys/fs/cgroup" },
};

struct growth {
	const struct opts *o;
	struct output	output;
	struct readings	readings;
	uint64_t	page;
	struct mem_values now;
	struct trend	*trends;	/* of balance_items */
	struct series	detail[DETAILS];
	bool		stacks;		/* those of threads are vmalloc() memory */
	uint64_t	blocks[MEM_ORDERS];
	bool		has_blocks;
	size_t		nr_readings;
	uint64_t	from;
	uint64_t	last;
};

static void read_areas(struct growth *g)
{
	struct mem_part part;
	struct lines l;
	char *line;
	size_t len;

	/* Where only root may read it, stacks are taken to be there, as they mostly are. */
	g->stacks = mem_value(&g->now, "VmallocUsed") >= mem_value(&g->now, "KernelStack");
	if (lines_open(&l, details[DETAIL_VMALLOC].file))
		return;
	g->stacks = false;
	while ((line = lines_next(&l, &len))) {
		if (!mem_parse_area(line, g->page, &part))
			continue;
		g->stacks |= mem_is_stack_area(part.name);
		series_add(&g->detail[DETAIL_VMALLOC], part.name, part.bytes);
	}
	lines_close(&l);
}

static void read_tags(struct growth *g)
{
	struct mem_part part;
	struct lines l;
	char *line;
	size_t len;

	if (lines_open(&l, details[DETAIL_TAG].file))
		return;
	while ((line = lines_next(&l, &len)))
		if (mem_parse_tag(line, &part))
			series_add(&g->detail[DETAIL_TAG], part.name, part.bytes);
	lines_close(&l);
}

static void read_cgroup(struct growth *g, const char *path, unsigned int depth)
{
	struct series *s = &g->detail[DETAIL_CGROUP];
	char file[512];
	struct dirent *e;
	long long bytes;
	DIR *dir;

	/* The root has none. */
	snprintf(file, sizeof(file), "%s/memory.current", path);
	if (!read_number(file, &bytes) && bytes >= 0)
		series_add(s, path + strlen(details[DETAIL_CGROUP].file), (uint64_t)bytes);
	dir = depth ? opendir(path) : NULL;
	while (dir && (e = readdir(dir))) {
		if (e->d_type != DT_DIR || *e->d_name == '.' || s->n >= CGROUPS)
			continue;
		if ((size_t)snprintf(file, sizeof(file), "%s/%s", path, e->d_name) < sizeof(file))
			read_cgroup(g, file, depth - 1);
	}
	if (dir)
		closedir(dir);
}

static int take_reading(void *arg)
{
	struct growth *g = arg;
	uint64_t now = now_ns();
	size_t i;
	int err;

	g->now.n = 0;
	err = mem_read_meminfo(&g->now, "/proc/meminfo");
	if (err)
		return err;
	mem_read_vmstat(&g->now, "/proc/vmstat", g->page);
	mem_read_zoneinfo(&g->now, "/proc/zoneinfo", g->page);
	for (i = 0; i < DETAILS; i++)
		series_begin(&g->detail[i]);
	read_areas(g);
	read_tags(g);
	read_cgroup(g, details[DETAIL_CGROUP].file, CGROUP_DEPTH);
	for (i = 0; i < DETAILS; i++)
		series_end(&g->detail[i], now);
	if (g->stacks)
		mem_add_value(&g->now, "vmalloc_stacks", mem_value(&g->now, "KernelStack"));
	for (i = 0; i < nr_balance_items; i++)
		trend_add(&g->trends[i], now, (uint64_t)(balance_bytes(&g->now, i) + BIAS));
	g->has_blocks = mem_read_buddyinfo("/proc/buddyinfo", g->blocks);
	if (!g->nr_readings++)
		g->from = now;
	g->last = now;
	return 0;
}

static void print_trend(struct out *o, const struct trend *t)
{
	int64_t change = (int64_t)(t->last - t->first);
	bool known = t->steps >= 2;
	char shown[40], bytes[32];

	out_json_precise(o, "bytes_per_s", trend_rate(t));
	out_cell_aside(o, "BYTES/S", slab_format_bytes_rate(shown, sizeof(shown), trend_rate(t)),
		       true);
	if (known) {
		out_json_precise(o, "confidence", trend_confidence(t));
		out_json_precise(o, "growth_error", trend_error(t));
	}
	slab_format_confidence(shown, sizeof(shown), trend_confidence(t), known);
	out_cell_aside(o, "SURE", shown, true);
	out_json_signed(o, "change", change);
	format_bytes(bytes, sizeof(bytes), (uint64_t)(change < 0 ? -change : change));
	snprintf(shown, sizeof(shown), "%s%s", change < 0 ? "-" : change ? "+" : "", bytes);
	out_cell_aside(o, "CHANGE", shown, true);
}

static void print_item(struct growth *g, struct out *o, size_t i)
{
	int64_t bytes = balance_bytes(&g->now, i);
	double share = (double)bytes / (double)mem_value(&g->now, "MemTotal");
	char shown[40], number[32];

	/* A machine has few of them. */
	if (!o->json && !bytes && !g->trends[i].squares && i != BALANCE_REST)
		return;
	out_row_begin(o);
	out_json_text(o, "part", balance_items[i].name);
	out_cell_aside(o, "PART", balance_items[i].doc, false);
	format_bytes(number, sizeof(number), (uint64_t)(bytes < 0 ? -bytes : bytes));
	snprintf(shown, sizeof(shown), "%s%s", bytes < 0 ? "-" : "", number);
	out_cell_signed(o, "bytes", "BYTES", bytes, shown);
	out_json_precise(o, "share", share);
	snprintf(shown, sizeof(shown), "%.1f %%", share * 100);
	out_cell_aside(o, "SHARE", shown, true);
	print_trend(o, &g->trends[i]);
	out_json_bool(o, "given_back", balance_items[i].given_back);
	out_row_end(o);
}

static void print_head(struct growth *g, struct out *o, bool interim)
{
	struct utsname name = {};
	char took[32], total[32];

	uname(&name);
	out_json_text(o, "kobs", program_version);
	out_json_text(o, "kernel", name.release);
	out_json_text(o, "source", "mem");
	out_json_text(o, "mode", "growth");
	if (interim)
		out_json_bool(o, "interim", true);
	out_json_number(o, "duration_ns", g->last - g->from);
	out_json_number(o, "readings", g->nr_readings);
	out_json_number(o, "total", mem_value(&g->now, "MemTotal"));
	out_line(o, "mem growth, %s%s, %zu readings of /proc/meminfo: parts of %s\n",
		 format_ns(took, sizeof(took), (double)(g->last - g->from)),
		 interim ? " so far" : "", g->nr_readings,
		 format_bytes(total, sizeof(total), mem_value(&g->now, "MemTotal")));
}

/* What surely grows in the files that tell more. */
static void print_growing(struct growth *g, struct out *o)
{
	char shown[40];
	bool any = false;
	size_t i, k, n;

	for (i = 0; i < DETAILS; i++) {
		free(series_growing(&g->detail[i], &n));
		any |= n > 0;
	}
	if (any)
		out_line(o, "\nOf these, by who took it:\n");
	out_table_begin(o, "growing");
	for (i = 0; i < DETAILS; i++) {
		const struct series_item **found = series_growing(&g->detail[i], &n);

		for (k = 0; k < n && k < GROWING_ROWS; k++) {
			out_row_begin(o);
			out_cell_text(o, "from", "FROM", details[i].name);
			out_cell_text(o, "name", "NAME", found[k]->name);
			out_cell_shown(o, "bytes", "BYTES", found[k]->bytes,
				       format_bytes(shown, sizeof(shown), found[k]->bytes));
			print_trend(o, &found[k]->trend);
			out_row_end(o);
		}
		free(found);
	}
	out_table_end(o);
}

static void print_blocks(struct growth *g, struct out *o)
{
	uint64_t huge = 0;
	uint64_t all = 0;
	size_t largest = 0;
	char bytes[32];
	size_t order;

	if (!g->has_blocks)
		return;
	out_open(o, "free_blocks", '[');
	for (order = 0; order < MEM_ORDERS; order++) {
		uint64_t of_order = g->blocks[order] * (g->page << order);

		out_json_number(o, NULL, g->blocks[order]);
		all += of_order;
		if (g->page << order >= HUGE_BYTES)
			huge += of_order;
		if (of_order)
			largest = order;
	}
	out_close(o, ']');
	if (all)
		out_line(o, "\nFree blocks: the largest is of %s; %.0f %% of the free memory is in blocks of 2 MiB or more",
			 format_bytes(bytes, sizeof(bytes), g->page << largest),
			 100 * (double)huge / (double)all);
}

/* The part that surely grows the fastest, of those that nobody takes back; NULL: none. */
static const struct balance_item *worst(const struct growth *g, const struct trend **trend)
{
	const struct balance_item *found = NULL;
	size_t i;

	for (i = 0; i < nr_balance_items; i++) {
		const struct trend *t = &g->trends[i];

		if (balance_items[i].given_back || trend_rate(t) <= 0 ||
		    trend_confidence(t) < SLAB_SURE ||
		    (found && trend_rate(t) <= trend_rate(*trend)))
			continue;
		found = &balance_items[i];
		*trend = t;
	}
	return found;
}

static void print_next(struct growth *g, struct out *o)
{
	const struct trend *t = NULL;
	const struct balance_item *item = worst(g, &t);
	char rate[40];

	if (!item) {
		out_line(o, "Nothing surely grows, but for what the kernel takes back when it needs it.");
		return;
	}
	out_json_text(o, "grows", item->name);
	out_line(o, "%s grows by %s.", item->doc,
		 slab_format_bytes_rate(rate, sizeof(rate), trend_rate(t)));
	if (!item->next)
		return;
	out_json_text(o, "next", item->next);
	out_line(o, "Next: %s", item->next);
}

static int print_report(void *arg, bool interim)
{
	struct growth *g = arg;
	bool live = interim && g->readings.live;
	struct output to = g->output;
	struct out o;
	size_t i;

	if (live)
		to.grid = grid_new();
	output_begin(&to, &o, g->o->json);
	out_open(&o, NULL, '{');
	print_head(g, &o, interim);
	out_table_begin(&o, "rows");
	for (i = 0; i < nr_balance_items; i++)
		print_item(g, &o, i);
	out_table_end(&o);
	print_growing(g, &o);
	print_blocks(g, &o);
	out_line(&o, "SURE: confidence that BYTES/S is not 0. Unaccounted is what no counter of the kernel has, such as pages that drivers take");
	print_next(g, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	if (live) {
		readings_show(&g->readings, NULL, &to, g->last - g->from);
		return 0;
	}
	if (interim && !g->o->json)
		fputs("\n", to.file);
	return output_flush(&to);
}

static bool crossed(const struct growth *g)
{
	const struct opt_limit *limit = &g->o->fail_over;
	const struct trend *t = NULL;
	const struct balance_item *item = limit->text ? worst(g, &t) : NULL;
	char rate[40];

	if (!item || trend_rate(t) <= (double)limit->value)
		return false;
	warn("%s grows by %s, more than the limit %s of --fail-over", item->doc,
	     slab_format_bytes_rate(rate, sizeof(rate), trend_rate(t)), limit->text);
	return true;
}

/** mem_growth() - mem growth. Return: the exit status. */
int mem_growth(const struct verb *verb, const struct opts *o)
{
	struct growth g = { .o = o, .page = (uint64_t)sysconf(_SC_PAGESIZE) };
	int verdict = 0;
	int closed;
	size_t i;
	int err;

	g.readings = (struct readings){
		.o = o, .period = readings_period(o), .arg = &g, .take = take_reading,
		.report = print_report,
	};
	err = readings_begin(&g.readings);
	if (err)
		return err;
	g.trends = zalloc(nr_balance_items * sizeof(*g.trends));
	err = output_for(&g.output, o);
	if (!err)
		err = readings_run(&g.readings);
	readings_end(&g.readings);
	if (!err)
		err = print_report(&g, false);
	if (!err && crossed(&g))
		verdict = STATUS_CROSSED;
	readings_release(&g.readings);
	closed = output_close(&g.output);
	for (i = 0; i < DETAILS; i++)
		series_free(&g.detail[i]);
	mem_free_values(&g.now);
	free(g.trends);
	return err ? err : closed ? closed : verdict;
}
