// SPDX-License-Identifier: GPL-2.0
/*
 * The methods of top-down level 1, and their formulas. Sources:
 *
 * Intel: A. Yasin, "A Top-Down Method for Performance Analysis and Counters Architecture"
 * (ISPASS 2014), and Intel's Optimization Reference Manual, appendix B.1. Of Ice Lake and later
 * perf shows metrics (topdown-retiring, ...) that need a group led by "slots", and makes no
 * groups for counters of the kernel's own: the same slots have general counters, TOPDOWN.SLOTS_P,
 * TOPDOWN.BACKEND_BOUND_SLOTS, IDQ_UOPS_NOT_DELIVERED.CORE (later IDQ_BUBBLES.CORE) and
 * UOPS_RETIRED.SLOTS. Older ones, from Sandy Bridge and Silvermont on, have the events
 * topdown-total-slots, -fetch-bubbles, -slots-issued, -slots-retired and -recovery-bubbles.
 *
 * AMD: Processor Programming Reference of family 19h, model 11h (Zen 4), and 1Ah, model 02h
 * (Zen 5), "Pipeline Utilization": 6 and 8 dispatch slots in a cycle.
 *
 * Arm: Architecture Reference Manual, PMU events STALL_SLOT_FRONTEND, STALL_SLOT_BACKEND,
 * OP_RETIRED and OP_SPEC, and "Arm Neoverse N2 performance analysis methodology"; older cores
 * (Neoverse N1) count cycles in which one end stalled, and do not tell retiring from bad
 * speculation.
 */

#include "cmd/pmu/topdown.h"
#include "lib/macros.h"

const struct topdown_name topdown_names[NR_TOPDOWN_PARTS] = {
	[TD_FRONTEND] = { "frontend_bound", "front-end bound", "got no instructions in time" },
	[TD_BAD] = { "bad_speculation", "bad speculation", "were for work that was thrown away" },
	[TD_BACKEND] = { "backend_bound", "back-end bound",
			 "waited for data or for execution units" },
	[TD_RETIRING] = { "retiring", "retiring", "did work that counted" },
	[TD_SMT] = { "smt_contention", "SMT contention", "were the other thread's turn" },
	[TD_BUSY] = { "busy", "busy", "issued instructions, thrown away later or not" },
	[TD_OTHER] = { "other", "other", "are in none of the events" },
};

static double positive(double v)
{
	return v > 0 ? v : 0;
}

/* These return the number of the event that counted too little, or -1. */
static int intel_slots(const double *n, double width, double *slots)
{
	slots[TD_FRONTEND] = n[1];
	slots[TD_BACKEND] = n[2];
	slots[TD_RETIRING] = n[3];
	slots[TD_BAD] = n[0] - n[1] - n[2] - n[3];
	return n[0] < 1 ? 0 : -1;
}

static int intel_bubbles(const double *n, double width, double *slots)
{
	slots[TD_FRONTEND] = n[1];
	slots[TD_RETIRING] = n[3];
	slots[TD_BAD] = positive(n[2] - n[3] + n[4]);
	slots[TD_BACKEND] = n[0] - n[1] - n[3] - slots[TD_BAD];
	return n[0] < 1 ? 0 : -1;
}

static int intel_atom(const double *n, double width, double *slots)
{
	slots[TD_FRONTEND] = n[0];
	slots[TD_BAD] = n[1];
	slots[TD_BACKEND] = n[2];
	slots[TD_RETIRING] = n[3];
	return n[0] + n[1] + n[2] + n[3] < 1 ? 0 : -1;
}

static int amd_zen(const double *n, double width, double *slots)
{
	slots[TD_FRONTEND] = n[1];
	slots[TD_BACKEND] = n[2];
	slots[TD_SMT] = n[3];
	slots[TD_RETIRING] = n[5];
	slots[TD_BAD] = positive(n[4] - n[5]);
	slots[TD_OTHER] = width * n[0] - n[1] - n[2] - n[3] - n[5] - slots[TD_BAD];
	return n[0] < 1 ? 0 : -1;
}

