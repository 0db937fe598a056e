/* SPDX-License-Identifier: GPL-2.0 */
/* --module of the verbs 'leaks'. */
#ifndef OBSCTL_MODULE_WATCH_H
#define OBSCTL_MODULE_WATCH_H

#include "lib/buf.h"
#include "run/run.h"

/* A module; zeroed when none is followed. */
struct module_watch {
	char		name[64];
	struct numbers	text;		/* pairs of addresses */
	bool		loaded;
	bool		seen;		/* it was there at some time */
	uint64_t	gone;		/* since when; 0 when it is not */
};

int module_watch_misuse(const char *name);
void module_watch_find(struct module_watch *w, const char *name);
void module_watch_limit(const struct module_watch *w, struct request *req);
bool module_watch_look(struct module_watch *w, const struct session *s);
bool module_watch_is_gone(const struct module_watch *w);
void module_watch_follow(struct module_watch *w, struct run_spec *spec, const char *name);
int module_watch_check(const struct module_watch *w, const struct opts *o);
void module_watch_free(struct module_watch *w);

#endif
