// SPDX-License-Identifier: GPL-2.0
/* What the kernel is asked for: sessions made, started, read, stopped, deleted. */

#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "proto/model.h"
#include "proto/nl.h"

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
	model_free_filter(&req->filter);
	free(req->settings);
	memset(req, 0, sizeof(*req));
}

static const char *session_reply(struct nlmsghdr *msg, void *arg)
{
	return model_parse_session(msg, arg);
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
	for (i = 0; i < f->cgroups.n; i++)
		err |= nla_put_u64(msg, KOBS_A_FILTER_CGROUP, f->cgroups.v[i]);
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
	size += (f->pids.n + f->tids.n + f->cpus.n) * 8 + f->comms.n * 32 + f->cgroups.n * 12;
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
