// SPDX-License-Identifier: GPL-2.0
/*
 * Events of PMUs that describe themselves in sysfs: PMU/TERM=VALUE,.../. What a
 * term is, the PMU says in format/TERM: "config:0-7,21" for instance. The name
 * of an event stands for the terms in events/NAME.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/event.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/parse.h"

const char *pmu_sysfs = "/sys/bus/event_source/devices";
const char *pmu_online = "/sys/devices/system/cpu/online";

#define DEPTH	4		/* of names that stand for terms */

struct pmu_place {
	const char	*text;		/* the event, for sentences */
	char		dir[256];
	const char	*pmu;
	uint64_t	*word;
};

static int add_terms(struct pmu_place *p, const char *terms, int depth);

static bool read_line(const char *path, char *line, size_t size)
{
	if (read_file(path, line, size) < 0)
		return false;
	line[strcspn(line, "\n")] = 0;
	return true;
}

/* What a directory has, for a refusal. */
static void list_dir(const char *path, struct buf *b)
{
	struct dirent *d;
	DIR *dir = opendir(path);

	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			buf_printf(b, "%s%s", b->len ? ", " : "", d->d_name);
	if (dir)
		closedir(dir);
}

static int no_term(const struct pmu_place *p, const char *term)
{
	struct buf b = {};
	char path[300];
	int err;

	snprintf(path, sizeof(path), "%s/format", p->dir);
	list_dir(path, &b);
	buf_puts(&b, b.len ? ", config" : "config");
	snprintf(path, sizeof(path), "%s/events", p->dir);
	list_dir(path, &b);
	err = misuse("event '%s': PMU %s has no term '%s': it has %s", p->text, p->pmu, term, b.p);
	buf_free(&b);
	return err;
}

static uint64_t *config_word(const struct pmu_place *p, const char *name, size_t len)
{
	static const char *const names[] = { "config", "config1", "config2" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return &p->word[PMU_CONFIG + i];
	return NULL;
}

/* Spread a value's bits over those that the format names, from its lowest on. */
static int set_bits(const struct pmu_place *p, const char *term, const char *format, uint64_t value)
{
	size_t len = strcspn(format, ":");
	uint64_t *word = config_word(p, format, len);
	uint64_t left = value;
	const char *s = format + len;

	if (!word || *s != ':')
		return refuse("event '%s': obsctl does not understand the format '%s' of term '%s'",
			      p->text, format, term);
	while (*s && *++s) {
		char *end;
		unsigned long from = strtoul(s, &end, 10);
		unsigned long to = *end == '-' ? strtoul(end + 1, &end, 10) : from;

		for (; from <= to && to < 64; from++) {
			*word = (*word & ~(1ull << from)) | (left & 1) << from;
			left >>= 1;
		}
		s = end;
	}
	if (left)
		return misuse("event '%s': 0x%llx is too much for term '%s', which has the bits %s",
			      p->text, (unsigned long long)value, term, format);
	return 0;
}

static int add_term(struct pmu_place *p, char *term, int depth)
{
	char *equals = strchr(term, '=');
	uint64_t value = 1;
	uint64_t *word;
	char path[300];
	char line[256];
	char *end;

	if (equals) {
		*equals = 0;
		value = strtoull(equals + 1, &end, 0);
		if (*end || end == equals + 1)
			return misuse("event '%s': term '%s' needs a number, not '%s'", p->text,
				      term, equals + 1);
	}
	if (!*term || strchr(term, '.'))
		return no_term(p, term);
	word = config_word(p, term, strlen(term));
	if (word && equals) {
		*word = value;
		return 0;
	}
	snprintf(path, sizeof(path), "%s/format/%.32s", p->dir, term);
	if (read_line(path, line, sizeof(line)))
		return set_bits(p, term, line, value);
	snprintf(path, sizeof(path), "%s/events/%.30s", p->dir, term);
	if (!equals && depth < DEPTH && read_line(path, line, sizeof(line)))
		return add_terms(p, line, depth + 1);
	return no_term(p, term);
}

static int add_terms(struct pmu_place *p, const char *terms, int depth)
{
	int err = 0;

	while (!err && *terms) {
		size_t len = strcspn(terms, ",");
		char *term = strndup(terms, len);

		err = term ? add_term(p, term, depth) : refuse("out of memory");
		free(term);
		terms += len + !!terms[len];
	}
	return err;
}

/**
 * pmu_sysfs_event() - Parse PMU/TERM=VALUE,.../
 * @text: the event
 * @slash: its first slash; there is a second
 *
 * Return: 0, or an exit status after a sentence.
 */
int pmu_sysfs_event(const char *text, const char *slash, uint64_t *word)
{
	char *name = strndup(text, (size_t)(slash - text));
	char *terms = strndup(slash + 1, strcspn(slash + 1, "/"));
	struct pmu_place p = { .text = text, .pmu = name, .word = word };
	struct buf b = {};
	char path[300];
	char line[32];
	int err;

	snprintf(p.dir, sizeof(p.dir), "%s/%s", pmu_sysfs, name ? name : "");
	snprintf(path, sizeof(path), "%s/type", p.dir);
	if (!name || !terms) {
		err = refuse("out of memory");
	} else if (!*name || *name == '.' || !read_line(path, line, sizeof(line)) ||
		   parse_number(line, 0, UINT32_MAX, &word[PMU_TYPE])) {
		list_dir(pmu_sysfs, &b);
		err = misuse("event '%s': there is no PMU '%s': there %s %s", text, name,
			     b.len ? "are" : "is", b.len ? b.p : "none");
	} else {
		err = add_terms(&p, terms, 0);
	}
	buf_free(&b);
	free(name);
	free(terms);
	return err;
}

/* Whether a PMU counts on all CPUs there are: then it need not be said. */
static bool is_everywhere(const struct numbers *cpus)
{
	struct numbers online = {};
	char line[4096];
	bool all;

	if (!read_line(pmu_online, line, sizeof(line)) ||
	    parse_list(line, UINT32_MAX, true, &online))
		return false;
	all = cpus->n == online.n &&
	      !memcmp(cpus->v, online.v, online.n * sizeof(*online.v));
	numbers_free(&online);
	return all;
}

/**
 * pmu_sysfs_cpus() - Find out where the PMU of an event PMU/.../ counts.
 *
 * One that is shared by CPUs names in cpumask those that count for all of them,
 * and knows no tasks; one that only some kinds of CPUs have names them in cpus.
 */
void pmu_sysfs_cpus(struct pmu_event *e)
{
	static const char *const files[] = { "cpumask", "cpus" };
	int len = (int)strcspn(e->name, "/");
	char line[4096];
	char path[300];
	size_t i;

	for (i = 0; e->name[len] && i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%.*s/%s", pmu_sysfs, len, e->name, files[i]);
		if (!read_line(path, line, sizeof(line)) || !*line)
			continue;
		if (parse_list(line, UINT32_MAX, true, &e->cpus))
			numbers_free(&e->cpus);
		e->outside = !i;
		break;
	}
	if (!e->outside && is_everywhere(&e->cpus))
		numbers_free(&e->cpus);
}
