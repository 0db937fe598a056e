/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Source probe: what its files share.
 *
 *	source.c	description of the source, start and stop
 *	check.c		what a client asks for
 *	points.c	from parameters to points: targets and programs
 *	modules.c	functions of modules that go
 *	hit.c		handlers of entries and tracepoints
 *	syscall.c	handlers of system calls
 *	syscall_calls.c	handlers of these that are measured
 *	syscall.h	what these share
 *	call.c		handlers of functions that are hooked at their return, too
 *	call.h		what these have in common with pairs at returns
 *	instruction.c	instructions, by kprobes
 *	event.c		events with their records
 *	places.c	from parameters to places of user-space programs
 *	user.c		handlers of these
 *	user_calls.c	handlers of their functions that are hooked at their return, too
 *	user.h		what these share
 *	quick.c		programs that need no interpreter
 *	run.h		a hit: its program, and its record
 *	join*		the time from one hit to another: see join.h
 *
 * Locking: see source.c.
 */
#ifndef KOBS_PROBE_H
#define KOBS_PROBE_H

#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <uapi/kobs_program.h>

#include "core/session.h"
#include "hooks/call.h"
#include "hooks/event.h"
#include "hooks/kprobe.h"
#include "hooks/tracepoint.h"
#include "hooks/uprobe.h"
#include "lib/inflight.h"
#include "lib/program.h"
#include "sources/probe/join.h"
#include "sources/probe/quick.h"

/*
 * Words of a hit: what was hit, which numbers are faults, numbers, texts; the end of a
 * pair; and what was hit last on its way, and the user stack there.
 */
enum {
	PROBE_W_PROBE = KOBS_W_SOURCE,
	PROBE_W_FAULTS,
	PROBE_W_NUMBER,
	PROBE_W_TEXT = PROBE_W_NUMBER + KOBS_PROG_KEYS,
	PROBE_W_TO = PROBE_W_TEXT + KOBS_PROG_TEXTS * KOBS_PROG_TEXT_WORDS,
	PROBE_W_VIA,
	PROBE_W_VIA_USTACK,
	PROBE_WORDS
};

/* Its reasons of loss, after KOBS_N_IN_FLIGHT and KOBS_N_INFLIGHT_FULL. */
#define PROBE_N_STALE		(KOBS_N_SOURCE + 2)
#define PROBE_N_FAULT		(KOBS_N_SOURCE + 3)
#define PROBE_N_MISSED		(KOBS_N_SOURCE + 4)
#define PROBE_N_UNMATCHED	(KOBS_N_SOURCE + 5)
#define PROBE_N_REPLACED	(KOBS_N_SOURCE + 6)
#define PROBE_N_NESTED		(KOBS_N_SOURCE + 7)
#define PROBE_N_DROPPED		(KOBS_N_SOURCE + 8)

/* Further numbers of a row in mode hist. */
enum { PROBE_F_NEGATIVE };

enum kobs_probe_param {
	PROBE_P_TARGETS,
	PROBE_P_NAMES,
	PROBE_P_CODE,
	PROBE_P_LABELS,
	PROBE_P_INFLIGHT,
	PROBE_P_JOINS,
	PROBE_P_FILES,
	PROBE_P_PLACES,
	PROBE_P
};

/* Maximum number of programs, and of targets, of a session. */
#define PROBE_PROGRAMS		256
#define PROBE_TARGETS		4096

/*
 * Maximum number of points that hook functions: to unhook one takes a grace period;
 * that hook returns: each has memory for its calls; of system calls: each is asked at
 * every system call; of instructions: each changes the code by itself; and of events
 * with their records: each has a counter per CPU.
 */
#define PROBE_ENTRIES		32
#define PROBE_RETURNS		16
#define PROBE_SYSCALLS		32
#define PROBE_INSTRUCTIONS	256
#define PROBE_EVENTS		64

/*
 * Maximum number of places of programs: each is hooked one by one in the processes
 * that map its file; and of their files.
 */
#define PROBE_PLACES		512
#define PROBE_FILES		64

/* System and user calls that are measured at once, by default; words of each. */
#define PROBE_CALLS		4096
#define PROBE_CALL_WORDS	9

/* Words of the largest code. */
#define PROBE_CODE		(16 * KOBS_PROG_WORDS)

/* Arguments that a function passes in registers, wherever kobs runs. */
#define PROBE_ENTRY_ARGS	6
/* Bytes of the record of a function's entry by ftrace: all registers, or none. */
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_REGS
#define PROBE_ENTRY_RECORD	sizeof(struct pt_regs)
#else
#define PROBE_ENTRY_RECORD	0
#endif
/* Arguments of a tracepoint that its probe gets in registers, likewise; and most. */
#define PROBE_TRACE_ARGS	5
#ifdef CONFIG_X86_64
#define PROBE_TRACE_MOST	KOBS_PROG_ARGS
#else
#define PROBE_TRACE_MOST	7
#endif

struct kobs_probes;

/**
 * struct kobs_probe_point - a hook, and what its hits run
 * @s: session
 * @program: program
 * @quick: the same in a quick form
 * @shape: whether there is one, and of which kind
 * @gives_value: the value is what its program gives
 * @given: words of the session's key that programs give
 * @n_given: number of @given
 * @id: what its hits have in column probe; functions have their address
 * @ops: hook of functions at their entry
 * @calls: hook of functions at their return, or NULL
 * @is_function: it hooks functions
 * @returns: at their return, too
 * @ips: functions
 * @n: number of @ips
 * @trace: hooks of tracepoints
 * @n_traces: number of @trace
 * @kprobe: hook of an instruction, or NULL
 * @gone: its code went
 * @record: hook of an event with its record, or NULL
 * @event: keeps the tracepoint's module, or NULL
 * @nr: of the system call, -1 for all; or of the place
 * @own_args: the program has arguments of the call itself
 * @brief: hits are recorded by what is known of the call but these
 * @join: what its hits begin and end, or NULL; then @program tells only what all
 *	programs need
 * @probes: its session's hooks
 * @place: place of a program, or without an inode
 * @hooked: it is on
 * @stuck: @ops can be called after the end
 */
