/* SPDX-License-Identifier: GPL-2.0 */
/* A machine as the files of /proc and /sys show it at one moment. */
#ifndef OBSCTL_TRIAGE_MACHINE_H
#define OBSCTL_TRIAGE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Numbers with names, as meminfo has them. */
struct named {
	struct strings	names;
	struct numbers	values;
};

/* Ticks of a CPU, by what it did. */
enum cpu_time {
	CPU_USER, CPU_NICE, CPU_SYSTEM, CPU_IDLE, CPU_IOWAIT, CPU_IRQ, CPU_SOFTIRQ, CPU_STEAL,
	NR_CPU_TIMES,
};

struct cpu {
	uint32_t	id;
	uint64_t	ticks[NR_CPU_TIMES];
	uint64_t	waited;		/* ns that threads waited in its run queue */
	bool		has_waited;
	uint64_t	hot_ms;		/* slowed down, as it was too hot */
	bool		has_hot;
	/* Cycles at its own frequency and at a fixed one while it ran, and at that all the time. */
	uint64_t	aperf;
	uint64_t	mperf;
	uint64_t	tsc;
	uint64_t	counted;	/* ns that these were counted for */
	uint64_t	base_khz;	/* 0 where it is not known: the fixed one */
	uint64_t	allowed_khz;	/* 0 likewise */
};

/* Time that some threads, or all of them, waited for a resource. */
struct pressure {
	bool		there;
	double		avg10;		/* percent, of some */
	uint64_t	some;		/* us */
	uint64_t	full;
};

enum pressure_of {
	PRESSURE_CPU, PRESSURE_MEMORY, PRESSURE_IO, PRESSURE_IRQ,
	NR_PRESSURES,
};

extern const char *const pressure_names[NR_PRESSURES];

struct disk {
	char		*name;
	uint64_t	requests;	/* that ended */
	uint64_t	sectors;
	uint64_t	took_ms;	/* all of them together, with their time in the queue */
	uint64_t	busy_ms;
};

struct net {
	char		*name;
	uint64_t	bytes[2];	/* received, sent */
	uint64_t	packets;
	uint64_t	errors;
	uint64_t	drops;
	uint64_t	megabits;	/* of the link; 0 where it is not known */
};

/* A line of /proc/interrupts or /proc/softirqs. */
struct irq {
	char		*name;
	char		*what;		/* who handles it */
	struct numbers	counts;		/* by column */
};

struct irqs {
	struct irq	*v;
	size_t		n;
	size_t		cap;
};

struct slab_cache {
	char		*name;
	uint64_t	bytes;
};

struct cgroup {
	char		*path;		/* below the root of the hierarchy */
	struct named	cpu;		/* cpu.stat */
	struct named	events;		/* memory.events */
	uint64_t	current;	/* bytes */
	uint64_t	limit;		/* the lowest of memory.high and memory.max; 0 for none */
	struct pressure	memory;
};

struct task {
	uint64_t	pid;
	char		*comm;
	char		state;		/* as ps shows it */
	uint64_t	slices;		/* times that it ran, of one that is blocked */
	bool		has_slices;
	uint64_t	began;		/* ticks after boot */
	uint64_t	user;		/* ticks */
	uint64_t	system;
	uint64_t	major;		/* page faults that waited for a disk */
	uint64_t	threads;
	uint64_t	files;		/* that it has open */
	uint64_t	files_max;	/* of these; 0 where it is not known */
};

/* What the kernel's own slab memory was at a time, in between. */
struct slab_reading {
	uint64_t	time;		/* ns */
	uint64_t	bytes;
};

struct machine {
	uint64_t	time;		/* ns, CLOCK_MONOTONIC */
	struct cpu	*cpus;
	size_t		nr_cpus;
	size_t		cap_cpus;
	uint64_t	ticks[NR_CPU_TIMES];	/* of all CPUs */
	bool		has_stat;
	struct pressure	pressure[NR_PRESSURES];
	struct named	memory;		/* bytes */
	struct named	vm;
	struct named	net;		/* "Tcp.RetransSegs" for one */
	struct named	limits;		/* by the path below /proc */
	struct disk	*disks;
	size_t		nr_disks;
	size_t		cap_disks;
	struct net	*nets;
	size_t		nr_nets;
	size_t		cap_nets;
	struct irqs	irqs;
	struct irqs	softirqs;
	struct slab_cache *caches;
	size_t		nr_caches;
	size_t		cap_caches;
	struct cgroup	*cgroups;
	size_t		nr_cgroups;
	size_t		cap_cgroups;
	struct task	*tasks;
	size_t		nr_tasks;
	size_t		cap_tasks;
};

/* No file: what is counted, as clocks_read() writes it. */
#define MACHINE_CLOCKS	"perf/msr"

/* machine.c */
bool machine_take(struct machine *m, const char *path, char *text);
void machine_read(struct machine *m, struct strings *missing, bool all);
void machine_read_files(struct machine *m);
uint64_t machine_slab_bytes(void);
void machine_free(struct machine *m);

/* named.c */
void named_add(struct named *n, const char *name, uint64_t value);
bool named_get(const struct named *n, const char *name, uint64_t *value);
uint64_t named_grown(const struct named *a, const struct named *b, const char *name);
void named_free(struct named *n);
char *next_line(char **text);
bool next_number(char **text, uint64_t *value);
uint64_t grown(uint64_t a, uint64_t b);

/* parse_cpu.c */
void parse_stat(struct machine *m, char *text);
void parse_schedstat(struct machine *m, char *text);
void parse_interrupts(struct irqs *out, char *text);
void parse_clocks(struct machine *m, char *text);
bool parse_task(struct task *t, char *text);
void parse_process_limits(struct task *t, char *text);
struct cpu *find_cpu(struct machine *m, uint32_t id, bool add);

/* parse_memory.c */
void parse_meminfo(struct named *out, char *text);
void parse_pairs(struct named *out, char *text);
void parse_pressure(struct pressure *p, char *text);
void parse_caches(struct machine *m, char *text);
bool parse_cgroup_file(struct cgroup *g, const char *file, char *text);

/* parse_io.c */
void parse_diskstats(struct machine *m, char *text);
void parse_net(struct machine *m, char *text);
void parse_snmp(struct named *out, char *text);

#endif
