// SPDX-License-Identifier: GPL-2.0
/*
 * Events by the names of libpfm4, which knows those of the CPU's vendor. It has
 * 41,000 relocations, and is loaded by what asks for an event's name.
 */

#include <linux/perf_event.h>
#include <perfmon/pfmlib.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdio.h>
#include <string.h>

#include "cmd/pmu/event.h"
#include "lib/library.h"
#include "lib/macros.h"

#define LIBPFM	"libpfm.so.4"

static struct {
	typeof(pfm_initialize)			*initialize;
	typeof(pfm_get_os_event_encoding)	*get_os_event_encoding;
	typeof(pfm_get_event_info)		*get_event_info;
	typeof(pfm_get_event_attr_info)		*get_event_attr_info;
	typeof(pfm_get_event_next)		*get_event_next;
	typeof(pfm_get_pmu_info)		*get_pmu_info;
} pfm;

static const struct library_function functions[] = {
	{ "pfm_initialize", &pfm.initialize },
	{ "pfm_get_os_event_encoding", &pfm.get_os_event_encoding },
	{ "pfm_get_event_info", &pfm.get_event_info },
	{ "pfm_get_event_attr_info", &pfm.get_event_attr_info },
	{ "pfm_get_event_next", &pfm.get_event_next },
	{ "pfm_get_pmu_info", &pfm.get_pmu_info },
};

/** pmu_lib_available() - Whether the library is installed; all other names work without. */
bool pmu_lib_available(void)
{
	static int state;

	if (!state)
		state = library_load(LIBPFM, functions, ARRAY_SIZE(functions)) &&
			pfm.initialize() == PFM_SUCCESS ? 1 : -1;
	return state > 0;
}

/** pmu_lib_event() - Find a name of libpfm4. Return: whether there is one. */
bool pmu_lib_event(const char *name, uint64_t *word)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	pfm_perf_encode_arg_t arg = { .attr = &attr, .size = sizeof(arg) };

	if (!pmu_lib_available())
		return false;
	if (pfm.get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3 | PFM_PLMH, PFM_OS_PERF_EVENT_EXT,
				      &arg) != PFM_SUCCESS)
		return false;
	word[PMU_TYPE] = attr.type;
	word[PMU_CONFIG] = attr.config;
	word[PMU_CONFIG1] = attr.config1;
	word[PMU_CONFIG2] = attr.config2;
	if (attr.exclude_user)
		word[PMU_BITS] |= PMU_NO_USER;
	if (attr.exclude_kernel)
		word[PMU_BITS] |= PMU_NO_KERNEL;
	if (attr.exclude_hv)
		word[PMU_BITS] |= PMU_NO_HV;
	word[PMU_BITS] |= (uint64_t)attr.precise_ip * PMU_PRECISE;
	return true;
}

static void add_event(struct pmu_names *n, const pfm_pmu_info_t *pmu, int idx)
{
	pfm_event_info_t info = { .size = sizeof(info) };
	bool masks = false;
	char name[256];
	int i;

	if (pfm.get_event_info(idx, PFM_OS_PERF_EVENT_EXT, &info) != PFM_SUCCESS)
		return;
	pfm_for_each_event_attr(i, &info) {
		pfm_event_attr_info_t attr = { .size = sizeof(attr) };

		if (pfm.get_event_attr_info(idx, i, PFM_OS_PERF_EVENT_EXT, &attr) != PFM_SUCCESS ||
		    attr.type != PFM_ATTR_UMASK)
			continue;
		masks = true;
		snprintf(name, sizeof(name), "%s:%s", info.name, attr.name);
		pmu_names_add(n, name, pmu->name, attr.desc);
	}
	if (!masks)
		pmu_names_add(n, info.name, pmu->name, info.desc);
}

/** pmu_lib_names() - Add the events of those CPUs and PMUs that are there. */
void pmu_lib_names(struct pmu_names *n)
{
	int pmu;

	if (!pmu_lib_available())
		return;
	pfm_for_all_pmus(pmu) {
		pfm_pmu_info_t info = { .size = sizeof(info) };
		int idx;

		/* The kernel's own generic names are known without it. */
		if (pfm.get_pmu_info(pmu, &info) != PFM_SUCCESS || !info.is_present ||
		    info.type == PFM_PMU_TYPE_OS_GENERIC || pmu == PFM_PMU_PERF_EVENT)
			continue;
		for (idx = info.first_event; idx >= 0; idx = pfm.get_event_next(idx))
			add_event(n, &info, idx);
	}
}
