// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl mem leaks of all kinds of memory: a session for each kind, made and started
 * together, and one report of them. What consists of pages is counted by its own
 * kind: those of the slab allocator's, vmalloc()'s and the percpu allocator's are rows of
 * pages only where their kind cannot be observed.
 */

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/all.h"
#include "cmd/slab/judge.h"
#include "cmd/slab/module_watch.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "report/filter_text.h"
#include "report/outfile.h"
#include "run/aside.h"
#include "run/readings.h"
#include "run/tasks.h"

/* After a module went: what RCU frees, see run/settle.c. */
#define SETTLE_NS	(7 * NSEC_PER_SEC)
#define SETTLE_MS	50

/* A kind that is observed. */
struct one {
	struct aside	aside;
	struct run_spec	spec;
	struct mem_code	code;
	struct opts	chosen;
	struct report	report;
	char		*absent;
};

struct all {
	const struct opts *o;
	const char	*module;	/* NULL for all code */
	struct module_watch watch;
	struct one	v[MEM_KINDS];
	struct output	output;
	struct readings	readings;
	struct tasks	tasks;
	struct dump	dump;		/* what live objects hold */
};

/* Columns that kinds have in common, and those that their verdicts look at. */
static void choose_columns(const struct all *a, size_t kind, struct strings *by)
{
	const struct opts *o = a->o;
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, o->by.v[i]);
	if (!o->by.n)
		strings_add(by, "site");
	if (mem_kinds[kind].group)
		strings_add(by, mem_kinds[kind].group);
	/* What is left behind is told by orders. */
	if (kind == MEM_PAGE && a->module)
		strings_add(by, "order");
}

/* Whether this kernel can tell of a kind; otherwise sets why not. Returns 0 or an exit status. */
static int find_absent(struct all *a)
{
	struct sources sources = {};
	struct nl nl;
	size_t i;
	int err = nl_open(&nl);

	if (!err)
		err = model_get_sources(&nl, &sources);
	for (i = 0; !err && i < MEM_KINDS; i++) {
		const struct source *s = model_find_source(&sources, mem_kinds[i].name);
		const struct mode *m = model_find_mode(s, "leaks");

		if (!m)
			a->v[i].absent = copy_string("this module does not have it");
		else if (!m->available)
			a->v[i].absent = copy_string(m->reason ? m->reason :
						     "it cannot be observed here");
	}
	model_free_sources(&sources);
	nl_shut(&nl);
	return err;
}

static int make(struct all *a, size_t i)
{
	struct one *one = &a->v[i];
	int err;

	one->chosen = *a->o;
	memset(&one->chosen.by, 0, sizeof(one->chosen.by));
	choose_columns(a, i, &one->chosen.by);
	one->spec = (struct run_spec){ .source = mem_kinds[i].name, .mode = "leaks" };
	/* For the ages, which the verdict looks at. */
	model_set_number(&one->spec.request, "hist", 1);
	dump_ask(a->dump.asked, &one->spec.request);
	if (a->module)
		module_watch_limit(&a->watch, &one->spec.request);
	mem_give_code(&one->spec.request, &mem_kinds[i], &one->code,
		      !a->v[MEM_VMALLOC].absent, !a->v[MEM_PERCPU].absent);
	err = aside_new(&one->aside, &one->spec, &one->chosen, &a->readings.signals,
			&a->readings.child);
	return err ? err : view_choose_frames(&one->aside.view, a->o);
}

/* All are made before the first one starts, which would see how the others are made. */
static int open_all(struct all *a)
{
	int err = find_absent(a);
	size_t i;

	if (!err && a->module)
		module_watch_find(&a->watch, a->module);
	for (i = 0; !err && i < MEM_KINDS; i++)
		if (!a->v[i].absent)
			err = make(a, i);
	for (i = 0; !err && i < MEM_KINDS; i++)
		if (!a->v[i].absent)
			err = aside_start(&a->v[i].aside);
	if (!err)
		err = tasks_check(a->o, false);
	if (!err)
		tasks_open(&a->tasks, a->o);
	return err;
}

