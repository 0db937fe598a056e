/* SPDX-License-Identifier: GPL-2.0 */
/* Percentiles and bars of a histogram. */
#ifndef OBSCTL_HIST_H
#define OBSCTL_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "proto/model.h"
#include "report/writer.h"

#define HIST_BAR_WIDTH	40

/* A line of a bar chart. */
struct hist_bar {
	uint64_t	lo;
	uint64_t	hi;
	uint64_t	count;
};

uint64_t hist_percentile(const struct row *row, double part);
size_t hist_bars(const struct row *row, struct hist_bar *bars, size_t max);
void hist_draw(struct buf *line, uint64_t count, uint64_t most, bool utf8);
bool hist_terminal_is_utf8(void);
void hist_print_percentiles(const struct row *row, struct out *o, const char *unit);
void hist_print_json(const struct row *row, struct out *o);

#endif
