// SPDX-License-Identifier: GPL-2.0
/*
 * Source probe: functions, instructions and tracepoints of the kernel, with programs that
 * filter their hits by any argument, and give numbers, texts and a value.
 *
 * What is hooked, and the programs, come from the controller: it knows names and
 * types, and compiles expressions (uapi/kobs_program.h). Nothing of that is
 * trusted: a program is checked before it runs (lib/program.h).
 *
 * Locking: prepare, start, stop and release run under the session's change lock,
 * the notifier of modules under its chain's; struct kobs_probes.lock nests inside
 * both, and protects what is hooked. The handlers take no lock. stop waits for
 * ftrace's trampolines, and for the grace period of tracepoints, before anything is
 * freed.
 */
#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>

#include "core/refuse.h"
#include "hooks/ftrace.h"
#include "sources.h"
#include "sources/probe/probe.h"

static int kprobe_hook(struct kobs_probe_point *point,
		       struct netlink_ext_ack *extack)
{
	int err = kobs_kprobe_start(point->kprobe);

	point->hooked = !err;
	if (err == -EBUSY)
		return kobs_refuse(extack, err,
				   "instructions cannot be hooked: kprobes are switched off; write 1 to /sys/kernel/debug/kprobes/enabled");
	if (err)
		return kobs_refuse(extack, err,
				   "%pS cannot be hooked: error %d",
				   (void *)point->kprobe->ip, -err);
	return 0;
}

static int event_hook(struct kobs_probe_point *point,
		      struct netlink_ext_ack *extack)
{
	int err = kobs_event_start(point->record);

	point->hooked = !err;
	if (err)
		return kobs_refuse(extack, err,
				   "an event's records cannot be had: error %d",
				   -err);
	return 0;
}

/* Turn the hook of a place in a program on, if the point has one. */
static int place_hook(struct kobs_probe_point *point,
		      struct netlink_ext_ack *extack)
{
	const char *why;
	int err;

	if (!point->place.inode)
		return 0;
	if (kobs_session_unwanted(point->s))
		err = -ECONNREFUSED;
	else
		err = kobs_uprobe_hook(&point->place, &why);
	if (!err)
		return 0;
	kobs_tracepoint_detach(point->trace, point->n_traces, point);
	if (err == -ECONNREFUSED)
		return err;
	return kobs_refuse(extack, err, "a place of a program, offset 0x%llx: %s",
			   point->place.offset, why);
}

/* Turn a hook on. */
static int point_hook(struct kobs_probe_point *point,
		      struct netlink_ext_ack *extack)
{
	const char *why;
	int err;

	if ((point->is_function && !point->n) || point->gone)
		return 0;
	if (point->kprobe)
		return kprobe_hook(point, extack);
	if (point->record)
		return event_hook(point, extack);
	if (point->is_function) {
		err = point->calls ?
		      kobs_calls_start(point->calls) :
		      kobs_ftrace_hook(&point->ops, &point->stuck);
		if (err == -ENOMEM && point->calls &&
		    kobs_calls_lack_room(point->calls))
			return kobs_session_no_memory(point->s, extack,
						      "inflight");
		why = err ? kobs_ftrace_refusal(&err) : NULL;
		if (err && why)
			return kobs_refuse(extack, err,
					   "functions cannot be hooked: %s",
					   why);
		if (err)
			return kobs_refuse(extack, err,
					   "%u functions cannot be hooked: error %d",
					   point->n, -err);
	} else {
		const char *failed;

		err = kobs_tracepoint_attach(point->trace, point->n_traces,
					     point, &failed);
		if (err)
			return kobs_refuse(extack, err,
					   "cannot attach to the tracepoint %s: error %d",
					   failed, -err);
		err = place_hook(point, extack);
		if (err)
			return err;
	}
	point->hooked = true;
	return 0;
}

/**
 * kobs_probe_unhook_functions() - turn a hook of functions off, and wait
 * @point: hook; the lock of its session's hooks is held
 *
 * Context: task, may sleep.
 */
void kobs_probe_unhook_functions(struct kobs_probe_point *point)
{
	if (point->calls)
		kobs_calls_stop(point->calls);
	else if (point->hooked)
		kobs_ftrace_unhook(&point->ops, &point->stuck);
	if (point->calls && kobs_calls_stuck(point->calls))
		point->stuck = true;
	point->hooked = false;
}

