// SPDX-License-Identifier: GPL-2.0
/*
 * Source refs: references to objects, from the function that takes one (a get) to the
 * one that gives it back (a put). Which functions these are, and where they have the
 * object's address, comes from the controller (uapi/kobs_refs.h).
 *
 * A put does not say which get it belongs to: among the references of its object that
 * are held, one is chosen by what was learned of other objects (lib/ref_pairs.h).
 *
 * A hit is a call of such a function. Each ends in one counter:
 *
 *	recorded	a get, counted by its group; a put of such a reference; the end
 *			of an object that was followed; its allocation, and its free,
 *			where only objects of some sites are (sites.c)
 *	filtered	gets excluded by the filter, and puts of these; those of kobs and
 *			its controller; puts of references that were not seen taken;
 *			objects of other caches and sites, calls without an object, and
 *			those that a function makes for the reference that it takes
 *	lost		the reference could not be followed
 *
 * Locking: prepare, start, stop and release run under the session's change lock, the
 * notifier of modules under its chain's; kobs_refs.lock nests inside both, and
 * protects what is hooked. Handlers take a lock of the table alone. stop waits for
 * ftrace's trampolines before anything is freed.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/census_tables.h"
#include "core/follow.h"
#include "core/hit.h"
#include "core/refuse.h"
#include "hooks/ftrace.h"
#include "sources.h"
#include "sources/refs/refs.h"

/* Room for pairs of a get and a put: each get has a few puts. */
#define PAIRS_PER_ROW	4U
#define PAIRS_MOST	65536

/* A frame that two stacks have is worth so much. */
#define FRAME		16U

/*
 * What is most likely in one function is near, and less the farther it is: below
 * FRAME.
 */
static u32 nearness(u64 a, u64 b)
{
	u64 distance = a > b ? a - b : b - a;

	return distance >> FRAME ? 0 : FRAME - 1 - ilog2(distance | 1);
}

/*
 * Of two stacks, the frames that both have, from the outermost one on, and how near
 * to each other they are where they part: a get and its put are often called by one
 * function.
 */
static u32 frames_shared(void *arg, u32 get, u32 put)
{
	struct kobs_refs *r = arg;
	const struct kobs_stack_table *st = &r->s->stacks;
	const u64 *a = kobs_group_table_key(&r->groups, get);
	const u64 *b = kobs_group_table_key(&r->groups, put);
	const struct kobs_stack *x, *y;
	u32 n = 0;

	if (r->stack_word < 0 || !a || !b)
		return 0;
	x = kobs_stack_table_get(st, a[r->stack_word]);
	y = kobs_stack_table_get(st, b[r->stack_word]);
	if (!x || !y)
		return 0;
	for (; n < min(x->nr, y->nr); n++) {
		u64 of_x = st->words[x->start + x->nr - 1 - n];
		u64 of_y = st->words[y->start + y->nr - 1 - n];

		if (of_x != of_y)
			return n * FRAME + nearness(of_x, of_y);
	}
	return n * FRAME;
}

static int prepare_cpu(struct kobs_cpus *c, unsigned int cpu)
{
	struct kobs_refs *r = container_of(c, struct kobs_refs, cpus);

	return kobs_group_table_prepare(&r->groups, &r->s->memory, cpu);
}

static int refs_tables(struct kobs_refs *r)
{
	const struct kobs_value *p = r->s->source_params;
	u64 rows = r->s->params[KOBS_P_ROWS].number;
	struct kobs_memory *m = &r->s->memory;
	u64 bytes;
	int err;

	err = kobs_group_table_init(&r->groups, m, rows, r->s->n_words);
	if (err)
		return err;
	r->table.pairs.shared = frames_shared;
	r->table.pairs.arg = r;
	err = kobs_ref_pairs_init(&r->table.pairs, m,
				  min_t(u64, rows * PAIRS_PER_ROW, PAIRS_MOST),
				  r->groups.mask + 1);
	if (!err)
		err = kobs_ref_table_init(&r->table, m, p[REFS_P_OBJECTS].number);
	bytes = (r->groups.mask + 1ULL) * sizeof(*r->objects);
	r->objects = err ? NULL : kobs_memory_get(m, bytes, NUMA_NO_NODE);
	r->certain = err ? NULL : kobs_memory_get(m, bytes, NUMA_NO_NODE);
	r->forgot = err ? NULL : kobs_memory_get(m, bytes, NUMA_NO_NODE);
	return r->objects && r->certain && r->forgot ? 0 : -ENOMEM;
}

