// SPDX-License-Identifier: GPL-2.0
/*
 * Events as they are written: NAME[:MODIFIERS], with the name one of the
 * kernel's generic ones, rNNN, PMU/TERM=VALUE,.../ or one of libpfm4's; and
 * filters of branches.
 */

#include <assert.h>
#include <ctype.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/event.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"

#define NEAR	3

const char *const pmu_branch_filters[] = {
	"any",
	"any_call",
	"any_ret",
	"ind_call",
	"call",
	"ind_jmp",
	"cond",
	"call_stack",
	"abort_tx",
	"in_tx",
	"no_tx",
	"no_flags",
	"no_cycles",
	"save_type",
	"u",
	"k",
	"hv",
	NULL
};

/* In the same order. */
static const uint64_t filter_bits[] = {
	PERF_SAMPLE_BRANCH_ANY,
	PERF_SAMPLE_BRANCH_ANY_CALL,
	PERF_SAMPLE_BRANCH_ANY_RETURN,
	PERF_SAMPLE_BRANCH_IND_CALL,
	PERF_SAMPLE_BRANCH_CALL,
	PERF_SAMPLE_BRANCH_IND_JUMP,
	PERF_SAMPLE_BRANCH_COND,
	PERF_SAMPLE_BRANCH_CALL_STACK,
	PERF_SAMPLE_BRANCH_ABORT_TX,
	PERF_SAMPLE_BRANCH_IN_TX,
	PERF_SAMPLE_BRANCH_NO_TX,
	PERF_SAMPLE_BRANCH_NO_FLAGS,
	PERF_SAMPLE_BRANCH_NO_CYCLES,
	PERF_SAMPLE_BRANCH_TYPE_SAVE,
	PERF_SAMPLE_BRANCH_USER,
	PERF_SAMPLE_BRANCH_KERNEL,
	PERF_SAMPLE_BRANCH_HV,
};

static_assert(ARRAY_SIZE(filter_bits) + 1 == ARRAY_SIZE(pmu_branch_filters),
	      "every filter has its bits");

/* Bits that choose levels or details, but no kind of branch. */
#define NO_KIND	(PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_KERNEL | PERF_SAMPLE_BRANCH_HV | \
		 PERF_SAMPLE_BRANCH_NO_FLAGS | PERF_SAMPLE_BRANCH_NO_CYCLES | \
		 PERF_SAMPLE_BRANCH_TYPE_SAVE)

/**
 * pmu_branch_filter() - Which branches are to be recorded.
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int pmu_branch_filter(const struct strings *names, uint64_t *bits)
{
	size_t i;
	size_t k;

	*bits = 0;
	for (i = 0; i < names->n; i++) {
		for (k = 0; k < ARRAY_SIZE(filter_bits); k++)
			if (!strcmp(pmu_branch_filters[k], names->v[i]))
				break;
		if (k == ARRAY_SIZE(filter_bits))
			return misuse("there is no branch filter '%s'", names->v[i]);
		*bits |= filter_bits[k];
	}
	if (!(*bits & ~(uint64_t)NO_KIND))
		*bits |= PERF_SAMPLE_BRANCH_ANY;
	return 0;
}

/* How many of a name's last bytes are ":MODIFIERS". */
static size_t modifiers_at(const char *text)
{
	const char *colon = strrchr(text, ':');

	if (colon && colon > text && colon[-1] != ':' && colon[1] &&
	    colon[1 + strspn(colon + 1, "ukhp")] == 0)
		return (size_t)(colon - text);
	return strlen(text);
}

static int add_modifiers(const char *text, const char *mods, uint64_t *word)
{
	unsigned int precise = 0;
	uint64_t only = 0;

	for (; *mods; mods++) {
		switch (*mods) {
		case 'u':
			only |= PMU_NO_USER;
			break;
		case 'k':
			only |= PMU_NO_KERNEL;
			break;
		case 'h':
			only |= PMU_NO_HV;
			break;
		default:
			precise++;
		}
	}
	if (precise > 3)
		return misuse("event '%s': the maximum precision is ppp",
			      text);
	/* Those that are named are the only ones that count. */
	if (only)
		word[PMU_BITS] |= (PMU_NO_USER | PMU_NO_KERNEL | PMU_NO_HV) & ~only;
	word[PMU_BITS] |= (uint64_t)precise * PMU_PRECISE;
	return 0;
}

static bool raw_event(const char *name, uint64_t *word)
{
	char *end;

	if (name[0] != 'r' || !isxdigit((unsigned char)name[1]) || strlen(name) > 17)
		return false;
	word[PMU_CONFIG] = strtoull(name + 1, &end, 16);
	word[PMU_TYPE] = PERF_TYPE_RAW;
	return !*end;
}

