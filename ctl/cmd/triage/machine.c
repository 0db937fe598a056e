// SPDX-License-Identifier: GPL-2.0
/*
 * Which files a machine is made of, and their reading. What a file says is taken by its path, so
 * that a recorded machine is taken in the same way.
 */

#include <ctype.h>
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/triage/machine.h"
#include "cmd/triage/read.h"
#include "lib/clock.h"
#include "lib/macros.h"

const char *const pressure_names[NR_PRESSURES] = { "cpu", "memory", "io", "irq" };

static void take_stat(struct machine *m, const char *path, char *text)
{
	parse_stat(m, text);
}

static void take_schedstat(struct machine *m, const char *path, char *text)
{
	parse_schedstat(m, text);
}

static void take_pressure(struct machine *m, const char *path, char *text)
{
	const char *name = strrchr(path, '/') + 1;
	size_t i;

	for (i = 0; i < NR_PRESSURES; i++)
		if (!strcmp(pressure_names[i], name))
			parse_pressure(&m->pressure[i], text);
}

static void take_meminfo(struct machine *m, const char *path, char *text)
{
	parse_meminfo(&m->memory, text);
}

static void take_vmstat(struct machine *m, const char *path, char *text)
{
	parse_pairs(&m->vm, text);
}

static void take_disks(struct machine *m, const char *path, char *text)
{
	parse_diskstats(m, text);
}

static void take_net(struct machine *m, const char *path, char *text)
{
	parse_net(m, text);
}

static void take_snmp(struct machine *m, const char *path, char *text)
{
	parse_snmp(&m->net, text);
}

static void take_interrupts(struct machine *m, const char *path, char *text)
{
	parse_interrupts(&m->irqs, text);
}

static void take_softirqs(struct machine *m, const char *path, char *text)
{
	parse_interrupts(&m->softirqs, text);
}

static void take_caches(struct machine *m, const char *path, char *text)
{
	parse_caches(m, text);
}

/* A file of one number, or of several: the first counts, and of file-nr the last as well. */
static void take_number(struct machine *m, const char *path, char *text)
{
	uint64_t v;

	if (next_number(&text, &v))
		named_add(&m->limits, path, v);
	if (strcmp(path, "proc/sys/fs/file-nr"))
		return;
	while (next_number(&text, &v))
		;
	named_add(&m->limits, "proc/sys/fs/file-max", v);
}

/* The number of threads is behind a slash: "0.12 0.08 0.01 2/137 5123". */
static void take_loadavg(struct machine *m, const char *path, char *text)
{
	char *slash = strchr(text, '/');
	uint64_t v;

	if (slash && (slash++, next_number(&slash, &v)))
		named_add(&m->limits, "threads", v);
}

static const struct file {
	const char	*path;
	const char	*sees;		/* what is not seen without it */
	void		(*take)(struct machine *m, const char *path, char *text);
	enum { COMMON, RARE } on;	/* machines */
} files[] = {
	{ "proc/stat", "how busy CPUs are", take_stat, COMMON },
	{ "proc/schedstat", "how many threads wait for each CPU", take_schedstat, COMMON },
	{ "proc/pressure/cpu", "time lost to a want of CPUs", take_pressure, COMMON },
	{ "proc/pressure/memory", "time lost to a want of memory", take_pressure, COMMON },
	{ "proc/pressure/io", "time lost to waits for I/O", take_pressure, COMMON },
	{ "proc/pressure/irq", "time lost to interrupts", take_pressure, RARE },
	{ "proc/meminfo", "how much memory is available", take_meminfo, COMMON },
	{ "proc/vmstat", "reclaim, swapping and OOM kills", take_vmstat, COMMON },
	{ "proc/slabinfo", "which slab cache grows", take_caches, COMMON },
	{ "proc/diskstats", "disks", take_disks, COMMON },
	{ "proc/net/dev", "network interfaces", take_net, COMMON },
	{ "proc/net/snmp", "TCP and UDP", take_snmp, COMMON },
	{ "proc/net/netstat", "connections that are refused", take_snmp, COMMON },
	{ "proc/interrupts", "rates of interrupts", take_interrupts, COMMON },
	{ "proc/softirqs", "rates of soft interrupts", take_softirqs, COMMON },
	{ "proc/loadavg", "the number of threads", take_loadavg, COMMON },
	{ "proc/sys/kernel/threads-max", "the limit of threads", take_number, COMMON },
	{ "proc/sys/kernel/pid_max", "the limit of process numbers", take_number, COMMON },
	{ "proc/sys/fs/file-nr", "open files and their limit", take_number, COMMON },
	{ "proc/sys/net/netfilter/nf_conntrack_count", "connections that are followed", take_number,
	  RARE },
	{ "proc/sys/net/netfilter/nf_conntrack_max", "their limit", take_number, RARE },
};

