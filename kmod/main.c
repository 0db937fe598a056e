// SPDX-License-Identifier: GPL-2.0
/*
 * kobs.ko: loading and unloading.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <uapi/kobs.h>

#include "core/kmem_cache.h"
#include "core/names.h"
#include "core/session.h"
#include "core/source.h"
#include "core/stream.h"
#include "hooks/event_clone.h"
#include "netlink/family.h"
#include "sources.h"
#include "unwind/unwind.h"

#define KOBS_ROW(n) &kobs_src_##n,
static const struct kobs_source * const sources[] = {
	KOBS_SOURCES(KOBS_ROW)
};

static int __init kobs_init(void)
{
	int err;

	kobs_source_init(sources, ARRAY_SIZE(sources));
	/* It waits for a grace period the first time: not in an operation. */
	kobs_cache_names_readable();
	kobs_session_memory_init();
	err = kobs_cpus_init();
	if (err)
		return err;
	err = kobs_jobs_init();
	if (err)
		goto err_cpus;
	err = kobs_unwind_init();
	if (err)
		goto err_jobs;
	err = kobs_stream_init(&kobs_netlink_notify);
	if (err)
		goto err_unwind;
	err = kobs_names_init();
	if (err)
		goto err_stream;
	err = kobs_netlink_init();
	if (err)
		goto err_names;
	return 0;

err_names:
	kobs_names_exit();
err_stream:
	kobs_stream_exit();
err_unwind:
	kobs_unwind_exit();
err_jobs:
	kobs_jobs_exit();
err_cpus:
	kobs_cpus_exit();
	return err;
}

/* Each session holds a reference to the module: none is left here. */
static void __exit kobs_exit(void)
{
	kobs_netlink_exit();
	kobs_names_exit();
	kobs_jobs_exit();
	kobs_stream_exit();
	kobs_unwind_exit();
	kobs_cpus_exit();
	kobs_event_clones_exit();
}

module_init(kobs_init);
module_exit(kobs_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("In-kernel observation of functions, PMU, slab, locks and scheduler");
MODULE_VERSION(KOBS_VERSION);
MODULE_ALIAS_GENL_FAMILY(KOBS_FAMILY_NAME);