static int unknown_event(const char *name)
{
	struct pmu_names all = {};
	const char *near[NEAR];
	struct buf b = {};
	size_t n;
	size_t i;
	int err;

	pmu_names_get(&all);
	if (strchr(name, ':'))
		pmu_names_tracepoints(&all);
	n = pmu_names_near(&all, name, near, NEAR);
	for (i = 0; i < n; i++)
		buf_printf(&b, "%s'%s'", !i ? "" : i + 1 == n ? " or " : ", ", near[i]);
	err = misuse("there is no event '%s'%s%s%s%s (obsctl pmu list shows all)", name,
		     n ? ": is it " : "", n ? b.p : "", n ? "?" : "",
		     pmu_lib_available() ? "" :
		     "; names of the CPU's vendor need libpfm4, which is not installed");
	buf_free(&b);
	pmu_names_free(&all);
	return err;
}

/*
 * PMUs ibs_op and ibs_fetch of AMD put the address of their record into every sample, also of
 * an event that does not ask for it: it is precise, and stacks are to be taken accordingly.
 */
static void add_precision(const char *text, uint64_t *word)
{
	if (!strncmp(text, "ibs_", 4) && !(word[PMU_BITS] & PMU_PRECISION))
		word[PMU_BITS] |= PMU_PRECISE;
}

static int parse_event(const char *text, uint64_t *word)
{
	const char *slash = strchr(text, '/');
	size_t len = modifiers_at(text);
	const char *mods = text[len] ? text + len + 1 : "";
	char *name = strndup(text, len);
	int err = 0;

	if (!name)
		return refuse("out of memory");
	if (slash) {
		/* What follows the second slash are modifiers, with or without a colon. */
		mods = strchr(slash + 1, '/');
		if (mods)
			mods += 1 + (mods[1] == ':');
		if (!mods || mods[strspn(mods, "ukhp")])
			err = misuse("event '%s' is not of the form PMU/TERM=VALUE,.../MODIFIERS",
				     text);
		else
			err = pmu_sysfs_event(text, slash, word);
	} else if (!pmu_generic(name, word) && !raw_event(name, word) &&
		   !pmu_lib_event(name, word)) {
		err = unknown_event(name);
	}
	if (!err)
		err = add_modifiers(text, mods, word);
	if (!err && slash)
		add_precision(text, word);
	free(name);
	return err;
}

/* The comma that ends an event; those between slashes are part of it. */
static const char *end_of_event(const char *s)
{
	bool inside = false;

	for (; *s && (inside || *s != ','); s++)
		inside ^= *s == '/';
	return s;
}

/**
 * pmu_events_add() - Parse events with commas between them.
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int pmu_events_add(struct pmu_events *e, const char *list)
{
	const char *end;
	int err = 0;

	do {
		struct pmu_event *ev;

		end = end_of_event(list);
		if (end == list)
			return misuse("missing event name before '%s'", list);
		e->v = grow(e->v, &e->cap, e->n + 1, sizeof(*e->v));
		ev = &e->v[e->n];
		memset(ev, 0, sizeof(*ev));
		ev->name = strndup(list, (size_t)(end - list));
		if (!ev->name)
			return refuse("out of memory");
		e->n++;
		err = parse_event(ev->name, ev->word);
		if (!err)
			pmu_sysfs_cpus(ev);
		list = end + 1;
	} while (!err && *end);
	return err;
}

static bool same_cpus(const struct numbers *a, const struct numbers *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->v, b->v, a->n * sizeof(*a->v)));
}

static bool has_number(const struct numbers *s, uint64_t v)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i] == v)
			return true;
	return false;
}

/**
 * pmu_events_cpus() - The CPUs to observe, where a PMU does not count on all.
 * @asked: CPUs that the user chose; none are all
 * @tasks: tasks are observed
 * @cpus: set to the CPUs; none are all
 *
 * A session has the same CPUs for all of its events: counted on each of the
 * CPUs that share it, an event would count that often.
 *
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int pmu_events_cpus(const struct pmu_events *e, const struct numbers *asked, bool tasks,
		    struct numbers *cpus)
{
	const struct pmu_event *first = &e->v[0];
	size_t i;

	for (i = 0; i < e->n; i++) {
		if (tasks && e->v[i].outside)
			return misuse("event '%s' counts for CPUs, not for tasks: add -a",
				      e->v[i].name);
		if (!tasks && !same_cpus(&first->cpus, &e->v[i].cpus))
			return misuse("events '%s' and '%s' count on different CPUs: give each a session",
				      first->name, e->v[i].name);
	}
	for (i = 0; i < asked->n; i++)
		if (!e->n || !first->cpus.n || has_number(&first->cpus, asked->v[i]))
			numbers_add(cpus, asked->v[i]);
	if (asked->n && !cpus->n)
		return misuse("event '%s' does not count on these CPUs, but on %llu%s", first->name,
			      (unsigned long long)first->cpus.v[0],
			      first->cpus.n > 1 ? " and others" : "");
	for (i = 0; e->n && !tasks && !asked->n && i < first->cpus.n; i++)
		numbers_add(cpus, first->cpus.v[i]);
	return 0;
}

void pmu_events_free(struct pmu_events *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		numbers_free(&e->v[i].cpus);
		free(e->v[i].name);
	}
	free(e->v);
	memset(e, 0, sizeof(*e));
}
