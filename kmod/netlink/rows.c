// SPDX-License-Identifier: GPL-2.0
/*
 * Answers: the rows and stacks of a session.
 *
 * Locking: a reference to the session keeps its tables; reading them does not
 * stop writers (see lib/table.h and lib/stack_table.h). The session's lock is
 * taken only for rows that the source keeps itself; a task that waits for it can
 * be killed. The lock of its names is held while words are read and named.
 */
#include "core/names.h"
#include "core/refuse.h"
#include "lib/sum.h"
#include "lib/table_hist.h"
#include "netlink/family.h"
#include "netlink/gen.h"

/* Maximum bytes of a row's fixed attributes and one bucket, without names. */
#define ROW_SIZE	(3 * nla_total_size(sizeof(u32)) + \
			 KOBS_KEY_WORDS * nla_total_size(40) + \
			 (4 + KOBS_FIELDS) * nla_total_size_64bit(sizeof(u64)))
#define BUCKET_SIZE	nla_total_size(3 * nla_total_size(sizeof(u64)))

/**
 * kobs_netlink_rows_start() - begin a dump of rows or stacks
 * @cb: dump
 *
 * The kernel's default can be less than a row or a stack with its names needs. A
 * histogram of up to 40 KiB takes several messages.
 *
 * Context: task.
 * Return: 0.
 */
int kobs_netlink_rows_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = KOBS_NL_DUMP_SIZE;
	return 0;
}

/* An address that the kernel's own symbols do not name is sent with its name. */
static int put_address(struct sk_buff *skb, struct kobs_session *s, u64 word)
{
	const char *text;
	u64 address = kobs_names_show(s, word, &text);

	return kobs_put_u64(skb, KOBS_A_KEY_NUMBER, address) ?:
	       text ? nla_put_string(skb, KOBS_A_KEY_TEXT, text) : 0;
}

static int put_keys(struct sk_buff *skb, struct kobs_session *s,
		    const u64 *word)
{
	unsigned int i;

	for (i = 0; i < s->n_columns; i++) {
		struct nlattr *nest = nla_nest_start(skb, KOBS_A_ROW_KEY);
		const struct kobs_column *c = s->columns[i];
		int err;

		if (!nest || nla_put_u32(skb, KOBS_A_KEY_COLUMN, i))
			return -EMSGSIZE;
		if (c->type == KOBS_TYPE_TEXT)
			err = kobs_put_text(skb, KOBS_A_KEY_TEXT, word, c->words);
		else if (kobs_column_has_name(c))
			err = put_address(skb, s, *word);
		else
			err = kobs_put_u64(skb, KOBS_A_KEY_NUMBER, *word);
		if (err)
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
		word += c->words;
	}
	return 0;
}

static u64 bucket_of(const struct kobs_row_out *row, unsigned int b)
{
	return row->table ? kobs_row_bucket(row->table, row->row, b) :
			    local64_read(&row->buckets[b]);
}

/* The first bucket from @b on that can have counts, or KOBS_HIST_BUCKETS. */
static unsigned int bucket_from(const struct kobs_row_out *row, unsigned int b)
{
	return row->table ? kobs_row_next_bucket(row->table, row->row, b) : b;
}

/* Put buckets from @from on. Returns the next one, or KOBS_HIST_BUCKETS. */
static unsigned int put_buckets(struct sk_buff *skb,
				const struct kobs_row_out *row, unsigned int from)
{
	unsigned int b;

	for (b = bucket_from(row, from); b < KOBS_HIST_BUCKETS;
	     b = bucket_from(row, b + 1)) {
		u64 count = bucket_of(row, b);
		struct nlattr *nest;

		if (!count)
			continue;
		if (skb_tailroom(skb) < BUCKET_SIZE)
			return b;
		nest = nla_nest_start(skb, KOBS_A_ROW_BUCKET);
		if (!nest ||
		    kobs_put_u64(skb, KOBS_A_BUCKET_LO, kobs_hist_lo(b)) ||
		    kobs_put_u64(skb, KOBS_A_BUCKET_HI, kobs_hist_hi(b)) ||
		    kobs_put_u64(skb, KOBS_A_BUCKET_COUNT, count))
			return b;
		nla_nest_end(skb, nest);
	}
	return b;
}

