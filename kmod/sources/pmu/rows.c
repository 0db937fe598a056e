// SPDX-License-Identifier: GPL-2.0
/*
 * Source pmu: rows of mode stat, memory, and notes.
 *
 * Locking: the session's lock is held by all callers; see pmu.h.
 */
#include <linux/cpumask.h>
#include <linux/string.h>

#include "sources/pmu/pmu.h"

const struct kobs_reason kobs_pmu_missed_overflows = {
	"missed_overflows",
	"overflow of a counter that came without an interrupt",
};

/**
 * kobs_pmu_rows() - rows of stat: one per counter
 * @s: session; its lock is held
 * @at: event * places + place
 * @out: row; the reader adds up those of equal key
 *
 * Context: task, may sleep.
 * Return: false after the last.
 */
bool kobs_pmu_rows(struct kobs_session *s, unsigned long *at,
		   struct kobs_row_out *out)
{
	u64 v[KOBS_WORDS] = {};
	struct kobs_pmu *p = s->priv;
	struct kobs_pmu_counter sum;
	unsigned int place = *at % p->n_places;
	unsigned int event = *at / p->n_places;
	unsigned int i;

	mutex_lock(&p->counters_lock);
	for (; event < p->n_events; event++, place = 0) {
		for (; place < p->n_places; place++) {
			struct kobs_pmu_counter *c = pmu_counter(p, event, place);

			if (c->event || c->enabled)
				goto found;
		}
	}
	mutex_unlock(&p->counters_lock);
	return false;

found:
	kobs_pmu_counter_read(pmu_counter(p, event, place), &sum);
	mutex_unlock(&p->counters_lock);
	v[PMU_W_EVENT] = event;
	if (p->who)
		memcpy(v, p->who[place], sizeof(p->who[place]));
	else
		v[KOBS_W_CPU] = place;
	for (i = 0; i < s->n_words; i++)
		out->key[i] = v[s->gather[i]];
	out->count = sum.count;
	out->fields[PMU_F_ENABLED] = sum.enabled;
	out->fields[PMU_F_RUNNING] = sum.running;
	*at = (unsigned long)event * p->n_places + place + 1;
	return true;
}

/**
 * kobs_pmu_usage() - memory of a session
 * @s: session; its lock is held
 * @u: usage; the source's part is added
 *
 * Context: task.
 */
void kobs_pmu_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct kobs_pmu *p = s->priv;
	u32 counters = p->n_events * p->n_places;

	u->bytes += sizeof(*p) + counters * sizeof(*p->counters) +
		    p->n_functions * sizeof(*p->functions) +
		    sizeof(struct kobs_pmu_cpu) * num_possible_cpus();
	if (!s->mode->own_rows)
		return;
	u->rows = counters;
	u->rows_max = counters;
}

enum kobs_pmu_note {
	PMU_N_COUNTED,
	PMU_N_OVERFLOWS,
	PMU_N_EARLY,
	PMU_N_THROTTLED,
	PMU_N_NO_ADDRESS,
	PMU_N_FALLBACK,
	PMU_N_CLOCKS,
	PMU_N_RAISED,
	PMU_N_CPUS_LEFT,
	PMU_N_CPUS_CAME,
	PMU_N_CPUS_FAILED,
	PMU_N_TASKS_GONE,
	PMU_N_TASKS_MOVED,
	PMU_N_BRANCHES,
	PMU_N_BRANCHES_LOST,
	PMU_N_EMPTY,
	PMU_N_TRUNCATED,
	PMU_N_PREDICTIONS,
	PMU_N_DEEPEST,
	PMU_N
};

static const char * const pmu_note_texts[PMU_N][2] = {
	[PMU_N_COUNTED] = { "counted", "what the events counted" },
	[PMU_N_OVERFLOWS] = { "overflows", "calls of the overflow handler" },
	[PMU_N_EARLY] = {
		"early", "of them before the session had started, or after its end"
	},
	[PMU_N_THROTTLED] = {
		"throttled",
		"times that the kernel stopped an event for the rest of a tick: take fewer samples"
	},
	[PMU_N_NO_ADDRESS] = {
		"no_address",
		"samples without an address: the instruction accessed no data, or its event tells none"
	},
	[PMU_N_FALLBACK] = {
		"fallback", "there is no PMU: cycles became cpu-clock"
	},
	[PMU_N_CLOCKS] = { "clocks", "" }, /* of events that count ns: obsctl knows the unit */
	[PMU_N_RAISED] = {
		"clocks_raised",
		"clocks sampled every 10000 ns, the minimum: the period (-c) was below it"
	},
	[PMU_N_CPUS_LEFT] = {
		"cpus_left", "CPUs that went offline during the session"
	},
	[PMU_N_CPUS_CAME] = {
		"cpus_came", "CPUs that came online during the session, and were observed"
	},
	[PMU_N_CPUS_FAILED] = {
		"cpus_failed", "CPUs that came online and could not be observed"
	},
	[PMU_N_TASKS_GONE] = {
		"tasks_gone", "tasks that had ended before the start"
	},
	[PMU_N_TASKS_MOVED] = {
		"tasks_moved",
		"tasks that are in another control group than at the start, which has their counts: -a --by cgroup tells groups apart"
	},
	[PMU_N_BRANCHES] = { "branches", "branch records folded" },
	[PMU_N_BRANCHES_LOST] = {
		"branches_lost", "branch records without a row: raise rows"
	},
	[PMU_N_EMPTY] = { "empty", "samples without branch records" },
	[PMU_N_TRUNCATED] = {
		"truncated", "samples with more branch records than are used"
	},
	[PMU_N_PREDICTIONS] = {
		"predictions",
		"samples whose branches have prediction data"
	},
	[PMU_N_DEEPEST] = {
		"deepest", "maximum number of branch records of a sample"
	},
};

