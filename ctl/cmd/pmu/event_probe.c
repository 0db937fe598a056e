// SPDX-License-Identifier: GPL-2.0
/* Which events this machine counts, as perf tells; and in which unit. */

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/pmu/event.h"
#include "lib/lines.h"
#include "lib/macros.h"

static bool is_generic(uint64_t type)
{
	return type == PERF_TYPE_HARDWARE || type == PERF_TYPE_HW_CACHE;
}

/* Whether perf opens an event on a CPU, or for this task where @cpu is -1. */
static bool probe(const uint64_t *word, int cpu)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .disabled = 1 };
	long fd;

	attr.type = (uint32_t)word[PMU_TYPE];
	attr.config = word[PMU_CONFIG];
	attr.config1 = word[PMU_CONFIG1];
	attr.config2 = word[PMU_CONFIG2];
	fd = syscall(SYS_perf_event_open, &attr, cpu < 0 ? 0 : -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0) {
		close((int)fd);
		return true;
	}
	/* Without privileges perf does not say; without a PMU the answer is known. */
	if (errno == EACCES || errno == EPERM)
		return (!is_generic(attr.type) && attr.type != PERF_TYPE_RAW) ||
		       pmu_has_hardware();
	/* A wrong configuration is for the session to refuse, with its reason. */
	return errno != ENOENT && errno != EOPNOTSUPP && errno != ENODEV &&
	       (errno != EINVAL || !is_generic(attr.type));
}

/** pmu_counts() - Return: whether the machine counts an event that has a name. */
bool pmu_counts(const char *name)
{
	uint64_t word[PMU_WORDS] = {};

	/* What PMUs and libpfm4 name is there, or they would not name it. */
	return !pmu_generic(name, word) || probe(word, -1);
}

/** pmu_event_counts() - Return: whether the machine counts an event. */
bool pmu_event_counts(const struct pmu_event *e)
{
	if (!e->outside)
		return probe(e->word, -1);
	return probe(e->word, e->cpus.n ? (int)e->cpus.v[0] : 0);
}

/*
 * A PMU describes its events in files NAME, NAME.unit and NAME.scale; this is
 * the text of NAME.@what.
 */
static bool read_aside(const struct pmu_event *e, const char *what, char *line, size_t size)
{
	int pmu = (int)strcspn(e->name, "/");
	const char *name = e->name + pmu + 1;
	char path[300];

	if (!e->name[pmu] || strcspn(name, "/") != strcspn(name, "/,="))
		return false;
	snprintf(path, sizeof(path), "%s/%.*s/events/%.*s.%s", pmu_sysfs, pmu, e->name,
		 (int)strcspn(name, "/"), name, what);
	if (read_file(path, line, size) < 0)
		return false;
	line[strcspn(line, "\n")] = 0;
	return true;
}

/**
 * pmu_event_unit() - The unit of an event's count.
 * @unit: set to "ns", another unit, or ""
 * Return: what the count is to be multiplied by.
 */
double pmu_event_unit(const struct pmu_event *e, char *unit, size_t size)
{
	char scale[64];
	double v;

	*unit = 0;
	/* The kernel's clocks count nanoseconds. */
	if (e->word[PMU_TYPE] == PERF_TYPE_SOFTWARE &&
	    (e->word[PMU_CONFIG] == PERF_COUNT_SW_CPU_CLOCK ||
	     e->word[PMU_CONFIG] == PERF_COUNT_SW_TASK_CLOCK)) {
		snprintf(unit, size, "ns");
		return 1;
	}
	/* Slots of a cycle have a scale, and no unit. */
	if (!read_aside(e, "unit", unit, size))
		*unit = 0;
	if (!read_aside(e, "scale", scale, sizeof(scale)))
		return 1;
	v = strtod(scale, NULL);
	return v > 0 ? v : 1;
}

/** pmu_has_hardware() - Return: whether the CPU has a PMU that the kernel shows. */
bool pmu_has_hardware(void)
{
	static const char *const names[] = { "cpu", "cpu_core", "cpum_cf" };
	char path[300];
	char line[32];
	struct dirent *d;
	bool found = false;
	DIR *dir;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && !found; i++) {
		snprintf(path, sizeof(path), "%s/%s/type", pmu_sysfs, names[i]);
		found = read_file(path, line, sizeof(line)) >= 0;
	}
	dir = opendir(pmu_sysfs);
	while (dir && !found && (d = readdir(dir)))
		found = !strncmp(d->d_name, "armv8", 5) || !strncmp(d->d_name, "armv9", 5);
	if (dir)
		closedir(dir);
	return found;
}