/*
 * Put a row, or the rest of one whose histogram did not fit. Returns the bucket
 * to continue with, KOBS_HIST_BUCKETS when the row is complete, or -EMSGSIZE
 * when nothing fitted.
 */
static int put_row(struct sk_buff *skb, struct kobs_session *s,
		   const struct kobs_row_out *row, unsigned int from)
{
	unsigned int i;

	if (nla_put_u32(skb, KOBS_A_ROW_SESSION, s->id) ||
	    put_keys(skb, s, row->key) ||
	    kobs_put_u64(skb, KOBS_A_ROW_COUNT, from ? 0 : row->count))
		return -EMSGSIZE;
	if (s->mode->value && !from &&
	    (kobs_put_u64(skb, KOBS_A_ROW_SUM, row->sum) ||
	     kobs_put_u64(skb, KOBS_A_ROW_LOWEST, row->min) ||
	     kobs_put_u64(skb, KOBS_A_ROW_HIGHEST, row->max)))
		return -EMSGSIZE;
	for (i = 0; i < s->mode->n_fields && !from; i++) {
		if (kobs_put_u64(skb, KOBS_A_ROW_FIELD, row->fields[i]))
			return -EMSGSIZE;
	}
	/* Before the buckets, which come last. */
	if ((row->group && nla_put_u32(skb, KOBS_A_ROW_GROUP, row->group)) ||
	    (row->stack && nla_put_u32(skb, KOBS_A_ROW_STACK, row->stack)))
		return -EMSGSIZE;
	if (!row->buckets && !row->table)
		return KOBS_HIST_BUCKETS;
	return put_buckets(skb, row, from);
}

static void table_row_out(const struct kobs_table *t, struct kobs_row *row,
			  struct kobs_row_out *out)
{
	const local64_t *v = kobs_row_value(t, row);
	unsigned int i;

	memcpy(out->key, row->data, t->words * sizeof(u64));
	out->count = local64_read(&row->count);
	out->table = t->hist ? t : NULL;
	out->row = row;
	for (i = 0; i < t->fields; i++)
		out->fields[i] = local64_read(kobs_row_field(t, row, i));
	if (!t->values)
		return;
	out->sum = local64_read(&v[KOBS_ROW_SUM]);
	out->min = local64_read(&v[KOBS_ROW_MIN]);
	out->max = local64_read(&v[KOBS_ROW_MAX]);
}

/* Iterate over the rows with two cursors, which start at 0. */
static bool row_next(struct kobs_session *s, unsigned long *cpu,
		     unsigned long *at, struct kobs_row_out *out)
{
	if (s->mode->own_rows)
		return !kobs_session_dead(s) && s->source->rows(s, at, out);
	for (; *cpu < nr_cpu_ids; (*cpu)++, *at = 0) {
		const struct kobs_table *t;
		struct kobs_row *row;
		u32 place = *at;

		cond_resched();
		if (!cpu_possible(*cpu))
			continue;
		t = &per_cpu_ptr(s->cpu, *cpu)->table;
		row = kobs_table_next(t, &place);
		if (!row)
			continue;
		*at = place;
		table_row_out(t, row, out);
		return true;
	}
	return false;
}

static int rows_lock(struct kobs_session *s)
{
	int err = s->mode->own_rows ? mutex_lock_killable(&s->lock) : 0;

	if (err)
		return err;
	err = mutex_lock_killable(&s->names.lock);
	if (err && s->mode->own_rows)
		mutex_unlock(&s->lock);
	return err;
}

static void rows_unlock(struct kobs_session *s)
{
	mutex_unlock(&s->names.lock);
	if (s->mode->own_rows)
		mutex_unlock(&s->lock);
}

/*
 * Likewise, for a dump. One whose rows are of several pictures is marked as such, in
 * its messages from there on, or its end.
 */
static bool dump_next(struct kobs_session *s, struct netlink_callback *cb,
		      unsigned long *cpu, unsigned long *at,
		      struct kobs_row_out *out)
{
	bool found = row_next(s, cpu, at, out);

