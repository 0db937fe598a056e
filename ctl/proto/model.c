// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol: attributes to structures and back. No other file knows the
 * numbers of attributes and commands.
 */

#include <errno.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "lib/macros.h"
#include "proto/decode.h"
#include "proto/model.h"
#include "proto/nl.h"

#define DUMP_TRIES	8

#define FIELD(set, what, member, kind_, required_, nest_)			\
	{ .attr = what, .kind = kind_, .offset = offsetof(struct set, member),	\
	  .name = #what, .required = required_, .nest = nest_ }
#define MUST(set, what, member, kind)	FIELD(set, what, member, kind, true, NULL)
#define MAY(set, what, member, kind)	FIELD(set, what, member, kind, false, NULL)
#define NESTS(set, what, member, l)	FIELD(set, what, member, FIELD_NESTS, false, l)
#define LAYOUT(name, set)							\
	static const struct layout name = {					\
		.fields = name##_fields, .nr = ARRAY_SIZE(name##_fields),	\
		.size = sizeof(struct set),					\
	}

static const struct field figure_fields[] = {
	MUST(figure, KOBS_A_FIELD_NAME, name, FIELD_TEXT),
	MAY(figure, KOBS_A_FIELD_DOC, doc, FIELD_TEXT),
	MAY(figure, KOBS_A_FIELD_TYPE, type, FIELD_U32),
	MAY(figure, KOBS_A_FIELD_UNIT, unit, FIELD_TEXT),
	MUST(figure, KOBS_A_FIELD_MERGE, merge, FIELD_U32),
};

LAYOUT(figure, figure);

static const struct field mode_fields[] = {
	MUST(mode, KOBS_A_MODE_NAME, name, FIELD_TEXT),
	MAY(mode, KOBS_A_MODE_DOC, doc, FIELD_TEXT),
	MAY(mode, KOBS_A_MODE_VALUE, value, FIELD_TEXT),
	MAY(mode, KOBS_A_MODE_UNIT, unit, FIELD_TEXT),
	MAY(mode, KOBS_A_MODE_STREAM, stream, FIELD_BOOL),
	MAY(mode, KOBS_A_MODE_AVAILABLE, available, FIELD_BOOL),
	MAY(mode, KOBS_A_MODE_REASON, reason, FIELD_TEXT),
	NESTS(mode, KOBS_A_MODE_FIELD, figures, &figure),
};

LAYOUT(mode, mode);

static const struct field column_fields[] = {
	MUST(column, KOBS_A_COLUMN_NAME, name, FIELD_TEXT),
	MAY(column, KOBS_A_COLUMN_DOC, doc, FIELD_TEXT),
	MUST(column, KOBS_A_COLUMN_TYPE, type, FIELD_U32),
	MAY(column, KOBS_A_COLUMN_UNIT, unit, FIELD_TEXT),
};

LAYOUT(column, column);

static const struct field param_fields[] = {
	MUST(param, KOBS_A_PARAM_NAME, name, FIELD_TEXT),
	MAY(param, KOBS_A_PARAM_DOC, doc, FIELD_TEXT),
	MAY(param, KOBS_A_PARAM_TYPE, type, FIELD_U32),
	MAY(param, KOBS_A_PARAM_UNIT, unit, FIELD_TEXT),
	MAY(param, KOBS_A_PARAM_LOWEST, min, FIELD_U64),
	MAY(param, KOBS_A_PARAM_HIGHEST, max, FIELD_U64),
	MAY(param, KOBS_A_PARAM_DEFAULT, def, FIELD_U64),
	MAY(param, KOBS_A_PARAM_NUMBER, number, FIELD_U64),
	MAY(param, KOBS_A_PARAM_TEXT, text, FIELD_TEXT),
	MAY(param, KOBS_A_PARAM_ADDRESSES, addresses, FIELD_LENGTH),
};

LAYOUT(param, param);

static const struct field source_fields[] = {
	MUST(source, KOBS_A_SOURCE_NAME, name, FIELD_TEXT),
	MAY(source, KOBS_A_SOURCE_DOC, doc, FIELD_TEXT),
	MAY(source, KOBS_A_SOURCE_AVAILABLE, available, FIELD_BOOL),
	MAY(source, KOBS_A_SOURCE_REASON, reason, FIELD_TEXT),
	MAY(source, KOBS_A_SOURCE_VERSION, version, FIELD_TEXT),
	NESTS(source, KOBS_A_SOURCE_MODE, modes, &mode),
	NESTS(source, KOBS_A_SOURCE_COLUMN, columns, &column),
	NESTS(source, KOBS_A_SOURCE_PARAM, params, &param),
};

LAYOUT(source, source);

static const struct field lost_fields[] = {
	MUST(lost, KOBS_A_LOST_REASON, reason, FIELD_TEXT),
	MAY(lost, KOBS_A_LOST_DOC, doc, FIELD_TEXT),
	MUST(lost, KOBS_A_LOST_COUNT, count, FIELD_U64),
};

LAYOUT(lost, lost);

static const struct field session_note_fields[] = {
	MUST(session_note, KOBS_A_NOTE_NAME, name, FIELD_TEXT),
	MAY(session_note, KOBS_A_NOTE_DOC, doc, FIELD_TEXT),
	MUST(session_note, KOBS_A_NOTE_NUMBER, number, FIELD_U64),
};

LAYOUT(session_note, session_note);

static const struct field kept_out_fields[] = {
	MUST(kept_out, KOBS_A_KEPT_OUT_ADDRESS, address, FIELD_U64),
	MAY(kept_out, KOBS_A_KEPT_OUT_REASON, reason, FIELD_TEXT),
	MAY(kept_out, KOBS_A_KEPT_OUT_DENIED, denied, FIELD_BOOL),
};

LAYOUT(kept_out, kept_out);

static const struct field filter_fields[] = {
	MAY(filter, KOBS_A_FILTER_PID, pids, FIELD_NUMBERS),
	MAY(filter, KOBS_A_FILTER_TID, tids, FIELD_NUMBERS),
	MAY(filter, KOBS_A_FILTER_CPU, cpus, FIELD_NUMBERS),
	MAY(filter, KOBS_A_FILTER_COMM, comms, FIELD_TEXTS),
	MAY(filter, KOBS_A_FILTER_MIN, min, FIELD_U64),
};

LAYOUT(filter, filter);

static const struct field session_fields[] = {
	MUST(session, KOBS_A_SESSION_ID, id, FIELD_U32),
	MUST(session, KOBS_A_SESSION_SOURCE, source, FIELD_TEXT),
	MUST(session, KOBS_A_SESSION_MODE, mode, FIELD_TEXT),
	MAY(session, KOBS_A_SESSION_NAME, name, FIELD_TEXT),
	MAY(session, KOBS_A_SESSION_BY, by, FIELD_TEXTS),
	FIELD(session, KOBS_A_SESSION_FILTER, filter, FIELD_NEST, false, &filter),
	NESTS(session, KOBS_A_SESSION_PARAM, params, &param),
	MUST(session, KOBS_A_SESSION_STATE, state, FIELD_U32),
	MAY(session, KOBS_A_SESSION_STOP_REASON, stop_reason, FIELD_TEXT),
	MAY(session, KOBS_A_SESSION_OWNER, owner, FIELD_U32),
	MAY(session, KOBS_A_SESSION_OWNER_PID, owner_pid, FIELD_U32),
	MAY(session, KOBS_A_SESSION_CREATED, created, FIELD_U64),
	MAY(session, KOBS_A_SESSION_DURATION, duration, FIELD_U64),
	MAY(session, KOBS_A_SESSION_TARGETS, targets, FIELD_U32),
	NESTS(session, KOBS_A_SESSION_KEPT_OUT, kept_out, &kept_out),
	MUST(session, KOBS_A_SESSION_HITS, hits, FIELD_U64),
	MUST(session, KOBS_A_SESSION_RECORDED, recorded, FIELD_U64),
	MUST(session, KOBS_A_SESSION_FILTERED, filtered, FIELD_U64),
	MAY(session, KOBS_A_SESSION_OWN, own, FIELD_U64),
	NESTS(session, KOBS_A_SESSION_LOST, lost, &lost),
	NESTS(session, KOBS_A_SESSION_NOTE, notes, &session_note),
	MAY(session, KOBS_A_SESSION_HITS_TIMED, hits_timed, FIELD_U64),
	MAY(session, KOBS_A_SESSION_COST, cost, FIELD_U64),
	MAY(session, KOBS_A_SESSION_MEMORY, memory, FIELD_U64),
	MAY(session, KOBS_A_SESSION_ROWS, rows, FIELD_U32),
	MAY(session, KOBS_A_SESSION_ROWS_MAX, rows_max, FIELD_U32),
	MAY(session, KOBS_A_SESSION_STACKS, stacks, FIELD_U32),
	MAY(session, KOBS_A_SESSION_STACKS_MAX, stacks_max, FIELD_U32),
	MAY(session, KOBS_A_SESSION_STACKS_CACHED, stacks_cached, FIELD_U64),
	MAY(session, KOBS_A_SESSION_STACKS_UNWOUND, stacks_unwound, FIELD_U64),
	MAY(session, KOBS_A_SESSION_STACKS_CHECKED, stacks_checked, FIELD_U64),
	MAY(session, KOBS_A_SESSION_STACKS_WRONG, stacks_wrong, FIELD_U64),
	MAY(session, KOBS_A_SESSION_UNTRACEABLE, untraceable, FIELD_U32),
	MAY(session, KOBS_A_SESSION_DENIED, denied, FIELD_U32),
};

LAYOUT(session, session);

static struct nlattr *attrs_of(struct nlmsghdr *msg, int *len)
{
	struct genlmsghdr *hdr = genlmsg_hdr(msg);

	*len = genlmsg_attrlen(hdr, 0);
	return genlmsg_attrdata(hdr, 0);
}

static const char *decode_message(struct nlmsghdr *msg, const struct layout *l, void *out)
{
	struct nlattr *attrs;
	int len;

	attrs = attrs_of(msg, &len);
	return decode(attrs, len, l, out);
}

/* Answers that are lists of one kind of structure. */
struct list {
	const struct layout *layout;
	struct items	*items;
};

static const char *list_reply(struct nlmsghdr *msg, void *arg)
{
	struct list *list = arg;
	struct items *to = list->items;
	size_t size = list->layout->size;
	char *item;

	to->v = grow(to->v, &to->cap, to->n + 1, size);
	item = (char *)to->v + to->n++ * size;
	memset(item, 0, size);
	return decode_message(msg, list->layout, item);
}

static void list_free(struct list *list)
{
	struct items *items = list->items;
	size_t i;

	for (i = 0; i < items->n; i++)
		decode_free(list->layout, (char *)items->v + i * list->layout->size);
	free(items->v);
	memset(items, 0, sizeof(*items));
}

/* A dump that says it was interrupted is read again from the start. */
static int list_dump(struct nl *nl, uint8_t command, struct list *list, const char *what)
{
	int tries;
	int err;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		err = nl_do(nl, nl_request(nl, command, NLM_F_DUMP), list_reply, list);
		if (!err)
			return 0;
		list_free(list);
		if (err != -EINTR)
			break;
	}
	return nl_refuse(nl, what);
}

