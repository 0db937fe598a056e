/* SPDX-License-Identifier: GPL-2.0 */
/* Refusals: sentences that say why a request is refused. */
#ifndef KOBS_REFUSE_H
#define KOBS_REFUSE_H

#include <linux/compiler.h>

struct netlink_ext_ack;

/* Maximum bytes of a sentence, its end included. */
#define KOBS_REFUSAL_LEN	240

__printf(3, 4) int kobs_refuse(struct netlink_ext_ack *extack, int err,
			       const char *fmt, ...);

#endif /* KOBS_REFUSE_H */