#define CGROUPS "sys/fs/cgroup/"
#define NETS	"sys/class/net/"
#define CPUS	"sys/devices/system/cpu/cpu"

/* A number for each CPU. */
static const struct cpu_file {
	const char	*path;
	size_t		at;
} cpu_files[] = {
	{ "/thermal_throttle/core_throttle_total_time_ms", offsetof(struct cpu, hot_ms) },
	{ "/cpufreq/base_frequency", offsetof(struct cpu, base_khz) },
	{ "/cpufreq/scaling_max_freq", offsetof(struct cpu, allowed_khz) },
};

static bool take_task(struct machine *m, char *text)
{
	struct task t;

	if (!parse_task(&t, text))
		return false;
	m->tasks = grow(m->tasks, &m->cap_tasks, m->nr_tasks + 1, sizeof(*m->tasks));
	m->tasks[m->nr_tasks++] = t;
	return true;
}

/* The path of a group is between the hierarchy's and the file's name. */
static bool take_cgroup(struct machine *m, const char *path, char *text)
{
	const char *file = strrchr(path, '/') + 1;
	const char *from = path + strlen(CGROUPS) - 1;
	struct buf group = {};
	bool taken;

	buf_add(&group, from, (size_t)(file - 1 > from ? file - 1 - from : 0));
	taken = parse_cgroup_file(cgroup_add(m, group.p ? group.p : ""), file, text);
	buf_free(&group);
	return taken;
}

static bool take_speed(struct machine *m, const char *path, char *text)
{
	const char *name = path + strlen(NETS);
	size_t len = strcspn(name, "/");
	uint64_t v;
	size_t i;

	/* -1 where there is no link. */
	if (strcmp(name + len, "/speed") || !next_number(&text, &v))
		return false;
	for (i = 0; i < m->nr_nets; i++)
		if (strlen(m->nets[i].name) == len && !strncmp(m->nets[i].name, name, len))
			m->nets[i].megabits = v;
	return true;
}

/* Time on a CPU, time that it waited for one, and times that it ran. */
static void take_slices(struct task *t, char *text)
{
	uint64_t v = 0;
	size_t n = 0;

	while (next_number(&text, &v))
		n++;
	t->slices = v;
	t->has_slices = n == 3;
}

/* Of what belongs to a process: its state, which comes first, its limits, and its open files. */
static bool take_process(struct machine *m, const char *path, char *text)
{
	char *file;
	uint64_t pid = strtoull(path + strlen("proc/"), &file, 10);
	struct task *t = m->nr_tasks ? &m->tasks[m->nr_tasks - 1] : NULL;
	size_t i;

	if (!strcmp(file, "/stat"))
		return take_task(m, text);
	for (i = 0; i < m->nr_tasks && (!t || t->pid != pid); i++)
		t = &m->tasks[i];
	if (!t || t->pid != pid)
		return false;
	if (!strcmp(file, "/limits"))
		parse_process_limits(t, text);
	else if (!strcmp(file, "/schedstat"))
		take_slices(t, text);
	else
		next_number(&text, &t->files);
	return true;
}

static bool take_cpu(struct machine *m, const char *path, char *text)
{
	char *file;
	struct cpu *c = find_cpu(m, (uint32_t)strtoul(path + strlen(CPUS), &file, 10), false);
	size_t i;

	for (i = 0; c && i < ARRAY_SIZE(cpu_files); i++) {
		uint64_t *v = (uint64_t *)(void *)((char *)c + cpu_files[i].at);

		if (strcmp(file, cpu_files[i].path))
			continue;
		if (next_number(&text, v) && v == &c->hot_ms)
			c->has_hot = true;
		return true;
	}
	return false;
}

/**
 * machine_take() - Take what a file says.
 * @path: without the first slash
 * @text: is taken apart in place
 *
 * Return: whether it is one of those that count.
 */
bool machine_take(struct machine *m, const char *path, char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (strcmp(files[i].path, path))
			continue;
		files[i].take(m, path, text);
		return true;
	}
	if (!strncmp(path, CGROUPS, strlen(CGROUPS)))
		return take_cgroup(m, path, text);
	if (!strncmp(path, NETS, strlen(NETS)))
		return take_speed(m, path, text);
	if (!strncmp(path, "proc/", 5) && isdigit((unsigned char)path[5]))
		return take_process(m, path, text);
	if (!strncmp(path, CPUS, strlen(CPUS)))
		return take_cpu(m, path, text);
	if (!strcmp(path, MACHINE_CLOCKS)) {
		parse_clocks(m, text);
		return true;
	}
	return false;
}

