/* SPDX-License-Identifier: GPL-2.0 */
/* A session that is run, for the files that do so. */
#ifndef OBSCTL_RUN_STATE_H
#define OBSCTL_RUN_STATE_H

#include "proto/nl.h"
#include "report/absent.h"
#include "report/page.h"
#include "report/picture.h"
#include "report/rates.h"
#include "run/attach.h"
#include "run/pace.h"
#include "run/run.h"
#include "run/signals.h"
#include "run/stream.h"
#include "run/tasks.h"
#include "run/workload.h"
#include "symbols/sideband.h"

struct run {
	const struct opts *o;
	struct run_spec	*spec;
	struct nl	own;		/* the session's socket */
	struct nl	data;
	struct view	view;
	struct session	session;
	struct trace	trace;
	struct rates	rates;
	struct child	child;
	struct output	output;
	struct picture	picture;
	struct page	page;
	struct signals	signals;
	struct attach	attach;
	bool		stream;
	bool		live;		/* interim reports are shown on a screen */
	struct table	*shown;		/* what the screen shows; or NULL */
	bool		ended;		/* by the kernel, a signal or the command */
	bool		delivered;	/* a stream's last record came */
	/* Times on CLOCK_MONOTONIC; 0 when there is none. */
	uint64_t	deadline;
	uint64_t	next_watch;
	uint64_t	next_look;	/* for the end of the tasks */
	struct pace	pace;
	struct sideband	sideband;	/* of the processes whose code is to be named */
	struct tasks	tasks;
	struct absent	absent;		/* of the filter, at the start */
};

void run_take_session(struct run *r, struct session *fresh);
int run_report(struct run *r, bool interim, struct page *page, int *verdict);
int run_interim_report(struct run *r);
int run_trace_report(struct run *r, int *verdict);
void run_free_table(struct table *t);

#endif