/* Operations that are issued and do not retire are bad speculation. */
static int arm64_slots(const double *n, double width, double *slots)
{
	double issued = positive(width * n[0] - n[1] - n[2]);
	double kept = n[4] > 0 && n[3] < n[4] ? n[3] / n[4] : 1;

	slots[TD_FRONTEND] = n[1];
	slots[TD_BACKEND] = n[2];
	slots[TD_RETIRING] = issued * kept;
	slots[TD_BAD] = issued - slots[TD_RETIRING];
	return n[0] < 1 ? 0 : n[4] < 1 ? 4 : -1;
}

static int arm64_cycles(const double *n, double width, double *slots)
{
	slots[TD_FRONTEND] = n[1];
	slots[TD_BACKEND] = n[2];
	slots[TD_BUSY] = n[0] - n[1] - n[2];
	return n[0] < 1 ? 0 : -1;
}

static const char *const needs_slots[] = { "slots", "topdown-retiring", NULL };

static const char *const needs_bubbles[] = {
	"topdown-total-slots", "topdown-fetch-bubbles", "topdown-slots-issued",
	"topdown-slots-retired", NULL
};

static const char *const needs_atom[] = {
	"topdown-fe-bound", "topdown-bad-spec", "topdown-be-bound", "topdown-retiring", NULL
};

static const char *const needs_stall_slots[] = {
	"cpu_cycles", "stall_slot_frontend", "stall_slot_backend", "op_retired", "op_spec", NULL
};

static const char *const needs_stalls[] = {
	"cpu_cycles", "stall_frontend", "stall_backend", NULL
};

static const char *const needs_nothing[] = { NULL };

static const struct topdown_event slots_events[TOPDOWN_EVENTS] = {
	{ "event=0xa4,umask=0x1", "slots", false },
	{ "event=0x9c,umask=0x1", "front-end bound", false },
	{ "event=0xa4,umask=0x2", "back-end bound", false },
	{ "event=0xc2,umask=0x2", "retiring", false },
};

static const struct topdown_event bubbles_events[TOPDOWN_EVENTS] = {
	{ "topdown-total-slots", "slots", false },
	{ "topdown-fetch-bubbles", "front-end bound", false },
	{ "topdown-slots-issued", "issued", false },
	{ "topdown-slots-retired", "retiring", false },
	{ "topdown-recovery-bubbles", "recovery", true },
};

static const struct topdown_event atom_events[TOPDOWN_EVENTS] = {
	{ "topdown-fe-bound", "front-end bound", false },
	{ "topdown-bad-spec", "bad speculation", false },
	{ "topdown-be-bound", "back-end bound", false },
	{ "topdown-retiring", "retiring", false },
};

static const struct topdown_event stall_slot_events[TOPDOWN_EVENTS] = {
	{ "cpu_cycles", "cycles", false },
	{ "stall_slot_frontend", "front-end bound", false },
	{ "stall_slot_backend", "back-end bound", false },
	{ "op_retired", "operations retired", false },
	{ "op_spec", "operations issued", false },
};

static const struct topdown_event stall_events[TOPDOWN_EVENTS] = {
	{ "cpu_cycles", "cycles", false },
	{ "stall_frontend", "front-end bound", false },
	{ "stall_backend", "back-end bound", false },
};

static const struct topdown_event zen_events[TOPDOWN_EVENTS] = {
	{ "event=0x76", "cycles", false },
	{ "event=0x1a0,umask=0x1", "front-end bound", false },
	{ "event=0x1a0,umask=0x1e", "back-end bound", false },
	{ "event=0x1a0,umask=0x60", "SMT contention", false },
	{ "event=0xaa,umask=0x7", "operations dispatched", false },
	{ "event=0xc1", "operations retired", false },
};

