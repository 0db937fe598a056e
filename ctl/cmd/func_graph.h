/* SPDX-License-Identifier: GPL-2.0 */
/* obsctl func graph, and func calls. */
#ifndef OBSCTL_FUNC_GRAPH_H
#define OBSCTL_FUNC_GRAPH_H

#include "cli/noun.h"
#include "report/report.h"

extern const struct opt_group func_group_graph;
extern const struct opt_group func_group_calls;
extern const struct opt_group func_group_over;
extern const struct report_kind func_graph_report;

void func_graph_advise(const struct session *s, struct out *o);
size_t func_graph_edges(char *const **v);
int func_graph_check(const struct verb *verb, const struct opts *o);
int func_graph(const struct verb *verb, const struct opts *o);
int func_calls(const struct verb *verb, const struct opts *o);

#endif