static int refs_memory(struct kobs_refs *r)
{
	struct kobs_memory *m = &r->s->memory;
	int err;

	r->cpu = alloc_percpu_gfp(struct kobs_refs_cpu, GFP_KERNEL_ACCOUNT);
	if (!r->cpu)
		return -ENOMEM;
	err = refs_tables(r);
	if (!err && !kobs_memory_fits(m, num_online_cpus() *
					 kobs_group_table_bytes(&r->groups)))
		err = -ENOMEM;
	r->cpus.prepare = prepare_cpu;
	r->census.s = r->s;
	r->census.groups = &r->groups;
	r->census.unit = 1;
	r->census.next = kobs_refs_next;
	err = err ?: kobs_cpus_add(&r->cpus) ?: kobs_census_init(&r->census);
	/* The census takes another parameter for it. */
	r->census.escalate = 0;
	return err;
}

static int refs_check(const struct kobs_session *s, struct netlink_ext_ack *extack)
{
	const struct kobs_value *cache = &s->source_params[REFS_P_CACHE];

	if (s->filter.min)
		return kobs_refuse(extack, -EINVAL,
				   "min does not apply to refs: use older for the age of references");
	if (!cache->text || !*cache->text)
		return 0;
	kobs_cache_where_init();
	if (!kobs_cache_names_readable())
		return kobs_refuse(extack, -EOPNOTSUPP,
				   "parameter cache: this kernel does not let names of caches be read");
	return 0;
}

/* Where a key has the kernel stack. */
static int stack_word(const struct kobs_session *s)
{
	unsigned int i;

	for (i = 0; i < s->n_words; i++)
		if (s->gather[i] == KOBS_W_KSTACK)
			return i;
	return -1;
}

static void refs_free(struct kobs_refs *r)
{
	kobs_cpus_remove(&r->cpus);
	kobs_census_free(&r->census);
	vfree(r->forgot);
	vfree(r->certain);
	vfree(r->objects);
	kobs_ref_table_free(&r->table);
	kobs_ref_pairs_free(&r->table.pairs);
	kobs_group_table_free(&r->groups);
	free_percpu(r->cpu);
	kobs_refs_points_free(r);
	/* No notifier reads them any more. */
	kobs_refs_sites_free(r);
	kobs_refs_text_free(&r->outer);
	kfree(r);
}

static int refs_prepare(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_refs *r;
	unsigned int i;
	int err = refs_check(s, extack);

	if (err)
		return err;
	r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return -ENOMEM;
	r->s = s;
	r->stack_word = stack_word(s);
	r->puts = s->source_params[REFS_P_PUTS].number && r->stack_word >= 0;
	strscpy(r->cache, s->source_params[REFS_P_CACHE].text ?: "",
		sizeof(r->cache));
	err = kobs_refs_points_init(r, extack);
	if (!err && refs_memory(r))
		err = kobs_session_no_memory(s, extack, "objects or rows");
	err = err ?: kobs_refs_sites_init(r, extack);
	if (err) {
		refs_free(r);
		return err;
	}
	for (i = 0; i < r->n; i++)
		s->targets += r->points[i].n;
	s->priv = r;
	return 0;
}

/**
 * kobs_refs_unhook_point() - turn a hook off, and wait
 * @p: point; the lock of its session's points is held
 *
 * Context: task, may sleep.
 */
void kobs_refs_unhook_point(struct kobs_refs_point *p)
{
	if (p->calls)
		kobs_calls_stop(p->calls);
	else if (p->hooked)
		kobs_ftrace_unhook(&p->ops, &p->stuck);
	if (p->calls && kobs_calls_stuck(p->calls))
		p->stuck = true;
	p->hooked = false;
}

static void refs_unhook(struct kobs_refs *r)
{
	bool stuck = false;
	unsigned int i;

	mutex_lock(&r->lock);
	for (i = 0; i < r->n; i++) {
		kobs_refs_unhook_point(&r->points[i]);
		stuck |= r->points[i].stuck;
	}
	mutex_unlock(&r->lock);
	kobs_refs_sites_unhook(r);
	if (stuck || r->sites.stuck)
		kobs_session_pin(r->s);
}

