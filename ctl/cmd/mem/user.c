// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl mem user: memory that a process allocates in user space, and does not free: live
 * objects by user stack, as 'mem leaks' has them, and beside them what the process has
 * resident, by what is mapped. The latter alone (--passive) needs no module.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/mem/allocator.h"
#include "cmd/mem/mem.h"
#include "cmd/mem/rss.h"
#include "cmd/slab/judge.h"
#include "cmd/slab/leaks.h"
#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "report/outfile.h"
#include "run/readings.h"
#include "run/run.h"
#include "version.h"

/* Of the time, reading smaps takes one part in so many at most. */
#define READ_SHARE	25
#define READ_NS		(NSEC_PER_SEC / 4)

struct user_run {
	const struct opts *o;
	struct allocator allocator;
	struct numbers	pids;		/* whose memory is read */
	struct rss_series rss;
	bool		read;		/* it is */
	uint64_t	next;		/* reading; on CLOCK_MONOTONIC */
	struct output	output;		/* of --passive */
	struct readings	readings;
	uint64_t	from;
	uint64_t	last;
};

static bool read_processes(const struct numbers *pids, struct rss_reading *r)
{
	char path[40];
	size_t i;

	for (i = 0; i < pids->n; i++) {
		snprintf(path, sizeof(path), "/proc/%llu/smaps", (unsigned long long)pids->v[i]);
		rss_read(r, path);
	}
	return r->processes == pids->n;
}

/* When one of them has exited, the last reading of all of them stays. */
static void take(struct user_run *u)
{
	struct rss_reading r = {};
	uint64_t begin = now_ns();
	uint64_t took;

	if (read_processes(&u->pids, &r))
		rss_add(&u->rss, &r, begin);
	took = now_ns() - begin;
	u->next = begin + (took * READ_SHARE > READ_NS ? took * READ_SHARE : READ_NS);
}

static bool watch(struct run_spec *spec, const struct session *s)
{
	struct user_run *u = spec->arg;

	/* A command still has the memory of obsctl when it begins. */
	if (!u->next && u->o->command)
		u->next = now_ns() + READ_NS;
	/* What comes while its hooks are put in and out is in no row. */
	if (now_ns() >= u->next && s->state == KOBS_STATE_STARTED)
		take(u);
	return false;
}

static int find_functions(struct user_run *u, pid_t command)
{
	const struct mem_opts *own = u->o->own;
	char whose[40];
	size_t i;
	int err = 0;

	u->allocator.maps = own->maps;
	for (i = 0; i < u->o->pids.n && !err; i++)
		err = allocator_of_process(&u->allocator, (uint32_t)u->o->pids.v[i]);
	if (command)
		allocator_of_command(&u->allocator, u->o->command[0]);
	for (i = 0; i < own->libs.n && !err; i++)
		err = allocator_add_named(&u->allocator, own->libs.v[i],
					  u->o->pids.n ? (uint32_t)u->o->pids.v[0] : 0);
	if (err)
		return err;
	snprintf(whose, sizeof(whose), "process %llu",
		 (unsigned long long)(u->o->pids.n ? u->o->pids.v[0] : 0));
	return allocator_check(&u->allocator, command ? u->o->command[0] : whose);
}

/* Whether Python was told to take all objects by malloc(); 0: this process, as a command is. */
static bool python_has_malloc(uint32_t pid)
{
	static const char name[] = "PYTHONMALLOC=";
	char path[40] = "/proc/self/environ";
	char *word = NULL;
	size_t size = 0;
	bool found = false;
	FILE *f;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%u/environ", pid);
	f = fopen(path, "re");
	while (f && !found && getdelim(&word, &size, 0, f) > 0)
		found = !strncmp(word, name, strlen(name)) &&
			!strncmp(word + strlen(name), "malloc", strlen("malloc"));
	free(word);
	if (f)
		fclose(f);
	return found;
}

static void tell_of_python(const struct user_run *u)
{
	if (u->allocator.python &&
	    !python_has_malloc(u->o->pids.n ? (uint32_t)u->o->pids.v[0] : 0))
		warn("Python takes objects of up to 512 bytes from arenas of its own, which it maps: run it with PYTHONMALLOC=malloc to see each, or follow the arenas by --mmap");
}

static int prepare(struct run_spec *spec, struct view *v, pid_t command)
{
	struct user_run *u = spec->arg;
	size_t i;
	int err = find_functions(u, command);

	if (err)
		return err;
	tell_of_python(u);
	allocator_request(&u->allocator, &spec->request);
	for (i = 0; i < u->o->pids.n; i++)
		numbers_add(&u->pids, u->o->pids.v[i]);
	if (command) {
		numbers_add(&spec->request.filter.pids, (uint64_t)command);
		numbers_add(&u->pids, (uint64_t)command);
		u->rss.whole = !u->o->pids.n;
	}
	return 0;
}

static int print(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct user_run *u = spec->arg;
	struct leaks *l;

	report_resolve(r);
	l = r->judged;
	if (u->read) {
		l->rss = &u->rss;
		l->rss_live = l->bytes;
	}
	return report_print(r, to);
}