/* Turn all hooks off, and wait. What cannot be unhooked is kept. */
static void probe_unhook(struct kobs_probes *p)
{
	bool stuck = false;
	unsigned int i;
	unsigned int k;

	/* The end of a task ends its calls, until no place begins any. */
	for (i = 0; i < p->n; i++)
		if (p->points[i].hooked && p->points[i].place.inode)
			kobs_uprobe_drop(&p->points[i].place);
	if (p->n_places)
		kobs_uprobe_sync();
	for (i = 0; i < p->n; i++) {
		struct kobs_probe_point *point = &p->points[i];

		if (point->is_function) {
			kobs_probe_unhook_functions(point);
		} else if (point->record) {
			kobs_event_stop(point->record);
			point->hooked = false;
		} else if (point->hooked) {
			/* Ends after begins: none is found that is not its own. */
			for (k = point->n_traces; k > 0; k--)
				kobs_tracepoint_drop(&point->trace[k - 1],
						     point);
			point->hooked = false;
		}
		stuck |= point->stuck;
	}
	kobs_probe_unhook_instructions(p);
	stuck |= p->stuck;
	tracepoint_synchronize_unregister();
	if (stuck)
		kobs_session_pin(p->s);
}

static int probe_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	static const enum kobs_probe_param needed[] = {
		PROBE_P_TARGETS, PROBE_P_CODE
	};
	struct kobs_probes *p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!s->source_params[needed[i]].number)
			return kobs_refuse(extack, -EINVAL,
					   "parameter %s is missing",
					   s->source->params[needed[i]].name);
	if (s->source_params[PROBE_P_TARGETS].number % 2)
		return kobs_refuse(extack, -EINVAL,
				   "parameter targets has two words for each target");
	p = kobs_probes_new(s, extack);
	if (IS_ERR(p))
		return PTR_ERR(p);
	for (i = 0; i < p->n; i++)
		s->targets += p->points[i].is_function ? p->points[i].n : 1;
	s->priv = p;
	return 0;
}

static int probe_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_probes *p = s->priv;
	bool some = false;
	unsigned int i;
	int err = 0;

	mutex_lock(&p->lock);
	for (i = 0; i < p->n && !err; i++) {
		err = point_hook(&p->points[i], extack);
		some |= p->points[i].hooked;
	}
	if (!err && !some)
		err = kobs_refuse(extack, -ENOENT,
				  "the functions are gone: their module was unloaded");
	if (err)
		probe_unhook(p);
	else
		p->began = ktime_get_mono_fast_ns();
	mutex_unlock(&p->lock);
	return err;
}

static void probe_stop(struct kobs_session *s)
{
	struct kobs_probes *p = s->priv;

	mutex_lock(&p->lock);
	p->began = 0;
	probe_unhook(p);
	mutex_unlock(&p->lock);
}

static bool probe_note(const struct kobs_session *s, unsigned int i,
		       struct kobs_note *note)
{
	return s->priv && kobs_probes_note(s->priv, i, note);
}

static void probe_release(struct kobs_session *s)
{
	kobs_probes_free(s->priv);
	s->priv = NULL;
}

/* A probe of any type is called by the type of the tracepoint. */
static const char *probe_how(bool *ok)
{
	*ok = !IS_ENABLED(CONFIG_CFI_CLANG) && !IS_ENABLED(CONFIG_CFI);
	return *ok ? NULL :
		     "the kernel checks the types of indirect calls (kCFI)";
}

static const struct kobs_field probe_fields[] = {
	[PROBE_F_NEGATIVE] = {
		"negative",
		"hits whose value is below 0; they are in the count only",
		KOBS_TYPE_NUMBER, NULL, KOBS_MERGE_SUM
	},
};

static const struct kobs_mode probe_modes[] = {
	{
		.name = "count",
		.doc = "count hits",
		.by = "probe",
		.available = probe_how,
	}, {
		.name = "hist",
		.doc = "add up a value of each hit",
		.value = "value",
		.by = "probe",
		.fields = probe_fields,
		.n_fields = ARRAY_SIZE(probe_fields),
		.available = probe_how,
	}, {
		.name = "time",
		.doc = "measure calls from entry to return",
		.value = "duration",
		.unit = "ns",
		.by = "probe",
		.available = probe_how,
	}, {
		.name = "trace",
		.doc = "stream a record of each hit",
		.stream = true,
		.by = "probe,pid,comm",
		.available = probe_how,
	},
};

#define PROBE_NUMBER(i) \
	{ "number" #i, "number " #i " that the program gives", \
	  KOBS_TYPE_NUMBER, NULL, PROBE_W_NUMBER + (i), 1 }
#define PROBE_TEXT(i) \
	{ "text" #i, "text " #i " that the program gives", KOBS_TYPE_TEXT, \
	  NULL, PROBE_W_TEXT + (i) * KOBS_PROG_TEXT_WORDS, KOBS_PROG_TEXT_WORDS }

