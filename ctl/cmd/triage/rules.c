// SPDX-License-Identifier: GPL-2.0
/*
 * The table of rules. Where each comes from, and why its limit is what it is, stands in
 * obsctl(8), section TRIAGE.
 */

#include <stdio.h>
#include <string.h>

#include "cli/noun.h"
#include "cmd/pmu/last_cache.h"
#include "cmd/triage/rules.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/nearest.h"
#include "lib/parse.h"

#define CAUSES(resource)	(1u << (resource))

/* What stops work comes first, then what slows it down, what grows, and what is only in use. */
enum { STOPS, SLOWS, GROWS, IN_USE };

#define RULE_U(of)	.resource = (of), .aspect = UTILISATION
#define RULE_S(of)	.resource = (of), .aspect = SATURATION
#define RULE_E(of)	.resource = (of), .aspect = ERRORS

const char *const resource_names[NR_RESOURCES] = {
	"cpu", "memory", "slab", "disk", "net", "tcp", "udp", "locks", "interrupts", "tasks",
	"files", "conntrack",
};

const char *const aspect_names[NR_ASPECTS] = { "utilisation", "saturation", "errors" };

static const char *record_misses(void)
{
	const struct cache_events *e = cache_last();

	return e ? e->record : NULL;
}

const struct rule triage_rules[NR_METRICS] = {
	[M_OOM_KILLS] = {
		"oom-kills", "processes that the kernel killed for want of memory",
		"OOM kills", "Out of memory",
		"obsctl slab growth -d 30",
		1, IN_COUNT, RULE_E(R_MEMORY), STOPS, CAUSES(R_DISK) | CAUSES(R_TASKS),
	},
	[M_CGROUP_OOM_KILLS] = {
		"cgroup-oom-kills", "the same, by the limit of a control group",
		"OOM kills", "A control group is out of memory",
		"obsctl page faults -d 10",
		1, IN_COUNT, RULE_E(R_MEMORY), STOPS,
		CAUSES(R_MEMORY) | CAUSES(R_DISK) | CAUSES(R_TASKS),
	},
	[M_DISK_ERRORS] = {
		"disk-errors", "requests to a disk that failed (with the module)",
		"errors", "A disk fails",
		"obsctl disk errors -d 10",
		1, IN_COUNT, RULE_E(R_DISK), STOPS, 0,
	},
	[M_NET_ERRORS] = {
		"net-errors", "packets of an interface with errors",
		"errors", "A network interface has errors",
		"obsctl net drop -d 10",
		1, IN_PERCENT, RULE_E(R_NET), STOPS, CAUSES(R_TCP) | CAUSES(R_UDP),
	},
	[M_TASKS] = {
		"tasks", "threads there are, of those there can be",
		"near its limit", "Threads reach their limit",
		"obsctl probe count t:task:task_newtask --by comm -d 10",
		90, IN_PERCENT, RULE_U(R_TASKS), STOPS, 0,
	},
	[M_BLOCKED] = {
		"blocked", "processes that were blocked in the kernel all the time",
		"stuck", "Off-CPU: processes are stuck in the kernel",
		"obsctl lock stalls -d 10",
		1, IN_COUNT, RULE_S(R_TASKS), STOPS, 0,
	},
	[M_FILES] = {
		"files", "open files there are, of those there can be",
		"near its limit", "Open files reach their limit",
		"obsctl syscall count 'open*' socket accept4 --by comm,pid -d 10",
		90, IN_PERCENT, RULE_U(R_FILES), STOPS, 0,
	},
	[M_PROCESS_FILES] = {
		"process-files", "files that a process has open, of those it can have",
		"near its limit", "Open files of a process reach their limit",
		"obsctl syscall count 'open*' socket accept4 --by comm,pid -d 10",
		90, IN_PERCENT, RULE_U(R_FILES), STOPS, 0,
	},
	[M_CONNTRACK] = {
		"conntrack", "connections that the packet filter follows, of those it can",
		"near its limit", "The table of connections is full",
		"obsctl net drop -d 10",
		90, IN_PERCENT, RULE_U(R_CONNTRACK), STOPS, CAUSES(R_TCP) | CAUSES(R_NET),
	},
	[M_CGROUP_PRESSURE] = {
		"cgroup-pressure", "time in which threads of a control group waited for memory",
		"short of memory", "Memory-bound in a control group",
		"obsctl sched offcpu -d 10",
		10, IN_PERCENT, RULE_S(R_MEMORY), SLOWS,
		CAUSES(R_MEMORY) | CAUSES(R_DISK) | CAUSES(R_TASKS),
	},
	[M_CGROUP_THROTTLED] = {
		"cgroup-throttled", "time in which a control group had used up its CPU quota",
		"throttled", "CPU-bound by the quota of a control group",
		"obsctl sched runq --preempted -d 10",
		10, IN_PERCENT, RULE_S(R_CPU), SLOWS, CAUSES(R_CPU),
	},
	[M_IRQ_TIME] = {
		"irq-time", "time of a CPU in interrupts, hard and soft",
		"storm", "Interrupt-bound",
		"obsctl irq soft -d 10",
		30, IN_PERCENT, RULE_U(R_IRQ), SLOWS, CAUSES(R_CPU) | CAUSES(R_LOCK),
	},
	[M_IRQ_RATE] = {
		"irq-rate", "interrupts of one kind on a CPU",
		"storm", "Interrupt-bound",
		"obsctl irq hard -d 10",
		50000, PER_SECOND, RULE_S(R_IRQ), SLOWS, CAUSES(R_CPU) | CAUSES(R_LOCK),
	},
	[M_IRQ_PRESSURE] = {
		"irq-pressure", "time that interrupts took from threads",
		"storm", "Interrupt-bound",
		"obsctl irq hard -d 10",
		10, IN_PERCENT, RULE_S(R_IRQ), SLOWS, CAUSES(R_CPU) | CAUSES(R_LOCK),
	},
	[M_SOFTIRQ_LONGEST] = {
		"softirq-longest", "the longest soft interrupt (with the module)",
		"long handlers", "Latency of soft interrupts",
		"obsctl irq soft -d 10",
		20e6, IN_TIME, RULE_S(R_IRQ), SLOWS, 0,
	},
	[M_IRQ_LONGEST] = {
		"irq-longest", "the longest handler of an interrupt (with the module)",
		"long handlers", "Latency of interrupts",
		"obsctl irq hard -d 10",
		10e6, IN_TIME, RULE_S(R_IRQ), SLOWS, 0,
	},
	[M_LOCK_SPIN] = {
		"lock-spin", "time of all CPUs that spins on locks (with the module)",
		"spins", "CPU-bound, by CPUs that spin on a lock",
		"obsctl lock contention --owner-stack -d 10",
		10, IN_PERCENT, RULE_S(R_LOCK), SLOWS, CAUSES(R_CPU),
	},
	[M_LOCK_WAIT] = {
		"lock-wait",
		"time that threads slept for one lock, of the time observed (with the module)",
		"contended", "Off-CPU, behind a lock",
		"obsctl lock contention --owner-stack -d 10",
		20, IN_PERCENT, RULE_S(R_LOCK), SLOWS, CAUSES(R_TASKS),
	},
	[M_MEMORY_PRESSURE] = {
		"memory-pressure", "time in which threads waited for memory",
		"short of memory", "Memory-bound",
		"obsctl page reclaim -d 10",
		10, IN_PERCENT, RULE_S(R_MEMORY), SLOWS, CAUSES(R_DISK) | CAUSES(R_TASKS),
	},
	[M_RECLAIM] = {
		"reclaim", "pages that threads looked at, to free some, before they got theirs",
		"short of memory", "Memory-bound",
		"obsctl page reclaim -d 10",
		1000, PER_SECOND, RULE_S(R_MEMORY), SLOWS, CAUSES(R_DISK) | CAUSES(R_TASKS),
	},
	[M_SWAP] = {
		"swap", "pages that were swapped in or out",
		"swaps", "Memory-bound",
		"obsctl page faults -d 10",
		500, PER_SECOND, RULE_S(R_MEMORY), SLOWS, CAUSES(R_DISK),
	},
	[M_IO_PRESSURE] = {
		"io-pressure", "time in which threads waited for I/O",
		"threads wait", "I/O-bound",
		"obsctl disk latency -d 10",
		20, IN_PERCENT, RULE_S(R_DISK), SLOWS, CAUSES(R_TASKS),
	},
	[M_DISK_WAIT] = {
		"disk-wait", "time that a request to a disk takes, on average",
		"slow", "I/O-bound",
		"obsctl disk latency -d 10",
		50e6, IN_TIME, RULE_S(R_DISK), SLOWS, CAUSES(R_TASKS),
	},
	[M_DISK_DEVICE] = {
		"disk-device", "time that a disk takes for 99 % of its requests (with the module)",
		"slow", "I/O-bound",
		"obsctl disk latency -d 10",
		100e6, IN_TIME, RULE_S(R_DISK), SLOWS, CAUSES(R_TASKS),
	},
	[M_DISK_QUEUED] = {
		"disk-queued",
		"time that 99 % of the requests to a disk are queued first (with the module)",
		"queues", "I/O-bound",
		"obsctl disk queue -d 10",
		100e6, IN_TIME, RULE_S(R_DISK), SLOWS, 0,
	},
	[M_RETRANSMITS] = {
		"retransmits", "TCP segments that were sent again",
		"loses packets", "Network-bound: packets are lost",
		"obsctl net retransmit -d 10",
		2, IN_PERCENT, RULE_E(R_TCP), SLOWS, 0,
	},
	[M_LISTEN] = {
		"listen-overflows", "connections refused, as a program did not accept them in time",
		"refuses", "A program accepts connections too slowly",
		"obsctl net accept -d 10",
		1, PER_SECOND, RULE_S(R_TCP), STOPS, 0,
	},
	[M_UDP_OVERFLOWS] = {
		"udp-overflows", "UDP packets dropped, as a program did not read them in time",
		"drops", "A program reads UDP too slowly",
		"obsctl net drop -d 10",
		10, PER_SECOND, RULE_S(R_UDP), SLOWS, 0,
	},
	[M_NET_DROPS] = {
		"net-drops", "packets that an interface dropped",
		"drops", "Network-bound: packets are dropped",
		"obsctl net drop -d 10",
		1, IN_PERCENT, RULE_S(R_NET), SLOWS, CAUSES(R_TCP),
	},
	[M_STEAL] = {
		"steal", "time in which the hypervisor ran others",
		"stolen", "CPU-bound by the hypervisor",
		"obsctl sched runq -d 10",
		10, IN_PERCENT, RULE_U(R_CPU), SLOWS, 0,
	},
	[M_CPU_HOT] = {
		"cpu-hot", "time in which a CPU was slowed down, as it was too hot",
		"too hot", "CPU-bound by heat",
		"obsctl pmu record -d 10",
		10, IN_PERCENT, RULE_E(R_CPU), SLOWS, 0,
	},
	[M_CPU_SLOW] = {
		"cpu-slow",
		"how far a CPU that is busy for 90 % of the time or more runs below its base frequency (where the CPU counts its cycles)",
		"slowed down", "CPU-bound by its frequency",
		"obsctl pmu stat -a -e msr/aperf/,msr/mperf/,msr/tsc/ --by cpu -d 10",
		20, IN_PERCENT, RULE_E(R_CPU), SLOWS, 0,
	},
	[M_CPU_WAIT] = {
		"cpu-wait", "threads that waited for a CPU, on average",
		"saturated", "CPU-bound",
		"obsctl sched runq --preempted -d 10",
		0.5, IN_NUMBER, RULE_S(R_CPU), SLOWS, 0,
	},
	[M_CPU_PRESSURE] = {
		"cpu-pressure", "time in which a thread waited for a CPU",
		"saturated", "CPU-bound",
		"obsctl sched runq --preempted -d 10",
		40, IN_PERCENT, RULE_S(R_CPU), SLOWS, 0,
	},
	[M_RUNQ_P99] = {
		"runq-p99", "time that 99 % of the waits for a CPU take at most (with the module)",
		"saturated", "CPU-bound",
		"obsctl sched runq --preempted -d 10",
		50e6, IN_TIME, RULE_S(R_CPU), SLOWS, 0,
	},
	[M_LLC_MISSES] = {
		"llc-misses",
		"references that miss the last cache, of CPUs that are busy for 50 % of the time or more, with an IPC below 1 and 1.0 or more such misses per 1,000 instructions (with the module)",
		"memory-bound", "Memory-bound, by misses of the last cache",
		"obsctl pmu record -g -d 10",
		10, IN_PERCENT, RULE_S(R_CPU), SLOWS, 0,
		.find_next = record_misses,
	},
	[M_SLAB_GROWTH] = {
		"slab-growth", "steady growth of the kernel's memory that cannot be reclaimed",
		"grows", "The kernel's memory grows",
		"obsctl slab leaks -d 30",
		1 << 20, IN_BYTES_PER_SECOND, RULE_S(R_SLAB), GROWS,
		CAUSES(R_MEMORY) | CAUSES(R_DISK),
		"--cache",
	},
	[M_CPU_BUSY] = {
		"cpu-busy", "time that CPUs are busy",
		"busy", NULL,
		"obsctl pmu record -d 10",
		90, IN_PERCENT, RULE_U(R_CPU), IN_USE, 0,
	},
	[M_MEMORY_USED] = {
		"memory-used", "memory that is not available",
		"full", NULL,
		"obsctl slab growth -d 30",
		95, IN_PERCENT, RULE_U(R_MEMORY), IN_USE, 0,
	},
	[M_CGROUP_USED] = {
		"cgroup-used", "memory of a control group, of its limit",
		"full", NULL,
		"obsctl page faults -d 10",
		95, IN_PERCENT, RULE_U(R_MEMORY), IN_USE, 0,
	},
	[M_DISK_BUSY] = {
		"disk-busy", "time that a disk is busy",
		"busy", NULL,
		"obsctl disk latency -d 10",
		90, IN_PERCENT, RULE_U(R_DISK), IN_USE, 0,
	},
	[M_NET_BUSY] = {
		"net-busy", "bytes in one direction, of what the link can transfer",
		"busy", NULL,
		"obsctl probe count t:net:net_dev_xmit --by comm -d 10",
		80, IN_PERCENT, RULE_U(R_NET), IN_USE, 0,
	},
};

