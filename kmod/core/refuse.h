/* SPDX-License-Identifier: GPL-2.0 */
/* Refusals: sentences that say why a request is refused. */
#ifndef KOBS_REFUSE_H
#define KOBS_REFUSE_H

#include <linux/compiler.h>
#include <linux/list.h>

struct netlink_ext_ack;
struct task_struct;

/* Maximum bytes of a sentence, its end included. */
#define KOBS_REFUSAL_LEN	240

/**
 * struct kobs_refusal - the sentence of a request that a worker does
 * @node: in the list of those of workers
 * @task: the worker
 * @text: the sentence
 */
struct kobs_refusal {
	struct list_head node;
	const struct task_struct *task;
	char text[KOBS_REFUSAL_LEN];
};

void kobs_refusal_begin(struct kobs_refusal *r);
void kobs_refusal_end(struct kobs_refusal *r);
__printf(3, 4) int kobs_refuse(struct netlink_ext_ack *extack, int err,
			       const char *fmt, ...);

#endif /* KOBS_REFUSE_H */
