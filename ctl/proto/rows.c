// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol's bulk: rows, stacks and the records of a stream. Decoded by
 * hand, for there are many of them; like model.c it knows attribute numbers.
 */

#include <errno.h>
#include <netlink/genl/genl.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/map.h"
#include "lib/progress.h"
#include "proto/decode.h"
#include "proto/model.h"
#include "proto/nl.h"

#define DUMP_TRIES	8
#define KEYS_MAX	16
#define FIGURES_MAX	32

/* Returns the column as a bit, 0 when it is none of the table's. */
static uint32_t parse_key(struct nlattr *nest, struct table *t, uint64_t *key)
{
	struct nlattr *attr;
	uint64_t number = 0;
	uint64_t column = KEYS_MAX;
	const char *text = NULL;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		switch (nla_type(attr)) {
		case KOBS_A_KEY_COLUMN:
			column = decode_u64(attr);
			break;
		case KOBS_A_KEY_NUMBER:
			number = decode_u64(attr);
			break;
		case KOBS_A_KEY_TEXT:
			text = decode_text(attr);
			break;
		}
	}
	if (column >= t->nr_keys || column >= KEYS_MAX)
		return 0;
	if (t->types[column] == KOBS_TYPE_TEXT)
		number = (uint64_t)(uintptr_t)pool_intern(&t->texts, text ? text : "");
	else if (text && t->tell && type_has_name(t->types[column]))
		number = t->tell(t->tell_arg, t->types[column], number, text);
	key[column] = number;
	return 1u << column;
}

/* Attributes that are left. */
struct attrs {
	const char	*at;
	size_t		left;
};

/*
 * The next attribute, or NULL. Buckets are the bulk of a dump, millions of
 * attributes: libnl's functions took half of the time to read it.
 */
static inline const struct nlattr *next_attr(struct attrs *a)
{
	const struct nlattr *attr = (const void *)a->at;
	size_t step;

	if (a->left < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > a->left)
		return NULL;
	step = NLA_ALIGN(attr->nla_len);
	step = step < a->left ? step : a->left;
	a->at += step;
	a->left -= step;
	return attr;
}

static inline struct attrs attrs_of(const struct nlattr *nest)
{
	return (struct attrs){ (const char *)nest + NLA_HDRLEN, nest->nla_len - NLA_HDRLEN };
}

/* As decode_u64(). */
static inline uint64_t number_of(const struct nlattr *attr)
{
	const char *data = (const char *)attr + NLA_HDRLEN;
	uint64_t v = 0;
	uint32_t w = 0;

	if (attr->nla_len >= NLA_HDRLEN + sizeof(v)) {
		memcpy(&v, data, sizeof(v));
		return v;
	}
	if (attr->nla_len >= NLA_HDRLEN + sizeof(w))
		memcpy(&w, data, sizeof(w));
	return w;
}

static void parse_bucket(const struct nlattr *nest, struct row *row)
{
	struct attrs attrs = attrs_of(nest);
	const struct nlattr *attr;
	struct bucket b = {};

	while ((attr = next_attr(&attrs))) {
		switch (attr->nla_type & NLA_TYPE_MASK) {
		case KOBS_A_BUCKET_LO:
			b.lo = number_of(attr);
			break;
		case KOBS_A_BUCKET_HI:
			b.hi = number_of(attr);
			break;
		case KOBS_A_BUCKET_COUNT:
			b.count = number_of(attr);
			break;
		}
	}
	table_add_bucket(row, &b);
}

static void parse_buckets(struct table *t, struct row *row, const void *from, size_t len)
{
	struct attrs attrs = { from, len };
	const struct nlattr *attr;

	while ((attr = next_attr(&attrs))) {
		if ((attr->nla_type & NLA_TYPE_MASK) != KOBS_A_ROW_BUCKET)
			continue;
		parse_bucket(attr, row);
		t->has_hist = true;
	}
}

/* A part of a row, which is returned; or what is said further of one: NULL. */
static struct row *take_row(struct table *t, const uint64_t *key, const struct row *part,
			    const uint64_t *figures, uint32_t group, uint32_t stack)
{
	struct row_more more = { .stack = stack, .count = part->count };
	struct row *row;

	if (stack) {
		table_add_more(t, key, &more, figures);
		return NULL;
	}
	row = table_row(t, key);
	table_add(t, row, part, figures);
	if (group)
		table_note_group(t, row, group);
	return row;
}

