// SPDX-License-Identifier: GPL-2.0
/* obsctl pmu list: which events there are. */

#include <stdio.h>
#include <string.h>

#include "cmd/pmu/event.h"
#include "cmd/pmu/pmu.h"
#include "lib/diag.h"
#include "report/outfile.h"
#include "report/writer.h"
#include "symbols/patterns.h"

static bool wanted(const struct pmu_name *n, const struct opts *o)
{
	char glob[300];
	size_t i;

	if (!o->nr_args)
		return true;
	for (i = 0; i < o->nr_args; i++) {
		/* A word stands for all names with it. */
		snprintf(glob, sizeof(glob), strpbrk(o->args[i], "*?[") ? "%s" : "*%s*",
			 o->args[i]);
		if (glob_match(glob, n->name) || !strcmp(n->kind, o->args[i]))
			return true;
	}
	return false;
}

/** pmu_list() - Return: the exit status. */
int pmu_list(const struct verb *verb, const struct opts *o)
{
	struct pmu_names all = {};
	struct output to;
	struct out out;
	size_t shown = 0;
	size_t lacking = 0;
	size_t i;
	int err = output_open(&to, NULL);

	if (err)
		return err;
	pmu_names_get(&all);
	output_begin(&to, &out, o->json);
	out.columns = 0;	/* sentences are not cut */
	out_open(&out, NULL, '{');
	out_json_bool(&out, "hardware", pmu_has_hardware());
	out_table_begin(&out, "events");
	for (i = 0; i < all.n; i++) {
		bool here;

		if (!wanted(&all.v[i], o))
			continue;
		here = pmu_counts(all.v[i].name);
		lacking += !here;
		shown++;
		out_row_begin(&out);
		out_cell_text(&out, "name", "EVENT", all.v[i].name);
		out_cell_text(&out, "kind", "KIND", all.v[i].kind);
		out_cell_aside(&out, "HERE", here ? "yes" : "no", false);
		out_json_bool(&out, "available", here);
		out_cell_text(&out, "doc", "WHAT IT COUNTS", all.v[i].doc);
		out_row_end(&out);
	}
	out_table_end(&out);
	out_close(&out, '}');
	out_newline(&out);
	if (!shown && !o->json)
		err = refuse("no event's name matches '%s'", o->args[0]);
	else if (lacking)
		out_line(&out, "\nHERE no: this machine cannot count %zu of %zu events.", lacking,
			 shown);
	if (shown && !o->json)
		out_line(&out, "\nRaw events: rNNN, or PMU/event=0x3c,umask=0x0/. Modifiers: :u user, :k kernel, :h hypervisor, :p precise.%s",
			 pmu_has_hardware() ? "" :
			 "\nThe CPU's PMU is not there: only software events count.");
	if (!pmu_lib_available())
		out_line(&out, "\nlibpfm4 is not installed: events of the CPU's vendor are not listed.");
	out_free(&out);
	pmu_names_free(&all);
	return err ? err : output_close(&to);
}
