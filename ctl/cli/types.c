// SPDX-License-Identifier: GPL-2.0
/* How the values of options are read. */

#include <stdlib.h>
#include <string.h>

#include "cli/option.h"
#include "lib/cgroup.h"
#include "lib/parse.h"
#include "lib/process.h"

#define A_LIST		"numbers with commas or spaces between them such as 812,4077"
#define A_NUMBER	"a number, 0 or more"
#define A_TIME		"a time with its unit (ns, us, ms, s, m or h) such as 10us or 1.5ms"
#define A_DURATION	"a time from 1ms such as 500ms, 2s or 1m; a number alone is seconds"
#define A_SIZE		"a number of bytes such as 4096 or 10KiB"

static bool take_switch(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	*(bool *)to = true;
	return true;
}

static bool take_text(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	*(const char **)to = value;
	return *value != 0;
}

/* "-" is standard output, as without a name. */
static bool take_file(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	*(const char **)to = strcmp(value, "-") ? value : NULL;
	return *value != 0;
}

static bool take_path(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	*(const char **)to = value;
	return *value && strcmp(value, "-") != 0;
}

static bool take_texts(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	const char *comma;

	do {
		char *item;

		comma = strchrnul(value, ',');
		if (comma == value)
			return false;
		item = strndup(value, (size_t)(comma - value));
		if (item)
			strings_add(to, item);
		free(item);
		value = comma + 1;
	} while (*comma);
	return true;
}

/* ps prints the name of a kernel thread in brackets. As a glob that would match one letter. */
static void strip_comm(char *comm)
{
	size_t len = strlen(comm);
	bool in_brackets = len > 3 && *comm == '[' && strchr(comm, ']') == comm + len - 1;

	if (in_brackets) {
		memmove(comm, comm + 1, len - 2);
		comm[len - 2] = 0;
	}
	if (in_brackets || !strncmp(comm, "kworker/", 8))
		process_comm(comm);
}

static bool take_comms(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct strings *comms = to;
	size_t i = comms->n;

	if (!take_texts(opt, value, o, to))
		return false;
	for (; i < comms->n; i++)
		strip_comm(comms->v[i]);
	return true;
}

/* They are looked up once: what is asked for must not change until the session is made. */
static bool take_cgroups(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_cgroups *c = to;
	struct strings words = {};
	bool good = take_texts(opt, value, o, &words);
	size_t i;

	for (i = 0; good && i < words.n; i++)
		if (!cgroup_find(words.v[i], &c->ids))
			strings_add(&c->missing, words.v[i]);
	if (good)
		numbers_sort_unique(&c->ids);
	strings_free(&words);
	return good;
}

static bool take_whole(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	strings_add(to, value);
	return *value != 0;
}

/* As pidof prints them: spaces count as commas. */
static bool take_list(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	char *word;
	char *rest;
	char *copy = copy_string(value + strspn(value, " "));
	bool good = true;
	size_t words = 0;

	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		good &= !parse_list(word, opt->max, false, to);
		words++;
	}
	free(copy);
	return good && words;
}

static bool take_ranges(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	return !parse_list(value, opt->max, true, to);
}

static bool take_number(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_number *n = to;

	n->given = true;
	return !parse_number(value, 0, opt->max ? opt->max : UINT64_MAX, &n->value);
}

static bool take_duration(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_number *n = to;

	n->given = true;
	return !parse_duration(value, &n->value);
}

static bool take_time(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_number *n = to;

	n->given = true;
	return !parse_time(value, &n->value);
}

static bool limit_number(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_limit *l = to;

	l->text = value;
	return !parse_number(value, 0, UINT64_MAX, &l->value);
}

static bool limit_time(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_limit *l = to;

	l->text = value;
	return !parse_time(value, &l->value);
}

static bool limit_bytes(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_limit *l = to;

	l->text = value;
	return !parse_bytes(value, &l->value);
}

