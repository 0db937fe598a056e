/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: the time from one hit to another, which have a key in common
 * (enum kobs_join_part). The begin is kept in the in-flight table until the end
 * takes it out, on any CPU and in any context.
 *
 *	joins.c		from parameters to pairs, and what each keeps
 *	join.c		handlers
 *	join_plain.c	handlers of the usual pairs
 *	join_call.c	handlers of functions at their return
 *	join_user.c	handlers of places of programs
 *	join_via.c	hits between begin and end
 *	join_run.h	the steps of a hit
 *
 * A hit on the way of a pair changes words of the begin, which stays: an end that comes
 * meanwhile has them as they were. It is counted in none of the counters, but as a
 * fault; of two at once on the way of a pair, one changes it.
 *
 * What becomes of a hit that begins a pair: it is filtered, or lost; or in flight,
 * until it is recorded, filtered or lost at the end of the pair, or replaced by the
 * next begin of the same key. A hit that ends a pair is a part of that one; one that
 * ends none is a hit of its own, which is unmatched.
 *
 * Locking: none; any context, NMI included. Pairs do not change once the session
 * exists.
 */
#ifndef KOBS_PROBE_JOIN_H
#define KOBS_PROBE_JOIN_H

#include <linux/types.h>
#include <uapi/kobs_program.h>

#include "core/session.h"
#include "core/source.h"
#include "lib/inflight.h"
#include "lib/program.h"
#include "lib/table.h"
#include "sources/probe/quick.h"

struct ftrace_regs;
struct kobs_at;
struct kobs_code;
struct kobs_cpu;
struct kobs_probe_point;
struct kobs_probes;
struct kobs_replace;
struct netlink_ext_ack;
struct pt_regs;

/* Words of a key that has more than two, or texts. */
#define KOBS_JOIN_MORE	(KOBS_JOIN_NUMBERS + \
			 KOBS_PROG_TEXTS * KOBS_PROG_TEXT_WORDS)

/**
 * enum kobs_join_how - where a key comes from
 * @KOBS_JOIN_THREAD: it is the current thread
 * @KOBS_JOIN_CPU: it is the processor
 * @KOBS_JOIN_ARGUMENT: it is an argument of the hit
 * @KOBS_JOIN_PROGRAM: a program gives it
 */
enum kobs_join_how {
	KOBS_JOIN_THREAD,
	KOBS_JOIN_CPU,
	KOBS_JOIN_ARGUMENT,
	KOBS_JOIN_PROGRAM
};

/**
 * struct kobs_join_side - what a hit does as a begin, or as an end
 * @on: it is one
 * @own: an end without a begin is no hit
 * @simple: it needs no interpreter
 * @how: where the key comes from
 * @argument: of the key
 * @key: gives the key
 * @program: conditions and columns
 * @quick: the conditions
 */
struct kobs_join_side {
	bool on;
	bool own;
	bool simple;
	enum kobs_join_how how;
	struct kobs_quick_operand argument;
	struct kobs_program key;
	struct kobs_program program;
	struct kobs_quick quick;
};

/**
 * struct kobs_join - a word of the parameter joins
 * @from: as a begin
 * @via: between begin and end
 * @to: as an end
 * @both: what the programs have in common: arguments, and whether memory is read
 * @simple: neither side needs the interpreter, and there are no stacks
 */
struct kobs_join {
	struct kobs_join_side from;
	struct kobs_join_side via;
	struct kobs_join_side to;
	struct kobs_program both;
	bool simple;
};

/**
 * struct kobs_joins - the pairs of a session
 * @inflight: what has begun
 * @v: words of the parameter
 * @n: number of @v
 * @key: a key: which numbers and texts a program gives
 * @more: words of the key that are data
 * @keep: words of a hit that its begin gives: data, after those of the key and
 *	the cost
 * @n_keep: number of @keep
 * @n_fixed: the first of these, which no hit on the way changes; of the others, data
 *	has a second copy behind
 * @named: those that are addresses with names, a bit for each
 * @from: words that programs of begins give, or hits after them
 * @n_from: number of @from
 * @via: those of hits after them
 * @n_via: number of @via
 * @vias: there are some
 * @via_keys: numbers that their programs give, a bit for each
 * @via_ustack: the user stack is one of their words
 * @to: words that programs of ends give
 * @n_to: number of @to
 * @plain: the session has a table, whose columns are what began, what ended, or both
 * @to_first: what ended is the first of them
 * @words: number of them
 */
struct kobs_joins {
	struct kobs_inflight_table inflight;
	struct kobs_join *v;
	unsigned int n;
	struct kobs_program key;
	u8 more;
	u8 keep[KOBS_KEY_WORDS];
	u8 n_keep;
	u8 n_fixed;
	u32 named;
	u8 from[KOBS_KEY_WORDS];
	u8 n_from;
	u8 via[KOBS_KEY_WORDS];
	u8 n_via;
	bool vias;
	u8 via_keys;
	bool via_ustack;
	u8 to[KOBS_KEY_WORDS];
	u8 n_to;
	bool plain;
	bool to_first;
	u8 words;
};

/* Pairs that have begun, by default. */
#define KOBS_JOIN_INFLIGHT	16384

/* An end that finds no begin has lost to others at most so often. */
#define KOBS_JOIN_TRIES		KOBS_INFLIGHT_TRIES

/* joins.c */
int kobs_joins_init(struct kobs_probes *p, const struct kobs_program *code,
		    unsigned int programs, struct netlink_ext_ack *extack);
bool kobs_joins_hooked(const struct kobs_probes *p);
void kobs_joins_free(struct kobs_probes *p);
void kobs_joins_code(struct kobs_session *s, const struct kobs_code *code,
		     const struct kobs_replace *replace);

/* join.c */
void kobs_join_hit(struct kobs_probe_point *p, u64 id, const u64 *args,
		   unsigned long entry, const struct kobs_at *at);
void kobs_join_hit_long(struct kobs_probe_point *p, u64 *args,
			const u64 *more);
void *kobs_join_entry(const struct kobs_probe_point *point);
void *kobs_join_trace(const struct kobs_probe_point *point);
void *kobs_join_syscall(enum kobs_probe_kind kind);

void kobs_join_replaced(struct kobs_cpu *pc, unsigned int n);
bool kobs_join_claim_full(const struct kobs_joins *j, struct kobs_cpu *pc,
			  const struct kobs_inflight_key *key,
			  struct kobs_inflight_ref *ref);
void kobs_join_alone(struct kobs_session *s, struct kobs_cpu *pc,
		     enum kobs_counter fate);

/* join_via.c */
void kobs_join_via(struct kobs_probe_point *p, struct kobs_cpu *pc, u64 id,
		   const u64 *args);

/* join_plain.c */
void *kobs_join_plain_entry(const struct kobs_probe_point *point);
void *kobs_join_plain_trace(const struct kobs_probe_point *point);

/* join_call.c */
extern const struct kobs_call_handlers * const kobs_join_return;

/* join_user.c */
bool kobs_join_user_stable(const struct kobs_probe_point *p);
bool kobs_join_user_context(struct kobs_probe_point *p, u64 *v);
void kobs_join_user(struct kobs_probe_point *point);

#endif /* KOBS_PROBE_JOIN_H */
