// SPDX-License-Identifier: GPL-2.0
/*
 * Reports that are made of stacks. The module accounts for the time that threads run to the
 * nanosecond, but not for where in the code it goes: a session of pmu that runs meanwhile
 * samples that. On the stacks of blocked time are those of who ended it.
 */

#include <string.h>

#include "cmd/pmu/event.h"
#include "cmd/wall/chain.h"
#include "cmd/wall/divide.h"
#include "cmd/wall/sampled.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/map.h"
#include "report/callers.h"

/* Room for the samples of all CPUs, which are of all threads of the machine. */
#define ROWS	16384
#define STACKS	65536

/* Stacks of the samples go to those of wall, whose table frees them. */
static void move_stacks(struct table *from, struct table *to)
{
	size_t i;

	for (i = 0; i < from->stacks.size; i++) {
		const struct map_slot *slot = &from->stacks.slot[i];

		if (slot->value)
			map_set(&to->stacks, slot->key | DIVIDED_STACK, slot->value);
	}
	map_free(&from->stacks, NULL);
	memset(&from->stacks, 0, sizeof(from->stacks));
}

static void add_note(struct session *s, const char *name, const char *doc, uint64_t number)
{
	s->notes[s->nr_notes++] = (struct session_note){ (char *)name, (char *)doc, number };
}

static uint64_t lost_of(const struct session *s)
{
	return s->hits - s->recorded - s->filtered;
}

#define NOTES	6

/* What the report says of the samples, as numbers of the session. */
static void add_notes(const struct session *from, const struct divided *done, struct session *to)
{
	add_note(to, "samples", model_note(from, "fallback") ?
		 "of time on CPU, by cpu-clock, 999 per second of each CPU" :
		 "of time on CPU, by cycles, 999 per second of each CPU", done->samples);
	add_note(to, "samples_others", "of other threads, or of these when they did not run",
		 done->others);
	if (lost_of(from))
		add_note(to, "samples_lost",
			 "for which there was no room, or which the kernel skipped", lost_of(from));
	add_note(to, "not_sampled_ns", "time on CPU of threads without a sample in it",
		 done->without);
	add_note(to, "sampling_ns", "how long samples were taken", from->duration);
	if (cost_is_told(from))
		add_note(to, "sampling_cost_ns", "what that took of all CPUs, as estimated",
			 (uint64_t)(cost_percent(from) / 100 * (double)from->duration));
}

static int print_divided(struct sampling *s, struct report *r, const struct output *to,
			 struct table *samples)
{
	const struct session *session = r->session;
	struct session_note notes[NOTES + 16];
	struct session shown = *session;
	struct view *v = r->view;
	struct table *from = r->table;
	struct view before = *v;
	struct divided done;
	struct table table;
	int err;

	if (s->chains)
		chains_fold(r, v->nr_columns - 1);
	divide_rows(r, samples, s->own, &table, &done);
	if (samples)
		move_stacks(samples, from);
	table.stacks = from->stacks;
	shown.notes = notes;
	if (shown.nr_notes > ARRAY_SIZE(notes) - NOTES)
		shown.nr_notes = ARRAY_SIZE(notes) - NOTES;
	memcpy(notes, session->notes, shown.nr_notes * sizeof(*notes));
	if (samples)
		add_notes(&s->beside.aside.session, &done, &shown);
	shown.by.n -= s->own;
	r->session = &shown;
	r->table = &table;
	report_resolve(r);
	err = report_print(r, to);
	r->session = session;
	r->table = from;
	divide_end(v, before.mode);
	v->nr_columns = before.nr_columns;
	memcpy(v->columns, before.columns, sizeof(v->columns));
	memcpy(v->types, before.types, sizeof(v->types));
	memcpy(v->shown, before.shown, sizeof(v->shown));
	memcpy(v->fault, before.fault, sizeof(v->fault));
	memset(&table.stacks, 0, sizeof(table.stacks));
	model_free_table(&table);
	return err;
}

