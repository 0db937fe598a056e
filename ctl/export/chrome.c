// SPDX-License-Identifier: GPL-2.0
/*
 * The trace event format: a JSON object whose events are slices and marks on tracks. A
 * thread has a track with what it did, a CPU one with when its records were made; a
 * record of the idle task, which each CPU has with the same number, is a slice there.
 * Times are microseconds with nanoseconds behind the point. Names of tracks come right
 * before the first event that they have, so that nothing is kept until the end.
 */

#include <stdio.h>

#include "export/chrome.h"
#include "lib/json.h"

/* The process whose threads are the CPUs: above all numbers of processes that Linux has. */
#define CPUS		4194305ull
#define CPU_TRACK(cpu)	(CPUS + 1 + (cpu))

/** chrome_begin() - Begin a trace. */
void chrome_begin(struct chrome *c, struct buf *out)
{
	buf_puts(out, "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [");
	c->begun = false;
}

/** chrome_end_events() - End its events: members of the object may follow. */
void chrome_end_events(struct buf *out)
{
	buf_puts(out, "\n],\n");
}

static void add_time(struct buf *out, const char *key, uint64_t ns)
{
	buf_puts(out, key);
	buf_u64(out, ns / 1000);
	buf_putc(out, '.');
	buf_u64_padded(out, ns % 1000, 3, '0');
}

static void add_track(struct buf *out, uint64_t pid, uint64_t tid)
{
	buf_puts(out, ", \"pid\": ");
	buf_u64(out, pid);
	buf_puts(out, ", \"tid\": ");
	buf_u64(out, tid);
}

static void begin_event(struct chrome *c, const char *phase, struct buf *out)
{
	buf_puts(out, c->begun ? ",\n{\"ph\": \"" : "\n{\"ph\": \"");
	buf_puts(out, phase);
	buf_putc(out, '"');
	c->begun = true;
}

static void add_names(const struct chrome_event *ev, struct buf *out)
{
	buf_puts(out, ", \"name\": ");
	json_escape(out, ev->name);
	buf_puts(out, ", \"cat\": ");
	json_escape(out, ev->category);
}

static void name_track(struct chrome *c, const char *what, uint64_t pid, uint64_t tid,
		       const char *name, struct buf *out)
{
	begin_event(c, "M", out);
	buf_printf(out, ", \"name\": \"%s\"", what);
	add_track(out, pid, tid);
	buf_puts(out, ", \"args\": {\"name\": ");
	json_escape(out, name);
	buf_puts(out, "}}");
}

/* A thread has another name after an exec: the last one counts. */
static void know_thread(struct chrome *c, const struct chrome_event *ev, struct buf *out)
{
	const char *name = pool_intern(&c->names, ev->comm);

	if (!ev->tid || map_get(&c->threads, ev->tid) == name)
		return;
	map_set(&c->threads, ev->tid, (void *)(uintptr_t)name);
	name_track(c, "thread_name", ev->pid, ev->tid, name, out);
	if (ev->pid == ev->tid)
		name_track(c, "process_name", ev->pid, ev->tid, name, out);
}

static void know_cpu(struct chrome *c, uint32_t cpu, struct buf *out)
{
	char name[32];

	if (map_get(&c->cpus, cpu + 1ull))
		return;
	if (!c->cpus.n) {
		name_track(c, "process_name", CPUS, CPUS, "CPUs", out);
		begin_event(c, "M", out);
		buf_puts(out, ", \"name\": \"process_sort_index\"");
		add_track(out, CPUS, CPUS);
		buf_puts(out, ", \"args\": {\"sort_index\": -1}}");
	}
	map_set(&c->cpus, cpu + 1ull, c);
	snprintf(name, sizeof(name), "CPU %u", cpu);
	name_track(c, "thread_name", CPUS, CPU_TRACK(cpu), name, out);
}

static void add_args(const struct chrome_event *ev, struct buf *out)
{
	buf_puts(out, ", \"args\": {");
	buf_puts(out, ev->args);
	buf_puts(out, "}}");
}

/* When it began; what took longer than the machine is up began with it. */
static uint64_t start_of(const struct chrome_event *ev)
{
	return ev->took < ev->end ? ev->end - ev->took : 0;
}

static void add_slice(struct chrome *c, const struct chrome_event *ev, uint64_t pid, uint64_t tid,
		      struct buf *out)
{
	begin_event(c, ev->kind == CHROME_MARK ? "i" : "X", out);
	add_names(ev, out);
	add_track(out, pid, tid);
	add_time(out, ", \"ts\": ", start_of(ev));
	if (ev->kind == CHROME_MARK)
		buf_puts(out, ", \"s\": \"t\"");
	else
		add_time(out, ", \"dur\": ", ev->took);
	add_args(ev, out);
}

static void add_end(struct chrome *c, const struct chrome_event *ev, const char *phase,
		    uint64_t time, struct buf *out)
{
	begin_event(c, phase, out);
	add_names(ev, out);
	buf_printf(out, ", \"id\": \"0x%llx\"", (unsigned long long)c->pairs);
	add_track(out, ev->pid, ev->tid);
	add_time(out, ", \"ts\": ", time);
}

/* Pairs are slices of their own: on the track of a thread they could not overlap. */
static void add_pair(struct chrome *c, const struct chrome_event *ev, struct buf *out)
{
	c->pairs++;
	add_end(c, ev, "b", start_of(ev), out);
	add_args(ev, out);
	add_end(c, ev, "e", ev->end, out);
	buf_putc(out, '}');
}

/** chrome_add() - Add a record. */
void chrome_add(struct chrome *c, const struct chrome_event *ev, struct buf *out)
{
	bool idle = !ev->tid && ev->kind != CHROME_PAIR;

	know_cpu(c, ev->cpu, out);
	know_thread(c, ev, out);
	if (ev->kind == CHROME_PAIR)
		add_pair(c, ev, out);
	else if (idle)
		add_slice(c, ev, CPUS, CPU_TRACK(ev->cpu), out);
	else
		add_slice(c, ev, ev->pid, ev->tid, out);
	if (idle)
		return;
	begin_event(c, "i", out);
	add_names(ev, out);
	add_track(out, CPUS, CPU_TRACK(ev->cpu));
	add_time(out, ", \"ts\": ", ev->end);
	buf_puts(out, ", \"s\": \"t\", \"args\": {\"tid\": ");
	buf_u64(out, ev->tid);
	buf_puts(out, "}}");
}

void chrome_free(struct chrome *c)
{
	map_free(&c->threads, NULL);
	map_free(&c->cpus, NULL);
	pool_free(&c->names);
}
