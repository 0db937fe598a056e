// SPDX-License-Identifier: GPL-2.0
/*
 * Opens a report that --json wrote to a file. Nothing in it is taken for granted:
 * whoever sent it may have edited it.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/saved/saved.h"
#include "lib/diag.h"
#include "lib/macros.h"

static const struct saved_kind kinds[] = {
	{ "func", "count", "count", "hits", NULL, {} },
	{ "func", "time", "sum", "ns", "time", {} },
	{ "func", "graph", "sum", "ns", "self", {} },
	{ "probe", "count", "count", "hits", NULL, {} },
	{ "probe", "hist", "sum", "value", "value", {} },
	{ "probe", "time", "sum", "ns", "time", {} },
	{ "lock", "contention", "sum", "ns", "time", {} },
	{ "sched", "offcpu", "sum", "ns", "time", {} },
	{ "sched", "runq", "sum", "ns", "time", {} },
	{ "wall", "time", "sum", "ns", "time", {} },
	{ "slab", "leaks", "live_bytes", "bytes", "age", {} },
	{ "percpu", "leaks", "live_bytes", "bytes", "age", {} },
	{ "vmalloc", "leaks", "live_bytes", "bytes", "age", {} },
	{ "page", "leaks", "live_bytes", "bytes", "age", {} },
	{ "mem", "leaks", "live_bytes", "bytes", NULL, {} },
	{ "umem", "leaks", "live_bytes", "bytes", "age", {} },
	{ "refs", "leaks", "live", "references", "age", {} },
	{ "slab", "growth", "bytes", "bytes", NULL, { "cache" } },
	{ "mem", "growth", "bytes", "bytes", NULL, { "part" } },
	{ "mem", "user", "bytes", "bytes", NULL, { "kind" } },
	{ "pmu", "record", "events", "events", NULL, {} },
	{ "pmu", "mem", "sum", "cycles", "weight", {} },
	{ "pmu", "stat", "scaled", "events", NULL, {} },
	{ "pmu", "branch", "count", "branches", NULL, { "pid", "from", "to" } },
};

/* What other verbs print as JSON, by a key that it has. */
static const struct {
	const char	*key;
	const char	*verb;
} others[] = {
	{ "sentence", "triage" },	/* of an older obsctl */
	{ "checks", "doctor" }, { "sources", "status" }, { "sessions", "session list" },
	{ "probes", "probe list" }, { "events", "pmu list" }, { "per_hit", "diff" },
	{ "of", "slab diff" },
};

/* Return: the exit status; 0 if it is none of those. */
static int refuse_other(const struct saved *s)
{
	size_t i;

	if (json_object_get(s->root, "time_ns"))
		return refuse("%s ends with a record, and not with the report that is a trace's last line: obsctl was killed before it wrote that",
			      s->path);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (json_object_get(s->root, others[i].key))
			return refuse("%s is of 'obsctl %s', and not a report of what was observed: it is for programs, and --format csv makes lines of its first table",
				      s->path, others[i].verb);
	return 0;
}

/** saved_no_report() - Refuse the file. Return: the exit status. */
int saved_no_report(const struct saved *s, const char *why)
{
	return refuse("%s is no report of obsctl --json: %s", s->path, why);
}

/** saved_no_stacks() - Refuse to draw or fold the file. Return: the exit status. */
int saved_no_stacks(const struct saved *s)
{
	const char *why = s->form ? s->form->no_stacks : NULL;

	return refuse("%s has no stacks: %s", s->path,
		      why ? why : "make it with --by kstack, ustack or both");
}

/** saved_check_again() - Whether a file can be read twice. Return: 0, or the exit status. */
int saved_check_again(const char *path)
{
	struct stat st;

	/* Whoever opens it says why it cannot. */
	if (stat(path, &st) || S_ISREG(st.st_mode))
		return 0;
	return refuse("%s has to be read twice, and is no regular file: write the report to one first",
		      path);
}

/** saved_no_format() - Refuse a format of chains. Return: the exit status. */
int saved_no_format(const struct saved *s, const char *format)
{
	return refuse("%s has chains of waits, of which --format %s cannot be made: text or json",
		      s->path, format);
}

/** saved_text() - Return: a text of the report's own, or NULL. */
const char *saved_text(const struct saved *s, const char *key)
{
	return json_text(json_object_get(s->root, key));
}

/** saved_number() - Return: a number of the report's own, or 0. */
uint64_t saved_number(const struct saved *s, const char *key)
{
	return json_unsigned(json_object_get(s->root, key));
}

/** saved_open() - Read a file. Return: 0, or an exit status after a sentence. */
int saved_open(struct saved *s, const char *path)
{
	static const struct saved_kind other = { .weight = "count", .unit = "hits" };
	const char *source;
	const char *mode;
	size_t i;
	int err;

	memset(s, 0, sizeof(*s));
	s->path = path;
	err = json_rows_open(&s->list, path, &s->root);
	if (err)
		return err;
	source = saved_text(s, "source");
	mode = saved_text(s, "mode");
	if (!saved_text(s, "kobs") || !source || !mode || !strcmp(mode, "diff")) {
		err = refuse_other(s);
		return err ? err :
		       saved_no_report(s, "it has no \"kobs\", \"source\" or \"mode\"");
	}
	s->kind = &other;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].source, source) && !strcmp(kinds[i].mode, mode))
			s->kind = &kinds[i];
	s->rows = json_object_get(s->root, "rows");
	if (s->rows && !json_is_array(s->rows))
		return saved_no_report(s, "\"rows\" is no list");
	s->first = json_incref(json_array_get(s->rows, 0));
	if (s->rows)
		return 0;
	s->records = json_object_get(s->root, "accounting");
	if (!s->records)
		return saved_no_report(s, "it has no \"rows\"");
	if (!json_object_get(s->root, "widths"))
		return refuse("%s has records of '%.32s %.32s', written by an obsctl that does not say how to print them; they are lines of JSON",
			      path, source, mode);
	return 0;
}

/** saved_each_row() - All rows. Return: 0, an exit status, or what @take returned. */
int saved_each_row(struct saved *s, json_take_fn take, void *arg)
{
	size_t i;
	int err = 0;

	if (!s->form)
		return json_rows_each(&s->list, take, arg);
	for (i = 0; !err && i < json_array_size(s->rows); i++)
		err = take(json_array_get(s->rows, i), arg);
	return err;
}

/** saved_close() - Free what saved_open() and saved_restore() made. */
void saved_close(struct saved *s)
{
	if (s->report.view) {
		report_free(&s->report);
		model_free_table(&s->table);
		restore_free_session(&s->session);
		ksyms_free(&s->view.ksyms);
		frames_free(&s->view);
		strings_free(&s->says.warnings);
		free(s->mode.figures);
		free(s->row_rates);
		free(s->command);
	}
	json_decref(s->first);
	json_decref(s->root);
	json_rows_close(&s->list);
	memset(s, 0, sizeof(*s));
}