static u64 note_counted(struct kobs_pmu *p)
{
	struct kobs_pmu_counter sum;
	unsigned int n = p->n_events * p->n_places;
	unsigned int i;
	u64 total = 0;

	mutex_lock(&p->counters_lock);
	for (i = 0; i < n; i++) {
		kobs_pmu_counter_read(&p->counters[i], &sum);
		total += sum.count;
	}
	mutex_unlock(&p->counters_lock);
	return total;
}

/* Sum over all CPUs of counters at an offset in struct kobs_pmu_cpu. */
static u64 note_sum(const struct kobs_pmu *p, size_t offset, unsigned int n)
{
	unsigned int cpu;
	unsigned int i;
	u64 sum = 0;

	for_each_possible_cpu(cpu) {
		const local64_t *at = (void *)per_cpu_ptr(p->cpu, cpu) + offset;

		for (i = 0; i < n; i++)
			sum += local64_read(&at[i]);
	}
	return sum;
}

static u64 note_deepest(const struct kobs_pmu *p)
{
	unsigned int cpu;
	u64 most = 0;

	for_each_possible_cpu(cpu)
		most = max_t(u64, most,
			     local64_read(&per_cpu_ptr(p->cpu, cpu)->lbr.deepest));
	return most;
}

#define NOTE_SUM(p, member)	note_sum(p, offsetof(struct kobs_pmu_cpu, member), 1)

static u64 note_number(struct kobs_pmu *p, enum kobs_pmu_note which)
{
	switch (which) {
	case PMU_N_COUNTED:
		return p->handler ? note_counted(p) : 0;
	case PMU_N_OVERFLOWS:
		return note_sum(p, offsetof(struct kobs_pmu_cpu, calls), PMU_EVENTS);
	case PMU_N_EARLY:
		return NOTE_SUM(p, early);
	case PMU_N_THROTTLED:
		return NOTE_SUM(p, throttled);
	case PMU_N_NO_ADDRESS:
		return NOTE_SUM(p, no_address);
	case PMU_N_FALLBACK:
		return p->fell_back;
	case PMU_N_RAISED:
		return p->raised;
	case PMU_N_CLOCKS:
		return p->handler ? kobs_pmu_clocks(p) : 0;
	case PMU_N_CPUS_LEFT:
		return p->left;
	case PMU_N_CPUS_CAME:
		return p->came;
	case PMU_N_CPUS_FAILED:
		return p->failed;
	case PMU_N_TASKS_GONE:
		return p->gone;
	case PMU_N_TASKS_MOVED:
		return READ_ONCE(p->running) ? kobs_pmu_tasks_moved(p) : p->moved;
	case PMU_N_BRANCHES:
		return NOTE_SUM(p, lbr.entries);
	case PMU_N_BRANCHES_LOST:
		return NOTE_SUM(p, lbr.lost_entries);
	case PMU_N_EMPTY:
		return NOTE_SUM(p, lbr.empty);
	case PMU_N_TRUNCATED:
		return NOTE_SUM(p, lbr.truncated);
	case PMU_N_PREDICTIONS:
		return NOTE_SUM(p, lbr.predictions);
	case PMU_N_DEEPEST:
		return note_deepest(p);
	default:
		return 0;
	}
}

/**
 * kobs_pmu_note() - a note of a session
 * @s: session; its lock is held
 * @i: index of the note
 * @note: set to the note
 *
 * Context: task, may sleep.
 * Return: false after the last.
 */
bool kobs_pmu_note(const struct kobs_session *s, unsigned int i,
		   struct kobs_note *note)
{
	struct kobs_pmu *p = s->priv;

	if (!p || i >= PMU_N)
		return false;
	note->name = pmu_note_texts[i][0];
	note->doc = pmu_note_texts[i][1];
	note->number = note_number(p, i);
	return true;
}
