// SPDX-License-Identifier: GPL-2.0
/*
 * The presets of 'mem refs': functions that take references to objects of a kind, and
 * give them back, of all kernels since 6.1. Those that a kernel does not have are left
 * out. What lib/ of the kernel has, as kobject_get(), cannot be traced.
 */

#include <stdio.h>
#include <string.h>

#include "cmd/mem/refs.h"
#include "kobs_refs.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "lib/nearest.h"

#define GETS_OF_FILES \
	"__fget_light=(ret&1)*(ret&~3) fdget=(ret&1)*(ret&~3) fdget_raw=(ret&1)*(ret&~3) fdget_pos=(ret&1)*(ret&~3) fget=ret fget_raw=ret fget_task=ret fget_task_next=ret lookup_fdget_rcu=ret task_lookup_fdget_rcu=ret task_lookup_next_fdget_rcu=ret get_file_rcu=ret get_file_active=ret"

const struct refs_preset refs_presets[] = {
	{
		.name = "file",
		.doc = "open files, by fget() and fput()",
		.functions = {
			[KOBS_REFS_NEW] = "alloc_empty_file=ret",
			[KOBS_REFS_GET] = GETS_OF_FILES,
			[KOBS_REFS_PUT] = "fput fput_close fput_close_sync __fput_sync",
			[KOBS_REFS_END] = "__fput",
		},
		.inlined = "get_file() is",
		/* It calls fdget() where the compiler has not inlined that. */
		.outer = "fdget_pos",
	},
	{
		.name = "module",
		.doc = "modules, by try_module_get() and module_put()",
		.functions = {
			[KOBS_REFS_GET] = "try_module_get=(ret&1)*(u64)arg0 __module_get",
			[KOBS_REFS_PUT] = "module_put",
		},
		.inlined = "__module_get() is",
	},
	{
		.name = "device",
		.doc = "devices, by get_device() and put_device()",
		.functions = {
			[KOBS_REFS_NEW] = "device_initialize",
			[KOBS_REFS_GET] = "get_device",
			[KOBS_REFS_PUT] = "put_device",
		},
		.inlined = "get_device() is",
	},
	{
		.name = "mm",
		.doc = "memory of processes, by get_task_mm() and mmput()",
		.functions = {
			[KOBS_REFS_GET] = "get_task_mm=ret",
			[KOBS_REFS_PUT] = "mmput mmput_async",
		},
		.inlined = "mmget() is",
	},
	{
		.name = "dentry",
		.doc = "dentries, by dget() and dput()",
		.functions = { [KOBS_REFS_GET] = "dget", [KOBS_REFS_PUT] = "dput" },
		.inlined = "dget() is",
	},
	{
		.name = "netdev",
		.doc = "network devices, by dev_hold() and dev_put()",
		.functions = { [KOBS_REFS_GET] = "dev_hold", [KOBS_REFS_PUT] = "dev_put" },
		.inlined = "dev_hold() and dev_put() are",
	},
	{
		.name = "sock",
		.doc = "sockets, by sock_hold() and sock_put()",
		.functions = { [KOBS_REFS_GET] = "sock_hold", [KOBS_REFS_PUT] = "sock_put" },
		.inlined = "sock_hold() and sock_put() are",
	},
	{
		.name = "kref",
		.doc = "anything with a struct kref, by kref_get() and kref_put()",
		.functions = { [KOBS_REFS_GET] = "kref_get", [KOBS_REFS_PUT] = "kref_put" },
		.inlined = "kref_get() and kref_put() are",
	},
};

const size_t nr_refs_presets = ARRAY_SIZE(refs_presets);

/** refs_preset_find() - Return: the preset of a name, or NULL. */
const struct refs_preset *refs_preset_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_refs_presets; i++)
		if (!strcmp(refs_presets[i].name, name))
			return &refs_presets[i];
	return NULL;
}

/** refs_preset_refuse() - Refuse a name that no preset has. Return: the exit status. */
int refs_preset_refuse(const char *name)
{
	struct nearest near = {};
	struct buf all = {};
	size_t i;

	for (i = 0; i < nr_refs_presets; i++) {
		nearest_offer(&near, name, refs_presets[i].name);
		buf_printf(&all, "%s%s", i ? i + 1 < nr_refs_presets ? ", " : " and " : "",
			   refs_presets[i].name);
	}
	buf_puts(&all, "; functions are named by --get and --put");
	nearest_describe(&near, &all);
	misuse("there are no objects called '%s': there are %s", name, all.p);
	buf_free(&all);
	return STATUS_USAGE;
}

/** refs_presets_help() - Print the kinds of objects below the help of mem refs. */
void refs_presets_help(const struct verb *verb, FILE *to)
{
	size_t i;

	fputs("\nKIND is one of:\n", to);
	for (i = 0; i < nr_refs_presets; i++)
		fprintf(to, "  %-8s%s\n", refs_presets[i].name, refs_presets[i].doc);
}
