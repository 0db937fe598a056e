// SPDX-License-Identifier: GPL-2.0
/*
 * Source vmalloc: areas of the address space of vmalloc(): of its memory, of
 * ioremap() and vmap(), and of modules, by two tracepoints. Areas below 256 KiB of
 * vm_map_ram() are not seen.
 *
 * Locking: none in the handlers; the rest under the session's locks.
 */
#include <linux/slab.h>

#include "core/follow.h"
#include "core/refuse.h"
#include "hooks/tracepoint.h"
#include "sources.h"

/**
 * struct kobs_vmalloc - a session of this source
 * @follow: areas
 * @probes: tracepoints
 */
struct kobs_vmalloc {
	struct kobs_follow follow;
	struct kobs_probe probes[2];
};

static void vmalloc_alloc(void *data, unsigned long addr, unsigned long size,
			  unsigned long align, unsigned long vstart,
			  unsigned long vend, int failed)
{
	struct kobs_vmalloc *p = data;

	kobs_follow_alloc(&p->follow, failed ? 0 : addr, size, 0);
}

static void vmalloc_free(void *data, unsigned long va_start,
			 unsigned long nr_lazy, unsigned long nr_lazy_max)
{
	struct kobs_vmalloc *p = data;

	kobs_follow_free(&p->follow, va_start);
}

#ifdef KOBS_HAVE_VMALLOC_EVENTS
#include <trace/events/vmalloc.h>

KOBS_PROBE_TYPE(vmalloc_alloc, alloc_vmap_area);
KOBS_PROBE_TYPE(vmalloc_free, free_vmap_area_noflush);
#endif

/* 6.1 has no events; they came with 6.3. */
static const char *vmalloc_how(bool *ok)
{
	*ok = kobs_tracepoint_find("alloc_vmap_area");
	return *ok ? NULL : "this kernel has no events of areas (alloc_vmap_area)";
}

static int vmalloc_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_vmalloc *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int err;

	if (!p)
		return -ENOMEM;
	p->probes[0] = (struct kobs_probe){ "free_vmap_area_noflush", vmalloc_free };
	p->probes[1] = (struct kobs_probe){ "alloc_vmap_area", vmalloc_alloc };
	err = kobs_follow_init(&p->follow, s, ARRAY_SIZE(p->probes), extack);
	if (err) {
		kfree(p);
		return err;
	}
	s->priv = p;
	return 0;
}

static int vmalloc_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_vmalloc *p = s->priv;
	const char *failed;
	int err = kobs_tracepoint_attach(p->probes, ARRAY_SIZE(p->probes), p,
					 &failed);

	if (err)
		return kobs_refuse(extack, err,
				   "cannot attach to the tracepoint %s: error %d",
				   failed, -err);
	kobs_census_start(&p->follow.census);
	return 0;
}

static void vmalloc_stop(struct kobs_session *s)
{
	struct kobs_vmalloc *p = s->priv;

	kobs_tracepoint_detach(p->probes, ARRAY_SIZE(p->probes), p);
	kobs_census_stop(&p->follow.census);
}

static void vmalloc_release(struct kobs_session *s)
{
	struct kobs_vmalloc *p = s->priv;

	s->priv = NULL;
	kobs_follow_free_all(&p->follow);
	kfree(p);
}

static bool vmalloc_rows(struct kobs_session *s, unsigned long *at,
			 struct kobs_row_out *out)
{
	struct kobs_vmalloc *p = s->priv;

	return kobs_follow_rows(&p->follow, at, out);
}

static bool vmalloc_note(const struct kobs_session *s, unsigned int i,
			 struct kobs_note *note)
{
	const struct kobs_vmalloc *p = s->priv;

	return p && kobs_follow_note(&p->follow, i, note);
}

static void vmalloc_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct kobs_vmalloc *p = s->priv;

	kobs_follow_usage(&p->follow, u);
}

static void vmalloc_code(struct kobs_session *s, const struct kobs_code *code,
			 const struct kobs_replace *replace)
{
	struct kobs_vmalloc *p = s->priv;

	kobs_group_table_replace(&p->follow.groups, replace);
}

static const struct kobs_mode vmalloc_modes[] = {
	{
		.name = "leaks",
		.doc = "count live, allocated and freed areas",
		.value = "age",
		.unit = "ns",
		.own_rows = true,
		.by = "site",
		.fields = kobs_follow_fields,
		.n_fields = ARRAY_SIZE(kobs_follow_fields),
		.available = vmalloc_how,
	},
};

const struct kobs_source kobs_src_vmalloc = {
	.name = "vmalloc",
	.doc = "areas of vmalloc(), vmap() and ioremap()",
	.modes = vmalloc_modes,
	.n_modes = ARRAY_SIZE(vmalloc_modes),
	.columns = kobs_follow_columns,
	.n_columns = ARRAY_SIZE(kobs_follow_columns),
	.params = kobs_follow_params,
	.n_params = ARRAY_SIZE(kobs_follow_params),
	.reasons = kobs_follow_reasons,
	.n_reasons = ARRAY_SIZE(kobs_follow_reasons),
	.prepare = vmalloc_prepare,
	.start = vmalloc_start,
	.stop = vmalloc_stop,
	.release = vmalloc_release,
	.rows = vmalloc_rows,
	.code = vmalloc_code,
	.usage = vmalloc_usage,
	.note = vmalloc_note,
};