/* A whole number; files can have any. */
static uint64_t floor_of(double v)
{
	if (!(v > 0))
		return 0;
	return v >= (double)UINT64_MAX ? UINT64_MAX : (uint64_t)v;
}

/** triage_format() - A value of a rule, as text. */
char *triage_format(char *buf, size_t size, double v, enum triage_unit unit)
{
	char number[40];

	switch (unit) {
	case IN_PERCENT:
		snprintf(buf, size, "%.*f %%", v < 9.95, v);
		break;
	case IN_NUMBER:
		snprintf(buf, size, "%.*f", v < 0.095 ? 2 : 1, v);
		break;
	case PER_SECOND:
		snprintf(buf, size, "%s/s", format_rate(number, sizeof(number), v));
		break;
	case IN_TIME:
		format_ns(buf, size, v);
		break;
	case IN_COUNT:
		format_count(buf, size, floor_of(v));
		break;
	case IN_BYTES_PER_SECOND:
		snprintf(buf, size, "%s/s", format_bytes(number, sizeof(number), floor_of(v)));
		break;
	}
	return buf;
}

/** triage_next() - Add the next command of a rule, about the subject if that is possible. */
void triage_next(enum metric m, const char *subject, struct buf *out)
{
	const struct rule *r = &triage_rules[m];
	const char *next = r->next;

	if (r->find_next && r->find_next())
		next = r->find_next();
	buf_puts(out, next);
	/* A shell takes what is in quotes as it is, but for these themselves. */
	if (r->option && *subject && !strchr(subject, '\''))
		buf_printf(out, subject[strcspn(subject, " *?[]{}()<>|&;!$`\\\"~#\t")] ?
			   " %s '%s'" : " %s %s", r->option, subject);
}

