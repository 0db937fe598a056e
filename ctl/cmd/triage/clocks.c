// SPDX-License-Identifier: GPL-2.0
/*
 * How fast CPUs run. APERF counts cycles at a CPU's own frequency, MPERF at the one that its TSC
 * has, both while it runs: their quotient is the average of its frequency. The kernel has them as
 * events of the PMU msr, on x86 CPUs that have them; few guests do.
 */

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cmd/pmu/event.h"
#include "cmd/triage/clocks.h"
#include "lib/macros.h"

/* In the order of what is read. */
static const char *const names[CLOCK_EVENTS] = { "aperf", "mperf", "tsc" };

struct group_read {
	uint64_t	nr;
	uint64_t	enabled;
	uint64_t	v[CLOCK_EVENTS];
};

/* The configuration of the events. Return: whether this machine has them. */
static bool find_events(uint64_t word[][PMU_WORDS])
{
	char text[32];
	char path[300];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/msr/events/%s", pmu_sysfs, names[i]);
		snprintf(text, sizeof(text), "msr/%s/", names[i]);
		if (access(path, R_OK) || pmu_sysfs_event(text, strchr(text, '/'), word[i]))
			return false;
	}
	return true;
}

static void close_clock(struct clock *c)
{
	size_t i;

	/* The leader of the group is the last to go. */
	for (i = CLOCK_EVENTS; i-- > 0;)
		if (c->fd[i] >= 0)
			close(c->fd[i]);
}

/* Return: 0 or -errno. */
static int open_clock(struct clock *c, uint64_t word[][PMU_WORDS])
{
	int err = 0;
	size_t i;

	for (i = 0; i < CLOCK_EVENTS; i++)
		c->fd[i] = -1;
	for (i = 0; !err && i < CLOCK_EVENTS; i++) {
		struct perf_event_attr attr = {
			.size = sizeof(attr), .type = (uint32_t)word[i][PMU_TYPE],
			.config = word[i][PMU_CONFIG],
			.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED,
		};

		c->fd[i] = (int)syscall(SYS_perf_event_open, &attr, -1, (int)c->cpu, c->fd[0],
					PERF_FLAG_FD_CLOEXEC);
		if (c->fd[i] < 0)
			err = -errno;
	}
	if (err)
		close_clock(c);
	return err;
}

static void tell(struct strings *missing, const char *what, const char *why)
{
	struct buf line = {};

	buf_printf(&line, "how fast %s: %s", what, why);
	strings_add(missing, line.p);
	buf_free(&line);
}

/* CPUs that cannot be counted, of which one went offline just now, do not keep the others out. */
static void tell_failed(struct strings *missing, const struct clocks *c, unsigned int cpu,
			size_t failed, int err)
{
	struct buf what = {};
	struct buf why = {};

	if (!c->n)
		buf_puts(&what, "CPUs run");
	else if (failed == 1)
		buf_printf(&what, "CPU %u runs", cpu);
	else
		buf_printf(&what, "%zu CPUs run, CPU %u for one", failed, cpu);
	buf_printf(&why, "events msr/aperf/ and msr/mperf/ (%s)", strerror(-err));
	tell(missing, what.p, why.p);
	buf_free(&what);
	buf_free(&why);
}

/* A machine of many CPUs needs more descriptors than a process has at first. */
static void allow_files(size_t more)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max - limit.rlim_cur < more ? limit.rlim_max :
								  limit.rlim_cur + more;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/**
 * clocks_open() - Have the cycles of all CPUs counted.
 * @m: machine, whose CPUs are known
 * @missing: gets why they are not
 * @all: also that this machine has no such events, as most guests
 */
void clocks_open(struct clocks *c, const struct machine *m, struct strings *missing, bool all)
{
	uint64_t word[CLOCK_EVENTS][PMU_WORDS] = {};
	unsigned int first = 0;
	size_t failed = 0;
	int why = 0;
	size_t i;

	if (!find_events(word)) {
		if (all)
			tell(missing, "CPUs run",
			     "not available here: there are no events msr/aperf/ and msr/mperf/");
		return;
	}
	c->v = zalloc((m->nr_cpus + 1) * sizeof(*c->v));
	/* A command was forked before. */
	allow_files(m->nr_cpus * CLOCK_EVENTS);
	for (i = 0; i < m->nr_cpus; i++) {
		int err;

		c->v[c->n].cpu = m->cpus[i].id;
		err = open_clock(&c->v[c->n], word);
		c->n += !err;
		if (err && !failed++) {
			first = m->cpus[i].id;
			why = err;
		}
	}
	if (failed)
		tell_failed(missing, c, first, failed, why);
	if (!c->n)
		clocks_close(c);
}

/** clocks_read() - Take what was counted so far. */
void clocks_read(const struct clocks *c, struct machine *m)
{
	struct buf text = {};
	size_t i;

	buf_puts(&text, "");
	for (i = 0; i < c->n; i++) {
		struct group_read r;

		if (read(c->v[i].fd[0], &r, sizeof(r)) != sizeof(r))
			continue;
		buf_printf(&text, "cpu%u %llu %llu %llu %llu\n", c->v[i].cpu,
			   (unsigned long long)r.v[0], (unsigned long long)r.v[1],
			   (unsigned long long)r.v[2], (unsigned long long)r.enabled);
	}
	machine_take(m, MACHINE_CLOCKS, text.p);
	buf_free(&text);
}

void clocks_close(struct clocks *c)
{
	while (c->n)
		close_clock(&c->v[--c->n]);
	free(c->v);
	c->v = NULL;
}
