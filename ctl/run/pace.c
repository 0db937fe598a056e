// SPDX-License-Identifier: GPL-2.0
/*
 * When the next report of -i is due. A report of tens of thousands of rows can
 * take longer to make than the interval: obsctl would keep a CPU busy and
 * disturb what it observes. It takes half of a CPU at most, by longer intervals.
 */

#include <time.h>

#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "run/pace.h"

/** pace_start() - Reports are due every so many ns from @now on. */
void pace_start(struct pace *p, uint64_t every, uint64_t now)
{
	*p = (struct pace){ .asked = every, .every = every, .next = now + every };
}

/** pace_change() - From now on reports are due every so many ns, if they do not take too long. */
void pace_change(struct pace *p, uint64_t every, uint64_t now)
{
	p->asked = every;
	p->every = every;
	if (p->next)
		p->next = now + every;
}

/** pace_begin() - A report is being made. @cpu: time that the process has used. */
void pace_begin(struct pace *p, uint64_t cpu)
{
	p->cpu = cpu;
}

/**
 * pace_end() - A report was made. The first one reads symbols and does not count.
 *
 * One that took more than half of an interval makes the interval longer, as long
 * as they do.
 */
void pace_end(struct pace *p, uint64_t cpu, uint64_t now)
{
	uint64_t took = cpu - p->cpu;
	char every[32];

	if (p->begun && took * 2 > p->every) {
		bool first = p->every == p->asked;

		p->every = took * 2;
		p->next = now + took;
		if (first)
			note("Reports take long: one every %s now, so that obsctl leaves half of a CPU free.",
			     format_ns(every, sizeof(every), (double)p->every));
		return;
	}
	p->begun = true;
	if (took * 4 < p->every)
		p->every = took * 2 > p->asked ? took * 2 : p->asked;
	p->next += p->every;
	if (p->next < now)
		p->next = now + p->every;
}

/** pace_cpu() - Return: ns that this process has run. */
uint64_t pace_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}
