// SPDX-License-Identifier: GPL-2.0
/* Which method of top-down analysis a machine's PMU allows, by what it shows in sysfs. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/topdown.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "lib/parse.h"

const char *topdown_cpuinfo = "/proc/cpuinfo";

/* PMUs of cores, the first ones first; a name ends where a kind of cores begins. */
static const struct {
	const char	*name;
	bool		begins;
	const char	*arch;
} cores[] = {
	{ "cpu", false, "x86" }, { "cpu_core", false, "x86" }, { "cpu_atom", false, "x86" },
	{ "armv8", true, "arm64" }, { "armv9", true, "arm64" },
};

/* As the kernel tells Zen 4 and 5 by family and models: bsp_init_amd(). */
static const struct {
	unsigned int	family, first, last, zen;
} zens[] = {
	{ 0x19, 0x10, 0x1f, 4 }, { 0x19, 0x60, 0xaf, 4 },
	{ 0x1a, 0x00, 0x2f, 5 }, { 0x1a, 0x40, 0x4f, 5 }, { 0x1a, 0x60, 0x7f, 5 },
	{ 0x1a, 0xd0, 0xd7, 5 },
};

static bool in_sysfs(const char *pmu, const char *file, char *line, size_t size)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%.64s/%.64s", pmu_sysfs, pmu, file);
	if (read_file(path, line, size) < 0)
		return false;
	line[strcspn(line, "\n")] = 0;
	return true;
}

static bool names_event(const char *pmu, const char *event)
{
	char file[80];
	char line[256];

	snprintf(file, sizeof(file), "events/%.60s", event);
	return in_sysfs(pmu, file, line, sizeof(line));
}

/* A number of the first processor in cpuinfo, whose lines are "KEY\t: VALUE". */
static bool cpuinfo_number(const char *text, const char *key, unsigned int *value)
{
	size_t len = strlen(key);

	for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
		if (!strncmp(text, key, len) && (text[len] == '\t' || text[len] == ' ') &&
		    text[len + strspn(text + len, "\t ")] == ':')
			return sscanf(strchr(text, ':') + 1, "%u", value) == 1;
	return false;
}

/* The generation of AMD's cores, or 0. */
static unsigned int find_zen(void)
{
	unsigned int family, model;
	char text[4096];
	size_t i;

	if (read_file(topdown_cpuinfo, text, sizeof(text)) < 0 || !strstr(text, "AuthenticAMD") ||
	    !cpuinfo_number(text, "cpu family", &family) || !cpuinfo_number(text, "model", &model))
		return 0;
	for (i = 0; i < ARRAY_SIZE(zens); i++)
		if (zens[i].family == family && zens[i].first <= model && model <= zens[i].last)
			return zens[i].zen;
	return 0;
}

/* Whether a PMU counts on these CPUs; on some of all, where none are asked for. */
static bool counts_on(const char *pmu, const struct numbers *cpus)
{
	struct numbers own = {};
	char line[4096];
	size_t i, k;

	if (!in_sysfs(pmu, "cpus", line, sizeof(line)) ||
	    parse_list(line, UINT32_MAX, true, &own)) {
		numbers_free(&own);
		return true;
	}
	for (i = 0; i < cpus->n; i++) {
		for (k = 0; k < own.n && own.v[k] != cpus->v[i]; k++)
			;
		if (k == own.n)
			break;
	}
	numbers_free(&own);
	return i == cpus->n;
}

static bool fits(const struct topdown_method *m, const char *pmu, unsigned int zen,
		 struct topdown_plan *p)
{
	unsigned int width = m->width;
	char line[64];
	size_t i;

