// SPDX-License-Identifier: GPL-2.0
/*
 * Processes, threads and names of a filter that nothing had: neither when the
 * session began, nor when the report is made, nor in its rows. A test that
 * passes because its filter is misspelt must be told from one that is good.
 */

#include <string.h>

#include "lib/process.h"
#include "report/absent.h"

static bool is_named(const char *pattern, const struct strings *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (glob_match(pattern, names->v[i]))
			return true;
	return false;
}

/** absent_find() - What of a filter nothing has at this moment. */
void absent_find(struct absent *a, const struct filter *f)
{
	struct strings names = {};
	size_t i;

	memset(a, 0, sizeof(*a));
	/* Numbers of another PID namespace cannot be looked up. */
	for (i = 0; process_numbers_are_own() && i < f->pids.n; i++)
		if (process_of(f->pids.v[i]) != f->pids.v[i])
			numbers_add(&a->pids, f->pids.v[i]);
	for (i = 0; process_numbers_are_own() && i < f->tids.n; i++)
		if (!process_of(f->tids.v[i]))
			numbers_add(&a->tids, f->tids.v[i]);
	if (f->comms.n)
		process_names(&names);
	for (i = 0; i < f->comms.n; i++)
		if (!is_named(f->comms.v[i], &names))
			strings_add(&a->comms, f->comms.v[i]);
	strings_free(&names);
}

void absent_free(struct absent *a)
{
	numbers_free(&a->pids);
	numbers_free(&a->tids);
	strings_free(&a->comms);
}

static bool has_number(const struct numbers *list, uint64_t v)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->v[i] == v)
			return true;
	return false;
}

/* Whether some row has a value in the column of this name. */
static bool in_rows(const struct report *r, const char *column, uint64_t number,
		    const char *pattern)
{
	size_t c = view_column(r->view, column);
	size_t i;

	if (!r->table || c == SIZE_MAX)
		return false;
	for (i = 0; i < r->table->nr_rows; i++) {
		uint64_t key = r->table->keys[r->table->rows[i].key + c];

		if (pattern ? glob_match(pattern, (const char *)(uintptr_t)key) : key == number)
			return true;
	}
	return false;
}

static void begin(struct buf *out)
{
	buf_puts(out, out->len ? "; " : "");
}

static void describe_pid(uint64_t pid, struct buf *out)
{
	uint64_t process = process_of(pid);

	begin(out);
	if (process)
		buf_printf(out, "%llu is a thread of process %llu: give --tid",
			   (unsigned long long)pid, (unsigned long long)process);
	else
		buf_printf(out, "there is no process %llu", (unsigned long long)pid);
}

/* A name can have been a short-lived thread's; rows tell, or there was nothing at all. */
static bool is_comm_told(const struct report *r, const char *comm)
{
	if (!r->session->recorded)
		return true;
	return view_column(r->view, "comm") != SIZE_MAX && r->table &&
	       !in_rows(r, "comm", 0, comm);
}

/** absent_describe() - Add "there is no process 12; no thread is named 'x'", or nothing. */
void absent_describe(const struct report *r, struct buf *out)
{
	const struct absent *was = r->absent;
	struct absent now;
	size_t i;

	absent_find(&now, &r->session->filter);
	for (i = 0; i < now.pids.n; i++)
		if ((!was || has_number(&was->pids, now.pids.v[i])) &&
		    !in_rows(r, "pid", now.pids.v[i], NULL))
			describe_pid(now.pids.v[i], out);
	for (i = 0; i < now.tids.n; i++) {
		if ((was && !has_number(&was->tids, now.tids.v[i])) ||
		    in_rows(r, "tid", now.tids.v[i], NULL))
			continue;
		begin(out);
		buf_printf(out, "there is no thread %llu", (unsigned long long)now.tids.v[i]);
	}
	for (i = 0; i < now.comms.n; i++) {
		if ((was && !strings_have(&was->comms, now.comms.v[i])) ||
		    !is_comm_told(r, now.comms.v[i]))
			continue;
		begin(out);
		buf_printf(out, "no thread is named '%s'", now.comms.v[i]);
	}
	absent_free(&now);
}

/** absent_print() - The same below a report that has rows; without any, it is their reason. */
void absent_print(const struct report *r, struct out *o)
{
	struct buf text = {};

	if (r->saved) {
		if (r->saved->absent && r->session->recorded)
			out_line(o, "*** The filter names what is not there: %s. ***",
				 r->saved->absent);
		return;
	}
	/* Reports at intervals leave it to the last one: looking at all threads takes a while. */
	if (!model_has_filter(&r->session->filter) || (r->interim && r->absent))
		return;
	absent_describe(r, &text);
	if (text.len)
		out_json_text(o, "absent", text.p);
	if (text.len && r->session->recorded)
		out_line(o, "*** The filter names what is not there: %s. ***", text.p);
	buf_free(&text);
}