	cb->seq = s->picture;
	return found;
}

/* The position of a dump, in cb->args. */
enum { AT_CPU, AT_PLACE, AT_BUCKET };

/* Fill a message. */
static void dump_rows(struct sk_buff *skb, struct netlink_callback *cb,
		      struct kobs_session *s)
{
	const size_t size = ROW_SIZE + hweight32(s->names.words) *
			    nla_total_size(KOBS_NAME_LEN_MAX);
	struct kobs_row_out row = {};

	for (;;) {
		unsigned long cpu = cb->args[AT_CPU];
		unsigned long at = cb->args[AT_PLACE];
		void *hdr;
		int to;

		if (skb_tailroom(skb) < size + 2 * BUCKET_SIZE ||
		    !dump_next(s, cb, &cpu, &at, &row))
			return;
		hdr = kobs_netlink_dump_hdr(skb, cb, KOBS_CMD_TABLE_GET);
		if (!hdr)
			return;
		genl_dump_check_consistent(cb, hdr);
		to = put_row(skb, s, &row, cb->args[AT_BUCKET]);
		if (to < 0) {
			genlmsg_cancel(skb, hdr);
			return;
		}
		genlmsg_end(skb, hdr);
		cb->args[AT_BUCKET] = to < KOBS_HIST_BUCKETS ? to : 0;
		if (to < KOBS_HIST_BUCKETS)
			return;
		cb->args[AT_CPU] = cpu;
		cb->args[AT_PLACE] = at;
	}
}

int kobs_nl_table_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct kobs_session *s = kobs_netlink_dump_session(cb, KOBS_A_ROW_SESSION);
	int err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = rows_lock(s);
	if (!err) {
		dump_rows(skb, cb, s);
		rows_unlock(s);
	}
	kobs_session_put(s);
	return err ?: skb->len;
}

/* Add up all rows. Sets whether their sum is known: 64 bits may not hold it. */
static int rows_add_up(struct kobs_session *s, struct kobs_row_out *all,
		       bool *sum)
{
	struct kobs_row_out row = {};
	unsigned long cpu = 0;
	unsigned long at = 0;
	int err = rows_lock(s);

	if (err)
		return err;
	while (row_next(s, &cpu, &at, &row)) {
		all->count += row.count;
		*sum &= kobs_sum_add(&all->sum, row.sum, row.count, row.max);
		all->min = min(all->min, row.min);
		all->max = max(all->max, row.max);
		cond_resched();
	}
	rows_unlock(s);
	return 0;
}

static struct sk_buff *rows_reply(struct genl_info *info, size_t size,
				  void **hdr)
{
	return kobs_netlink_reply(info->snd_portid, info->snd_seq,
				  info->genlhdr->cmd, size, hdr);
}

static int reply_end(struct sk_buff *skb, void *hdr, struct genl_info *info,
		     int err)
{
	if (err) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

int kobs_nl_table_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kobs_session *s = kobs_netlink_do_session(skb, info,
							 KOBS_A_ROW_SESSION);
	struct kobs_row_out all = { .min = U64_MAX };
	struct sk_buff *reply;
	bool sum = true;
	bool values;
	void *hdr;
	int err;
	u32 id;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = rows_add_up(s, &all, &sum);
	id = s->id;
	values = s->mode->value && !s->stream && all.count;
	kobs_session_put(s);
	if (err)
		return err;
	reply = rows_reply(info, NLMSG_GOODSIZE, &hdr);
	if (!reply)
		return -ENOMEM;
	err = nla_put_u32(reply, KOBS_A_ROW_SESSION, id) ||
	      kobs_put_u64(reply, KOBS_A_ROW_COUNT, all.count) ||
	      (values && sum &&
	       kobs_put_u64(reply, KOBS_A_ROW_SUM, all.sum)) ||
	      (values &&
	       (kobs_put_u64(reply, KOBS_A_ROW_LOWEST, all.min) ||
		kobs_put_u64(reply, KOBS_A_ROW_HIGHEST, all.max)));
	return reply_end(reply, hdr, info, err);
}