static const struct kobs_column probe_columns[] = {
	{ "probe", "what was hit", KOBS_TYPE_FUNCTION, NULL, PROBE_W_PROBE, 1 },
	{ "faults", "which numbers could not be read, a bit for each",
	  KOBS_TYPE_NUMBER, NULL, PROBE_W_FAULTS, 1 },
	PROBE_NUMBER(0), PROBE_NUMBER(1), PROBE_NUMBER(2), PROBE_NUMBER(3),
	PROBE_NUMBER(4), PROBE_NUMBER(5), PROBE_NUMBER(6),
	PROBE_TEXT(0), PROBE_TEXT(1),
	{ "from", "what a pair began with", KOBS_TYPE_FUNCTION, NULL,
	  PROBE_W_PROBE, 1 },
	{ "to", "what a pair ended with", KOBS_TYPE_FUNCTION, NULL, PROBE_W_TO,
	  1 },
	{ "via", "what a pair met last on its way", KOBS_TYPE_FUNCTION, NULL,
	  PROBE_W_VIA, 1 },
	{ "via_ustack", "user stack of who hit that", KOBS_TYPE_USTACK, NULL,
	  PROBE_W_VIA_USTACK, 1 },
};

static_assert((int)PROBE_WORDS <= (int)KOBS_WORDS);

static const struct kobs_param probe_params[] = {
	[PROBE_P_TARGETS] = {
		"targets", "what to hook: two words each, kobs_program.h",
		KOBS_TYPE_ADDRESSES, NULL, 2, 2 * PROBE_TARGETS, 0
	},
	[PROBE_P_NAMES] = {
		"names", "names of the targets that are no functions: t:[SYSTEM:]NAME ...",
		KOBS_TYPE_TEXT, NULL, 1, 4095, 0
	},
	[PROBE_P_CODE] = {
		"code", "programs, one after the other: kobs_program.h",
		KOBS_TYPE_ADDRESSES, NULL, 1, PROBE_CODE, 0
	},
	[PROBE_P_INFLIGHT] = {
		"inflight",
		"maximum number of calls in progress whose return is hooked, or of pairs that have begun; 0: automatic",
		KOBS_TYPE_NUMBER, "calls", 0, 1 << 16, 0
	},
	[PROBE_P_JOINS] = {
		"joins",
		"pairs of hits to measure from one to the other: a word each, kobs_program.h",
		KOBS_TYPE_ADDRESSES, NULL, 1, PROBE_PROGRAMS, 0
	},
	[PROBE_P_LABELS] = {
		"labels", "how a client shows the columns; kept for others",
		KOBS_TYPE_TEXT, NULL, 1, 4095, 0
	},
	[PROBE_P_FILES] = {
		"files", "programs with places to hook: the client's paths, a line each",
		KOBS_TYPE_TEXT, NULL, 1, 4095, 0
	},
	[PROBE_P_PLACES] = {
		"places", "places in them: three words each, kobs_program.h",
		KOBS_TYPE_ADDRESSES, NULL, 3, 3 * PROBE_PLACES, 0
	},
};

static const struct kobs_reason probe_reasons[] = {
	[KOBS_N_IN_FLIGHT - KOBS_N_SOURCE] = {
		"in_flight",
		"call or wait that had not ended",
	},
	[KOBS_N_INFLIGHT_FULL - KOBS_N_SOURCE] = {
		"inflight_full",
		"more calls at a time than there is room for: raise inflight",
	},
	[PROBE_N_STALE - KOBS_N_SOURCE] = {
		"stale",
		"call whose return was not seen, or cannot be",
	},
	[PROBE_N_FAULT - KOBS_N_SOURCE] = {
		"fault",
		"hit whose condition or value could not be read, or was divided by 0",
	},
	[PROBE_N_MISSED - KOBS_N_SOURCE] = {
		"missed_returns",
		"call whose return could not be hooked: raise inflight",
	},
	[PROBE_N_UNMATCHED - KOBS_N_SOURCE] = {
		"unmatched",
		"end without a begin of its key",
	},
	[PROBE_N_REPLACED - KOBS_N_SOURCE] = {
		"replaced",
		"begin that another one of its key replaced before an end",
	},
	[PROBE_N_NESTED - KOBS_N_SOURCE] = {
		"missed",
		"hit of an instruction while a kprobe's handler ran on the CPU",
	},
	[PROBE_N_DROPPED - KOBS_N_SOURCE] = {
		"dropped",
		"hit of an event whose record perf dropped",
	},
};

const struct kobs_source kobs_src_probe = {
	.name = "probe",
	.doc = "any function, user function or tracepoint, by its arguments",
	.modes = probe_modes,
	.n_modes = ARRAY_SIZE(probe_modes),
	.columns = probe_columns,
	.n_columns = ARRAY_SIZE(probe_columns),
	.params = probe_params,
	.n_params = ARRAY_SIZE(probe_params),
	.reasons = probe_reasons,
	.n_reasons = ARRAY_SIZE(probe_reasons),
	.prepare = probe_prepare,
	.start = probe_start,
	.stop = probe_stop,
	.release = probe_release,
	.code = kobs_joins_code,
	.missed = kobs_probes_missed,
	.missed_as = PROBE_N_NESTED,
	.note = probe_note,
};
