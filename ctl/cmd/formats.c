// SPDX-License-Identifier: GPL-2.0
/*
 * --format: the report as others read it. Which formats a verb takes follows from what its
 * report is made of; one that cannot be made of it is refused before anything is observed.
 */

#include <string.h>
#include <unistd.h>

#include "cmd/formats.h"
#include "export/formats.h"
#include "lib/diag.h"

#define SHOW	"What the report shows"

#define NAME(name_, ...)	name_,
#define LISTED(name_, ...)	" " name_

static const char *const of_rows[] = { FORMATS_OF_ROWS(NAME) NULL };
static const char *const of_stacks[] = { FORMATS_OF_ROWS(NAME) FORMATS_OF_STACKS(NAME) NULL };
static const char *const of_files[] = {
	FORMATS_OF_ROWS(NAME) FORMATS_OF_STACKS(NAME) FORMATS_OF_RECORDS(NAME) NULL
};

static const char *const of_branches[] = { FORMATS_OF_ROWS(NAME) FORMATS_OF_BRANCHES(NAME) NULL };

/* An event of perf script is a record with its stack. */
static const char *const of_records[] = {
	FORMATS_OF_ROWS(NAME) FORMATS_OF_RECORDS(NAME) "perf", NULL
};

/* Whose record it is, which tracks and events have. */
static const char *const of_whom[] = { "comm", "pid", "tid", NULL };

static const struct format *take(const char *value, struct opts *o)
{
	const struct format *f = format_find(value);
	const char *before = o->format ? o->format->name : NULL;

	if (f && before && strcmp(before, f->name))
		o->another = before;
	o->format = f && strcmp(f->name, "json") ? f : NULL;
	o->json |= f && !o->format;
	o->stacks = false;
	o->csv = false;
	o->columns = NULL;
	return o->format;
}

static bool take_of_table(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	const struct format *f = take(value, o);

	o->stacks = f && f->of == FORMAT_OF_STACKS;
	o->csv = f && f->of == FORMAT_OF_ROWS;
	o->folded |= f && !strcmp(f->name, "folded");
	return true;
}

static bool take_of_records(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	const struct format *f = take(value, o);

	o->stacks = f && f->of == FORMAT_OF_STACKS;
	if (f && f->of != FORMAT_OF_ROWS)
		o->columns = of_whom;
	return true;
}

static const struct opt_type opt_of_table = { .take = take_of_table };
static const struct opt_type opt_of_records = { .take = take_of_records };

/* What reports have that a format is made of. */
static const char *const made_of[] = {
	[FORMAT_OF_STACKS] = "rows with stacks, which this report does not have",
	[FORMAT_OF_RECORDS] = "single records, which the verbs called trace have",
	[FORMAT_OF_BRANCHES] = "branch records, which pmu branch has",
};

static int refuse_unfit(const struct opt *opt, const char *word)
{
	const struct format *f = format_find(word);
	struct buf all = {};
	size_t i;
	int err;

	if (!f)
		return 0;
	for (i = 0; opt->values[i]; i++)
		buf_printf(&all, "%s%s", !i ? "" : opt->values[i + 1] ? ", " : " or ",
			   opt->values[i]);
	err = misuse("--format %s is made of %s: here it is %s", f->name, made_of[f->of], all.p);
	buf_free(&all);
	return err;
}

/** formats_check() - Return: 0, or STATUS_USAGE for options that contradict each other. */
int formats_check(const struct opts *o)
{
	const char *name = o->format ? o->format->name : NULL;

	if (o->another)
		return misuse("a run makes one report, and --format %s was given beside --format %s: keep it by --json -o FILE.json, of which obsctl show FILE.json --format FORMAT makes any",
			      o->another, name ? name : "json");
	if (o->json && name)
		return misuse("--json and --format %s are two forms of one report: give one of them",
			      name);
	if (o->json && o->folded)
		return misuse("--json and --folded are two forms of one report: give one of them");
	if (o->folded && name && strcmp(name, "folded") != 0)
		return misuse("--folded and --format %s are two forms of one report: give one of them",
			      name);
	if (o->interval.given && (o->folded || name))
		return misuse("--%s%s makes one report, at the end: it cannot be combined with --interval",
			      name ? "format " : "folded", name ? name : "");
	if (name && o->format->binary && !o->output && isatty(STDOUT_FILENO))
		return misuse("--format %s is binary: give it a file by -o FILE, FILE%s for instance, or a pipe",
			      name, o->format->ending);
	return 0;
}

#define FORMAT(type_, values_, doc_) { \
	.name = "format", .arg = "FORMAT", .doc = (doc_), .type = (type_), .values = (values_), \
	.allowed = "the name of a format", .unfit = refuse_unfit \
}

static const struct opt folded[] = {
	{ "folded", 0, NULL, "print folded stacks, for other tools", &opt_switch, OPT_AT(folded) },
	FORMAT(&opt_of_table, of_stacks, "what others read:" FORMATS_OF_ROWS(LISTED)
	       FORMATS_OF_STACKS(LISTED)),
};

static const struct opt files[] = {
	{ "folded", 0, NULL, "print folded stacks, for other tools", &opt_switch, OPT_AT(folded) },
	FORMAT(&opt_of_table, of_files, "what others read:" FORMATS_OF_ROWS(LISTED)
	       FORMATS_OF_STACKS(LISTED) FORMATS_OF_RECORDS(LISTED)),
};

static const struct opt rows[] = {
	FORMAT(&opt_of_table, of_rows, "what others read:" FORMATS_OF_ROWS(LISTED)),
};

static const struct opt records[] = {
	FORMAT(&opt_of_records, of_records, "what others read:" FORMATS_OF_ROWS(LISTED)
	       FORMATS_OF_RECORDS(LISTED) " perf"),
};

static const struct opt branches[] = {
	FORMAT(&opt_of_table, of_branches, "what others read:" FORMATS_OF_ROWS(LISTED)
	       FORMATS_OF_BRANCHES(LISTED)),
};

#define GROUP(name_, table)	.name = (name_), .section = SHOW, OPT_GROUP(table), \
				.check = formats_check

const struct opt_group group_folded = { GROUP("formats", folded) };
const struct opt_group group_format_files = { GROUP("formats of files", files) };
const struct opt_group group_format_rows = { GROUP("rows as", rows) };
const struct opt_group group_format_records = { GROUP("records as", records) };
const struct opt_group group_format_branches = { GROUP("branches as", branches) };