/* A part of what it was, or a number in the unit of what is compared: that is known later. */
static bool limit_change(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	struct opt_limit *l = to;
	char *end;

	l->text = value;
	if (*value && value[strlen(value) - 1] == '%')
		return strtod(value, &end) >= 0 && end != value && !strcmp(end, "%") &&
		       strspn(value, "0123456789.") == strlen(value) - 1;
	return !parse_number(value, 0, UINT64_MAX, &l->value) || !parse_time(value, &l->value) ||
	       !parse_bytes(value, &l->value);
}

/* The kernel knows the range, and says it. */
static bool take_param(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	uint64_t v;

	return !parse_number(value, 0, UINT64_MAX, &v) && opts_set_param(o, opt->param, v);
}

static bool take_param_switch(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	return opts_set_param(o, opt->param, opt->value ? opt->value : 1);
}

static bool take_param_time(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	uint64_t v;

	return !parse_time(value, &v) && opts_set_param(o, opt->param, v);
}

static bool take_param_bytes(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	uint64_t v;

	return !parse_bytes(value, &v) && opts_set_param(o, opt->param, v);
}

/* The kernel counts milliseconds. */
static bool take_param_ms(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	uint64_t v;

	return !parse_duration(value, &v) && opts_set_param(o, opt->param, (v + 999999) / 1000000);
}

/* Reports want to know, too. */
static bool take_hist(const struct opt *opt, const char *value, struct opts *o, void *to)
{
	o->hist = true;
	return opts_set_param(o, opt->param, 1);
}

static void release_strings(void *to)
{
	strings_free(to);
}

static void release_cgroups(void *to)
{
	struct opt_cgroups *c = to;

	numbers_free(&c->ids);
	strings_free(&c->missing);
}

static void release_numbers(void *to)
{
	numbers_free(to);
}

const struct opt_type opt_switch = { .take = take_switch };

const struct opt_type opt_text = { .take = take_text, .allowed = "a word" };

const struct opt_type opt_file = { .take = take_file, .allowed = "a path" };

const struct opt_type opt_path = { .take = take_path, .allowed = "the path of a file" };

const struct opt_type opt_texts = {
	.take = take_texts, .release = release_strings,
	.allowed = "names with commas between them",
};

const struct opt_type opt_comms = {
	.take = take_comms, .release = release_strings,
	.allowed = "names with commas between them",
};

const struct opt_type opt_cgroups = {
	.take = take_cgroups, .release = release_cgroups,
	.allowed = "paths or names of control groups with commas between them",
};

const struct opt_type opt_whole = {
	.take = take_whole, .release = release_strings,
	.allowed = "names with commas between them",
};

const struct opt_type opt_list = {
	.take = take_list, .release = release_numbers, .allowed = A_LIST, .several = true,
};

const struct opt_type opt_ranges = {
	.take = take_ranges, .release = release_numbers, .allowed = "a list of CPUs such as 0,2-3",
};

const struct opt_type opt_number = { .take = take_number, .allowed = A_NUMBER };

const struct opt_type opt_duration = { .take = take_duration, .allowed = A_DURATION };

const struct opt_type opt_time = { .take = take_time, .allowed = A_TIME };

const struct opt_type opt_limit_number = { .take = limit_number, .allowed = A_NUMBER };

const struct opt_type opt_limit_time = { .take = limit_time, .allowed = A_TIME };

const struct opt_type opt_limit_bytes = { .take = limit_bytes, .allowed = A_SIZE };

const struct opt_type opt_limit_change = {
	.take = limit_change, .allowed = "a percentage such as 5%, a number, a time or a size",
};

const struct opt_type opt_param = { .take = take_param, .allowed = A_NUMBER };

const struct opt_type opt_param_switch = { .take = take_param_switch };

const struct opt_type opt_param_time = { .take = take_param_time, .allowed = A_TIME };

const struct opt_type opt_param_bytes = { .take = take_param_bytes, .allowed = A_SIZE };

const struct opt_type opt_param_ms = { .take = take_param_ms, .allowed = A_DURATION };

const struct opt_type opt_hist = { .take = take_hist };
