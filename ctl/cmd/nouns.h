/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nouns, a row each, in the order of help. A new one is a file cmd/<name>.c
 * or a folder cmd/<name>/, which defines the struct noun noun_<name> with its
 * verbs and its own options, and its row here.
 */
#ifndef OBSCTL_NOUNS_H
#define OBSCTL_NOUNS_H

#include "cli/noun.h"

#define NOUNS(X) \
	X(status) \
	X(doctor) \
	X(triage) \
	X(func) \
	X(probe) \
	X(syscall) \
	X(disk) \
	X(net) \
	X(irq) \
	X(page) \
	X(lock) \
	X(sched) \
	X(wall) \
	X(slab) \
	X(mem) \
	X(cgroup) \
	X(pmu) \
	X(top) \
	X(session) \
	X(show) \
	X(diff) \
	X(completion)

#define NOUN_DECLARE(n) extern const struct noun noun_##n;
NOUNS(NOUN_DECLARE)

const struct report_kind *nouns_report_kind(const char *source, const char *mode);

#endif