/* What samples stand for is their weight. */
static void weigh(const struct mode *m, struct table *samples)
{
	size_t events = 0;
	size_t i;

	while (events < m->nr_figures && strcmp(m->figures[events].name, "events"))
		events++;
	for (i = 0; i < samples->nr_rows && events < samples->nr_figures; i++)
		samples->rows[i].sum = table_figures(samples, &samples->rows[i])[events];
}

/* With the samples so far. */
static int print_sampled(struct sampling *s, struct report *r, const struct output *to)
{
	struct aside *a = &s->beside.aside;
	struct table samples;
	int err;

	model_init_table(&samples, a->view.types, a->view.nr_columns, a->view.mode);
	view_tell(r->view, &samples);
	err = model_get_table(&a->nl, a->session.id, &samples);
	if (!err && a->session.stop_reason)
		warn("time on CPUs was sampled for %llu ms only: %s",
		     (unsigned long long)(a->session.duration / 1000000), a->session.stop_reason);
	if (!err)
		view_cut_callers(r->view, &samples);
	if (!err) {
		weigh(a->view.mode, &samples);
		err = print_divided(s, r, to, &samples);
	}
	model_free_table(&samples);
	return err;
}

/** sampled_print() - A report that is made of stacks. Return: 0 or an exit status. */
int sampled_print(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct sampling *s = spec->arg;

	return s->samples ? print_sampled(s, r, to) : print_divided(s, r, to, NULL);
}

static void copy_param(struct run_spec *spec, const struct opts *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->nr_params; i++)
		if (!strcmp(o->params[i].name, name))
			model_set_number(&spec->request, name, o->params[i].value);
}

static void begin_samples(struct sampling *s, struct run_spec *spec, const struct opts *o)
{
	static const char *const columns[SAMPLED_COLUMNS] = { "tid", "ustack", "kstack" };
	struct run_spec *pmu = &s->beside.spec;
	uint64_t word[PMU_WORDS] = {};
	size_t i;

	/* Where there is no PMU, the module takes its clock. */
	pmu_generic("cycles", word);
	word[PMU_PERIOD] = SAMPLED_HZ;
	word[PMU_BITS] |= PMU_FREQUENCY;
	for (i = 0; i < PMU_WORDS; i++)
		numbers_add(&s->words, word[i]);
	for (i = 0; i < SAMPLED_COLUMNS; i++)
		strings_add(&s->beside.o.by, columns[i]);
	pmu->source = "pmu";
	pmu->mode = "record";
	model_set_addresses(&pmu->request, "events", &s->words);
	model_set_number(&pmu->request, "rows", ROWS);
	model_set_number(&pmu->request, "stacks", STACKS);
	copy_param(pmu, o, "budget");
	copy_param(pmu, o, "stack_depth");
	spec->beside = &s->beside;
	spec->user_code = true;
}

/**
 * sampled_begin() - Set up a report that is made of stacks.
 * @spec: of wall
 * @by: its columns; gets the thread, by which samples are told apart, and the chain
 * @samples: a session of pmu is to run beside wall's
 * @chains: wakers are to be on the stacks
 */
void sampled_begin(struct sampling *s, struct run_spec *spec, const struct opts *o,
		   struct strings *by, bool samples, bool chains)
{
	memset(s, 0, sizeof(*s));
	s->samples = samples;
	s->chains = chains;
	if (samples)
		begin_samples(s, spec, o);
	if (samples && !strings_have(by, "tid")) {
		strings_add(by, "tid");
		s->own++;
	}
	if (chains) {
		strings_add(by, WALL_CHAIN);
		s->own++;
	}
	spec->report = sampled_print;
	spec->arg = s;
}

void sampled_end(struct sampling *s)
{
	model_free_request(&s->beside.spec.request);
	strings_free(&s->beside.o.by);
	numbers_free(&s->words);
}
