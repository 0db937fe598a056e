// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: checking what a client asks for: programs, and targets for them.
 *
 * Locking: none; the session is being prepared.
 */
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "core/refuse.h"
#include "sources/probe/join.h"
#include "sources/probe/probe.h"

/**
 * kobs_probe_check_code() - check the programs of a session
 * @programs: filled with what is known of each; room for PROBE_PROGRAMS
 * @code: their words
 * @extack: takes the reason of a refusal
 *
 * Context: task, may sleep.
 * Return: their number, or -EINVAL.
 */
int kobs_probe_check_code(struct kobs_program *programs,
			  const struct kobs_value *code,
			  struct netlink_ext_ack *extack)
{
	unsigned int at = 0;
	char why[128];
	unsigned int n;
	int words;

	for (n = 0; at < code->number; n++) {
		if (n == PROBE_PROGRAMS)
			return kobs_refuse(extack, -EINVAL,
					   "parameter code: more than %d programs",
					   PROBE_PROGRAMS);
		words = kobs_program_check(&programs[n], code->addresses + at,
					   code->number - at, KOBS_PROG_ARGS,
					   why, sizeof(why));
		if (words < 0)
			return kobs_refuse(extack, words,
					   "parameter code: program %u: %s",
					   n, why);
		at += words;
		cond_resched();
	}
	return n;
}

/* Arguments of a hit. */
static const u8 n_args[KOBS_PROBE_KINDS] = {
	[KOBS_PROBE_FUNCTION] = PROBE_ENTRY_ARGS,
	[KOBS_PROBE_TRACEPOINT] = PROBE_TRACE_MOST,
	[KOBS_PROBE_ENTER] = KOBS_PROBE_SYSCALL_ARGS,
	[KOBS_PROBE_EXIT] = KOBS_PROBE_SYSCALL_ARGS,
	[KOBS_PROBE_CALL] = KOBS_PROBE_SYSCALL_ARGS,
	[KOBS_PROBE_RETURN] = KOBS_PROBE_RETURN_ARGS,
	[KOBS_PROBE_USER] = PROBE_ENTRY_ARGS,
	[KOBS_PROBE_USER_RETURN] = KOBS_PROBE_RETURN_ARGS,
	[KOBS_PROBE_INSTRUCTION] = PROBE_ENTRY_ARGS,
};

/* Bytes of its record. */
static const u16 n_record[KOBS_PROBE_KINDS] = {
	[KOBS_PROBE_FUNCTION] = PROBE_ENTRY_RECORD,
	[KOBS_PROBE_INSTRUCTION] = sizeof(struct pt_regs),
	[KOBS_PROBE_EVENT] = KOBS_PROG_RECORD,
};

/* Pairs have no records. */
static int check_records(const struct kobs_probes *p,
			 const struct kobs_program *code, unsigned int programs,
			 struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; p->joins && i < programs; i++)
		if (code[i].record)
			return kobs_refuse(extack, -EINVAL,
					   "parameter code: program %u: the hits of a pair have no registers and no fields of a record",
					   i);
	return 0;
}

/**
 * kobs_probe_check_targets() - check the targets of a session
 * @p: session, with its pairs
 * @targets: two words each
 * @n: number of @targets
 * @programs: number of programs
 * @code: the programs
 * @extack: takes the reason of a refusal
 *
 * Context: task.
 * Return: 0, -EINVAL, or -EOPNOTSUPP.
 */
int kobs_probe_check_targets(const struct kobs_probes *p, const u64 *targets,
			     unsigned int n, unsigned int programs,
			     const struct kobs_program *code,
			     struct netlink_ext_ack *extack)
{
	const struct kobs_mode *mode = p->s->mode;
	unsigned int i;
	int err = check_records(p, code, programs, extack);

	if (err)
		return err;
	programs = p->joins ? p->joins->n : programs;
	for (i = 0; i < n; i++) {
		const u64 *target = targets + 2 * i;
		u64 program = target_program(target);
		const struct kobs_program *need;

		if (target_kind(target) >= KOBS_PROBE_KINDS)
			return kobs_refuse(extack, -EINVAL,
					   "parameter targets: target %u: kind %u does not exist",
					   i, target_kind(target));
		if (program >= programs)
			return kobs_refuse(extack, -EINVAL,
					   "parameter targets: target %u: there is no program %llu",
					   i, program);
		if (target_kind(target) == KOBS_PROBE_RETURN) {
			bool ok = true;
			const char *why = kobs_calls_how(&ok);

			if (!ok)
				return kobs_refuse(extack, -EOPNOTSUPP, "%s", why);
		}
		need = p->joins ? &p->joins->v[program].both : &code[program];
		if (p->joins && target_kind(target) == KOBS_PROBE_EVENT)
			return kobs_refuse(extack, -EINVAL,
					   "parameter targets: target %u: an event with its record is no part of a pair",
					   i);
		if (p->joins && target_kind(target) == KOBS_PROBE_CALL)
			return kobs_refuse(extack, -EINVAL,
					   "parameter targets: target %u: a call that takes time is no part of a pair",
					   i);
		if (!p->joins && mode->value && !mode->n_fields &&
		    target_kind(target) != KOBS_PROBE_CALL &&
		    target_kind(target) != KOBS_PROBE_RETURN &&
		    target_kind(target) != KOBS_PROBE_USER_RETURN)
			return kobs_refuse(extack, -EINVAL,
					   "parameter targets: target %u: mode %s needs one that takes time",
					   i, mode->name);
		if (mode->n_fields && !code[program].value)
			return kobs_refuse(extack, -EINVAL,
					   "parameter code: program %llu gives no value",
					   program);
		if (need->n_args > n_args[target_kind(target)])
			return kobs_refuse(extack, -EINVAL,
					   "parameter targets: target %u: it has %u arguments only",
					   i, n_args[target_kind(target)]);
		if (!p->joins &&
		    code[program].record > n_record[target_kind(target)])
			return kobs_refuse(extack, -EINVAL,
					   "parameter targets: target %u: it has a record of %u bytes, and its program needs %u",
					   i, n_record[target_kind(target)],
					   code[program].record);
	}
	return 0;
}