/** model_get_sources() - Read all sources. Return: 0 or an exit status. */
int model_get_sources(struct nl *nl, struct sources *out)
{
	struct list list = { &source, (struct items *)out };

	memset(out, 0, sizeof(*out));
	return list_dump(nl, KOBS_CMD_SOURCE_GET, &list, "reading the sources");
}

void model_free_sources(struct sources *s)
{
	struct list list = { &source, (struct items *)s };

	list_free(&list);
}

const struct source *model_find_source(const struct sources *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

const struct mode *model_find_mode(const struct source *s, const char *name)
{
	size_t i;

	for (i = 0; s && i < s->nr_modes; i++)
		if (!strcmp(s->modes[i].name, name))
			return &s->modes[i];
	return NULL;
}

const struct column *model_find_column(const struct source *s, const char *name)
{
	size_t i;

	for (i = 0; s && i < s->nr_columns; i++)
		if (!strcmp(s->columns[i].name, name))
			return &s->columns[i];
	return NULL;
}

/** model_unit() - Return: the unit of a mode's value, or "". */
const char *model_unit(const struct mode *m)
{
	return m && m->unit ? m->unit : "";
}

/** model_has_filter() - Whether anything is filtered. */
bool model_has_filter(const struct filter *f)
{
	return f->pids.n || f->tids.n || f->cpus.n || f->comms.n || f->min;
}

/** model_get_sessions() - Read all sessions. Return: 0 or an exit status. */
int model_get_sessions(struct nl *nl, struct sessions *out)
{
	struct list list = { &session, (struct items *)out };

	memset(out, 0, sizeof(*out));
	return list_dump(nl, KOBS_CMD_SESSION_GET, &list, "reading the sessions");
}

void model_free_sessions(struct sessions *s)
{
	struct list list = { &session, (struct items *)s };

	list_free(&list);
}

void model_free_session(struct session *s)
{
	decode_free(&session, s);
}

static struct setting *add_setting(struct request *req, const char *name)
{
	struct setting *s;

	req->settings = grow(req->settings, &req->cap_settings, req->nr_settings + 1, sizeof(*s));
	s = &req->settings[req->nr_settings++];
	memset(s, 0, sizeof(*s));
	s->name = name;
	return s;
}

void model_set_number(struct request *req, const char *name, uint64_t number)
{
	add_setting(req, name)->number = number;
}

/** model_set_text() - Set a parameter to a text, which must live as long as the request. */
void model_set_text(struct request *req, const char *name, const char *text)
{
	add_setting(req, name)->text = text;
}

/** model_set_addresses() - Set a parameter to a list, which must live as long as the request. */
void model_set_addresses(struct request *req, const char *name, const struct numbers *addresses)
{
	add_setting(req, name)->addresses = addresses;
}

void model_free_request(struct request *req)
{
	strings_free(&req->by);
	decode_free(&filter, &req->filter);
	free(req->settings);
	memset(req, 0, sizeof(*req));
}

static const char *session_reply(struct nlmsghdr *msg, void *arg)
{
	struct session *s = arg;

	decode_free(&session, s);
	return decode_message(msg, &session, s);
}

static int put_numbers(struct nl_msg *msg, int attr, const struct numbers *from)
{
	size_t i;
	int err = 0;

	for (i = 0; i < from->n; i++)
		err |= nla_put_u32(msg, attr, (uint32_t)from->v[i]);
	return err;
}

static int put_filter(struct nl_msg *msg, const struct filter *f)
{
	struct nlattr *nest;
	size_t i;
	int err;

	if (!model_has_filter(f))
		return 0;
	nest = nla_nest_start(msg, KOBS_A_SESSION_FILTER | NLA_F_NESTED);
	if (!nest)
		return -1;
	err = put_numbers(msg, KOBS_A_FILTER_PID, &f->pids);
	err |= put_numbers(msg, KOBS_A_FILTER_TID, &f->tids);
	err |= put_numbers(msg, KOBS_A_FILTER_CPU, &f->cpus);
	for (i = 0; i < f->comms.n; i++)
		err |= nla_put_string(msg, KOBS_A_FILTER_COMM, f->comms.v[i]);
	if (f->min)
		err |= nla_put_u64(msg, KOBS_A_FILTER_MIN, f->min);
	nla_nest_end(msg, nest);
	return err;
}

/* An attribute holds at most 64 KiB: a long array goes in parts. */
#define ADDRESSES_PART	8000

static int put_addresses(struct nl_msg *msg, const struct setting *s, size_t from)
{
	struct nlattr *nest = nla_nest_start(msg, KOBS_A_SESSION_PARAM | NLA_F_NESTED);
	size_t n = s->addresses->n - from;

	if (n > ADDRESSES_PART)
		n = ADDRESSES_PART;
	if (!nest || nla_put_string(msg, KOBS_A_PARAM_NAME, s->name) ||
	    nla_put(msg, KOBS_A_PARAM_ADDRESSES, (int)(n * sizeof(uint64_t)),
		    s->addresses->v + from))
		return -1;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_setting(struct nl_msg *msg, const struct setting *s)
{
	struct nlattr *nest;
	size_t from;
	int err = 0;

	if (s->addresses) {
		for (from = 0; !err && from < s->addresses->n; from += ADDRESSES_PART)
			err = put_addresses(msg, s, from);
		return err;
	}
	nest = nla_nest_start(msg, KOBS_A_SESSION_PARAM | NLA_F_NESTED);
	if (!nest)
		return -1;
	err = nla_put_string(msg, KOBS_A_PARAM_NAME, s->name);
	if (s->text)
		err |= nla_put_string(msg, KOBS_A_PARAM_TEXT, s->text);
	else
		err |= nla_put_u64(msg, KOBS_A_PARAM_NUMBER, s->number);
	nla_nest_end(msg, nest);
	return err;
}

/** model_session_new() - Configure a session. Return: 0 or an exit status. */
int model_session_new(struct nl *nl, const struct request *req, struct session *out)
{
	const struct filter *f = &req->filter;
	struct nl_msg *msg;
	size_t size = 8192;
	size_t i;
	int err;

	for (i = 0; i < req->nr_settings; i++) {
		const struct numbers *a = req->settings[i].addresses;

		size += a ? a->n * 8 : 300;
	}
	size += (f->pids.n + f->tids.n + f->cpus.n) * 8 + f->comms.n * 32;
	msg = nlmsg_alloc_size(size);
	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, 0,
				 KOBS_CMD_SESSION_NEW, KOBS_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return refuse("cannot build the request for the kernel");
	}
	err = nla_put_string(msg, KOBS_A_SESSION_SOURCE, req->source);
	err |= nla_put_string(msg, KOBS_A_SESSION_MODE, req->mode);
	for (i = 0; i < req->by.n; i++)
		err |= nla_put_string(msg, KOBS_A_SESSION_BY, req->by.v[i]);
	err |= put_filter(msg, f);
	for (i = 0; i < req->nr_settings; i++)
		err |= put_setting(msg, &req->settings[i]);
	if (err) {
		nlmsg_free(msg);
		return refuse("the request is too long for one message to the kernel");
	}
	memset(out, 0, sizeof(*out));
	if (nl_do(nl, msg, session_reply, out))
		return nl_refuse(nl, "making the session");
	return 0;
}

static int session_command(struct nl *nl, uint8_t command, uint32_t id, const char *name,
			   struct session *out, const char *what)
{
	struct nl_msg *msg = nl_request(nl, command, 0);
	struct session fresh = {};
	int err = 0;

	if (msg && id)
		err |= nla_put_u32(msg, KOBS_A_SESSION_ID, id);
	if (msg && name)
		err |= nla_put_string(msg, KOBS_A_SESSION_NAME, name);
	if (err || nl_do(nl, msg, out ? session_reply : NULL, &fresh)) {
		model_free_session(&fresh);
		return nl_refuse(nl, what);
	}
	if (!out)
		return 0;
	if (!fresh.id)
		return refuse("%s: the kernel did not answer with the session", what);
	model_free_session(out);
	*out = fresh;
	return 0;
}

/** model_session_start() - Turn the probes on; @name detaches. */
int model_session_start(struct nl *nl, uint32_t id, const char *name, struct session *out)
{
	return session_command(nl, KOBS_CMD_SESSION_START, id, name, out, "starting the session");
}

int model_session_stop(struct nl *nl, uint32_t id, struct session *out)
{
	return session_command(nl, KOBS_CMD_SESSION_STOP, id, NULL, out, "stopping the session");
}

/** model_session_get() - Read a session, by @id if not 0, else by @name. */
int model_session_get(struct nl *nl, uint32_t id, const char *name, struct session *out)
{
	return session_command(nl, KOBS_CMD_SESSION_GET, id, id ? NULL : name, out,
			       "reading the session");
}

int model_session_del(struct nl *nl, struct session *s)
{
	uint32_t id = s->id;

	s->id = 0;
	return session_command(nl, KOBS_CMD_SESSION_DEL, id, NULL, NULL, "deleting the session");
}

/** model_session_drop() - After a failure: leave no session behind, and say nothing more. */
void model_session_drop(struct nl *nl, struct session *s)
{
	struct nl_msg *msg = s->id ? nl_request(nl, KOBS_CMD_SESSION_DEL, 0) : NULL;

	if (msg && !nla_put_u32(msg, KOBS_A_SESSION_ID, s->id))
		nl_do(nl, msg, NULL, NULL);
	else if (msg)
		nlmsg_free(msg);
	s->id = 0;
}

int model_message_command(struct nlmsghdr *msg)
{
	return genlmsg_hdr(msg)->cmd;
}

const char *model_parse_session(struct nlmsghdr *msg, struct session *out)
{
	return session_reply(msg, out);
}
