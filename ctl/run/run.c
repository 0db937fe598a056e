// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a session: configure, start, wait, report while it runs, stop,
 * report. It ends at its duration, with its command, at SIGINT or SIGTERM, or
 * when the kernel stops it.
 *
 * Two sockets: the session belongs to the first, which also gets a stream's
 * records; reports are read over the second. Whatever goes wrong, the first is
 * closed at the end, and with it the session is gone.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/diag.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/progress.h"
#include "report/report.h"
#include "run/aside.h"
#include "run/kept_out.h"
#include "run/live_report.h"
#include "run/request.h"
#include "run/run_state.h"
#include "run/settle.h"
#include "run/started.h"
#include "top/live.h"

/* A stream whose end has not come is given up when nothing came for so long. */
#define STREAM_QUIET_MS	10000
#define WATCH_NS	(20 * 1000 * 1000)
#define LOOK_NS		(50 * 1000 * 1000)

static const char *on_notify(struct nlmsghdr *msg, void *arg)
{
	struct session s = {};
	struct run *r = arg;
	const char *bad;

	switch (model_message_command(msg)) {
	case KOBS_CMD_RECORD_NTF:
	case KOBS_CMD_LOST_NTF:
		return r->stream ? trace_message(&r->trace, msg) : NULL;
	case KOBS_CMD_SESSION_NTF:
		bad = model_parse_session(msg, &s);
		if (!bad && s.id == r->session.id && s.state == KOBS_STATE_STOPPED) {
			r->ended = true;
			r->delivered = true;
			run_take_session(r, &s);
			return NULL;
		}
		model_free_session(&s);
		return bad;
	}
	return NULL;
}

static const struct opts *asked_of(const struct run *r)
{
	return r->spec->observed ? r->spec->observed : r->o;
}

static bool names_user_code(const struct run *r)
{
	return r->spec->user_code || view_names_user_code(&r->view);
}

static int make_session(struct run *r)
{
	struct beside *beside = r->spec->beside;
	int err = 0;

	request_fill(&r->spec->request, r->spec->source, r->spec->mode, r->spec->usual, r->o);
	if (r->spec->prepare)
		err = r->spec->prepare(r->spec, &r->view, r->child.pid);
	if (err)
		return err;
	err = attach_new(&r->attach, r->spec, &r->view, &r->session);
	if (!err)
		err = kept_out_check(r->spec->targets, &r->session) ?:
		      kept_out_check(r->spec->more_targets, &r->session);
	if (!err)
		err = view_bind(&r->view, &r->session);
	if (!err)
		err = view_choose_frames(&r->view, r->o);
	if (!err)
		err = tasks_check(asked_of(r), names_user_code(r));
	if (!err && beside)
		err = aside_new(&beside->aside, &beside->spec, &beside->o, &r->signals, &r->child);
	return err;
}

static int start_session(struct run *r)
{
	struct session fresh = {};
	int err = 0;

	if (names_user_code(r) && !r->o->detach)
		sideband_follow(&r->sideband, &r->view.usyms, &asked_of(r)->pids);
	r->trace.print = r->spec->record;
	r->trace.rows = r->spec->rows;
	r->trace.arg = r->spec->arg;
	r->trace.gather = r->spec->gather;
	r->trace.max = r->spec->rows || r->spec->gather ? 0 : r->o->top.value;
	r->trace.form = r->spec->rows ? NULL : trace_form_of(r->o->format);
	if (r->stream)
		trace_init(&r->trace, &r->view, &r->data, r->session.id, r->output.file,
			   r->o->json);
	r->own.notify = on_notify;
	r->own.notify_arg = r;
	if (r->spec->beside)
		err = aside_start(&r->spec->beside->aside);
	if (!err)
		err = attach_start(&r->attach, &r->session, r->o->detach, &fresh);
	if (err)
		return err;
	run_take_session(r, &fresh);
	absent_find(&r->absent, &r->session.filter);
	if (tasks_open(&r->tasks, asked_of(r)))
		r->next_look = now_ns();
	if (r->o->duration.given)
		r->deadline = now_ns() + r->o->duration.value;
	if (r->spec->watch)
		r->next_watch = now_ns();
	if (r->o->interval.given || r->o->live)
		pace_start(&r->pace, live_interval(r->o), now_ns());
	return child_begin(&r->child, r->o->command ? r->o->command[0] : "");
}

