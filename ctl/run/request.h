/* SPDX-License-Identifier: GPL-2.0 */
/* Options as a request to the kernel. */
#ifndef OBSCTL_REQUEST_H
#define OBSCTL_REQUEST_H

#include "lib/opts.h"
#include "proto/model.h"

struct nl;
struct run_spec;
struct view;

void request_fill(struct request *req, const char *source, const char *mode,
		  const char *const *usual, const struct opts *o);
int request_make(struct nl *nl, struct run_spec *spec, struct view *v, struct session *s);

#endif