struct kobs_probe_point {
	struct kobs_session *s;
	struct kobs_program program;
	struct kobs_quick quick;
	enum kobs_quick_shape shape;
	bool gives_value;
	u8 given[KOBS_KEY_WORDS];
	u8 n_given;
	u64 id;
	struct ftrace_ops ops;
	struct kobs_calls *calls;
	bool is_function;
	bool returns;
	unsigned long *ips;
	unsigned int n;
	struct kobs_probe trace[3];
	u8 n_traces;
	struct kobs_kprobe *kprobe;
	bool gone;
	struct kobs_event *record;
	struct trace_event_file *event;
	long nr;
	bool own_args;
	bool brief;
	const struct kobs_join *join;
	struct kobs_probes *probes;
	struct kobs_uprobe place;
	bool hooked;
	bool stuck;
};

/**
 * struct kobs_probes - a session of this source
 * @s: session
 * @points: its hooks
 * @n: number of @points
 * @n_syscalls: number of these that hook system calls
 * @n_instructions: number of these that hook instructions
 * @n_events: number of these that hook events with their records
 * @n_places: number of these that hook places of programs
 * @files: their files, PROBE_FILES of them, or NULL
 * @ends_hooked: one of them hooks the end of tasks
 * @stuck: an instruction's hook can be called after the end
 * @ips: memory of their functions
 * @inflight: system calls and calls of user functions that are measured
 * @joins: pairs that its hits begin and end, or NULL
 * @lock: protects the points' functions and hooks, and the members below
 * @modules: notifier of modules, whose functions go
 * @began: monotonic ns of the start; 0 before it and after the stop
 * @gone: number of functions that went since
 * @when: with which module, and when first; set before @gone
 */
struct kobs_probes {
	struct kobs_session *s;
	struct kobs_probe_point *points;
	unsigned int n;
	unsigned int n_syscalls;
	unsigned int n_instructions;
	unsigned int n_events;
	unsigned int n_places;
	struct path *files;
	bool ends_hooked;
	bool stuck;
	unsigned long *ips;
	struct kobs_inflight_table inflight;
	struct kobs_joins *joins;
	struct mutex lock; /* see above */
	struct notifier_block modules;
	u64 began;
	unsigned int gone;
	char when[MODULE_NAME_LEN + 64];
};

/* A target: two words. */
static inline unsigned int target_kind(const u64 *target)
{
	return target[0] & U16_MAX;
}

static inline u64 target_program(const u64 *target)
{
	return target_kind(target) == KOBS_PROBE_INSTRUCTION ?
	       target[0] >> 16 & U16_MAX : target[0] >> 16;
}

/* The number of its name: an instruction need not have one. */
#define PROBE_NAMELESS		U32_MAX

static inline u32 target_number(const u64 *target)
{
	return target_kind(target) == KOBS_PROBE_INSTRUCTION ?
	       (u32)(target[0] >> 32) - 1 : (u32)target[1];
}

/* check.c */
int kobs_probe_check_code(struct kobs_program *programs,
			  const struct kobs_value *code,
			  struct netlink_ext_ack *extack);
int kobs_probe_check_targets(const struct kobs_probes *p, const u64 *targets,
			     unsigned int n, unsigned int programs,
			     const struct kobs_program *code,
			     struct netlink_ext_ack *extack);

/* points.c */
struct kobs_probes *kobs_probes_new(struct kobs_session *s,
				    struct netlink_ext_ack *extack);
void kobs_probes_free(struct kobs_probes *p);

/* source.c */
void kobs_probe_unhook_functions(struct kobs_probe_point *point);

/* modules.c */
void kobs_probes_follow_modules(struct kobs_probes *p);
bool kobs_probes_note(const struct kobs_probes *p, unsigned int i,
		      struct kobs_note *note);

/* call.c */
int kobs_probe_calls(struct kobs_probe_point *point);

/* instruction.c */
int kobs_probe_settle(u64 *targets, unsigned int n,
		      const struct kobs_program *code);
int kobs_probe_instruction(struct kobs_probes *p, const u64 *target,
			   struct netlink_ext_ack *extack);
void kobs_probe_unhook_instructions(struct kobs_probes *p);
u64 kobs_probes_missed(const struct kobs_session *s);

/* event.c */
int kobs_probe_event(struct kobs_probe_point *point, const char *name,
		     struct netlink_ext_ack *extack);

/* quick.c */
enum kobs_quick_shape kobs_probe_shape(struct kobs_probe_point *point);

/* hit.c */
ftrace_func_t kobs_probe_entry(const struct kobs_probe_point *point);
void *kobs_probe_trace(const struct kobs_probe_point *point);

/* syscall.c */
void kobs_probe_syscall(struct kobs_probe_point *point,
			enum kobs_probe_kind kind);

/* places.c */
int kobs_probe_place(struct kobs_probe_point *point, enum kobs_probe_kind kind,
		     struct netlink_ext_ack *extack);
void kobs_probe_places_free(struct kobs_probes *p);

/* user.c */
void kobs_probe_user(struct kobs_probe_point *point, enum kobs_probe_kind kind);

/* user_calls.c */
void kobs_probe_user_calls(struct kobs_probe_point *point);

#endif /* KOBS_PROBE_H */
