// SPDX-License-Identifier: GPL-2.0
/*
 * Readings of the system: what /proc says, at a period, from before a command begins
 * to after its end, or for some time, or until Ctrl-C.
 */

#include <errno.h>
#include <poll.h>

#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "run/live_report.h"
#include "run/readings.h"
#include "top/live.h"

#define PERIOD_MOST	(NSEC_PER_SEC / 4)
#define PERIOD_LEAST	(50 * 1000 * 1000ull)
#define READINGS	20

/** readings_period() - Return: ns between readings, so that there are enough of them. */
uint64_t readings_period(const struct opts *o)
{
	uint64_t period = o->duration.given ? o->duration.value / READINGS : PERIOD_MOST;

	if (o->interval.given && o->interval.value < period)
		period = o->interval.value;
	if (period > PERIOD_MOST)
		period = PERIOD_MOST;
	return period < PERIOD_LEAST ? PERIOD_LEAST : period;
}

/**
 * readings_begin() - Be ready for signals; before anything that they could interrupt.
 *
 * Return: 0, or an exit status if there cannot be the screen that was asked for.
 */
int readings_begin(struct readings *r)
{
	int err = live_check(r->o, &r->live);

	if (err)
		return err;
	r->child.screen = r->live;
	r->child.aside = r->o->json && !r->o->output;
	signals_block(&r->signals, r->live);
	return 0;
}

static void take_keys(struct readings *r)
{
	unsigned int actions = live_keys();

	r->ended |= actions & TOP_QUIT;
	if (actions & TOP_PACE)
		live_pace(&r->pace);
}

static int wait_until(struct readings *r, uint64_t when)
{
	struct pollfd fds[] = {
		{ .fd = r->signals.fd, .events = POLLIN },
		{ .fd = live_fd(), .events = POLLIN },
	};

	while (!r->ended) {
		uint64_t now = now_ns();

		if (now >= when)
			break;
		if (poll(fds, ARRAY_SIZE(fds), (int)((when - now) / 1000000) + 1) < 0) {
			if (errno != EINTR)
				return refuse("waiting failed: %m");
			continue;
		}
		r->ended |= signals_read(&r->signals, &r->child);
		/* A terminal that is gone has no more keys. */
		r->ended |= fds[1].fd >= 0 && fds[1].revents & ~POLLIN;
		take_keys(r);
	}
	return 0;
}

static int watch(struct readings *r)
{
	const struct opts *o = r->o;
	uint64_t begin = now_ns();
	uint64_t end = o->duration.given ? begin + o->duration.value : UINT64_MAX;
	uint64_t next = begin + r->period;
	int err = 0;

	if (o->interval.given || o->live)
		pace_start(&r->pace, live_interval(o), begin);
	while (!err && !r->ended) {
		err = wait_until(r, next < end ? next : end);
		/* Not from when this one was due: a step counts more if it took less time. */
		next = now_ns() + r->period;
		r->ended |= now_ns() >= end;
		if (!err && r->ended && r->stop)
			err = r->stop(r->arg);
		if (!err)
			err = r->take(r->arg);
		if (!err && !r->ended && r->pace.next && now_ns() >= r->pace.next) {
			pace_begin(&r->pace, pace_cpu());
			err = r->report(r->arg, true);
			live_pace_end(&r->pace, r->live);
		}
	}
	return err;
}

/** readings_run() - Take readings until the end. Return: 0 or an exit status. */
int readings_run(struct readings *r)
{
	const struct opts *o = r->o;
	int err = child_prepare(&r->child, o->command, &r->signals.old_mask);

	if (!err)
		err = r->take(r->arg);
	if (!err)
		err = child_begin(&r->child, o->command ? o->command[0] : "");
	r->live = !err && r->live && live_open(live_interval(o));
	return err ? err : watch(r);
}

/**
 * readings_show() - Show an interim report on the screen.
 * @account: whose hits are accounted for; NULL for none
 * @to: what it was printed to
 * @duration: ns that it is about
 */
void readings_show(struct readings *r, struct report *account, struct output *to,
		   uint64_t duration)
{
	to->grid->duration = duration;
	live_report_end(account, to, &r->pace, 0);
}

/** readings_end() - Signals do again what they did before. */
void readings_end(struct readings *r)
{
	live_close();
	child_output(&r->child);
	signals_unblock(&r->signals);
}

/** readings_release() - Release the command and what readings_begin() made. */
void readings_release(struct readings *r)
{
	child_release(&r->child);
	signals_close(&r->signals);
}
