// SPDX-License-Identifier: GPL-2.0
/*
 * Answers: sources and sessions as attributes.
 *
 * Locking: callers hold the session's lock to put a session.
 */
#include "netlink/family.h"

static int put_text(struct sk_buff *skb, int attr, const char *text)
{
	return text ? nla_put_string(skb, attr, text) : 0;
}

static int put_field(struct sk_buff *skb, const struct kobs_field *f)
{
	struct nlattr *nest = nla_nest_start(skb, KOBS_A_MODE_FIELD);

	if (!nest ||
	    nla_put_string(skb, KOBS_A_FIELD_NAME, f->name) ||
	    nla_put_string(skb, KOBS_A_FIELD_DOC, f->doc) ||
	    nla_put_u32(skb, KOBS_A_FIELD_TYPE, f->type) ||
	    put_text(skb, KOBS_A_FIELD_UNIT, f->unit) ||
	    nla_put_u32(skb, KOBS_A_FIELD_MERGE, f->merge))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_mode(struct sk_buff *skb, const struct kobs_mode *m)
{
	struct nlattr *nest = nla_nest_start(skb, KOBS_A_SOURCE_MODE);
	bool ok = true;
	const char *why = m->available ? m->available(&ok) : NULL;
	unsigned int i;

	if (!nest ||
	    nla_put_string(skb, KOBS_A_MODE_NAME, m->name) ||
	    nla_put_string(skb, KOBS_A_MODE_DOC, m->doc) ||
	    put_text(skb, KOBS_A_MODE_VALUE, m->value) ||
	    put_text(skb, KOBS_A_MODE_UNIT, m->unit) ||
	    nla_put_u32(skb, KOBS_A_MODE_STREAM, m->stream) ||
	    nla_put_u32(skb, KOBS_A_MODE_AVAILABLE, ok) ||
	    put_text(skb, KOBS_A_MODE_REASON, why))
		return -EMSGSIZE;
	for (i = 0; i < m->n_fields; i++) {
		if (put_field(skb, &m->fields[i]))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_column(struct sk_buff *skb, const struct kobs_column *c)
{
	struct nlattr *nest = nla_nest_start(skb, KOBS_A_SOURCE_COLUMN);

	if (!nest ||
	    nla_put_string(skb, KOBS_A_COLUMN_NAME, c->name) ||
	    nla_put_string(skb, KOBS_A_COLUMN_DOC, c->doc) ||
	    nla_put_u32(skb, KOBS_A_COLUMN_TYPE, c->type) ||
	    put_text(skb, KOBS_A_COLUMN_UNIT, c->unit))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_param(struct sk_buff *skb, const struct kobs_param *p)
{
	struct nlattr *nest = nla_nest_start(skb, KOBS_A_SOURCE_PARAM);

	if (!nest ||
	    nla_put_string(skb, KOBS_A_PARAM_NAME, p->name) ||
	    nla_put_string(skb, KOBS_A_PARAM_DOC, p->doc) ||
	    nla_put_u32(skb, KOBS_A_PARAM_TYPE, p->type) ||
	    put_text(skb, KOBS_A_PARAM_UNIT, p->unit) ||
	    kobs_put_u64(skb, KOBS_A_PARAM_LOWEST, p->min) ||
	    kobs_put_u64(skb, KOBS_A_PARAM_HIGHEST, p->max) ||
	    (p->type == KOBS_TYPE_NUMBER &&
	     kobs_put_u64(skb, KOBS_A_PARAM_DEFAULT, p->def)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A source is available if one of its modes is; the engine always is. */
static int put_available(struct sk_buff *skb, const struct kobs_source *src)
{
	const char *why = NULL;
	bool any = !src->n_modes;
	unsigned int i;

	for (i = 0; i < src->n_modes; i++) {
		bool ok = true;

		if (src->modes[i].available)
			why = src->modes[i].available(&ok);
		any |= ok;
	}
	if (nla_put_u32(skb, KOBS_A_SOURCE_AVAILABLE, any))
		return -EMSGSIZE;
	return any ? 0 : put_text(skb, KOBS_A_SOURCE_REASON, why);
}

/**
 * kobs_netlink_put_source() - put a source into a message
 * @skb: message
 * @src: source
 *
 * Context: task.
 * Return: 0, or -EMSGSIZE.
 */
int kobs_netlink_put_source(struct sk_buff *skb, const struct kobs_source *src)
{
	unsigned int i;
	int err = 0;

	if (nla_put_string(skb, KOBS_A_SOURCE_NAME, src->name) ||
	    nla_put_string(skb, KOBS_A_SOURCE_DOC, src->doc) ||
	    put_available(skb, src))
		return -EMSGSIZE;
	if (src == &kobs_engine)
		err = nla_put_string(skb, KOBS_A_SOURCE_VERSION, KOBS_VERSION);
	for (i = 0; !err && i < src->n_modes; i++)
		err = put_mode(skb, &src->modes[i]);
	for (i = 0; !err && i < src->n_columns; i++)
		err = put_column(skb, &src->columns[i]);
	for (i = 0; !err && i < src->n_params; i++)
		err = put_param(skb, &src->params[i]);
	return err;
}

static int put_params(struct sk_buff *skb, const struct kobs_param *table,
		      const struct kobs_value *values, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct nlattr *nest;

		/* An array of addresses can be larger than a message. */
		if (table[i].type == KOBS_TYPE_ADDRESSES)
			continue;
		nest = nla_nest_start(skb, KOBS_A_SESSION_PARAM);
		if (!nest || nla_put_string(skb, KOBS_A_PARAM_NAME,
					    table[i].name))
			return -EMSGSIZE;
		if (table[i].type == KOBS_TYPE_NUMBER ?
		    kobs_put_u64(skb, KOBS_A_PARAM_NUMBER, values[i].number) :
		    put_text(skb, KOBS_A_PARAM_TEXT, values[i].text))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_config(struct sk_buff *skb, const struct kobs_session *s)
{
	unsigned int i;

	if (nla_put_string(skb, KOBS_A_SESSION_SOURCE, s->source->name) ||
	    nla_put_string(skb, KOBS_A_SESSION_MODE, s->mode->name))
		return -EMSGSIZE;
	for (i = 0; i < s->n_columns; i++) {
		if (nla_put_string(skb, KOBS_A_SESSION_BY, s->columns[i]->name))
			return -EMSGSIZE;
	}
	if (put_params(skb, kobs_engine_params, s->params, KOBS_P_ENGINE) ||
	    put_params(skb, s->source->params, s->source_params,
		       s->source->n_params))
		return -EMSGSIZE;
	return 0;
}

static int put_filter_list(struct sk_buff *skb, int attr, const u32 *list,
			   unsigned int n)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < n; i++)
		err = nla_put_u32(skb, attr, list[i]);
	return err;
}

static int put_filter(struct sk_buff *skb, const struct kobs_filter *f)
{
	struct nlattr *nest;
	unsigned int i;

	if (!f->task && !f->min)
		return 0;
	nest = nla_nest_start(skb, KOBS_A_SESSION_FILTER);
	if (!nest ||
	    put_filter_list(skb, KOBS_A_FILTER_PID, f->pid, f->n_pid) ||
	    put_filter_list(skb, KOBS_A_FILTER_TID, f->tid, f->n_tid) ||
	    put_filter_list(skb, KOBS_A_FILTER_CPU, f->cpu, f->n_cpu) ||
	    (f->min && kobs_put_u64(skb, KOBS_A_FILTER_MIN, f->min)))
		return -EMSGSIZE;
	for (i = 0; i < f->n_comm; i++) {
		if (nla_put_string(skb, KOBS_A_FILTER_COMM, f->comm[i]))
			return -EMSGSIZE;
	}
	for (i = 0; i < f->n_cgroup; i++) {
		if (kobs_put_u64(skb, KOBS_A_FILTER_CGROUP, f->cgroup[i]))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_lost(struct sk_buff *skb, const struct kobs_reason *reason,
		    s64 count)
{
	struct nlattr *nest;

	/* While hits go on, a sum can see the end of a call but not its begin. */
	if (!reason || count <= 0)
		return 0;
	nest = nla_nest_start(skb, KOBS_A_SESSION_LOST);
	if (!nest ||
	    nla_put_string(skb, KOBS_A_LOST_REASON, reason->name) ||
	    nla_put_string(skb, KOBS_A_LOST_DOC, reason->doc) ||
	    kobs_put_u64(skb, KOBS_A_LOST_COUNT, count))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_stack_counts(struct sk_buff *skb, const struct kobs_session *s)
{
	u64 n[KOBS_UNWIND_N];

	kobs_unwind_counts(&s->unwind, n);
	if (kobs_put_u64(skb, KOBS_A_SESSION_STACKS_CACHED,
			 n[KOBS_UNWIND_CACHED]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_STACKS_UNWOUND,
			 n[KOBS_UNWIND_UNWOUND]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_STACKS_CHECKED,
			 n[KOBS_UNWIND_CHECKED]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_STACKS_WRONG,
			 n[KOBS_UNWIND_WRONG]))
		return -EMSGSIZE;
	return 0;
}

static int put_counts(struct sk_buff *skb, const struct kobs_session *s)
{
	struct kobs_counts c;
	unsigned int i;

	kobs_session_counts(s, &c);
	if (kobs_put_u64(skb, KOBS_A_SESSION_HITS, c.n[KOBS_N_HITS]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_RECORDED, c.n[KOBS_N_RECORDED]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_FILTERED, c.n[KOBS_N_FILTERED]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_OWN, c.n[KOBS_N_OWN]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_HITS_TIMED, c.n[KOBS_N_TIMED]) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_COST, c.n[KOBS_N_COST]))
		return -EMSGSIZE;
	if (c.n[KOBS_N_CALLS] &&
	    (kobs_put_u64(skb, KOBS_A_SESSION_CALLS, c.n[KOBS_N_CALLS]) ||
	     kobs_put_u64(skb, KOBS_A_SESSION_CALLS_TIMED,
			  c.n[KOBS_N_CALLS_TIMED]) ||
	     kobs_put_u64(skb, KOBS_A_SESSION_CALLS_COST,
			  c.n[KOBS_N_CALLS_COST])))
		return -EMSGSIZE;
	if ((s->need & BIT(KOBS_W_KSTACK)) && put_stack_counts(skb, s))
		return -EMSGSIZE;
	for (i = KOBS_N_LOST; i < KOBS_N; i++) {
		if (put_lost(skb, kobs_source_reason(s->source, i), c.n[i]))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_notes(struct sk_buff *skb, const struct kobs_session *s)
{
	struct kobs_note note;
	struct nlattr *nest;
	unsigned int i;

	if (!s->source->note || kobs_session_dead(s))
		return 0;
	for (i = 0; s->source->note(s, i, &note); i++) {
		if (!note.number)
			continue;
		nest = nla_nest_start(skb, KOBS_A_SESSION_NOTE);
		if (!nest ||
		    nla_put_string(skb, KOBS_A_NOTE_NAME, note.name) ||
		    nla_put_string(skb, KOBS_A_NOTE_DOC, note.doc) ||
		    kobs_put_u64(skb, KOBS_A_NOTE_NUMBER, note.number))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int put_sizes(struct sk_buff *skb, const struct kobs_session *s)
{
	struct kobs_usage u;

	kobs_session_usage(s, &u);
	if (kobs_put_u64(skb, KOBS_A_SESSION_MEMORY, u.bytes))
		return -EMSGSIZE;
	if (!s->stream &&
	    (nla_put_u32(skb, KOBS_A_SESSION_ROWS, u.rows) ||
	     nla_put_u32(skb, KOBS_A_SESSION_ROWS_MAX, u.rows_max)))
		return -EMSGSIZE;
	if (s->has_stacks &&
	    (nla_put_u32(skb, KOBS_A_SESSION_STACKS,
			 atomic_read(&s->stacks.used)) ||
	     nla_put_u32(skb, KOBS_A_SESSION_STACKS_MAX, s->stacks.max)))
		return -EMSGSIZE;
	return 0;
}

/**
 * kobs_netlink_put_session() - put a session into a message
 * @skb: message
 * @s: session; its lock is held
 *
 * Context: task, may sleep.
 * Return: 0, or -EMSGSIZE.
 */
int kobs_netlink_put_session(struct sk_buff *skb, struct kobs_session *s)
{
	u32 owner = kobs_session_owner(s);
	char name[KOBS_NAME_LEN];

	lockdep_assert_held(&s->lock);
	kobs_session_name(s, name);
	if (nla_put_u32(skb, KOBS_A_SESSION_ID, s->id) ||
	    put_config(skb, s) || put_filter(skb, &s->filter) ||
	    (*name && nla_put_string(skb, KOBS_A_SESSION_NAME, name)) ||
	    nla_put_u32(skb, KOBS_A_SESSION_STATE,
			kobs_session_state(s)) ||
	    (*s->stop_reason && nla_put_string(skb, KOBS_A_SESSION_STOP_REASON,
					       s->stop_reason)) ||
	    (owner && nla_put_u32(skb, KOBS_A_SESSION_OWNER, owner)) ||
	    nla_put_u32(skb, KOBS_A_SESSION_OWNER_PID, s->owner_pid) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_CREATED, s->created) ||
	    kobs_put_u64(skb, KOBS_A_SESSION_DURATION,
			 kobs_session_duration(s)) ||
	    nla_put_u32(skb, KOBS_A_SESSION_TARGETS, s->targets) ||
	    nla_put_u32(skb, KOBS_A_SESSION_UNTRACEABLE, s->untraceable) ||
	    nla_put_u32(skb, KOBS_A_SESSION_DENIED, s->denied) ||
	    put_counts(skb, s) || put_notes(skb, s) || put_sizes(skb, s))
		return -EMSGSIZE;
	return 0;
}

/**
 * kobs_netlink_put_kept_out() - put the targets kept out into a message
 * @skb: message
 * @s: session; its lock is held
 *
 * Context: task.
 * Return: 0, or -EMSGSIZE.
 */
int kobs_netlink_put_kept_out(struct sk_buff *skb, const struct kobs_session *s)
{
	unsigned int i;

	for (i = 0; i < kobs_session_kept_out(s); i++) {
		const struct kobs_kept_out *k = &s->kept_out[i];
		struct nlattr *nest = nla_nest_start(skb,
						     KOBS_A_SESSION_KEPT_OUT);

		if (!nest ||
		    kobs_put_u64(skb, KOBS_A_KEPT_OUT_ADDRESS, k->address) ||
		    nla_put_string(skb, KOBS_A_KEPT_OUT_REASON, k->reason) ||
		    nla_put_u32(skb, KOBS_A_KEPT_OUT_DENIED, k->denied))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/**
 * kobs_netlink_put_name() - put an address and its name into a message
 * @skb: message
 * @attr: attribute of the set
 * @address: address
 * @text: its name
 *
 * Context: any.
 * Return: 0, or -EMSGSIZE.
 */
int kobs_netlink_put_name(struct sk_buff *skb, int attr, u64 address,
			  const char *text)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest || kobs_put_u64(skb, KOBS_A_NAME_ADDRESS, address) ||
	    nla_put_string(skb, KOBS_A_NAME_TEXT, text))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