static int point_hook(struct kobs_refs_point *p, struct netlink_ext_ack *extack)
{
	const char *why;
	int err;

	/* Its module went. */
	if (!p->n)
		return 0;
	err = p->calls ? kobs_calls_start(p->calls) :
			 kobs_ftrace_hook(&p->ops, &p->stuck);
	p->hooked = !err;
	if (!err)
		return 0;
	if (err == -ENOMEM && p->calls && kobs_calls_lack_room(p->calls))
		return kobs_session_no_memory(p->r->s, extack, "inflight");
	why = kobs_ftrace_refusal(&err);
	if (why)
		return kobs_refuse(extack, err, "functions cannot be hooked: %s", why);
	return kobs_refuse(extack, err, "%u functions cannot be hooked: error %d",
			   p->n, -err);
}

static int refs_start(struct kobs_session *s, struct netlink_ext_ack *extack)
{
	struct kobs_refs *r = s->priv;
	unsigned int i;
	int err = 0;

	mutex_lock(&r->lock);
	for (i = 0; i < r->n && !err; i++)
		err = kobs_session_unwanted(s) ? -ECONNREFUSED :
						 point_hook(&r->points[i], extack);
	mutex_unlock(&r->lock);
	err = err ?: kobs_refs_sites_hook(r, extack);
	if (err)
		refs_unhook(r);
	else
		kobs_census_start(&r->census);
	return err;
}

static void refs_stop(struct kobs_session *s)
{
	struct kobs_refs *r = s->priv;

	refs_unhook(r);
	kobs_census_stop(&r->census);
}

static void refs_release(struct kobs_session *s)
{
	refs_free(s->priv);
	s->priv = NULL;
}

static void refs_code(struct kobs_session *s, const struct kobs_code *code,
		      const struct kobs_replace *replace)
{
	struct kobs_refs *r = s->priv;

	kobs_group_table_replace(&r->groups, replace);
}

static bool refs_note(const struct kobs_session *s, unsigned int i,
		      struct kobs_note *note)
{
	static const struct kobs_note notes[] = {
		{ "unknown_puts", "puts of references that were not seen taken" },
		{ "functions_gone", "functions that went with their modules" },
		{ "site_objects", "objects that were allocated at the sites" },
	};
	const struct kobs_refs *r = s->priv;

	if (!r || i >= ARRAY_SIZE(notes) - !r->sites.on)
		return false;
	*note = notes[i];
	note->number = i == 1 ? READ_ONCE(r->gone) :
		       kobs_refs_sum(r, i ? offsetof(struct kobs_refs_cpu, made) :
					    offsetof(struct kobs_refs_cpu, unknown));
	return true;
}

static void refs_usage(const struct kobs_session *s, struct kobs_usage *usage)
{
	const struct kobs_refs *r = s->priv;

	usage->bytes += sizeof(*r) + r->n * sizeof(*r->points) +
			sizeof(struct kobs_refs_cpu) * num_possible_cpus();
	usage->rows = atomic_read(&r->groups.used);
	usage->rows_max = r->groups.mask + 1;
}

static const struct kobs_param refs_params[REFS_PARAMS] = {
	[REFS_P_OBJECTS] = {
		"objects", "maximum number of objects with references held",
		KOBS_TYPE_NUMBER, NULL, 1 << 10, 1 << 22, 1 << 15
	},
	[REFS_P_OLDER] = {
		"older", "count only held references of at least this age",
		KOBS_TYPE_NUMBER, "ms", 0, 1U << 30, 0
	},
	[REFS_P_INFLIGHT] = {
		"inflight",
		"maximum number of calls at once of functions that are hooked at their return; 0: 4096",
		KOBS_TYPE_NUMBER, "calls", 0, 1 << 20, 0
	},
	[REFS_P_POINTS] = {
		"points",
		"functions that take references and give them back: two words each, kobs_refs.h",
		KOBS_TYPE_ADDRESSES, NULL, KOBS_REFS_WORDS,
		KOBS_REFS_WORDS * KOBS_REFS_POINTS, 0
	},
	[REFS_P_CODE] = {
		"code", "programs that give the address of the object, kobs_program.h",
		KOBS_TYPE_ADDRESSES, NULL, 1, 16 * KOBS_PROG_WORDS, 0
	},
	[REFS_P_CACHE] = {
		"cache", "only objects of the slab cache of this name",
		KOBS_TYPE_TEXT, NULL, 1, KOBS_CACHE_NAME_WORDS * sizeof(u64) - 1, 0
	},
	[REFS_P_SITE] = {
		"site", "only slab objects that these sites allocate: the client's names",
		KOBS_TYPE_TEXT, NULL, 1, 255, 0
	},
	[REFS_P_SITE_TEXT] = {
		"site_text", "where the code of these sites lies: pairs of from and to",
		KOBS_TYPE_ADDRESSES, NULL, 2, 2 * KOBS_SITE_RANGES, 0
	},
	[REFS_P_HELPER_TEXT] = {
		"helper_text",
		"functions that allocate for their caller: starts and ends by turns",
		KOBS_TYPE_ADDRESSES, NULL, 0, 2 * KOBS_SITE_RANGES, 0
	},
	[REFS_P_PUTS] = {
		"puts",
		"1: tell of each row with references held, behind all rows, which stacks gave references back; needs the column kstack",
		KOBS_TYPE_NUMBER, NULL, 0, 1, 0
	},
	[REFS_P_OUTER_TEXT] = {
		"outer_text",
		"where code of functions lies that take a reference by calling others of the functions: pairs of from and to",
		KOBS_TYPE_ADDRESSES, NULL, 0, 2 * KOBS_REFS_POINTS, 0
	},
};

