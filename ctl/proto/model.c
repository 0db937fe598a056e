// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel says: attributes to structures. Only the files of proto/ know
 * the numbers of attributes and commands.
 */

#include <errno.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
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
	MAY(filter, KOBS_A_FILTER_CGROUP, cgroups, FIELD_NUMBERS),
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
	MAY(session, KOBS_A_SESSION_CALLS, calls, FIELD_U64),
	MAY(session, KOBS_A_SESSION_CALLS_TIMED, calls_timed, FIELD_U64),
	MAY(session, KOBS_A_SESSION_CALLS_COST, calls_cost, FIELD_U64),
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
	return f->pids.n || f->tids.n || f->cpus.n || f->comms.n || f->cgroups.n ||
	       f->cgroup_names.n || f->min;
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

/** model_add_loss() - Count hits that were lost on this side of the socket. */
void model_add_loss(struct session *s, const char *reason, const char *doc, uint64_t count)
{
	size_t i;

	for (i = 0; i < s->nr_lost; i++) {
		if (strcmp(s->lost[i].reason, reason))
			continue;
		s->lost[i].count += count;
		return;
	}
	s->lost = grow(s->lost, &s->cap_lost, s->nr_lost + 1, sizeof(*s->lost));
	s->lost[s->nr_lost++] = (struct lost){ copy_string(reason), copy_string(doc), count };
}

/** model_lose_undelivered() - Count records that were recorded, but did not come, as lost. */
void model_lose_undelivered(struct session *s, uint64_t came)
{
	if (came >= s->recorded)
		return;
	model_add_loss(s, "undelivered", "records did not reach obsctl", s->recorded - came);
	s->recorded = came;
}

/** model_note() - Return: a number of the source's own, by its name; NULL when there is none. */
const struct session_note *model_note(const struct session *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nr_notes; i++)
		if (!strcmp(s->notes[i].name, name))
			return &s->notes[i];
	return NULL;
}

/** model_note_number() - Return: such a number, or 0. */
uint64_t model_note_number(const struct session *s, const char *name)
{
	const struct session_note *note = model_note(s, name);

	return note ? note->number : 0;
}

/** model_add_note() - Add a number that was counted on this side of the socket, unless it is 0. */
void model_add_note(struct session *s, const char *name, const char *doc, uint64_t number)
{
	if (!number)
		return;
	s->notes = grow(s->notes, &s->cap_notes, s->nr_notes + 1, sizeof(*s->notes));
	s->notes[s->nr_notes++] =
		(struct session_note){ copy_string(name), copy_string(doc), number };
}

void model_free_session(struct session *s)
{
	decode_free(&session, s);
}

void model_free_filter(struct filter *f)
{
	decode_free(&filter, f);
}

int model_message_command(struct nlmsghdr *msg)
{
	return genlmsg_hdr(msg)->cmd;
}

/** model_parse_session() - Decode a message about a session. Return: NULL, or what it lacks. */
const char *model_parse_session(struct nlmsghdr *msg, struct session *out)
{
	decode_free(&session, out);
	return decode_message(msg, &session, out);
}