	if ((m->zen && m->zen != zen) || (m->lacks && names_event(pmu, m->lacks)))
		return false;
	for (i = 0; m->needs[i]; i++)
		if (!names_event(pmu, m->needs[i]))
			return false;
	/* "0x00000008"; 0 where the CPU does not say. */
	if (!width && !strcmp(m->arch, "arm64")) {
		if (in_sysfs(pmu, "caps/slots", line, sizeof(line)))
			width = (unsigned int)strtoul(line, NULL, 0);
		if (!width)
			return false;
	}
	p->method = m;
	p->width = width;
	snprintf(p->pmu, sizeof(p->pmu), "%.63s", pmu);
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The PMUs of cores that are there, in the order in which they are tried. */
static void find_pmus(struct strings *pmus, const char **arch)
{
	struct dirent *d;
	size_t i, first;
	DIR *dir;

	for (i = 0; i < ARRAY_SIZE(cores); i++) {
		size_t len = strlen(cores[i].name);

		first = pmus->n;
		dir = opendir(pmu_sysfs);
		while (dir && (d = readdir(dir)))
			if (!strncmp(d->d_name, cores[i].name, len) &&
			    (cores[i].begins || !d->d_name[len]))
				strings_add(pmus, d->d_name);
		if (dir)
			closedir(dir);
		if (pmus->n > first) {
			qsort(pmus->v + first, pmus->n - first, sizeof(*pmus->v), compare_names);
			*arch = cores[i].arch;
		}
	}
}

/* What was looked for, by method. */
static int refuse_topdown(const struct strings *pmus, const char *arch)
{
	struct buf sought = {};
	size_t i, k;
	int err;

	if (!pmus->n)
		return refuse("--topdown needs the CPU's PMU, which is not there");
	for (i = 0; i < nr_topdown_methods; i++) {
		const struct topdown_method *m = &topdown_methods[i];

		if (strcmp(m->arch, arch))
			continue;
		buf_printf(&sought, "%s%s", sought.len ? "; " : "", m->doc);
		for (k = 0; m->needs[k]; k++)
			buf_printf(&sought, "%s%s", k ? ", " : " (", m->needs[k]);
		if (k && !m->width && !strcmp(m->arch, "arm64"))
			buf_puts(&sought, ", caps/slots");
		if (k)
			buf_puts(&sought, ")");
	}
	err = refuse("--topdown finds no events for it at PMU %s; it was looked for: %s",
		     pmus->v[pmus->n - 1], sought.p);
	buf_free(&sought);
	return err;
}

static bool find_plan(struct topdown_plan *p, const struct strings *pmus, const char *arch,
		      const struct numbers *cpus)
{
	unsigned int zen = find_zen();
	size_t i, k;

	for (i = 0; i < pmus->n; i++)
		for (k = 0; counts_on(pmus->v[i], cpus) && k < nr_topdown_methods; k++)
			if (!strcmp(topdown_methods[k].arch, arch) &&
			    fits(&topdown_methods[k], pmus->v[i], zen, p))
				return true;
	return false;
}

/**
 * topdown_find() - Find this machine's method, and have its events counted.
 * @cpus: CPUs that the user chose; none are all
 *
 * Return: 0, or an exit status after a sentence.
 */
int topdown_find(struct topdown_plan *p, const struct numbers *cpus, struct pmu_events *events)
{
	struct strings pmus = {};
	const char *arch = "";
	char text[160];
	int err = 0;
	size_t i;

	memset(p, 0, sizeof(*p));
	find_pmus(&pmus, &arch);
	if (!find_plan(p, &pmus, arch, cpus))
		err = refuse_topdown(&pmus, arch);
	for (i = 0; !err && i < TOPDOWN_EVENTS && p->method->event[i].terms; i++) {
		const struct topdown_event *e = &p->method->event[i];

		if (e->optional && !names_event(p->pmu, e->terms))
			continue;
		snprintf(text, sizeof(text), "%s/%s/", p->pmu, e->terms);
		err = pmu_events_add(events, text);
		p->event[p->n++] = (unsigned int)i;
	}
	strings_free(&pmus);
	return err;
}