static const struct kobs_column refs_columns[] = {
	{ "func", "function that took it", KOBS_TYPE_FUNCTION, NULL,
	  REFS_W_FUNC, 1 },
};

static const struct kobs_reason refs_reasons[REFS_REASONS] = {
	[REFS_N_IN_FLIGHT - KOBS_N_SOURCE] = {
		"in_flight", "call that had not returned",
	},
	[REFS_N_MISSED - KOBS_N_SOURCE] = {
		"missed",
		"call whose return could not be hooked: raise inflight",
	},
	[REFS_N_FAULT - KOBS_N_SOURCE] = {
		"fault", "object whose address could not be read",
	},
	[REFS_N_FULL - KOBS_N_SOURCE] = {
		"objects_full",
		"no room left for an object: raise objects",
	},
	[REFS_N_CROWDED - KOBS_N_SOURCE] = {
		"crowded",
		"reference to an object that was held by too many stacks at once",
	},
	[REFS_N_NMI - KOBS_N_SOURCE] = {
		"nmi", "reference taken or given back in an NMI",
	},
};

/* In the order of enum kobs_census_field, some of which have another meaning here. */
static const struct kobs_field refs_fields[KOBS_CENSUS_FIELDS] = {
	KOBS_CENSUS_NUMBER("allocated", "references taken"),
	KOBS_CENSUS_NUMBER("objects", "objects with such references held"),
	KOBS_CENSUS_NUMBER("freed", "of those taken, references given back"),
	KOBS_CENSUS_NUMBER("certain",
			   "held references that cannot be those of another row"),
	KOBS_CENSUS_NUMBER("missed_frees",
			   "references that were held when their object went"),
	KOBS_CENSUS_NUMBER("unknown_frees",
			   "puts of references that were not seen taken"),
	KOBS_CENSUS_NUMBER("chosen",
			   "of those given back, puts that could be of several rows"),
	KOBS_CENSUS_NUMBER("live_1", "references held after 1/6 of the time"),
	KOBS_CENSUS_NUMBER("live_2", "references held after 2/6 of the time"),
	KOBS_CENSUS_NUMBER("live_3", "references held after 3/6 of the time"),
	KOBS_CENSUS_NUMBER("live_4", "references held after 4/6 of the time"),
	KOBS_CENSUS_NUMBER("live_5", "references held after 5/6 of the time"),
};

static const struct kobs_mode refs_modes[] = {
	{
		.name = "leaks",
		.doc = "count held, taken and returned references to objects",
		.value = "age",
		.unit = "ns",
		.own_rows = true,
		.by = "kstack",
		.fields = refs_fields,
		.n_fields = ARRAY_SIZE(refs_fields),
	},
};

const struct kobs_source kobs_src_refs = {
	.name = "refs",
	.doc = "references to objects that are taken and given back",
	.modes = refs_modes,
	.n_modes = ARRAY_SIZE(refs_modes),
	.columns = refs_columns,
	.n_columns = ARRAY_SIZE(refs_columns),
	.params = refs_params,
	.n_params = ARRAY_SIZE(refs_params),
	.reasons = refs_reasons,
	.n_reasons = ARRAY_SIZE(refs_reasons),
	.prepare = refs_prepare,
	.start = refs_start,
	.stop = refs_stop,
	.release = refs_release,
	.rows = kobs_refs_rows,
	.code = refs_code,
	.usage = refs_usage,
	.note = refs_note,
};
