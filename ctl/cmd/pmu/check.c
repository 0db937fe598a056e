// SPDX-License-Identifier: GPL-2.0
/* obsctl pmu branch --check: how deep and how good the records are that the CPU makes. */

#include <string.h>

#include "cmd/pmu/edges.h"

/* One that found no row for one of its branches is lost, but was looked at. */
static uint64_t samples_folded(const struct session *s)
{
	uint64_t n = s->recorded;
	size_t i;

	for (i = 0; i < s->nr_lost; i++)
		if (!strcmp(s->lost[i].reason, "table_full"))
			n += s->lost[i].count;
	return n ? n : 1;
}

/** edges_print_check() - How good the records are that the CPU makes. */
void edges_print_check(struct edges *e, const struct session *s, struct out *o)
{
	double entries = e->entries ? (double)e->entries : 1;
	double samples = (double)samples_folded(s);
	uint64_t deepest = model_note_number(s, "deepest");
	uint64_t truncated = model_note_number(s, "truncated");
	uint64_t empty = model_note_number(s, "empty");
	double depth = (double)e->entries / samples;
	uint64_t blocks = 0;
	size_t i;

	for (i = 0; i < e->nr_blocks; i++)
		blocks += e->block[i].count;
	out_open(o, "check", '{');
	out_json_number(o, "entries", e->entries);
	out_json_number(o, "depth", deepest);
	out_json_real(o, "entries_per_sample", depth);
	out_json_real(o, "truncated_share", (double)truncated / samples);
	out_json_real(o, "empty_share", (double)empty / samples);
	out_json_real(o, "kernel_share", (double)e->kernel / entries);
	out_json_real(o, "mispredicted_share", (double)e->mispredicted / entries);
	out_json_real(o, "timed_share", (double)e->timed / entries);
	out_json_real(o, "run_share", (double)blocks / entries);
	out_close(o, '}');
	out_line(o, "%.1f branches per sample, maximum %llu", depth,
		 (unsigned long long)deepest);
	out_line(o, "%.1f %% of the samples truncated, %.1f %% without a branch",
		 (double)truncated * 100 / samples, (double)empty * 100 / samples);
	out_line(o, "%.1f %% of the branches in the kernel", (double)e->kernel * 100 / entries);
	out_line(o, "%.1f %% mispredicted%s", (double)e->mispredicted * 100 / entries,
		 e->predictions ? "" : ": not recorded by this CPU");
	out_line(o, "%.1f %% with cycles%s", (double)e->timed * 100 / entries,
		 e->timed ? "" : ": not recorded by this CPU");
	out_line(o, "%.1f %% followed by a straight run to the next branch",
		 (double)blocks * 100 / entries);
}