static void read_tasks(struct machine *m)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	char path[64];

	while (dir && (d = readdir(dir))) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "proc/%.16s/stat", d->d_name);
		if (machine_read_file(m, path) || !m->nr_tasks ||
		    m->tasks[m->nr_tasks - 1].state != 'D')
			continue;
		snprintf(path, sizeof(path), "proc/%.16s/schedstat", d->d_name);
		machine_read_file(m, path);
	}
	if (dir)
		closedir(dir);
}

static void read_cpus(struct machine *m)
{
	char path[128];
	size_t i, k;

	for (i = 0; i < m->nr_cpus; i++) {
		for (k = 0; k < ARRAY_SIZE(cpu_files); k++) {
			snprintf(path, sizeof(path), CPUS "%u%s", m->cpus[i].id, cpu_files[k].path);
			machine_read_file(m, path);
		}
	}
}

/**
 * machine_read() - Read the files.
 * @missing: gets what is not seen as a file cannot be read, and why; or NULL
 * @all: of files that many machines do not have, too
 */
void machine_read(struct machine *m, struct strings *missing, bool all)
{
	struct buf why = {};
	char path[128];
	size_t i;
	int err;

	m->time = now_ns();
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		err = machine_read_file(m, files[i].path);
		if (!err || !missing || (files[i].on == RARE && !all))
			continue;
		why.len = 0;
		buf_printf(&why, "%s: /%s (%s)", files[i].sees, files[i].path, strerror(-err));
		strings_add(missing, why.p);
	}
	for (i = 0; i < m->nr_nets; i++) {
		snprintf(path, sizeof(path), NETS "%.32s/speed", m->nets[i].name);
		machine_read_file(m, path);
	}
	read_cpus(m);
	read_tasks(m);
	cgroups_read(m);
	if (missing && !m->nr_cgroups)
		strings_add(missing,
			    "limits of control groups: there is no cgroup2 at /sys/fs/cgroup");
	buf_free(&why);
}

/** machine_read_files() - Read how many files each process has open, and how many it can have. */
void machine_read_files(struct machine *m)
{
	char path[64];
	size_t i;

	for (i = 0; i < m->nr_tasks; i++) {
		struct task *t = &m->tasks[i];

		snprintf(path, sizeof(path), "/proc/%llu/fd", (unsigned long long)t->pid);
		t->files = count_entries(path);
		snprintf(path, sizeof(path), "proc/%llu/limits", (unsigned long long)t->pid);
		if (t->files)
			machine_read_file(m, path);
	}
}

/** machine_slab_bytes() - Return: memory of slab that cannot be reclaimed, now; 0 if not known. */
uint64_t machine_slab_bytes(void)
{
	struct machine m = {};
	uint64_t v = 0;

	machine_read_file(&m, "proc/meminfo");
	named_get(&m.memory, "SUnreclaim", &v);
	machine_free(&m);
	return v;
}

static void free_irqs(struct irqs *irqs)
{
	size_t i;

	for (i = 0; i < irqs->n; i++) {
		free(irqs->v[i].name);
		free(irqs->v[i].what);
		numbers_free(&irqs->v[i].counts);
	}
	free(irqs->v);
}

static void free_lists(struct machine *m)
{
	size_t i;

	for (i = 0; i < m->nr_disks; i++)
		free(m->disks[i].name);
	for (i = 0; i < m->nr_nets; i++)
		free(m->nets[i].name);
	for (i = 0; i < m->nr_caches; i++)
		free(m->caches[i].name);
	for (i = 0; i < m->nr_tasks; i++)
		free(m->tasks[i].comm);
	for (i = 0; i < m->nr_cgroups; i++) {
		free(m->cgroups[i].path);
		named_free(&m->cgroups[i].cpu);
		named_free(&m->cgroups[i].events);
	}
	free(m->disks);
	free(m->nets);
	free(m->caches);
	free(m->tasks);
	free(m->cgroups);
}

void machine_free(struct machine *m)
{
	free(m->cpus);
	named_free(&m->memory);
	named_free(&m->vm);
	named_free(&m->net);
	named_free(&m->limits);
	free_irqs(&m->irqs);
	free_irqs(&m->softirqs);
	free_lists(m);
	memset(m, 0, sizeof(*m));
}
