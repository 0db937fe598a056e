// SPDX-License-Identifier: GPL-2.0
/* What 'mem user --passive' prints, of processes and of a saved report. */

#include "cmd/mem/mem.h"
#include "cmd/mem/rss.h"
#include "lib/format.h"
#include "report/outfile.h"
#include "report/report.h"

/** user_print_passive() - What the processes have resident. @duration: of the readings, ns */
void user_print_passive(const struct rss_series *s, const struct numbers *pids, uint64_t duration,
			bool interim, struct out *o)
{
	char took[32], total[32];
	struct buf list = {};
	size_t i;

	out_json_number(o, "duration_ns", duration);
	out_json_number(o, "readings", s->readings);
	out_open(o, "pids", '[');
	for (i = 0; i < pids->n; i++) {
		out_json_number(o, NULL, pids->v[i]);
		buf_printf(&list, "%s%llu", i ? ", " : "", (unsigned long long)pids->v[i]);
	}
	out_close(o, ']');
	out_json_number(o, "resident", rss_resident(&s->last));
	out_line(o, "mem user, %s%s, %llu readings of /proc/PID/smaps, only pid %s: %s resident\n",
		 format_ns(took, sizeof(took), (double)duration), interim ? " so far" : "",
		 (unsigned long long)s->readings, pids->n ? list.p : "-",
		 format_bytes(total, sizeof(total), rss_resident(&s->last)));
	rss_print_rows(s, o);
	out_line(o, "\nSURE: confidence that BYTES/S is not 0. Which code allocates it: obsctl mem user -p %llu -d 60",
		 pids->n ? (unsigned long long)pids->v[0] : 0);
	buf_free(&list);
}

/** mem_user_show() - A saved report. Return: 0, or an exit status after a sentence. */
int mem_user_show(struct report *r, const struct output *to)
{
	const json_t *root = r->saved->root;
	struct rss_series s = {
		.readings = json_unsigned(json_object_get(root, "readings")),
	};
	struct numbers pids = {};
	struct out o;
	json_t *pid;
	size_t i;

	json_array_foreach(json_object_get(root, "pids"), i, pid)
		numbers_add(&pids, json_unsigned(pid));
	rss_restore_rows(&s, json_object_get(root, "rows"));
	output_begin(to, &o, false);
	user_print_passive(&s, &pids, r->session->duration, r->interim, &o);
	out_free(&o);
	numbers_free(&pids);
	return output_flush(to);
}