static void take_keys(struct run *r, short events)
{
	unsigned int actions = live_keys();

	/* A terminal that is gone has no more keys. */
	r->ended |= actions & TOP_QUIT || events & ~POLLIN;
	if (actions & TOP_PACE)
		live_pace(&r->pace);
}

static int watch(void *arg)
{
	struct run *r = arg;
	struct session fresh = {};
	int err = model_session_get(&r->data, r->session.id, NULL, &fresh);

	if (err)
		return err;
	run_take_session(r, &fresh);
	if (r->spec->watch(r->spec, &r->session))
		r->ended = true;
	r->next_watch = now_ns() + WATCH_NS;
	return 0;
}

static int next_timeout(const struct run *r)
{
	uint64_t times[] = {
		r->deadline, r->pace.next, r->next_watch, r->next_look,
	};

	return timeout_ms(times, ARRAY_SIZE(times));
}

/* Take some of the messages that are there; then print what is in order. */
static int receive(struct run *r)
{
	struct pollfd fd = { .fd = nl_socket_get_fd(r->own.sock), .events = POLLIN };
	int i;

	for (i = 0; i < 64 && poll(&fd, 1, 0) > 0; i++) {
		r->own.error = 0;
		if (nl_receive(&r->own) || r->own.error)
			return nl_refuse(&r->own, "receiving records");
	}
	sideband_read(&r->sideband, &r->view.usyms);
	if (r->stream)
		trace_flush(&r->trace, false);
	r->ended |= trace_is_full(&r->trace);
	return ferror(r->output.file) ? output_flush(&r->output) : 0;
}

static int wait_session(struct run *r)
{
	struct pollfd fds[] = {
		{ .fd = r->signals.fd, .events = POLLIN },
		{ .fd = nl_socket_get_fd(r->own.sock), .events = POLLIN },
		{ .fd = r->sideband.n ? r->sideband.poll : -1, .events = POLLIN },
		{ .fd = live_fd(), .events = POLLIN },
	};
	int err = 0;

	while (!err && !r->ended) {
		int ready = poll(fds, ARRAY_SIZE(fds), next_timeout(r));
		uint64_t now = now_ns();

		if (ready < 0 && errno != EINTR)
			return refuse("waiting failed: %m");
		if (ready > 0 && fds[2].revents)
			sideband_read(&r->sideband, &r->view.usyms);
		if (ready > 0 && fds[1].revents)
			err = receive(r);
		if (ready > 0 && fds[0].revents)
			r->ended |= signals_read(&r->signals, &r->child);
		if (ready > 0 && fds[3].revents)
			take_keys(r, fds[3].revents);
		if (r->deadline && now >= r->deadline)
			break;
		if (r->next_look && now >= r->next_look) {
			r->ended |= tasks_ended(&r->tasks);
			r->next_look = now + LOOK_NS;
		}
		if (!err && r->next_watch && now >= r->next_watch)
			err = watch(r);
		if (!err && !r->ended && r->pace.next && now >= r->pace.next)
			err = run_interim_report(r);
	}
	return err;
}

/* What the session's end puts an end to. */
static int before_stop(struct run *r)
{
	struct session fresh = {};
	int err;

	if (!r->spec->ending)
		return 0;
	err = model_session_get(&r->data, r->session.id, NULL, &fresh);
	if (err)
		return err;
	run_take_session(r, &fresh);
	return r->spec->ending(r->spec, &r->data, &r->view, &r->session);
}

/*
 * A stream's last records may follow the answer to session-stop, by much when
 * printing them is slow: only the kernel's silence ends the wait.
 */
static int finish_stream(struct run *r)
{
	struct pollfd fd = { .fd = nl_socket_get_fd(r->own.sock), .events = POLLIN };
	/* On a terminal the records themselves are seen, unless rows are made of them. */
	bool told = r->trace.rows || !isatty(fileno(r->output.file));
	int ready;
	int err = 0;

	progress_begin(r->trace.rows ? "Unwinding stacks" : "Receiving records");
	while (!err && !r->delivered) {
		if (told)
			progress_at(trace_done(&r->trace), r->session.recorded);
		ready = poll(&fd, 1, STREAM_QUIET_MS);
		if (ready > 0)
			err = receive(r);
		else if (!ready || errno != EINTR)
			break;
	}
	progress_end();
	trace_flush(&r->trace, true);
	return err;
}

