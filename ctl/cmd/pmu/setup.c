// SPDX-License-Identifier: GPL-2.0
/* What the verbs of 'obsctl pmu' share, from options to the source's parameters. */

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/pmu/setup.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/parse.h"
#include "lib/process.h"

static void set_numbers(struct request *req, const char *name, const struct numbers *n)
{
	if (!n->n)
		return;
	model_set_number(req, name, 0);
	req->settings[req->nr_settings - 1].addresses = n;
}

static int add_threads(struct pmu_run *p, uint64_t pid)
{
	char path[64];
	struct dirent *d;
	uint64_t tid;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%llu/task", (unsigned long long)pid);
	dir = opendir(path);
	if (!dir)
		return refuse("there is no process %llu", (unsigned long long)pid);
	while ((d = readdir(dir)))
		if (!parse_number(d->d_name, 1, UINT32_MAX, &tid))
			numbers_add(&p->tasks, tid);
	closedir(dir);
	return 0;
}

static int find_tasks(struct pmu_run *p)
{
	const struct opts *o = p->o;
	size_t i;
	int err = 0;

	for (i = 0; i < o->tids.n; i++)
		numbers_add(&p->tasks, o->tids.v[i]);
	for (i = 0; !err && i < o->pids.n; i++)
		err = add_threads(p, o->pids.v[i]);
	return err;
}

/* Whether a command is observed by its task; else by CPU, for as long as it runs. */
static bool by_command(const struct pmu_run *p)
{
	return p->o->command && !p->opts->all_cpus && !p->o->cpus.n && !p->tasks.n;
}

/** pmu_begin() - Start to make a session of a mode. Return: 0 or an exit status. */
int pmu_begin(struct pmu_run *p, const struct opts *o, const char *mode)
{
	size_t i;
	int err = 0;

	memset(p, 0, sizeof(*p));
	p->o = o;
	p->opts = o->own;
	p->own = *o;
	/* These choose where events count, and filter nothing afterwards. */
	memset(&p->own.pids, 0, sizeof(p->own.pids));
	memset(&p->own.tids, 0, sizeof(p->own.tids));
	memset(&p->own.cpus, 0, sizeof(p->own.cpus));
	p->spec.observed = o;
	p->spec.source = "pmu";
	p->spec.mode = mode;
	p->spec.prepare = pmu_prepare;
	p->spec.arg = p;
	if ((o->pids.n || o->tids.n) && (o->cpus.n || p->opts->all_cpus))
		return misuse("events count for tasks (-p, -t) or for CPUs (-C, -a), not for both");
	for (i = 0; !err && i < p->opts->events.n; i++)
		err = pmu_events_add(&p->events, p->opts->events.v[i]);
	return err ? err : find_tasks(p);
}

/** pmu_check_samples() - Return: 0, or STATUS_USAGE if it is not clear when to take one. */
int pmu_check_samples(const struct pmu_opts *own)
{
	if (own->period.given && own->frequency.given)
		return misuse("--period and --frequency exclude each other");
	if ((own->period.given && !own->period.value) ||
	    (own->frequency.given && !own->frequency.value))
		return misuse("--%s needs a number above 0",
			      own->period.given ? "period" : "frequency");
	return 0;
}

/** pmu_sample() - Have all events take samples, and their branches with them. */
void pmu_sample(struct pmu_run *p, uint64_t branches)
{
	const struct pmu_opts *o = p->opts;
	size_t i;

	for (i = 0; i < p->events.n; i++) {
		uint64_t *word = p->events.v[i].word;

		word[PMU_PERIOD] = o->period.given ? o->period.value :
				   o->frequency.given ? o->frequency.value : 999;
		if (!o->period.given)
			word[PMU_BITS] |= PMU_FREQUENCY;
		word[PMU_BRANCHES] = branches;
	}
}

/** pmu_by() - Columns, unless the user chose some. */
void pmu_by(struct pmu_run *p, const char *const *names, size_t n)
{
	size_t i;

	memset(&p->own.by, 0, sizeof(p->own.by));
	for (i = 0; i < n; i++)
		strings_add(&p->own.by, names[i]);
}

