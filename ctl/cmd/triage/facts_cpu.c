// SPDX-License-Identifier: GPL-2.0
/* What was measured of CPUs and interrupts. */

#include <stdio.h>
#include <string.h>

#include "cmd/triage/facts.h"

/* Ticks between two states, by what a CPU did. */
struct use {
	double		v[NR_CPU_TIMES];
	double		all;
};

static struct use use_of(const uint64_t *a, const uint64_t *b)
{
	struct use u = {};
	size_t i;

	for (i = 0; i < NR_CPU_TIMES; i++) {
		u.v[i] = (double)grown(a[i], b[i]);
		u.all += u.v[i];
	}
	return u;
}

static double busy_part(const struct use *u)
{
	return percent(u->all - u->v[CPU_IDLE] - u->v[CPU_IOWAIT], u->all);
}

static double irq_part(const struct use *u)
{
	return percent(u->v[CPU_IRQ] + u->v[CPU_SOFTIRQ], u->all);
}

static const struct cpu *same_cpu(const struct machine *m, const struct cpu *c)
{
	size_t i;

	for (i = 0; i < m->nr_cpus; i++)
		if (m->cpus[i].id == c->id)
			return &m->cpus[i];
	return NULL;
}

/* The CPU of which a part of its time is the largest. */
static const struct cpu *find_worst(const struct machine *a, const struct machine *b,
				    double (*part)(const struct use *u), double *most)
{
	const struct cpu *worst = NULL;
	size_t i;

	*most = -1;
	for (i = 0; i < b->nr_cpus; i++) {
		const struct cpu *before = same_cpu(a, &b->cpus[i]);
		struct use u;

		if (!before)
			continue;
		u = use_of(before->ticks, b->cpus[i].ticks);
		if (part(&u) <= *most)
			continue;
		*most = part(&u);
		worst = &b->cpus[i];
	}
	return worst;
}

/* Who ran most, for a sentence: "; burn (process 512) ran 49 % of the time of a CPU". */
static void add_busiest(struct buf *out, const struct machine *a, const struct machine *b)
{
	struct busy busy[1];

	if (!busy_find(a, b, busy, 1))
		return;
	buf_printf(out, "; %s (process %llu) ran most, %.0f %% of a CPU", busy->comm,
		   (unsigned long long)busy->pid, busy->user + busy->system);
}

/* Return: whether it is known. */
static bool add_wait(struct facts *f, const struct machine *a, const struct machine *b,
		     const char *who)
{
	double window = (double)grown(a->time, b->time);
	const struct cpu *worst = NULL;
	double most = 0;
	double sum = 0;
	size_t i;

	for (i = 0; i < b->nr_cpus; i++) {
		const struct cpu *before = same_cpu(a, &b->cpus[i]);
		double waiting;

		if (!before || !before->has_waited || !b->cpus[i].has_waited)
			continue;
		waiting = (double)grown(before->waited, b->cpus[i].waited) / window;
		sum += waiting;
		if (worst && waiting <= most)
			continue;
		most = waiting;
		worst = &b->cpus[i];
	}
	if (worst)
		facts_add(f, M_CPU_WAIT, "", most,
			  "on average %.2f threads waited for CPU %u, and %.2f for all %zu CPUs%s",
			  most, worst->id, sum, b->nr_cpus, who);
	return worst;
}

static void add_pressure(struct facts *f, enum metric m, const struct machine *a,
			 const struct machine *b, enum pressure_of of, const char *who)
{
	const struct pressure *p = &a->pressure[of];
	const struct pressure *q = &b->pressure[of];
	double us = (double)grown(a->time, b->time) / 1000;
	bool irq = of == PRESSURE_IRQ;
	double v;

	if (!p->there || !q->there)
		return;
	v = percent(irq ? (double)grown(p->full, q->full) : (double)grown(p->some, q->some), us);
	facts_add(f, m, "", v, irq ? "interrupts took %.1f %% of the time from threads%s" :
		  "in %.1f %% of the time a thread waited for a CPU%s", v, who);
}

/** facts_cpu() - How busy CPUs were, and how many threads waited for them. */
void facts_cpu(struct facts *f, const struct machine *a, const struct machine *b)
{
	struct use u = use_of(a->ticks, b->ticks);
	const struct cpu *worst;
	struct buf who = {};
	char which[64] = "";
	double most;

	if (b->time <= a->time)
		return;
	add_busiest(&who, a, b);
	/* Who ran is told once. */
	if (add_wait(f, a, b, who.len ? who.p : ""))
		who.len = 0;
	add_pressure(f, M_CPU_PRESSURE, a, b, PRESSURE_CPU, who.len ? who.p : "");
	buf_free(&who);
	if (!a->has_stat || !b->has_stat || u.all <= 0)
		return;
	worst = find_worst(a, b, busy_part, &most);
	if (worst)
		snprintf(which, sizeof(which), "; CPU %u is the busiest, %.0f %%", worst->id, most);
	facts_add(f, M_CPU_BUSY, "", busy_part(&u),
		  "busy %.0f %%: user %.0f, system %.0f, interrupts %.0f, stolen %.0f%s",
		  busy_part(&u), percent(u.v[CPU_USER] + u.v[CPU_NICE], u.all),
		  percent(u.v[CPU_SYSTEM], u.all), irq_part(&u), percent(u.v[CPU_STEAL], u.all),
		  which);
	facts_add(f, M_STEAL, "", percent(u.v[CPU_STEAL], u.all),
		  "the hypervisor ran others in %.1f %% of the time",
		  percent(u.v[CPU_STEAL], u.all));
}