static int stop_session(struct run *r)
{
	struct session fresh = {};
	int err;

	err = model_session_stop(&r->own, r->session.id, &fresh);
	if (err)
		return err;
	run_take_session(r, &fresh);
	if (r->spec->watch)
		r->spec->watch(r->spec, &r->session);
	if (r->spec->beside)
		err = aside_stop(&r->spec->beside->aside);
	if (err || !r->stream)
		return err;
	err = finish_stream(r);
	/* What was delivered is known only now. */
	if (!err)
		err = model_session_get(&r->data, r->session.id, NULL, &fresh);
	if (!err)
		run_take_session(r, &fresh);
	return err;
}

static int run_started(struct run *r)
{
	struct session fresh = {};
	int verdict = 0;
	int err;

	say_started(r->o, &r->session, &r->view, r->live || r->child.pid);
	if (r->o->detach)
		return 0;
	r->live = r->live && live_open(r->pace.asked);
	err = wait_session(r);
	if (!err && r->spec->settling && !r->signals.asked)
		err = settle(r->spec, &r->signals, &r->child, &r->data, &r->view, r->session.id,
			     watch, r);
	live_close();
	child_output(&r->child);
	signals_unblock(&r->signals);
	if (!err)
		err = before_stop(r);
	if (!err)
		err = stop_session(r);
	if (!err && r->o->html) {
		page_begin(&r->page, r->o);
		err = run_report(r, false, &r->page, NULL);
		err = err ? err : page_save(&r->page);
		/* Rows that are made here add what was lost to the session's account: once. */
		if (!err && r->spec->rows)
			err = model_session_get(&r->data, r->session.id, NULL, &fresh);
		if (!err && r->spec->rows)
			run_take_session(r, &fresh);
	}
	if (!err && r->stream && !r->spec->rows)
		err = run_trace_report(r, &verdict);
	else if (!err)
		err = run_report(r, false, NULL, &verdict);
	if (!err)
		err = model_session_del(&r->own, &r->session);
	return err ? err : verdict;
}

static int prepare(struct run *r)
{
	const struct mode *mode;
	int err;

	err = output_for(&r->output, r->o);
	if (!err)
		err = picture_open(&r->picture, r->o->flame);
	if (!err)
		err = page_open(&r->page, r->o->html);
	if (!err)
		err = nl_open(&r->own);
	if (!err)
		err = nl_open(&r->data);
	if (!err)
		err = view_init(&r->view, &r->data);
	if (err)
		return err;
	r->view.targets = r->spec->targets;
	mode = model_find_mode(model_find_source(&r->view.sources, r->spec->source),
			       r->spec->mode);
	if (!mode)
		return refuse("this module has no '%s %s'", r->spec->source, r->spec->mode);
	r->stream = mode->stream;
	return 0;
}

/** run_session() - Run a session as the options say. Return: the exit status. */
int run_session(struct run_spec *spec, const struct opts *o)
{
	struct run r = {
		.o = o, .spec = spec,
		.attach = { .nl = &r.own, .signals = &r.signals, .child = &r.child },
	};
	/* What a program reads from standard output is not mixed with the command's. */
	bool aside = !o->output && (o->json || o->folded || o->format);
	int closed;
	int err;

	err = live_check(o, &r.live);
	if (err)
		return err;
	signals_block(&r.signals, r.live);
	r.child.aside = aside;
	r.child.screen = r.live;
	err = prepare(&r);
	if (!err)
		err = child_prepare(&r.child, o->command, &r.signals.old_mask);
	if (!err)
		err = make_session(&r);
	if (!err)
		err = start_session(&r);
	if (!err)
		err = run_started(&r);
	/* Closing the socket would end it too, but some time after obsctl. */
	live_close();
	if (err)
		model_session_drop(&r.own, &r.session);
	if (spec->beside)
		aside_close(&spec->beside->aside);
	child_release(&r.child);
	nl_shut(&r.own);
	nl_shut(&r.data);
	picture_close(&r.picture);
	page_close(&r.page);
	closed = output_close(&r.output);
	tasks_close(&r.tasks);
	sideband_close(&r.sideband);
	absent_free(&r.absent);
	run_free_table(r.shown);
	trace_free(&r.trace);
	rates_free(&r.rates);
	model_free_session(&r.session);
	view_free(&r.view);
	signals_close(&r.signals);
	return err ? err : closed;
}
