/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's sessions add to triage: they run beside each other while it looks at the
 * machine, each the same as that of the verb it is named after.
 */
#ifndef OBSCTL_TRIAGE_WATCH_H
#define OBSCTL_TRIAGE_WATCH_H

#include "cmd/tools/tool.h"
#include "cmd/triage/facts.h"
#include "report/writer.h"
#include "run/aside.h"

/* In the order in which they are started. */
enum watched {
	W_SYSCALLS, W_DISK_ERRORS, W_DISK_QUEUE, W_DISK_LATENCY, W_IRQ_HARD, W_IRQ_SOFT, W_LOCKS,
	W_RUNQ, W_PMU,
	NR_WATCHED,
};

struct watch_session {
	struct tool_run	tool;
	bool		is_tool;
	struct aside	aside;
	bool		ready;		/* it was made, and then started */
	char		*why;		/* it could not be; or NULL */
};

struct watch {
	struct watch_session v[NR_WATCHED];
	struct signals	*signals;
	struct child	*child;
	bool		open;
};

/* watch.c */
int watch_open(struct watch *w, struct strings *missing);
int watch_stop(struct watch *w);
void watch_print(struct watch *w, struct out *o);
void watch_close(struct watch *w);

/* watch_pmu.c */
bool watch_pmu_request(struct request *req, struct numbers *words, struct buf *why);
void watch_pmu_facts(const struct watch *w, struct facts *f);

/* watch_facts.c */
void watch_facts(struct watch *w, struct facts *f, size_t cpus);
void watch_print_service(struct watch *w, uint64_t pid, struct out *o);

#endif
