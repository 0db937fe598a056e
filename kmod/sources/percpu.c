// SPDX-License-Identifier: GPL-2.0
/*
 * Source percpu: areas of the percpu allocator, by two tracepoints that report
 * all of them. An area is as large as what it takes on all CPUs.
 *
 * Locking: none in the handlers, which run with interrupts off; the rest under the
 * session's locks.
 */
#include <linux/percpu.h>
#include <linux/slab.h>
#include <trace/events/percpu.h>

#include "core/follow.h"
#include "core/refuse.h"
#include "hooks/tracepoint.h"
#include "sources.h"

/**
 * struct kobs_percpu - a session of this source
 * @follow: areas
 * @probes: tracepoints
 */
struct kobs_percpu {
	struct kobs_follow follow;
	struct kobs_probe probes[2];
};

/* Areas are aligned to 4 bytes; keys are multiples of 8. */
static u64 key_of(const void __percpu *ptr)
{
	return (__force unsigned long)ptr * 2;
}

static void percpu_alloc(void *data, unsigned long call_site, bool reserved,
			 bool is_atomic, size_t size, size_t align,
			 void *base_addr, int off, void __percpu *ptr,
			 size_t bytes_alloc, gfp_t gfp_flags)
{
	struct kobs_percpu *p = data;

	kobs_follow_alloc(&p->follow, key_of(ptr), bytes_alloc, call_site);
}

static void percpu_free(void *data, void *base_addr, int off, void __percpu *ptr)
{
	struct kobs_percpu *p = data;

	kobs_follow_free(&p->follow, key_of(ptr));
}

KOBS_PROBE_TYPE(percpu_alloc, percpu_alloc_percpu);
KOBS_PROBE_TYPE(percpu_free, percpu_free_percpu);

static int percpu_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_percpu *p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	int err;

	if (!p)
		return -ENOMEM;
	p->probes[0] = (struct kobs_probe){ "percpu_free_percpu", percpu_free };
	p->probes[1] = (struct kobs_probe){ "percpu_alloc_percpu", percpu_alloc };
	err = kobs_follow_init(&p->follow, s, ARRAY_SIZE(p->probes), extack);
	if (err) {
		kfree(p);
		return err;
	}
	s->priv = p;
	return 0;
}

static int percpu_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_percpu *p = s->priv;
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

static void percpu_stop(struct kobs_session *s)
{
	struct kobs_percpu *p = s->priv;

	kobs_tracepoint_detach(p->probes, ARRAY_SIZE(p->probes), p);
	kobs_census_stop(&p->follow.census);
}

static void percpu_release(struct kobs_session *s)
{
	struct kobs_percpu *p = s->priv;

	s->priv = NULL;
	kobs_follow_free_all(&p->follow);
	kfree(p);
}

static bool percpu_rows(struct kobs_session *s, unsigned long *at,
			struct kobs_row_out *out)
{
	struct kobs_percpu *p = s->priv;

	return kobs_follow_rows(&p->follow, at, out);
}

static bool percpu_note(const struct kobs_session *s, unsigned int i,
			struct kobs_note *note)
{
	const struct kobs_percpu *p = s->priv;

	return p && kobs_follow_note(&p->follow, i, note);
}

static void percpu_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct kobs_percpu *p = s->priv;

	kobs_follow_usage(&p->follow, u);
}

static void percpu_code(struct kobs_session *s, const struct kobs_code *code,
			const struct kobs_replace *replace)
{
	struct kobs_percpu *p = s->priv;

	kobs_group_table_replace(&p->follow.groups, replace);
}

static const struct kobs_mode percpu_modes[] = {
	{
		.name = "leaks",
		.doc = "count live, allocated and freed areas",
		.value = "age",
		.unit = "ns",
		.own_rows = true,
		.by = "site",
		.fields = kobs_follow_fields,
		.n_fields = ARRAY_SIZE(kobs_follow_fields),
	},
};

const struct kobs_source kobs_src_percpu = {
	.name = "percpu",
	.doc = "areas of the percpu allocator",
	.modes = percpu_modes,
	.n_modes = ARRAY_SIZE(percpu_modes),
	.columns = kobs_follow_columns,
	.n_columns = ARRAY_SIZE(kobs_follow_columns),
	.params = kobs_follow_params,
	.n_params = ARRAY_SIZE(kobs_follow_params),
	.reasons = kobs_follow_reasons,
	.n_reasons = ARRAY_SIZE(kobs_follow_reasons),
	.prepare = percpu_prepare,
	.start = percpu_start,
	.stop = percpu_stop,
	.release = percpu_release,
	.rows = percpu_rows,
	.code = percpu_code,
	.usage = percpu_usage,
	.note = percpu_note,
};