bool pmu_is_by(const struct pmu_run *p, const char *name)
{
	return strings_have(&p->own.by, name);
}

static void add_functions(struct pmu_run *p, struct view *v)
{
	const struct ksym_all *all = &v->ksyms.all;
	size_t i;

	ksyms_load_live(&v->ksyms);
	p->functions.n = 0;
	for (i = 0; i < all->n; i++)
		if (!i || all->address[i] != all->address[i - 1])
			numbers_add(&p->functions, all->address[i]);
}

/*
 * A module that came before there was a session, but after the list was read: its
 * samples would count for other functions.
 */
static int renew(struct run_spec *spec, struct view *v, bool *renewed)
{
	struct pmu_run *p = spec->arg;

	*renewed = p->functions.n && ksyms_are_old(&v->ksyms);
	if (*renewed)
		add_functions(p, v);
	return 0;
}

/** pmu_prepare() - The source's parameters, once the command's process is there. */
int pmu_prepare(struct run_spec *spec, struct view *v, pid_t command)
{
	struct request *req = &spec->request;
	struct pmu_run *p = spec->arg;
	bool on_exec = by_command(p);
	/* Which -a would not help with: see tasks_check(). */
	bool user_code = spec->user_code || pmu_is_by(p, "uip") || pmu_is_by(p, "ustack");
	size_t i;
	size_t k;
	int err;

	if ((on_exec || p->tasks.n) && !process_numbers_are_own())
		return refuse("obsctl runs in a PID namespace of its own, where processes have other numbers than to the kernel: run it in the initial one%s",
			      user_code ? "" : ", or observe CPUs with -a");
	err = pmu_events_cpus(&p->events, &p->o->cpus, on_exec || p->tasks.n, &p->cpus);
	if (err)
		return err;

	for (i = 0; i < p->events.n; i++)
		for (k = 0; k < PMU_WORDS; k++)
			numbers_add(&p->words, p->events.v[i].word[k]);
	if (on_exec && command)
		numbers_add(&p->tasks, (uint64_t)command);
	if (pmu_is_by(p, "func")) {
		add_functions(p, v);
		spec->renew = renew;
	}
	set_numbers(req, "events", &p->words);
	set_numbers(req, "tasks", &p->tasks);
	set_numbers(req, "cpus", &p->cpus);
	set_numbers(req, "functions", &p->functions);
	if (p->opts->no_inherit)
		model_set_number(req, "inherit", 0);
	if (on_exec)
		model_set_number(req, "on_exec", 1);
	return 0;
}

void pmu_end(struct pmu_run *p)
{
	/* Where they are the user's, opts_free() sees to them. */
	if (p->own.by.v != p->o->by.v)
		strings_free(&p->own.by);
	pmu_events_free(&p->events);
	strings_free(&p->absent);
	numbers_free(&p->words);
	numbers_free(&p->tasks);
	numbers_free(&p->cpus);
	numbers_free(&p->functions);
	model_free_request(&p->spec.request);
}

/** pmu_title() - The events of a session, and what became of them. Return: @out's text. */
const char *pmu_title(const struct pmu_run *p, const struct session *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < p->events.n; i++)
		buf_printf(out, "%s%s", i ? ", " : "", p->events.v[i].name);
	if (model_note(s, "fallback"))
		buf_puts(out, " (there is no PMU: cpu-clock in place of cycles)");
	return out->p;
}

/** pmu_function_at() - The function that an address of the kernel or of a process is in. */
void pmu_function_at(struct view *v, uint32_t pid, uint64_t address, struct buf *out)
{
	size_t start = out->len;

	if (address >> 63 || !pid)
		ksyms_print_address(&v->ksyms, address, out);
	else
		usyms_print(&v->usyms, pid, address, out);
	view_strip(out->p + start);
	out->len = start + strlen(out->p + start);
}
