/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source func: what its files share.
 *
 *	source.c	description of the source, its operations
 *	set.c		set of functions
 *	modules.c	functions of modules that come and go
 *	wait.c		which functions of a module that comes are wanted
 *	entry.c		handlers of modes that hook entries only
 *	call.c		handlers of modes that hook entries and returns
 *	graph*.c	modes graph and calls, which do so, too
 *	slow*.c		mode slow, likewise
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

enum {
	FUNC_W_FUNC = KOBS_W_SOURCE,
	FUNC_W_CALLER,
	/* Of modes graph and calls. */
	FUNC_W_PATH,
	/* Of mode calls alone. */
	FUNC_W_ROOT,
	FUNC_W_CALL,
	FUNC_W_INSIDE,
	FUNC_W_SELF,
	FUNC_W_CONTEXT,
	/* Of mode slow alone. */
	FUNC_W_DURATION,
	FUNC_W_RUN,
	FUNC_W_IRQ,
	FUNC_W_WOKEN,
	FUNC_W_PREEMPTED,
	FUNC_W_BLOCKED,
	FUNC_WORDS
};

static_assert((int)FUNC_WORDS <= (int)KOBS_WORDS);

/* Its reasons of loss. */
#define FUNC_N_MISSED		(KOBS_N_SOURCE + 0)
#define FUNC_N_IN_FLIGHT	(KOBS_N_SOURCE + 1)
#define FUNC_N_TASKS		(KOBS_N_SOURCE + 2)
#define FUNC_N_DEEP		(KOBS_N_SOURCE + 3)

enum kobs_func_param {
	FUNC_P_FUNCTIONS,
	FUNC_P_ALL,
	FUNC_P_INFLIGHT,
	FUNC_P_WAIT,
	FUNC_P_ROOTS,
	FUNC_P_DEPTH,
	FUNC_P_TASKS,
	FUNC_P_SETTLE,
	FUNC_P_OVER,
	FUNC_P_SYSCALLS,
	FUNC_P_EVENTS,
	FUNC_P_TREE,
	FUNC_P
};

/* Maximum number of functions without the parameter all. */
#define FUNC_MANY	1000

/**
 * enum kobs_func_tally - what happens to functions of modules during a session
 * @FUNC_GONE: they went
 * @FUNC_CAME: they came, and were hooked
 * @FUNC_MISSED: they came, and could not be hooked
 * @FUNC_TALLIES: number of these
 */
enum kobs_func_tally { FUNC_GONE, FUNC_CAME, FUNC_MISSED, FUNC_TALLIES };

/**
 * struct kobs_func_count - how often that happened
 * @n: number of functions
 * @when: what it was, with which module and when first; set before @n
 */
struct kobs_func_count {
	unsigned int n;
	char when[MODULE_NAME_LEN + 112];
};

struct kobs_func_wait;
struct kobs_graph;
struct kobs_slow;

/**
 * struct kobs_func - a session of this source
 * @s: session
 * @lock: protects the rest
 * @ips: functions
 * @n: number of functions
 * @began: monotonic ns of the start; 0 before it and after the stop
 * @ended: it was stopped
 * @tally: what happened to functions of modules since
 * @wait: functions of modules to wait for, or NULL
 * @kept_out: number of these whose return cannot be hooked
 * @hooked: @ops is registered
 * @stuck: @ops can be called after the end
 * @ops: for modes that hook entries only
 * @calls: for modes that hook returns, else NULL
 * @graph: for modes graph and calls, else NULL
 * @slow: for mode slow, else NULL
 * @modules: notifier of modules, whose functions come and go
 */
struct kobs_func {
	struct kobs_session *s;
	struct mutex lock; /* protects the members below */
	unsigned long *ips;
	unsigned int n;
	u64 began;
	bool ended;
	struct kobs_func_count tally[FUNC_TALLIES];
	struct kobs_func_wait *wait;
	unsigned int kept_out;
	bool hooked;
	bool stuck;
	struct ftrace_ops ops;
	struct kobs_calls *calls;
	struct kobs_graph *graph;
	struct kobs_slow *slow;
	struct notifier_block modules;
};

/* source.c */
int kobs_func_refuse(const struct kobs_func *f, int err,
		     struct netlink_ext_ack *extack);

/* set.c */
bool kobs_func_is_graph(const struct kobs_session *s);
void kobs_func_sort(unsigned long *ips, unsigned int n);
bool kobs_func_may(const struct kobs_session *s, u64 n);
int kobs_func_take(struct kobs_func *f, unsigned int *n);
int kobs_func_choose(struct kobs_func *f, unsigned int n);
int kobs_func_hook(struct kobs_func *f);
void kobs_func_unhook(struct kobs_func *f);
int kobs_func_keep_out(struct kobs_session *s, unsigned long ip,
		       const char *reason);

/* modules.c */
void kobs_func_follow_modules(struct kobs_func *f);
bool kobs_func_note(const struct kobs_func *f, unsigned int i,
		    struct kobs_note *note);

/* wait.c */
struct kobs_func_wait *kobs_func_wait_new(const char *text);
void kobs_func_wait_free(struct kobs_func_wait *w);
int kobs_func_wait_find(struct kobs_func_wait *w, const struct module *mod,
			unsigned long **ips);

/* entry.c */
ftrace_func_t kobs_func_handler(const struct kobs_session *s);

/* call.c */
struct kobs_calls *kobs_func_calls(struct kobs_func *f);

/* graph_setup.c */
int kobs_func_graph_check(const struct kobs_session *s,
			  struct netlink_ext_ack *extack);
int kobs_func_graph_new(struct kobs_func *f, struct netlink_ext_ack *extack);
void kobs_func_graph_free(struct kobs_func *f);
int kobs_func_graph_calls(struct kobs_func *f, struct netlink_ext_ack *extack);
int kobs_func_graph_attach(struct kobs_func *f, struct netlink_ext_ack *extack);
void kobs_func_graph_detach(struct kobs_func *f);
void kobs_func_graph_follow(struct kobs_func *f);
void kobs_func_graph_settle(struct kobs_func *f);
bool kobs_func_graph_note(const struct kobs_func *f, unsigned int i,
			  struct kobs_note *note);

/* slow_setup.c */
bool kobs_func_is_slow(const struct kobs_session *s);
int kobs_func_slow_check(const struct kobs_session *s,
			 struct netlink_ext_ack *extack);
int kobs_func_slow_new(struct kobs_func *f, struct netlink_ext_ack *extack);
void kobs_func_slow_free(struct kobs_func *f);
struct kobs_calls *kobs_func_slow_calls(struct kobs_func *f);
int kobs_func_slow_attach(struct kobs_func *f, struct netlink_ext_ack *extack);
void kobs_func_slow_detach(struct kobs_func *f);
bool kobs_func_slow_note(const struct kobs_func *f, unsigned int i,
			 struct kobs_note *note);

#endif /* KOBS_FUNC_H */
