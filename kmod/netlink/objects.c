// SPDX-License-Identifier: GPL-2.0
/*
 * Answers: what live objects of a session hold. The objects of a dump are chosen
 * when it begins, and read when there is room for them in a message.
 *
 * They are bytes of the kernel's memory: whoever asks needs the rights that all
 * commands need.
 *
 * Locking: the session's lock, while objects are chosen and read.
 */
#include <linux/mm.h>

#include "core/contents.h"
#include "netlink/family.h"
#include "netlink/gen.h"

#define POINTER_SIZE	nla_total_size(4 * nla_total_size_64bit(sizeof(u64)) + \
				       2 * nla_total_size(sizeof(u32)) + \
				       nla_total_size(KOBS_POINTER_TEXT))
/* Maximum bytes of an object. */
#define OBJECT_SIZE	(16 * nla_total_size_64bit(sizeof(u64)) + \
			 nla_total_size(KOBS_CONTENTS_BYTES) + \
			 KOBS_CONTENTS_POINTERS * POINTER_SIZE)

static int refuse_range(struct netlink_ext_ack *extack, const char *name, u32 n,
			unsigned int highest)
{
	return kobs_refuse(extack, -EINVAL, "%s is %u, but must be 1 to %u", name,
			   n, highest);
}

/* What is asked for, of which nothing is missing. */
static int parse_object(struct nlattr *most, struct nlattr *bytes,
			struct nlattr *group, struct kobs_oldest *old,
			struct netlink_ext_ack *extack)
{
	if (!group || !most || !bytes)
		return kobs_refuse(extack, -EINVAL, "%s missing",
				   !group ? "group" : !most ? "most" : "bytes");
	old->group = nla_get_u32(group);
	old->most = nla_get_u32(most);
	old->bytes = nla_get_u32(bytes);
	if (!old->most || old->most > KOBS_CONTENTS_OBJECTS)
		return refuse_range(extack, "most", old->most,
				    KOBS_CONTENTS_OBJECTS);
	if (!old->bytes || old->bytes > KOBS_CONTENTS_BYTES)
		return refuse_range(extack, "bytes", old->bytes,
				    KOBS_CONTENTS_BYTES);
	return 0;
}

/* The census of a session whose objects can be read. */
static struct kobs_census *object_census(struct kobs_session *s,
					 struct netlink_ext_ack *extack)
{
	struct kobs_census *c = NULL;

	lockdep_assert_held(&s->lock);
	if (s->source->census && !kobs_session_dead(s))
		c = s->source->census(s);
	if (!c) {
		kobs_refuse(extack, 0, "source %s has no live objects to read in mode %s",
			    s->source->name, s->mode->name);
		return ERR_PTR(-EOPNOTSUPP);
	}
	/* What is freed would not be noticed. */
	if (s->life != KOBS_LIFE_STARTED || !READ_ONCE(s->armed)) {
		kobs_refuse(extack, 0,
			    "session %u does not run: which of its objects are live is not known",
			    s->id);
		return ERR_PTR(-EBUSY);
	}
	return c;
}

static int find_objects(struct kobs_session *s, struct kobs_oldest *old,
			struct netlink_ext_ack *extack)
{
	u32 group = old->group;
	struct kobs_census *c;
	int err;

	kobs_pointers_init();
	err = mutex_lock_killable(&s->lock);
	if (err)
		return err;
	c = object_census(s, extack);
	err = PTR_ERR_OR_ZERO(c);
	if (!err && (!group || group > c->groups->mask + 1 ||
		     !kobs_group_table_key(c->groups, group - 1)))
		err = kobs_refuse(extack, -ENOENT, "session %u has no group %u",
				  s->id, group);
	old->group = group - 1;
	if (!err)
		kobs_oldest_find(c, old);
	mutex_unlock(&s->lock);
	return err;
}

