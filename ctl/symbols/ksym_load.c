// SPDX-License-Identifier: GPL-2.0
/* All text symbols of the kernel and its modules, for what does not know its addresses before. */

#include "symbols/kallsyms.h"
#include "symbols/ksyms.h"

/** ksyms_load_from() - Load every text symbol of an open file, and close it. */
void ksyms_load_from(struct ksyms *k, struct kallsyms *from)
{
	ksym_all_free(&k->all);
	modules_read(&k->modules, k->modules_path);
	ksym_all_read(&k->all, from, &k->modules);
	k->kernel_end = from->kernel_end;
	k->all_cached = from->cached;
	k->hidden = !from->shown;
	kallsyms_close(from);
}

/**
 * ksyms_load_all() - Load every text symbol: some 40 bytes for each.
 *
 * Those of code generated at run time follow when ksyms_find() needs them.
 */
void ksyms_load_all(struct ksyms *k)
{
	struct kallsyms from;

	if (!k->all.n && !kallsyms_open(&from, k->path))
		ksyms_load_from(k, &from);
}

/** ksyms_load_live() - Load every text symbol, those of code generated at run time included. */
void ksyms_load_live(struct ksyms *k)
{
	struct kallsyms from;

	if ((!k->all.n || k->all_cached) && !kallsyms_open_live(&from, k->path))
		ksyms_load_from(k, &from);
}

/** ksyms_follow() - Load them again if @address is code of a module that came meanwhile. */
void ksyms_follow(struct ksyms *k, uint64_t address)
{
	struct kallsyms from;
	size_t i;

	for (i = 0; i < k->modules.n; i++)
		if (address >= k->modules.v[i].start && address < k->modules.v[i].end)
			return;
	if (address >= k->kernel_end && !kallsyms_open_live(&from, k->path))
		ksyms_load_from(k, &from);
}