const struct topdown_method topdown_methods[] = {
	{
		.name = "intel-slots", .doc = "Intel since Ice Lake", .unit = "slots",
		.arch = "x86", .needs = needs_slots, .work_out = intel_slots,
		.event = slots_events,
	}, {
		.name = "intel-bubbles", .doc = "Intel since Sandy Bridge and Silvermont",
		.unit = "slots", .arch = "x86", .needs = needs_bubbles, .work_out = intel_bubbles,
		.event = bubbles_events,
	}, {
		.name = "intel-atom", .doc = "Intel's Atom cores since Tremont", .unit = "slots",
		.arch = "x86", .needs = needs_atom, .lacks = "slots", .work_out = intel_atom,
		.event = atom_events, .of_parts = true,
	}, {
		.name = "amd-zen4", .doc = "AMD Zen 4", .unit = "slots", .arch = "x86",
		.needs = needs_nothing, .zen = 4, .width = 6, .work_out = amd_zen,
		.event = zen_events,
	}, {
		.name = "amd-zen5", .doc = "AMD Zen 5", .unit = "slots", .arch = "x86",
		.needs = needs_nothing, .zen = 5, .width = 8, .work_out = amd_zen,
		.event = zen_events,
	}, {
		.name = "arm64-slots", .doc = "Arm cores that count slots", .unit = "slots",
		.arch = "arm64", .needs = needs_stall_slots, .work_out = arm64_slots,
		.event = stall_slot_events,
	}, {
		.name = "arm64-cycles", .doc = "other Arm cores, by cycles", .unit = "cycles",
		.arch = "arm64", .needs = needs_stalls, .width = 1, .work_out = arm64_cycles,
		.event = stall_events,
	},
};

const size_t nr_topdown_methods = ARRAY_SIZE(topdown_methods);

/*
 * Tenths of a percent, which are 1000 in all: rounded down, and one more for those whose rest is
 * the largest.
 */
static void share(const double *slots, double all, unsigned int *tenths)
{
	double rest[NR_TOPDOWN_PARTS];
	unsigned int given = 0;
	size_t i;

	for (i = 0; i < NR_TOPDOWN_PARTS; i++) {
		tenths[i] = (unsigned int)(slots[i] / all * 1000);
		rest[i] = slots[i] / all * 1000 - tenths[i];
		given += tenths[i];
	}
	for (; given < 1000; given++) {
		size_t most = 0;

		for (i = 1; i < NR_TOPDOWN_PARTS; i++)
			if (rest[i] > rest[most])
				most = i;
		tenths[most]++;
		rest[most] -= 1;
	}
}

/** topdown_share() - From slots to percentages, which add up to 100.0. */
void topdown_share(struct topdown *t)
{
	double all = 0;
	size_t i;

	for (i = 0; i < NR_TOPDOWN_PARTS; i++)
		all += t->slots[i];
	if (all > 0)
		share(t->slots, all, t->tenths);
}

/* Which parts the formulas of a method fill. */
static uint32_t parts_of(const struct topdown_method *m)
{
	const uint32_t both_ends = 1u << TD_FRONTEND | 1u << TD_BACKEND;
	const uint32_t four = both_ends | 1u << TD_BAD | 1u << TD_RETIRING;

	if (m->work_out == arm64_cycles)
		return both_ends | 1u << TD_BUSY;
	return m->work_out == amd_zen ? four | 1u << TD_SMT : four;
}

/**
 * topdown_work_out() - What became of the slots.
 * @count: of the plan's events
 * @why: set to the role of an event that does not allow to tell
 *
 * Counters that take turns can count more than there is: then the parts are the whole.
 *
 * Return: whether it can be told.
 */
bool topdown_work_out(const struct topdown_plan *p, const struct topdown_count *count,
		      struct topdown *t, const char **why)
{
	double n[TOPDOWN_EVENTS] = {};
	size_t i;
	int few;

	*t = (struct topdown){ .method = p->method->name, .unit = p->method->unit };
	for (i = 0; i < p->n; i++) {
		if (!count[i].there) {
			*why = p->method->event[p->event[i]].role;
			return false;
		}
		n[p->event[i]] = count[i].n;
		t->shared |= count[i].shared;
	}
	few = p->method->work_out(n, p->width, t->slots);
	if (few >= 0) {
		*why = p->method->event[few].role;
		return false;
	}
	t->has = parts_of(p->method);
	for (i = 0; i < NR_TOPDOWN_PARTS; i++)
		t->slots[i] = positive(t->slots[i]);
	topdown_share(t);
	for (i = 0; i < NR_TOPDOWN_PARTS; i++)
		if (t->tenths[i])
			t->has |= 1u << i;
	return true;
}