/* In the rule's unit; a time and a size can have units of their own. */
static bool take_value(const char *text, enum triage_unit unit, double *v)
{
	uint64_t number;
	char *end;

	if (unit == IN_TIME) {
		if (parse_time(text, &number))
			return false;
		*v = (double)number;
		return true;
	}
	if (unit == IN_BYTES_PER_SECOND) {
		if (parse_bytes(text, &number))
			return false;
		*v = (double)number;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	*v = strtod(text, &end);
	if (unit == IN_PERCENT && *end == '%')
		end++;
	return !*end && *v < 1e18;
}

static const char *const units[] = {
	"percent such as 12.5", "a number such as 1.5", "a number per second", "a time such as 20ms",
	"a number", "bytes per second such as 512KiB",
};

static int refuse_name(const char *name)
{
	const char *names[NR_METRICS + 1] = {};
	const char *near;
	size_t i;

	for (i = 0; i < NR_METRICS; i++)
		names[i] = triage_rules[i].name;
	near = nearest_of(name, names);
	return misuse("there is no threshold '%s'%s%s%s", name, near ? "; did you mean '" : "",
		      near ? near : ": obsctl triage --help lists them", near ? "'?" : "");
}

static int take_limit(struct limits *l, const char *given)
{
	size_t len = strcspn(given, "=");
	double v;
	size_t i;

	for (i = 0; i < NR_METRICS; i++) {
		const struct rule *r = &triage_rules[i];

		if (strlen(r->name) != len || strncmp(r->name, given, len))
			continue;
		if (given[len] && take_value(given + len + 1, r->unit, &v)) {
			l->v[i] = v;
			return 0;
		}
		return misuse("option --threshold needs %s=%s, not '%s'", r->name, units[r->unit],
			      given);
	}
	return refuse_name(strndupa(given, len));
}

/**
 * limits_take() - The limits of the table, with those that the user gave.
 * Return: 0, or STATUS_USAGE after a sentence.
 */
int limits_take(struct limits *l, const struct strings *given)
{
	size_t i;
	int err = 0;

	for (i = 0; i < NR_METRICS; i++)
		l->v[i] = triage_rules[i].limit;
	for (i = 0; !err && i < given->n; i++)
		err = take_limit(l, given->v[i]);
	return err;
}

/** limits_print() - The thresholds, as help has them. */
void limits_print(FILE *to)
{
	char limit[40];
	size_t i;

	fputs("\nThresholds, with their defaults:\n", to);
	for (i = 0; i < NR_METRICS; i++) {
		const struct rule *r = &triage_rules[i];

		fprintf(to, "  %-16s %9s  ", r->name,
			triage_format(limit, sizeof(limit), r->limit, r->unit));
		help_words(to, r->doc, 30, 30);
	}
}