static int look(struct one *one)
{
	struct aside *s = &one->aside;
	struct session fresh = {};
	int err = model_session_get(&s->nl, s->session.id, NULL, &fresh);

	if (err)
		return err;
	model_free_session(&s->session);
	s->session = fresh;
	return 0;
}

/* A reading: whether it is over, as all that is observed has gone. */
static int take(void *arg)
{
	struct all *a = arg;
	int err = 0;
	size_t i;

	a->readings.ended |= a->tasks.n && tasks_ended(&a->tasks);
	for (i = 0; a->module && !err && i < MEM_KINDS; i++) {
		struct one *one = &a->v[i];

		if (one->absent || !one->aside.running)
			continue;
		err = look(one);
		if (!err)
			a->readings.ended |= module_watch_look(&a->watch, &one->aside.session);
	}
	return err;
}

/* Read a session's rows, and judge them. */
static int judge(struct all *a, size_t i, bool every)
{
	struct one *one = &a->v[i];
	struct aside *s = &one->aside;
	int err = s->running ? look(one) : 0;

	if (err)
		return err;
	if (s->read) {
		report_free(&one->report);
		model_free_table(&s->table);
		s->read = false;
	}
	if (every)
		one->chosen.top = (struct opt_number){ .given = true };
	else
		one->chosen.top = a->o->top;
	one->report = (struct report){
		.view = &s->view, .session = &s->session, .opts = &one->chosen,
		.kind = mem_kinds[i].report, .table = &s->table,
	};
	err = aside_read(s);
	if (!err)
		report_resolve(&one->report);
	return err;
}

/* @every: with the names of all rows, not just of those that text shows */
static int judge_all(struct all *a, bool every)
{
	int err = 0;
	size_t i;

	for (i = 0; !err && i < MEM_KINDS; i++)
		if (!a->v[i].absent)
			err = judge(a, i, every);
	return err;
}

static bool some_live(const struct all *a)
{
	size_t i;

	for (i = 0; i < MEM_KINDS; i++) {
		const struct leaks *l = a->v[i].report.judged;

		if (l && l->objects)
			return true;
	}
	return false;
}

/* The kernel frees some of a module's objects a moment after it went. */
static int settle(struct all *a)
{
	struct signals *signals = &a->readings.signals;
	struct pollfd asked = { .fd = signals->fd, .events = POLLIN };
	uint64_t end = now_ns() + SETTLE_NS;
	int err = take(a);

	while (!err && !signals->asked && module_watch_is_gone(&a->watch) && now_ns() < end) {
		err = judge_all(a, false);
		if (err || !some_live(a))
			break;
		if (poll(&asked, 1, SETTLE_MS) > 0)
			signals_read(signals, &a->readings.child);
		err = take(a);
	}
	return err;
}

/* The row that keeps most of all, if no site leaks and no module is asked for. */
static size_t heaviest(const struct all *a)
{
	const struct leaks *l;
	uint64_t most = 0;
	size_t at = 0;
	size_t i;

	for (i = 0; i < MEM_KINDS; i++) {
		l = a->v[i].report.judged;
		if (a->v[i].absent || !l || !a->v[i].report.table->nr_rows ||
		    l->v[0].live_bytes <= most)
			continue;
		most = l->v[0].live_bytes;
		at = i;
	}
	return at;
}

/* Before the sessions are stopped: what live objects hold. */
static int read_objects(struct all *a)
{
	bool leaks = false;
	int err = judge_all(a, true);
	size_t first;
	size_t i;

	if (err)
		return err;
	for (i = 0; i < MEM_KINDS; i++)
		leaks |= !a->v[i].absent && dump_has_leaks(&a->v[i].report);
	first = heaviest(a);
	for (i = 0; !err && i < MEM_KINDS; i++)
		if (!a->v[i].absent && (leaks || a->module || i == first))
			err = dump_take(&a->dump, &a->v[i].aside.nl, &a->v[i].report,
					leaks ? DUMP_LEAKS : a->module ? DUMP_LIVE : DUMP_FIRST);
	return err;
}

