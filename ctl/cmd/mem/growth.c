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
#include "cmd/mem/growth_print.h"
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

static struct mem_change change_of(const struct trend *t)
{
	return (struct mem_change){
		.change = (int64_t)(t->last - t->first), .rate = trend_rate(t),
		.confidence = trend_confidence(t), .error = trend_error(t),
		.known = t->steps >= 2, .moved = t->squares > 0,
	};
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

static void add_parts(struct growth *g, struct mem_report *r)
{
	size_t i;

	r->parts = zalloc(nr_balance_items * sizeof(*r->parts));
	r->nr_parts = nr_balance_items;
	for (i = 0; i < nr_balance_items; i++)
		r->parts[i] = (struct mem_share){
			.name = balance_items[i].name, .doc = balance_items[i].doc,
			.bytes = balance_bytes(&g->now, i), .change = change_of(&g->trends[i]),
			.given_back = balance_items[i].given_back, .rest = i == BALANCE_REST,
		};
}

/* What surely grows in the files that tell more. */
static void add_growers(struct growth *g, struct mem_report *r)
{
	size_t i, k, n;

	for (i = 0; i < DETAILS; i++) {
		const struct series_item **found = series_growing(&g->detail[i], &n);

		for (k = 0; k < n && k < GROWING_ROWS; k++) {
			r->growers = grow(r->growers, &r->cap_growers, r->nr_growers + 1,
					  sizeof(*r->growers));
			r->growers[r->nr_growers++] = (struct mem_grower){
				.from = details[i].name, .name = found[k]->name,
				.bytes = found[k]->bytes, .change = change_of(&found[k]->trend),
			};
		}
		free(found);
	}
}

static void fill_report(struct growth *g, bool interim, struct mem_report *r)
{
	const struct trend *t = NULL;
	const struct balance_item *item = worst(g, &t);

	*r = (struct mem_report){
		.duration = g->last - g->from, .readings = g->nr_readings,
		.total = mem_value(&g->now, "MemTotal"), .interim = interim,
		.page = g->has_blocks ? g->page : 0,
	};
	memcpy(r->blocks, g->blocks, sizeof(r->blocks));
	if (item) {
		r->grows = item->name;
		r->grows_doc = item->doc;
		r->next = item->next;
		r->rate = trend_rate(t);
	}
	add_parts(g, r);
	add_growers(g, r);
}

static void print_machine(struct growth *g, struct out *o)
{
	struct utsname name = {};

	uname(&name);
	out_json_text(o, "kobs", program_version);
	out_json_text(o, "kernel", name.release);
	out_json_text(o, "source", "mem");
	out_json_text(o, "mode", "growth");
	out_json_text(o, "obsctl", g->o->line);
}

static int print_report(void *arg, bool interim)
{
	struct growth *g = arg;
	bool live = interim && g->readings.live;
	struct output to = g->output;
	struct mem_report r;
	struct out o;

	if (live)
		to.grid = grid_new();
	fill_report(g, interim, &r);
	output_begin(&to, &o, g->o->json);
	out_open(&o, NULL, '{');
	print_machine(g, &o);
	mem_report_print(&r, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	mem_report_free(&r);
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
