/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func: what its files share.
 *
 *	source.c	description of the source, set of functions
 *	entry.c		handlers of modes that hook entries only
 *	call.c		handlers of modes that hook entries and returns
 *
 * Locking: see source.c.
 */
#ifndef KOBS_FUNC_H
#define KOBS_FUNC_H

#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "core/session.h"
#include "hooks/call.h"

enum { FUNC_W_FUNC = KOBS_W_SOURCE, FUNC_W_CALLER };

/* Its reasons of loss. */
#define FUNC_N_MISSED		(KOBS_N_SOURCE + 0)
#define FUNC_N_IN_FLIGHT	(KOBS_N_SOURCE + 1)

enum kobs_func_param { FUNC_P_FUNCTIONS, FUNC_P_ALL, FUNC_P_INFLIGHT, FUNC_P };

/**
 * struct kobs_func - a session of this source
 * @s: session
 * @lock: protects the rest
 * @ips: functions
 * @n: number of functions
 * @began: monotonic ns of the start; 0 before it and after the stop
 * @gone: number of functions whose module was unloaded while they were hooked
 * @when: says of which module, and when the first went; set before @gone
 * @hooked: @ops is registered
 * @stuck: @ops can be called after the end
 * @ops: for modes that hook entries only
 * @calls: for modes that hook returns, else NULL
 * @modules: notifier of modules, whose functions come and go
 */
struct kobs_func {
	struct kobs_session *s;
	struct mutex lock; /* protects the members below */
	unsigned long *ips;
	unsigned int n;
	u64 began;
	unsigned int gone;
	char when[MODULE_NAME_LEN + 80];
	bool hooked;
	bool stuck;
	struct ftrace_ops ops;
	struct kobs_calls *calls;
	struct notifier_block modules;
};

/* entry.c */
ftrace_func_t kobs_func_handler(const struct kobs_session *s);

/* call.c */
struct kobs_calls *kobs_func_calls(struct kobs_func *f);

#endif /* KOBS_FUNC_H */
