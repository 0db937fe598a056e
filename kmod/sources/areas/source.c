// SPDX-License-Identifier: GPL-2.0
/*
 * Sources percpu and vmalloc: areas that are allocated rarely enough to be
 * followed without a fast path. A session is the same for all kinds of areas but
 * for its tracepoints; what a kind adds is a row of the table below.
 *
 * Locking: none in the handlers; the rest under the session's locks.
 */
#include <linux/limits.h>
#include <linux/slab.h>

#include "core/refuse.h"
#include "sources.h"
#include "sources/areas/areas.h"

static const struct kobs_areas_kind * const kinds[] = {
	&kobs_areas_percpu,
	&kobs_areas_vmalloc,
};

static const struct kobs_areas_kind *kind_of(const struct kobs_session *s)
{
	unsigned int i = 0;

	while (i + 1 < ARRAY_SIZE(kinds) && kinds[i]->source != s->source)
		i++;
	return kinds[i];
}

static int areas_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	const struct kobs_areas_kind *kind = kind_of(s);
	struct kobs_areas *a = kzalloc(sizeof(*a), GFP_KERNEL_ACCOUNT);
	int err;

	if (!a)
		return -ENOMEM;
	for (; a->n < AREAS_PROBES && kind->probes[a->n].name; a->n++)
		a->probes[a->n] = kind->probes[a->n];
	err = kobs_follow_init(&a->follow, s, a->n + kind->hooks, extack);
	if (err) {
		kfree(a);
		return err;
	}
	a->kind = kind;
	a->follow.late_frees = kind->late_frees;
	a->follow.census.lies = kind->lies;
	s->priv = a;
	return 0;
}

static int areas_hook(struct kobs_areas *a, struct netlink_ext_ack *extack)
{
	const char *failed;
	int err = a->kind->hook ? a->kind->hook(a, &failed) : 0;

	if (err == -ENOMEM)
		return kobs_session_no_memory(a->follow.s, extack,
					      "objects or rows");
	if (err)
		return kobs_refuse(extack, err, "%s cannot be hooked: error %d",
				   failed, -err);
	err = kobs_tracepoint_attach(a->probes, a->n, &a->follow, &failed);
	if (err && a->kind->unhook)
		a->kind->unhook(a);
	return err ? kobs_refuse(extack, err,
				 "cannot attach to the tracepoint %s: error %d",
				 failed, -err) : 0;
}

static int areas_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_areas *a = s->priv;
	int err = areas_hook(a, extack);

	if (a->stuck)
		kobs_session_pin(s);
	if (!err)
		kobs_census_start(&a->follow.census);
	return err;
}

static void areas_stop(struct kobs_session *s)
{
	struct kobs_areas *a = s->priv;

	kobs_tracepoint_detach(a->probes, a->n, &a->follow);
	if (a->kind->unhook)
		a->kind->unhook(a);
	if (a->stuck)
		kobs_session_pin(s);
	kobs_census_stop(&a->follow.census);
}

static void areas_release(struct kobs_session *s)
{
	struct kobs_areas *a = s->priv;

	s->priv = NULL;
	kobs_follow_free_all(&a->follow);
	kfree(a);
}

static bool areas_rows(struct kobs_session *s, unsigned long *at,
		       struct kobs_row_out *out)
{
	struct kobs_areas *a = s->priv;

	return kobs_follow_rows(&a->follow, at, out);
}

static u64 areas_missed(const struct kobs_session *s)
{
	const struct kobs_areas *a = s->priv;

	return a && a->kind->missed ? a->kind->missed(a) : 0;
}

static struct kobs_census *areas_census(const struct kobs_session *s)
{
	struct kobs_areas *a = s->priv;

	return &a->follow.census;
}

static bool areas_note(const struct kobs_session *s, unsigned int i,
		       struct kobs_note *note)
{
	const struct kobs_areas *a = s->priv;

	return a && kobs_follow_note(&a->follow, i, note);
}

static void areas_usage(const struct kobs_session *s, struct kobs_usage *u)
{
	const struct kobs_areas *a = s->priv;

	kobs_follow_usage(&a->follow, u);
}

static void areas_code(struct kobs_session *s, const struct kobs_code *code,
		       const struct kobs_replace *replace)
{
	struct kobs_areas *a = s->priv;

	kobs_follow_code(&a->follow, replace);
}

#define AREAS_MODE(how) {						\
	.name = "leaks",						\
	.doc = "count live, allocated and freed areas",			\
	.value = "age",							\
	.unit = "ns",							\
	.own_rows = true,						\
	.by = "site",							\
	.fields = kobs_follow_fields,					\
	.n_fields = ARRAY_SIZE(kobs_follow_fields),			\
	.available = how,						\
}

static const struct kobs_reason areas_reasons[] = {
	[KOBS_FOLLOW_LOST_FULL - KOBS_N_SOURCE] = {
		"objects_full",
		"no room left for a live object: raise objects",
	},
	[AREAS_LOST_MISSED - KOBS_N_SOURCE] = {
		"missed_returns",
		"call of an area's allocation or free that could not be hooked",
	},
};

#define AREAS_SOURCE(kind, text, mode) {				\
	.name = kind,							\
	.doc = text,							\
	.modes = mode,							\
	.n_modes = ARRAY_SIZE(mode),					\
	.columns = kobs_follow_columns,					\
	.n_columns = ARRAY_SIZE(kobs_follow_columns),			\
	.params = kobs_follow_params,					\
	.n_params = ARRAY_SIZE(kobs_follow_params),			\
	.reasons = areas_reasons,					\
	.n_reasons = ARRAY_SIZE(areas_reasons),				\
	.prepare = areas_prepare,					\
	.start = areas_start,						\
	.stop = areas_stop,						\
	.release = areas_release,					\
	.missed = areas_missed,						\
	.missed_as = AREAS_LOST_MISSED,					\
	.rows = areas_rows,						\
	.census = areas_census,						\
	.code = areas_code,						\
	.usage = areas_usage,						\
	.note = areas_note,						\
}

static const struct kobs_mode percpu_modes[] = { AREAS_MODE(NULL) };
static const struct kobs_mode vmalloc_modes[] = {
	AREAS_MODE(kobs_areas_vmalloc_how)
};

const struct kobs_source kobs_src_percpu =
	AREAS_SOURCE("percpu", "areas of the percpu allocator", percpu_modes);
const struct kobs_source kobs_src_vmalloc =
	AREAS_SOURCE("vmalloc", "areas of vmalloc(), vmap() and ioremap()",
		     vmalloc_modes);
