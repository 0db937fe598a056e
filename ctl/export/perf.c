// SPDX-License-Identifier: GPL-2.0
/*
 * The text of 'perf script -F comm,pid,tid,cpu,time,period,event,ip,sym,dso', for what
 * reads that: stackcollapse-perf.pl, speedscope and others. A row of a report is an event
 * whose period is what the row weighs. Rows have no time: they follow each other, each at
 * the sum of the weights before it, as readers take the time between events for theirs.
 */

#include <stdlib.h>
#include <string.h>

#include "export/export.h"
#include "export/perf.h"
#include "lib/clock.h"
#include "lib/parse.h"

/* Readers find a name's end by the number that follows; what has no name has a mark. */
static void add_comm(struct buf *out, const char *comm)
{
	size_t start = out->len;

	comm += strspn(comm, " \t");
	frame_text(out, comm, strlen(comm));
	if (out->len == start)
		buf_putc(out, '?');
	/* A line that begins so would be a comment. */
	if (out->p[start] == '#')
		out->p[start] = '?';
}

/* A word, which readers take for one. */
static void add_word(struct buf *out, const char *text)
{
	size_t i = out->len;

	frame_text(out, text, strlen(text));
	for (; i < out->len; i++)
		if (out->p[i] == ' ')
			out->p[i] = '_';
}

/** perf_add_event() - Add the line that an event begins with. */
void perf_add_event(struct buf *out, const struct perf_event *ev)
{
	add_comm(out, ev->comm);
	buf_printf(out, " %5llu/%-5llu ", (unsigned long long)ev->pid,
		   (unsigned long long)ev->tid);
	if (ev->has_cpu)
		buf_printf(out, "[%03u] ", ev->cpu);
	buf_printf(out, "%5llu.%09llu: %10llu ", (unsigned long long)(ev->time / NSEC_PER_SEC),
		   (unsigned long long)(ev->time % NSEC_PER_SEC), (unsigned long long)ev->period);
	add_word(out, ev->name);
	/* As perf prints it: something can follow. */
	buf_puts(out, ": ");
	buf_putc(out, '\n');
}

/** perf_add_frame() - Add a frame; the leaf is first. What has no address has 0. */
void perf_add_frame(struct buf *out, uint64_t address, const struct frame *f)
{
	struct frame_parts p = {};

	frame_parts(f, &p);
	buf_printf(out, "\t%16llx ", (unsigned long long)address);
	if (p.symbol)
		frame_text(out, f->name, p.symbol);
	else
		buf_puts(out, "[unknown]");
	buf_puts(out, " (");
	add_word(out, p.object.len ? p.object.p : "[unknown]");
	buf_puts(out, ")\n");
	buf_free(&p.object);
}

/* What perf has columns for; others are the outermost frames. */
static bool take_column(struct perf_event *ev, const struct frame *f)
{
	uint64_t number = 0;

	if (!f->column)
		return false;
	parse_number(f->name, 0, UINT64_MAX, &number);
	if (!strcmp(f->column, "comm")) {
		ev->comm = f->name;
	} else if (!strcmp(f->column, "event")) {
		ev->name = f->name;
	} else if (!strcmp(f->column, "pid")) {
		ev->pid = number;
	} else if (!strcmp(f->column, "tid")) {
		ev->tid = number;
	} else if (!strcmp(f->column, "cpu")) {
		ev->cpu = (uint32_t)number;
		ev->has_cpu = true;
	} else {
		return false;
	}
	return true;
}

/* The line of a frame, which is the same in all stacks. */
static const char *line_of(const struct stack_set *set, char **lines, uint32_t frame)
{
	struct buf line = {};

	if (!lines[frame]) {
		perf_add_frame(&line, 0, &set->frames[frame]);
		lines[frame] = line.p;
	}
	return lines[frame];
}

static void add_row(const struct export *e, const struct stack_line *line, uint64_t time,
		    char **lines, struct buf *out)
{
	const struct stack_set *set = e->set;
	struct perf_event ev = {
		.comm = e->source, .name = e->weighs ? e->weighs : e->hit, .time = time,
		.period = line->weight,
	};
	bool *taken = zalloc(line->n + 1);
	size_t i;

	for (i = 0; i < line->n; i++)
		taken[i] = take_column(&ev, &set->frames[set->ids[line->at + i]]);
	if (!ev.tid)
		ev.tid = ev.pid;
	perf_add_event(out, &ev);
	for (i = line->n; i; i--)
		if (!taken[i - 1])
			buf_puts(out, line_of(set, lines, set->ids[line->at + i - 1]));
	buf_putc(out, '\n');
	free(taken);
}

/** perf_write() - Write a report as events. */
void perf_write(const struct export *e, FILE *to)
{
	char **lines = zalloc((e->set->nr_frames + 1) * sizeof(*lines));
	struct buf out = {};
	uint64_t time = 0;
	size_t i;

	buf_printf(&out, "# kobs %s: ", e->version);
	export_title(e, &out);
	buf_puts(&out, "\n# ");
	export_account(e, &out);
	buf_puts(&out, "\n#\n");
	for (i = 0; i < e->set->n; i++) {
		fwrite(out.p, 1, out.len, to);
		out.len = 0;
		add_row(e, &e->set->v[i], time, lines, &out);
		time += e->set->v[i].weight;
	}
	fwrite(out.p, 1, out.len, to);
	for (i = 0; i < e->set->nr_frames; i++)
		free(lines[i]);
	free(lines);
	buf_free(&out);
}
