// SPDX-License-Identifier: GPL-2.0
/* What live objects of a session hold. */

#include <errno.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "proto/decode.h"
#include "proto/model.h"
#include "proto/nl.h"

#define FIELD(type, member, number, what, need) \
	{ .attr = (number), .kind = (what), .offset = offsetof(struct type, member), \
	  .name = #number, .required = (need) }

static const struct field pointer_fields[] = {
	FIELD(object_pointer, offset, KOBS_A_POINTER_OFFSET, FIELD_U32, true),
	FIELD(object_pointer, value, KOBS_A_POINTER_VALUE, FIELD_U64, true),
	FIELD(object_pointer, kind, KOBS_A_POINTER_KIND, FIELD_U32, true),
	FIELD(object_pointer, text, KOBS_A_POINTER_TEXT, FIELD_TEXT, false),
	FIELD(object_pointer, start, KOBS_A_POINTER_START, FIELD_U64, false),
	FIELD(object_pointer, tid, KOBS_A_POINTER_TID, FIELD_U32, false),
};

static const struct layout pointer_layout = {
	pointer_fields, ARRAY_SIZE(pointer_fields), sizeof(struct object_pointer),
};

static const struct field object_fields[] = {
	FIELD(object, address, KOBS_A_OBJECT_ADDRESS, FIELD_U64, true),
	FIELD(object, size, KOBS_A_OBJECT_SIZE, FIELD_U64, true),
	FIELD(object, age, KOBS_A_OBJECT_AGE, FIELD_U64, true),
	FIELD(object, state, KOBS_A_OBJECT_STATE, FIELD_U32, true),
	FIELD(object, cpu, KOBS_A_OBJECT_CPU, FIELD_U32, false),
	FIELD(object, pid, KOBS_A_OBJECT_PID, FIELD_U32, false),
	FIELD(object, tid, KOBS_A_OBJECT_TID, FIELD_U32, false),
	FIELD(object, comm, KOBS_A_OBJECT_COMM, FIELD_TEXT, false),
	FIELD(object, interrupt, KOBS_A_OBJECT_INTERRUPT, FIELD_BOOL, false),
	FIELD(object, more, KOBS_A_OBJECT_MORE, FIELD_U32, false),
	{ .attr = KOBS_A_OBJECT_POINTER, .kind = FIELD_NESTS,
	  .offset = offsetof(struct object, pointers), .name = "KOBS_A_OBJECT_POINTER",
	  .nest = &pointer_layout },
};

static const struct layout object_layout = {
	object_fields, ARRAY_SIZE(object_fields), sizeof(struct object),
};

static void take_data(struct object *o, struct nlattr *attr)
{
	free(o->data);
	o->len = (size_t)nla_len(attr);
	o->data = zalloc(o->len + 1);
	memcpy(o->data, nla_data(attr), o->len);
}

static const char *object_reply(struct nlmsghdr *msg, void *arg)
{
	struct genlmsghdr *hdr = genlmsg_hdr(msg);
	struct nlattr *attrs = genlmsg_attrdata(hdr, 0);
	int len = genlmsg_attrlen(hdr, 0);
	struct objects *out = arg;
	struct nlattr *cpu = nla_find(attrs, len, KOBS_A_OBJECT_CPU);
	struct nlattr *data = nla_find(attrs, len, KOBS_A_OBJECT_DATA);
	struct object *o;

	out->v = grow(out->v, &out->cap, out->n + 1, sizeof(*o));
	o = &out->v[out->n++];
	memset(o, 0, sizeof(*o));
	o->each_cpu = cpu;
	if (data)
		take_data(o, data);
	return decode(attrs, len, &object_layout, o);
}

/**
 * model_get_objects() - Read what the oldest live objects of a row hold.
 * @group: number that the kernel has for the row
 * @bytes: how much of each
 * @out: they are added to it
 *
 * Return: 0, or a negative error number; nl->text says why.
 */
int model_get_objects(struct nl *nl, uint32_t session, uint32_t group, uint32_t most,
		      uint32_t bytes, struct objects *out)
{
	struct nl_msg *msg = nl_request(nl, KOBS_CMD_OBJECT_GET, NLM_F_DUMP);

	if (msg && (nla_put_u32(msg, KOBS_A_OBJECT_SESSION, session) ||
		    nla_put_u32(msg, KOBS_A_OBJECT_GROUP, group) ||
		    nla_put_u32(msg, KOBS_A_OBJECT_MOST, most) ||
		    nla_put_u32(msg, KOBS_A_OBJECT_BYTES, bytes))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return nl_do(nl, msg, object_reply, out);
}

/** model_free_objects() - Free objects. */
void model_free_objects(struct objects *o)
{
	size_t i;

	for (i = 0; i < o->n; i++) {
		free(o->v[i].data);
		decode_free(&object_layout, &o->v[i]);
	}
	free(o->v);
	memset(o, 0, sizeof(*o));
}