static int put_pointer(struct sk_buff *skb, const struct kobs_pointer *p)
{
	struct nlattr *nest = nla_nest_start(skb, KOBS_A_OBJECT_POINTER);

	if (!nest || nla_put_u32(skb, KOBS_A_POINTER_OFFSET, p->offset) ||
	    kobs_put_u64(skb, KOBS_A_POINTER_VALUE, p->value) ||
	    nla_put_u32(skb, KOBS_A_POINTER_KIND, p->kind) ||
	    (*p->text && nla_put_string(skb, KOBS_A_POINTER_TEXT, p->text)) ||
	    (p->start && kobs_put_u64(skb, KOBS_A_POINTER_START, p->start)) ||
	    (p->kind == KOBS_POINTER_STACK &&
	     nla_put_u32(skb, KOBS_A_POINTER_TID, p->tid)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_who(struct sk_buff *skb, const struct kobs_census *c, u32 who)
{
	const u64 *task = kobs_census_who(c, who);

	if (c->keeps_who && who == KOBS_WHO_INTERRUPT)
		return nla_put_u32(skb, KOBS_A_OBJECT_INTERRUPT, 1);
	if (!task)
		return 0;
	return nla_put_u32(skb, KOBS_A_OBJECT_PID, task[0] >> 32) ?:
	       nla_put_u32(skb, KOBS_A_OBJECT_TID, (u32)task[0]) ?:
	       kobs_put_text(skb, KOBS_A_OBJECT_COMM, &task[1], 2);
}

static int put_contents(struct sk_buff *skb, const struct kobs_contents *now)
{
	unsigned int i;

	if (now->state != KOBS_CONTENTS_READ)
		return 0;
	if ((now->each_cpu && nla_put_u32(skb, KOBS_A_OBJECT_CPU, now->cpu)) ||
	    nla_put(skb, KOBS_A_OBJECT_DATA, now->len, now->data) ||
	    (now->more && nla_put_u32(skb, KOBS_A_OBJECT_MORE, now->more)))
		return -EMSGSIZE;
	for (i = 0; i < now->n; i++) {
		if (put_pointer(skb, &now->pointer[i]))
			return -EMSGSIZE;
	}
	return 0;
}

/* Read the next object, and put it into a message. */
static int put_object(struct sk_buff *skb, struct kobs_session *s,
		      const struct kobs_census *c, struct kobs_oldest *old)
{
	const struct kobs_contents *now = &old->now;

	kobs_contents_read(c, old);
	if (nla_put_u32(skb, KOBS_A_OBJECT_SESSION, s->id) ||
	    nla_put_u32(skb, KOBS_A_OBJECT_GROUP, old->group + 1) ||
	    kobs_put_u64(skb, KOBS_A_OBJECT_ADDRESS, now->address) ||
	    kobs_put_u64(skb, KOBS_A_OBJECT_SIZE, now->size) ||
	    kobs_put_u64(skb, KOBS_A_OBJECT_AGE, now->age) ||
	    nla_put_u32(skb, KOBS_A_OBJECT_STATE, now->state) ||
	    put_who(skb, c, old->v[old->at].o.who) || put_contents(skb, now))
		return -EMSGSIZE;
	old->at++;
	return 0;
}

static int dump_objects(struct sk_buff *skb, struct netlink_callback *cb,
			struct kobs_session *s, struct kobs_oldest *old)
{
	int err = mutex_lock_killable(&s->lock);
	struct kobs_census *c;

	BUILD_BUG_ON(2 * NLMSG_HDRLEN + OBJECT_SIZE >= KOBS_NL_DUMP_SIZE);
	if (err)
		return err;
	c = object_census(s, cb->extack);
	err = PTR_ERR_OR_ZERO(c);
	while (!err && old->at < old->n && skb_tailroom(skb) >= OBJECT_SIZE) {
		void *hdr = kobs_netlink_dump_hdr(skb, cb, KOBS_CMD_OBJECT_GET);

		if (!hdr)
			break;
		err = put_object(skb, s, c, old);
		if (err)
			genlmsg_cancel(skb, hdr);
		else
			genlmsg_end(skb, hdr);
		cond_resched();
	}
	mutex_unlock(&s->lock);
	return err;
}

/* The objects of a dump, chosen at its begin. */
static int dump_begin(struct netlink_callback *cb, struct kobs_session *s)
{
	const struct nlmsghdr *nlh = cb->nlh;
	struct kobs_oldest *old = kvzalloc(sizeof(*old), GFP_KERNEL_ACCOUNT);
	int err;

	if (!old)
		return -ENOMEM;
	cb->args[0] = (long)old;
	err = parse_object(nlmsg_find_attr(nlh, GENL_HDRLEN, KOBS_A_OBJECT_MOST),
			   nlmsg_find_attr(nlh, GENL_HDRLEN, KOBS_A_OBJECT_BYTES),
			   nlmsg_find_attr(nlh, GENL_HDRLEN, KOBS_A_OBJECT_GROUP),
			   old, cb->extack);
	return err ?: find_objects(s, old, cb->extack);
}

/**
 * kobs_netlink_objects_done() - end a dump of objects
 * @cb: dump
 *
 * Context: task.
 * Return: 0.
 */
int kobs_netlink_objects_done(struct netlink_callback *cb)
{
	kvfree((struct kobs_oldest *)cb->args[0]);
	cb->args[0] = 0;
	return 0;
}

int kobs_nl_object_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct kobs_session *s = kobs_netlink_dump_session(cb,
							   KOBS_A_OBJECT_SESSION);
	int err = 0;

	if (IS_ERR(s))
		return PTR_ERR(s);
	if (!cb->args[0])
		err = dump_begin(cb, s);
	if (!err)
		err = dump_objects(skb, cb, s, (struct kobs_oldest *)cb->args[0]);
	kobs_session_put(s);
	return err ? kobs_netlink_verdict(cb->extack, err) : skb->len;
}

static int reply_object(struct genl_info *info, struct kobs_session *s,
			struct kobs_oldest *old)
{
	struct sk_buff *skb;
	struct kobs_census *c;
	void *hdr;
	int err;

	skb = kobs_netlink_reply(info->snd_portid, info->snd_seq,
				 info->genlhdr->cmd, OBJECT_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	err = mutex_lock_killable(&s->lock);
	if (!err) {
		c = object_census(s, info->extack);
		err = PTR_ERR_OR_ZERO(c) ?: put_object(skb, s, c, old);
		mutex_unlock(&s->lock);
	}
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

int kobs_nl_object_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kobs_session *s = kobs_netlink_do_session(skb, info,
							 KOBS_A_OBJECT_SESSION);
	struct kobs_oldest *old;
	int err = -ENOMEM;

	if (IS_ERR(s))
		return PTR_ERR(s);
	old = kvzalloc(sizeof(*old), GFP_KERNEL_ACCOUNT);
	if (old)
		err = parse_object(info->attrs[KOBS_A_OBJECT_MOST],
				   info->attrs[KOBS_A_OBJECT_BYTES],
				   info->attrs[KOBS_A_OBJECT_GROUP], old,
				   info->extack);
	if (!err && old->most != 1)
		err = refuse_range(info->extack, "most", old->most, 1);
	if (!err)
		err = find_objects(s, old, info->extack);
	if (!err && !old->n)
		err = kobs_refuse(info->extack, -ENOENT,
				  "group %u has no live object that is older than a tick",
				  old->group + 1);
	if (!err)
		err = reply_object(info, s, old);
	kvfree(old);
	kobs_session_put(s);
	return kobs_netlink_verdict(info->extack, err);
}
