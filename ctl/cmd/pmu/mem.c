// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl pmu mem: the data that sampled instructions accessed, by slab cache and by variable, and
 * how long it took.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/pmu/pmu.h"
#include "cmd/pmu/setup.h"
#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"

/*
 * Events whose samples have addresses, by what PMUs show in sysfs: Intel's loads that took long
 * and stores (PEBS), and AMD's sampled operations (IBS). Processors that have mem-loads-aux take
 * loads in a group with it only, which perf opens for no kernel module.
 */
static const struct {
	const char	*file;
	const char	*group;
	const char	*event;
} usual[] = {
	{ "cpu/events/mem-loads", "cpu/events/mem-loads-aux", "cpu/mem-loads/pp" },
	{ "cpu/events/mem-stores", "", "cpu/mem-stores/pp" },
	{ "cpu_core/events/mem-loads", "cpu_core/events/mem-loads-aux", "cpu_core/mem-loads/pp" },
	{ "cpu_core/events/mem-stores", "", "cpu_core/mem-stores/pp" },
	{ "ibs_op/type", "", "ibs_op//" },
};

static bool has_file(const char *name)
{
	char path[300];
	char line[256];

	snprintf(path, sizeof(path), "%s/%s", pmu_sysfs, name);
	return *name && read_file(path, line, sizeof(line)) >= 0;
}

/** pmu_mem_events() - The events that this machine has for it, if none are given. */
int pmu_mem_events(struct pmu_events *events)
{
	const char *without = NULL;
	int err = 0;
	size_t i;

	for (i = 0; !err && i < ARRAY_SIZE(usual); i++) {
		if (!has_file(usual[i].file))
			continue;
		if (has_file(usual[i].group))
			without = usual[i].event;
		else
			err = pmu_events_add(events, usual[i].event);
	}
	if (err)
		return err;
	if (!events->n)
		return refuse("pmu mem needs an event whose samples have addresses: this machine has neither Intel's cpu/mem-stores/ nor AMD's ibs_op// (hypervisors hide them); -e chooses another one, such as page-faults");
	if (without)
		warn("%s is left out: this processor takes it in a group with mem-loads-aux only, which a kernel module cannot open",
		     without);
	return 0;
}

static int print_mem(struct run_spec *spec, struct report *r, const struct output *to)
{
	struct pmu_run *p = spec->arg;
	struct buf title = {};
	int err;

	pmu_title(p, r->session, &title);
	buf_puts(&title, ", weights in cycles");
	r->what = title.p;
	report_resolve(r);
	err = report_print(r, to);
	r->what = NULL;
	buf_free(&title);
	return err;
}

/** pmu_check_mem() - Return: 0, or STATUS_USAGE for options that contradict each other. */
int pmu_check_mem(const struct verb *verb, const struct opts *o)
{
	return pmu_check_samples(o->own);
}

/** pmu_mem() - Return: the exit status. */
int pmu_mem(const struct verb *verb, const struct opts *o)
{
	struct pmu_run p;
	int err = pmu_begin(&p, o, "mem");

	if (!err && !p.events.n)
		err = pmu_mem_events(&p.events);
	if (!err) {
		pmu_sample(&p, 0);
		p.spec.report = print_mem;
		err = run_session(&p.spec, &p.own);
	}
	pmu_end(&p);
	return err;
}