/* Rows have stacks: those of two frames, with --sites, are callers. */
static void choose_columns(struct strings *by, const struct opts *o)
{
	size_t i;

	for (i = 0; i < o->by.n; i++)
		strings_add(by, o->by.v[i]);
	if (!by->n || opts_wants_stacks(o) || opts_has_param(o, "stack_depth"))
		if (!strings_have(by, "ustack"))
			strings_add(by, "ustack");
}

static int observe(struct user_run *u)
{
	struct run_spec spec = {
		.source = "umem", .mode = "leaks", .kind = &mem_user_report, .title = "mem user",
		.prepare = prepare, .report = print, .arg = u,
	};
	struct opts chosen = *u->o;
	int err;

	memset(&chosen.by, 0, sizeof(chosen.by));
	choose_columns(&chosen.by, u->o);
	if (!u->o->hist)
		model_set_number(&spec.request, "hist", 1);
	/* Young objects are in none of the rows, but in what is resident. */
	u->read = !u->o->detach && !opts_has_param(u->o, "older");
	if (u->read)
		spec.watch = watch;
	err = run_session(&spec, &chosen);
	strings_free(&chosen.by);
	model_free_request(&spec.request);
	return err;
}

static int take_reading(void *arg)
{
	struct user_run *u = arg;
	struct rss_reading r = {};
	uint64_t now = now_ns();

	if (!read_processes(&u->pids, &r)) {
		u->readings.ended = true;
		return u->rss.readings ? 0 :
		       refuse("cannot read the memory of process %llu: it has exited, is a kernel thread, or is of somebody else",
			      (unsigned long long)u->pids.v[0]);
	}
	rss_add(&u->rss, &r, now);
	if (!u->from)
		u->from = now;
	u->last = now;
	return 0;
}

/* For programs. */
static void print_head(struct user_run *u, struct out *o, bool interim)
{
	struct utsname name = {};

	uname(&name);
	out_json_text(o, "kobs", program_version);
	out_json_text(o, "kernel", name.release);
	out_json_text(o, "source", "mem");
	out_json_text(o, "mode", "user");
	if (interim)
		out_json_bool(o, "interim", true);
}

static int print_passive(void *arg, bool interim)
{
	struct user_run *u = arg;
	bool live = interim && u->readings.live;
	struct output to = u->output;
	struct out o;

	if (live)
		to.grid = grid_new();
	output_begin(&to, &o, u->o->json);
	out_open(&o, NULL, '{');
	print_head(u, &o, interim);
	user_print_passive(&u->rss, &u->pids, u->last - u->from, interim, &o);
	out_close(&o, '}');
	out_newline(&o);
	out_free(&o);
	if (live) {
		readings_show(&u->readings, NULL, &to, u->last - u->from);
		return 0;
	}
	if (interim && !u->o->json)
		fputs("\n", to.file);
	return output_flush(&to);
}

static int observe_passive(struct user_run *u)
{
	int closed;
	size_t i;
	int err;

	for (i = 0; i < u->o->pids.n; i++)
		numbers_add(&u->pids, u->o->pids.v[i]);
	u->readings = (struct readings){
		.o = u->o, .period = readings_period(u->o), .arg = u, .take = take_reading,
		.report = print_passive,
	};
	err = readings_begin(&u->readings);
	if (err)
		return err;
	err = output_for(&u->output, u->o);
	if (!err)
		err = readings_run(&u->readings);
	readings_end(&u->readings);
	if (!err)
		err = print_passive(u, false);
	readings_release(&u->readings);
	closed = output_close(&u->output);
	return err ? err : closed;
}

/** mem_user() - mem user. Return: the exit status. */
int mem_user(const struct verb *verb, const struct opts *o)
{
	const struct mem_opts *own = o->own;
	struct user_run u = { .o = o };
	int err = own->passive ? observe_passive(&u) : observe(&u);

	allocator_free(&u.allocator);
	numbers_free(&u.pids);
	return err;
}

static int check_passive(const struct opts *o)
{
	const struct mem_opts *own = o->own;

	if (o->command)
		return misuse("--passive reads what a process has resident: name it by -p, not by a command");
	if (o->by.n || o->nr_params || own->libs.n || own->maps || opts_wants_stacks(o) ||
	    o->detach || o->html || o->hist || o->max_lost.given || o->fail_over.text ||
	    o->top.given)
		return misuse("--passive follows no objects: it takes -p, -d, -i, --json and -o only");
	return 0;
}

/** mem_check_user() - Combinations of options that contradict each other. */
int mem_check_user(const struct verb *verb, const struct opts *o)
{
	const struct mem_opts *own = o->own;
	size_t i;

	if (!o->pids.n && !o->command)
		return misuse("mem user needs a process: -p PID, or a command after --");
	if (o->pids.n > 32)
		return misuse("option --pid names %zu processes: mem user follows up to 32",
			      o->pids.n);
	for (i = 0; i < o->pids.n; i++)
		if (kill((pid_t)o->pids.v[i], 0) && errno == ESRCH)
			return refuse("there is no process %llu",
				      (unsigned long long)o->pids.v[i]);
	return own->passive ? check_passive(o) : 0;
}
