/* SPDX-License-Identifier: GPL-2.0 */
/* The reports of 'slab leaks', 'mem leaks' and 'mem user'. */
#ifndef OBSCTL_SLAB_LEAKS_H
#define OBSCTL_SLAB_LEAKS_H

#include "report/report.h"

extern const struct report_kind slab_leaks_report;
extern const struct report_kind mem_page_report;
extern const struct report_kind mem_percpu_report;
extern const struct report_kind mem_vmalloc_report;
extern const struct report_kind mem_user_report;

size_t slab_figure(const struct mode *m, const char *name);

#endif