static int stop(void *arg)
{
	struct all *a = arg;
	int err = a->module ? settle(a) : 0;
	size_t i;

	if (!err && a->dump.asked->most.given)
		err = read_objects(a);
	/* The last one first: it would see how the others are stopped. */
	for (i = MEM_KINDS; !err && i; i--)
		if (!a->v[i - 1].absent)
			err = aside_stop(&a->v[i - 1].aside);
	return err;
}

static void fill(struct all *a, struct all_report *r, struct buf *filter, bool interim)
{
	const struct one *first = NULL;
	size_t i;

	r->interim = interim;
	r->module = a->module ? a->watch.name : NULL;
	r->loaded = a->watch.loaded;
	r->dump = interim ? NULL : &a->dump;
	r->stacks = strings_have(&a->o->by, "kstack");
	for (i = 0; i < a->o->by.n && r->columns.n < ALL_CELLS; i++)
		if (strcmp(a->o->by.v[i], "kstack"))
			strings_add(&r->columns, a->o->by.v[i]);
	if (!a->o->by.n)
		strings_add(&r->columns, "site");
	for (i = 0; i < MEM_KINDS; i++) {
		struct one *one = &a->v[i];

		r->kinds[i].absent = one->absent;
		if (one->absent)
			continue;
		all_rows_read(r, i, &one->report);
		if (!first || one->aside.session.duration > first->aside.session.duration)
			first = one;
	}
	if (!first)
		return;
	r->version = first->aside.view.version;
	r->kernel = first->aside.view.kernel;
	r->duration = first->aside.session.duration;
	filter_describe(&first->aside.session.filter, "ns", filter);
	r->filter = filter->len ? filter->p : NULL;
}

static int print(struct all *a, bool interim, int *verdict)
{
	struct all_report report = {};
	bool live = interim && a->readings.live;
	struct output to = a->output;
	struct buf filter = {};
	struct out o;
	int err = judge_all(a, live);

	if (err)
		return err;
	fill(a, &report, &filter, interim);
	all_rows_sort(&report);
	if (live)
		to.grid = grid_new();
	output_begin(&to, &o, a->o->json);
	all_print(&report, a->o, &o);
	out_free(&o);
	if (verdict)
		*verdict = all_verdict(&report, a->o);
	if (live)
		readings_show(&a->readings, NULL, &to, report.duration);
	all_report_free(&report);
	buf_free(&filter);
	if (live)
		return 0;
	if (interim && !a->o->json)
		fputs("\n", to.file);
	return output_flush(&to);
}

static int print_interim(void *arg, bool interim)
{
	return print(arg, interim, NULL);
}

static void release(struct all *a)
{
	size_t i;

	for (i = 0; i < MEM_KINDS; i++) {
		struct one *one = &a->v[i];

		if (one->aside.read)
			report_free(&one->report);
		aside_close(&one->aside);
		model_free_request(&one->spec.request);
		mem_free_code(&one->code);
		strings_free(&one->chosen.by);
		free(one->absent);
	}
	module_watch_free(&a->watch);
	tasks_close(&a->tasks);
	dump_free(&a->dump);
}

/** mem_leaks_all() - mem leaks of all kinds. Return: the exit status. */
int mem_leaks_all(const struct opts *o)
{
	const struct mem_opts *own = o->own;
	struct all a = { .o = o, .module = own->module, .dump.asked = &own->dump };
	int verdict = 0;
	int closed;
	int err;

	a.readings = (struct readings){
		.o = o, .period = readings_period(o), .arg = &a, .take = take,
		.report = print_interim, .stop = stop,
	};
	err = readings_begin(&a.readings);
	if (err)
		return err;
	err = output_for(&a.output, o);
	if (!err)
		err = open_all(&a);
	if (!err)
		err = readings_run(&a.readings);
	readings_end(&a.readings);
	if (!err)
		err = print(&a, false, &verdict);
	if (!err && a.module)
		err = module_watch_check(&a.watch, o);
	release(&a);
	closed = output_close(&a.output);
	readings_release(&a.readings);
	return err ? err : closed ? closed : verdict;
}