/* Does the stack have the word in a frame before? */
static bool is_repeated(const u64 *word, unsigned int i)
{
	unsigned int k;

	for (k = 0; k < i; k++) {
		if (word[k] == word[i])
			return true;
	}
	return false;
}

static int put_frames(struct sk_buff *skb, struct kobs_session *s,
		      const u64 *word, unsigned int n)
{
	/* What was reserved stays in place. */
	struct nlattr *attr = nla_reserve(skb, KOBS_A_STACK_ADDRESSES,
					  n * sizeof(u64));
	u64 *address = attr ? nla_data(attr) : NULL;
	unsigned int i;

	if (!attr)
		return -EMSGSIZE;
	for (i = 0; i < n; i++) {
		const char *text;
		u64 at = kobs_names_show(s, word[i], &text);

		memcpy(&address[i], &at, sizeof(at));
		if (text && !is_repeated(word, i) &&
		    kobs_netlink_put_name(skb, KOBS_A_STACK_NAME, at, text))
			return -EMSGSIZE;
	}
	return 0;
}

static int put_stack(struct sk_buff *skb, struct kobs_session *s, u32 id,
		     const struct kobs_stack *stack)
{
	const u64 *word = &s->stacks.words[stack->start];

	if (nla_put_u32(skb, KOBS_A_STACK_SESSION, s->id) ||
	    nla_put_u32(skb, KOBS_A_STACK_ID, id))
		return -EMSGSIZE;
	if (stack->pid)
		return nla_put_u32(skb, KOBS_A_STACK_PID, stack->pid) ?:
		       nla_put(skb, KOBS_A_STACK_ADDRESSES,
			       stack->nr * sizeof(u64), word);
	return put_frames(skb, s, word, stack->nr);
}

int kobs_nl_stack_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kobs_session *s = kobs_netlink_do_session(skb, info,
							 KOBS_A_STACK_SESSION);
	const struct kobs_stack *stack;
	struct sk_buff *reply;
	int err = -EINVAL;
	void *hdr;
	u32 id;

	if (IS_ERR(s))
		return PTR_ERR(s);
	if (GENL_REQ_ATTR_CHECK(info, KOBS_A_STACK_ID)) {
		kobs_refuse(info->extack, 0, "id of a stack missing");
		goto out;
	}
	id = nla_get_u32(info->attrs[KOBS_A_STACK_ID]);
	stack = kobs_stack_table_get(&s->stacks, id);
	if (!stack) {
		err = kobs_refuse(info->extack, -ENOENT,
				  "session %u has no stack %u", s->id, id);
		goto out;
	}
	err = mutex_lock_killable(&s->names.lock);
	if (err)
		goto out;
	reply = rows_reply(info, KOBS_NL_DUMP_SIZE, &hdr);
	if (reply)
		err = put_stack(reply, s, id, stack);
	mutex_unlock(&s->names.lock);
	err = reply ? reply_end(reply, hdr, info, err) : -ENOMEM;
out:
	kobs_session_put(s);
	return err;
}

static void dump_stacks(struct sk_buff *skb, struct netlink_callback *cb,
			struct kobs_session *s)
{
	for (; s->stacks.slots && cb->args[0] <= s->stacks.mask;
	     cb->args[0]++) {
		u32 id = cb->args[0] + 1;
		const struct kobs_stack *stack = kobs_stack_table_get(&s->stacks,
								 id);
		void *hdr;

		if (!(id % 1024))
			cond_resched();
		if (!stack)
			continue;
		hdr = kobs_netlink_dump_hdr(skb, cb, KOBS_CMD_STACK_GET);
		if (!hdr)
			return;
		if (put_stack(skb, s, id, stack)) {
			genlmsg_cancel(skb, hdr);
			return;
		}
		genlmsg_end(skb, hdr);
	}
}

int kobs_nl_stack_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct kobs_session *s = kobs_netlink_dump_session(cb,
							   KOBS_A_STACK_SESSION);
	int err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = mutex_lock_killable(&s->names.lock);
	if (!err) {
		dump_stacks(skb, cb, s);
		mutex_unlock(&s->names.lock);
	}
	kobs_session_put(s);
	return err ?: skb->len;
}