/* The kind that came most often on a CPU. */
static const struct irq *find_most(const struct irqs *a, const struct irqs *b, uint64_t *most,
				   size_t *cpu)
{
	const struct irq *found = NULL;
	size_t i, k, c;

	*most = 0;
	for (i = 0; i < b->n; i++) {
		const struct irq *q = &b->v[i];

		for (k = 0; k < a->n && strcmp(a->v[k].name, q->name); k++)
			;
		if (k == a->n)
			continue;
		for (c = 0; c < q->counts.n && c < a->v[k].counts.n; c++) {
			uint64_t n = grown(a->v[k].counts.v[c], q->counts.v[c]);

			if (n <= *most)
				continue;
			*most = n;
			*cpu = c;
			found = q;
		}
	}
	return found;
}

/** facts_irq() - How much interrupts took, and which came most. */
void facts_irq(struct facts *f, const struct machine *a, const struct machine *b)
{
	double seconds = seconds_between(a, b);
	const struct irq *soft;
	const struct irq *hard;
	const struct cpu *worst;
	struct buf most_soft = {};
	double part;
	uint64_t n;
	size_t cpu;

	if (seconds <= 0)
		return;
	soft = find_most(&a->softirqs, &b->softirqs, &n, &cpu);
	if (soft)
		buf_printf(&most_soft, "; the most frequent soft interrupt is %s, %.0f/s",
			   soft->name, (double)n / seconds);
	worst = find_worst(a, b, irq_part, &part);
	if (worst)
		facts_add(f, M_IRQ_TIME, "", part, "interrupts took %.1f %% of the time of CPU %u%s",
			  part, worst->id, most_soft.len ? most_soft.p : "");
	hard = find_most(&a->irqs, &b->irqs, &n, &cpu);
	if (hard)
		facts_add(f, M_IRQ_RATE, "", (double)n / seconds,
			  "interrupt %s (%s) came %.0f times a second on one CPU", hard->name,
			  hard->what, (double)n / seconds);
	add_pressure(f, M_IRQ_PRESSURE, a, b, PRESSURE_IRQ, "");
	buf_free(&most_soft);
}

/** facts_hot() - Time in which a CPU was slowed down, as it was too hot. */
void facts_hot(struct facts *f, const struct machine *a, const struct machine *b)
{
	double window = (double)grown(a->time, b->time) / 1e6;
	const struct cpu *worst = NULL;
	double most = 0;
	size_t i;

	for (i = 0; window > 0 && i < b->nr_cpus; i++) {
		const struct cpu *before = same_cpu(a, &b->cpus[i]);
		double part;

		if (!before || !before->has_hot || !b->cpus[i].has_hot)
			continue;
		part = percent((double)grown(before->hot_ms, b->cpus[i].hot_ms), window);
		if (worst && part <= most)
			continue;
		most = part;
		worst = &b->cpus[i];
	}
	if (worst)
		facts_add(f, M_CPU_HOT, "", most,
			  "CPU %u was too hot, and slowed down, in %.1f %% of the time", worst->id,
			  most);
}

/* Percent of its time from which on a CPU would run faster, if it could. */
#define BUSY_LEAST	90

/* How fast a CPU ran while it did, and how fast it should. */
struct speed {
	const struct cpu *cpu;
	double		busy;		/* percent of the time */
	double		ghz;
	double		base;		/* GHz */
	double		below;		/* percent of the base */
};

/* Return: whether it was counted, and the CPU was busy. */
static bool find_speed(struct speed *s, const struct machine *a, const struct cpu *c)
{
	const struct cpu *before = same_cpu(a, c);
	double aperf, mperf, ns;
	struct use u;

	if (!before || !before->counted)
		return false;
	u = use_of(before->ticks, c->ticks);
	aperf = (double)grown(before->aperf, c->aperf);
	mperf = (double)grown(before->mperf, c->mperf);
	ns = (double)grown(before->counted, c->counted);
	s->cpu = c;
	s->busy = busy_part(&u);
	if (s->busy < BUSY_LEAST || mperf <= 0 || ns <= 0)
		return false;
	s->base = (double)grown(before->tsc, c->tsc) / ns;
	s->ghz = s->base * aperf / mperf;
	/* Slow cores of a machine with two kinds have a base below the TSC's. */
	if (c->base_khz)
		s->base = (double)c->base_khz / 1e6;
	s->below = s->ghz < s->base ? percent(s->base - s->ghz, s->base) : 0;
	return s->base > 0;
}

/** facts_slow() - How far a busy CPU ran below the frequency that it can always have. */
void facts_slow(struct facts *f, const struct machine *a, const struct machine *b)
{
	struct speed worst = {};
	struct speed s;
	char why[80] = "";
	size_t i;

	for (i = 0; i < b->nr_cpus; i++)
		if (find_speed(&s, a, &b->cpus[i]) && (!worst.cpu || s.below > worst.below))
			worst = s;
	if (!worst.cpu)
		return;
	if (worst.cpu->allowed_khz && (double)worst.cpu->allowed_khz / 1e6 < worst.base)
		snprintf(why, sizeof(why), "; cpufreq allows %.2f GHz",
			 (double)worst.cpu->allowed_khz / 1e6);
	facts_add(f, M_CPU_SLOW, "", worst.below,
		  "CPU %u, busy for %.0f %% of the time, ran at %.2f GHz on average; its base is %.2f GHz%s",
		  worst.cpu->id, worst.busy, worst.ghz, worst.base, why);
}