static const char *row_reply(struct nlmsghdr *msg, void *arg)
{
	struct genlmsghdr *hdr = genlmsg_hdr(msg);
	struct nlattr *attrs = genlmsg_attrdata(hdr, 0);
	int len = genlmsg_attrlen(hdr, 0);
	uint64_t figures[FIGURES_MAX];
	uint64_t key[KEYS_MAX] = {};
	struct table *t = arg;
	struct nlattr *buckets = NULL;
	struct row part = {};
	struct nlattr *attr;
	struct row *row;
	uint32_t group = 0;
	uint32_t stack = 0;
	uint32_t keys = 0;
	size_t nr = 0;
	int rem;

	nla_for_each_attr(attr, attrs, len, rem) {
		switch (nla_type(attr)) {
		case KOBS_A_ROW_KEY:
			keys |= parse_key(attr, t, key);
			break;
		case KOBS_A_ROW_COUNT:
			part.count = decode_u64(attr);
			break;
		case KOBS_A_ROW_SUM:
			part.sum = decode_u64(attr);
			break;
		case KOBS_A_ROW_LOWEST:
			part.min = decode_u64(attr);
			break;
		case KOBS_A_ROW_HIGHEST:
			part.max = decode_u64(attr);
			break;
		case KOBS_A_ROW_FIELD:
			if (nr < FIGURES_MAX)
				figures[nr++] = decode_u64(attr);
			break;
		case KOBS_A_ROW_GROUP:
			group = (uint32_t)decode_u64(attr);
			break;
		case KOBS_A_ROW_STACK:
			stack = (uint32_t)decode_u64(attr);
			break;
		case KOBS_A_ROW_BUCKET:
			/* They come last. */
			buckets = attr;
			break;
		}
		if (buckets)
			break;
	}
	/* Each column once: a text that was not set is no text. */
	if (keys != (1u << t->nr_keys) - 1)
		return "KOBS_A_ROW_KEY";
	if (nr && nr != t->nr_figures)
		return "KOBS_A_ROW_FIELD";
	row = take_row(t, key, &part, nr ? figures : NULL, group, stack);
	if (row && buckets)
		parse_buckets(t, row, buckets, (size_t)rem);
	progress_at(t->nr_rows, 0);
	return NULL;
}

/* Take an address and its name. Return: whether both are there. */
static bool parse_name(struct nlattr *nest, uint64_t *address, const char **text)
{
	struct nlattr *attr;
	int rem;

	*address = 0;
	*text = NULL;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) == KOBS_A_NAME_ADDRESS)
			*address = decode_u64(attr);
		else if (nla_type(attr) == KOBS_A_NAME_TEXT)
			*text = decode_text(attr);
	}
	return *address && *text;
}

/* Frames of a name that comes with a stack have a number for address and name. */
static void name_frames(struct table *t, struct stack *s, struct nlattr *nest)
{
	const char *text;
	uint64_t address;
	uint64_t word;
	uint32_t i;

	if (!t->tell || !parse_name(nest, &address, &text))
		return;
	word = t->tell(t->tell_arg, KOBS_TYPE_KSTACK, address, text);
	for (i = 0; word != address && i < s->nr; i++)
		if (s->addr[i] == address)
			s->addr[i] = word;
}

static const char *stack_reply(struct nlmsghdr *msg, void *arg)
{
	struct genlmsghdr *hdr = genlmsg_hdr(msg);
	struct nlattr *addresses = NULL;
	struct nlattr *attr;
	struct table *t = arg;
	uint32_t id = 0;
	uint32_t pid = 0;
	struct stack *s;
	int rem;

	nla_for_each_attr(attr, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), rem) {
		switch (nla_type(attr)) {
		case KOBS_A_STACK_ID:
			id = (uint32_t)decode_u64(attr);
			break;
		case KOBS_A_STACK_PID:
			pid = (uint32_t)decode_u64(attr);
			break;
		case KOBS_A_STACK_ADDRESSES:
			addresses = attr;
			break;
		}
	}
	if (!id)
		return "KOBS_A_STACK_ID";
	if (!addresses)
		return "KOBS_A_STACK_ADDRESSES";
	if (map_get(&t->stacks, id))
		return NULL;
	s = zalloc(sizeof(*s) + (size_t)nla_len(addresses));
	s->id = id;
	s->pid = pid;
	s->nr = (uint32_t)nla_len(addresses) / sizeof(*s->addr);
	memcpy(s->addr, nla_data(addresses), s->nr * sizeof(*s->addr));
	nla_for_each_attr(attr, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), rem)
		if (nla_type(attr) == KOBS_A_STACK_NAME)
			name_frames(t, s, attr);
	map_set(&t->stacks, id, s);
	return NULL;
}

static int dump_into(struct nl *nl, uint8_t command, int attr_session, uint32_t session,
		     nl_handler reply, struct table *t)
{
	struct nl_msg *msg = nl_request(nl, command, NLM_F_DUMP);

	if (msg && nla_put_u32(msg, attr_session, session)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nl_do(nl, msg, reply, t);
}

static bool has_stacks(const struct table *t)
{
	size_t i;

	for (i = 0; i < t->nr_keys; i++)
		if (type_is_stack(t->types[i]))
			return true;
	return false;
}

static int get_table(struct nl *nl, uint32_t session, struct table *t)
{
	int tries;
	int err = 0;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		err = dump_into(nl, KOBS_CMD_TABLE_GET, KOBS_A_ROW_SESSION, session, row_reply, t);
		if (err != -EINTR)
			break;
		model_empty_table(t);
	}
	if (err)
		return nl_refuse(nl, "reading the table");
	return model_get_stacks(nl, session, t);
}

