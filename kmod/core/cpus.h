/* SPDX-License-Identifier: GPL-2.0 */
/* Memory per CPU, for the CPUs that have been online (cpus.c). */
#ifndef KOBS_CPUS_H
#define KOBS_CPUS_H

#include <linux/types.h>

/**
 * struct kobs_cpus - the owner of memory per CPU
 * @prepare: give a CPU its memory, unless it has it; 0, or -ENOMEM. The CPU does
 *           not run, or the owner's handlers do not. May sleep; takes no lock
 *           under which a source starts or stops
 * @node: in the list of owners
 * @added: it is in the list
 * @err: error of a CPU that could not be prepared
 */
struct kobs_cpus {
	int (*prepare)(struct kobs_cpus *c, unsigned int cpu);
	struct hlist_node node;
	bool added;
	int err;
};

int kobs_cpus_init(void);
void kobs_cpus_exit(void);
int kobs_cpus_add(struct kobs_cpus *c);
void kobs_cpus_remove(struct kobs_cpus *c);

#endif /* KOBS_CPUS_H */
