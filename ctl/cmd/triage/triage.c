// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl triage: the first command on a slow machine. Two looks at the files of /proc and /sys,
 * and the module's sessions in between, where it is loaded.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/nouns.h"
#include "cmd/triage/clocks.h"
#include "cmd/triage/report.h"
#include "cmd/triage/watch.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "run/signals.h"
#include "run/workload.h"

#define DURATION_NS	(10 * NSEC_PER_SEC)
/* Sizes of slab memory that are taken; where the end is not known, one each quarter second. */
#define READINGS	16
#define READING_NS	(NSEC_PER_SEC / 4)
#define READING_LEAST	(50 * 1000 * 1000)

/* Options of triage alone. */
struct triage_opts {
	struct strings	thresholds;
	bool		all;
	bool		fail;
	bool		passive;
};

struct triage {
	const struct opts *o;
	struct limits	limits;
	struct machine	begin;
	struct machine	end;
	struct slab_reading *readings;
	size_t		nr_readings;
	size_t		cap_readings;
	struct facts	facts;
	struct triage_rows rows;
	struct strings	missing;
	struct watch	watch;
	struct clocks	clocks;
	struct signals	signals;
	struct child	child;
	struct output	output;
	bool		ended;		/* by a signal or the command */
};

static const struct opt own_options[] = {
	{ "duration", 'd', "TIME",
	  "observe for this long (default 10s; with a command: until it ends)", &opt_duration,
	  OPT_AT(duration) },
};

static const struct opt show_options[] = {
	{ "all", 0, NULL, "all disks, interfaces and control groups, also without a finding",
	  &opt_switch, OPT_OWN_AT(struct triage_opts, all) },
	{ "passive", 0, NULL, "read files only, and start no session where the module is loaded",
	  &opt_switch, OPT_OWN_AT(struct triage_opts, passive) },
	{ "threshold", 0, "NAME=VALUE", "from which value on it is a problem; names are below",
	  &opt_texts, OPT_OWN_AT(struct triage_opts, thresholds),
	  .allowed = "NAME=VALUE, with commas between several" },
	{ "fail", 0, NULL, "exit with status 3 if there is a problem", &opt_switch,
	  OPT_OWN_AT(struct triage_opts, fail) },
};

static const struct opt_group group_time = {
	.name = "time", .section = "When it ends and reports", OPT_GROUP(own_options),
};

static const struct opt_group group_show = { OPT_OWN(show_options) };

static void take_reading(struct triage *t)
{
	struct slab_reading *r;

	t->readings = grow(t->readings, &t->cap_readings, t->nr_readings + 1,
			   sizeof(*t->readings));
	r = &t->readings[t->nr_readings++];
	r->time = now_ns();
	r->bytes = machine_slab_bytes();
}

static uint64_t reading_period(uint64_t duration)
{
	uint64_t period = duration ? duration / READINGS : READING_NS;

	return period < READING_LEAST ? READING_LEAST : period;
}

/* The end of what is observed; 0 for that of the command. */
static uint64_t duration_of(const struct opts *o)
{
	if (o->duration.given)
		return o->duration.value;
	return o->command ? 0 : DURATION_NS;
}

static int wait_end(struct triage *t)
{
	struct pollfd fd = { .fd = t->signals.fd, .events = POLLIN };
	uint64_t duration = duration_of(t->o);
	uint64_t period = reading_period(duration);
	uint64_t times[2];

	times[0] = duration ? t->begin.time + duration : 0;
	times[1] = t->begin.time + period;
	while (!t->ended) {
		if (poll(&fd, 1, timeout_ms(times, ARRAY_SIZE(times))) < 0 && errno != EINTR)
			return refuse("waiting failed: %m");
		t->ended |= signals_read(&t->signals, &t->child);
		if (times[0] && now_ns() >= times[0])
			break;
		if (now_ns() < times[1])
			continue;
		take_reading(t);
		times[1] = now_ns() + period;
	}
	return 0;
}

static int observe(struct triage *t)
{
	const struct triage_opts *own = t->o->own;
	int err = 0;

	if (!own->passive)
		err = watch_open(&t->watch, &t->missing);
	if (err)
		return err;
	machine_read(&t->begin, &t->missing, t->o->verbose);
	clocks_open(&t->clocks, &t->begin, &t->missing, t->o->verbose);
	clocks_read(&t->clocks, &t->begin);
	take_reading(t);
	err = child_begin(&t->child, t->o->command ? t->o->command[0] : "");
	if (!err)
		err = wait_end(t);
	signals_unblock(&t->signals);
	take_reading(t);
	machine_read(&t->end, NULL, false);
	clocks_read(&t->clocks, &t->end);
	machine_read_files(&t->end);
	return err ? err : watch_stop(&t->watch);
}

static int report(struct triage *t)
{
	const struct triage_opts *own = t->o->own;
	const struct finding found = {
		.begin = &t->begin, .end = &t->end, .facts = &t->facts, .limits = &t->limits,
		.rows = &t->rows, .missing = &t->missing, .all = own->all,
		.line = t->o->line,
		.watch = t->watch.open ? &t->watch : NULL,
	};
	int err;

	facts_find(&t->facts, &t->begin, &t->end, t->readings, t->nr_readings);
	watch_facts(&t->watch, &t->facts, t->end.nr_cpus);
	rows_make(&t->rows, &t->facts, &t->limits);
	err = finding_print(&found, &t->output, t->o->json);
	if (err || !own->fail || !t->rows.problems)
		return err;
	warn("%zu problem%s found, and --fail was given", t->rows.problems,
	     t->rows.problems == 1 ? " was" : "s were");
	return STATUS_CROSSED;
}

static void release(struct triage *t)
{
	watch_close(&t->watch);
	clocks_close(&t->clocks);
	rows_free(&t->rows);
	facts_free(&t->facts);
	machine_free(&t->begin);
	machine_free(&t->end);
	free(t->readings);
	strings_free(&t->missing);
}

static int run_triage(const struct verb *verb, const struct opts *o)
{
	const struct triage_opts *own = o->own;
	struct triage t = {
		.o = o, .watch = { .signals = &t.signals, .child = &t.child },
	};
	int closed;
	int err;

	err = limits_take(&t.limits, &own->thresholds);
	if (err)
		return err;
	t.child.aside = o->json && !o->output;
	signals_block(&t.signals, false);
	err = output_open(&t.output, o->output);
	if (!err)
		err = child_prepare(&t.child, o->command, &t.signals.old_mask);
	if (!err)
		err = observe(&t);
	if (!err)
		err = report(&t);
	child_release(&t.child);
	closed = output_close(&t.output);
	release(&t);
	signals_close(&t.signals);
	return err ? err : closed;
}

static void print_limits(const struct verb *verb, FILE *to)
{
	limits_print(to);
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "what a machine is short of, and what to ask next",
		.args_hint = "it looks at the whole machine",
		.command = true,
		.groups = GROUPS(&group_show, &group_json, &group_output, &group_verbose,
				 &group_time),
		.more = print_limits,
		.fn = run_triage,
	},
};

const struct noun noun_triage = {
	.name = "triage",
	.doc = "why a machine is slow",
	NOUN_VERBS(verbs),
	.own_size = sizeof(struct triage_opts),
};