/** model_get_stacks() - Read the stacks that rows name, if any can. Return: 0 or an exit status. */
int model_get_stacks(struct nl *nl, uint32_t session, struct table *t)
{
	int tries;
	int err = 0;

	if (!has_stacks(t))
		return 0;
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		err = dump_into(nl, KOBS_CMD_STACK_GET, KOBS_A_STACK_SESSION, session, stack_reply,
				t);
		if (err != -EINTR)
			break;
	}
	if (err)
		return nl_refuse(nl, "reading the stacks");
	table_merge_stacks(t);
	return 0;
}

/**
 * model_get_table() - Read a session's rows and the stacks they name.
 * @t: a table from model_init_table()
 *
 * Stacks are read after the rows, so that each row of a session that runs finds
 * its stack. Return: 0 or an exit status.
 */
int model_get_table(struct nl *nl, uint32_t session, struct table *t)
{
	int err;

	progress_begin("Reading rows");
	err = get_table(nl, session, t);
	progress_end();
	return err;
}

/** model_get_stack() - Read one stack into the table. Return: 0 or -errno. */
int model_get_stack(struct nl *nl, uint32_t session, uint32_t id, struct table *t)
{
	struct nl_msg *msg = nl_request(nl, KOBS_CMD_STACK_GET, 0);

	if (msg && (nla_put_u32(msg, KOBS_A_STACK_SESSION, session) ||
		    nla_put_u32(msg, KOBS_A_STACK_ID, id))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nl_do(nl, msg, stack_reply, t);
}

/** model_parse_batch() - What a record-ntf or lost-ntf says beside its events. */
void model_parse_batch(struct nlmsghdr *msg, struct batch *b)
{
	struct genlmsghdr *hdr = genlmsg_hdr(msg);
	struct nlattr *attr;
	int rem;

	memset(b, 0, sizeof(*b));
	nla_for_each_attr(attr, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), rem) {
		switch (nla_type(attr)) {
		case KOBS_A_RECORD_SESSION:
			b->session = (uint32_t)decode_u64(attr);
			break;
		case KOBS_A_RECORD_CPU:
			b->cpu = (uint32_t)decode_u64(attr);
			b->has_cpu = true;
			break;
		case KOBS_A_RECORD_LOST:
			b->lost = decode_u64(attr);
			break;
		case KOBS_A_RECORD_UNTIL:
			b->until = decode_u64(attr);
			b->has_until = true;
			break;
		}
	}
}

static const char *parse_event(struct nlattr *nest, struct event *ev, uint64_t *numbers,
			       const char **texts)
{
	struct nlattr *attr;
	int rem;

	ev->nr_numbers = 0;
	ev->nr_texts = 0;
	ev->has_value = false;
	ev->data = NULL;
	ev->nr_data = 0;
	ev->time = 0;
	nla_for_each_nested(attr, nest, rem) {
		switch (nla_type(attr)) {
		case KOBS_A_EVENT_TIME:
			ev->time = decode_u64(attr);
			break;
		case KOBS_A_EVENT_NUMBER:
			if (ev->nr_numbers < KEYS_MAX)
				numbers[ev->nr_numbers++] = decode_u64(attr);
			break;
		case KOBS_A_EVENT_TEXT:
			if (ev->nr_texts < KEYS_MAX) {
				const char *text = decode_text(attr);

				texts[ev->nr_texts++] = text ? text : "";
			}
			break;
		case KOBS_A_EVENT_VALUE:
			ev->value = decode_u64(attr);
			ev->has_value = true;
			break;
		case KOBS_A_EVENT_DATA:
			ev->data = nla_data(attr);
			ev->nr_data = (size_t)nla_len(attr) / sizeof(uint64_t);
			break;
		}
	}
	return ev->time ? NULL : "KOBS_A_EVENT_TIME";
}

/** model_parse_events() - Hand on each record of a batch, and each name. */
const char *model_parse_events(struct nlmsghdr *msg, const struct batch *b,
			       const struct event_ops *ops)
{
	struct genlmsghdr *hdr = genlmsg_hdr(msg);
	const char *texts[KEYS_MAX];
	uint64_t numbers[KEYS_MAX];
	struct event ev = { .cpu = b->cpu, .numbers = numbers, .texts = texts };
	struct nlattr *attr;
	const char *text;
	const char *bad;
	uint64_t address;
	int rem;

	nla_for_each_attr(attr, genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0), rem) {
		if (nla_type(attr) == KOBS_A_RECORD_NAME && parse_name(attr, &address, &text))
			ops->name(address, text, ops->arg);
		if (nla_type(attr) != KOBS_A_RECORD_EVENT)
			continue;
		if (!b->has_cpu)
			return "KOBS_A_RECORD_CPU";
		bad = parse_event(attr, &ev, numbers, texts);
		if (bad)
			return bad;
		ops->event(&ev, ops->arg);
	}
	return NULL;
}
