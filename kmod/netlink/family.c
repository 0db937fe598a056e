// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: its operations. uapi/kobs.yaml describes the
 * attributes; the policies and the table of operations (gen.c) are generated
 * from it.
 *
 * Locking: operations run in parallel, under the kernel's cb_lock: those that
 * take long are left to workers (defer.c). kobs_sessions_lock and the sessions'
 * own locks protect what they work on (see core/session.h). The family's own
 * state is constant.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "core/refuse.h"
#include "core/session.h"
#include "netlink/family.h"
#include "netlink/gen.h"

static struct genl_family kobs_family;

/**
 * kobs_netlink_allowed() - whether the caller may use kobs
 * @skb: request
 * @extack: takes the reason of a refusal
 *
 * netlink_capable() checks the capability of the caller and, unless the caller
 * named the receiver explicitly, of the socket's opener: a file descriptor that
 * was passed on does not grant the right, nor does one written to by mistake.
 *
 * Context: task.
 * Return: 0, or -EPERM.
 */
int kobs_netlink_allowed(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	/* Constant texts: an unprivileged caller uses up no text of kobs_refuse(). */
	if (!netlink_capable(skb, CAP_PERFMON) &&
	    !netlink_capable(skb, CAP_SYS_ADMIN)) {
		NL_SET_ERR_MSG(extack,
			       "kobs needs CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace");
		return -EPERM;
	}
	if (security_locked_down(LOCKDOWN_TRACEFS)) {
		NL_SET_ERR_MSG(extack,
			       "the kernel is locked down for confidentiality, which rules out tracing");
		return -EPERM;
	}
	return 0;
}

/* The session that a request names by number or name. */
static struct kobs_session *nl_session(struct genl_info *info)
{
	struct nlattr *id = info->attrs[KOBS_A_SESSION_ID];
	struct nlattr *name = info->attrs[KOBS_A_SESSION_NAME];
	struct kobs_session *s;

	if (!id && !name) {
		kobs_refuse(info->extack, 0, "id or name of a session missing");
		return ERR_PTR(-EINVAL);
	}
	s = kobs_session_get(id ? nla_get_u32(id) : 0,
			     name ? nla_data(name) : NULL);
	if (s)
		return s;
	if (id)
		kobs_refuse(info->extack, 0, "there is no session %u",
			    nla_get_u32(id));
	else
		kobs_refuse(info->extack, 0, "there is no session %s",
			    (char *)nla_data(name));
	return ERR_PTR(-ENOENT);
}

/**
 * kobs_netlink_dump_session() - the session that a dump's request names
 * @cb: dump
 * @attr: attribute with its number
 *
 * Context: task.
 * Return: the session, with a reference, or an error after a refusal.
 */
struct kobs_session *kobs_netlink_dump_session(struct netlink_callback *cb,
					       int attr)
{
	int err = kobs_netlink_allowed(cb->skb, cb->extack);
	struct kobs_session *s;
	struct nlattr *id;

	if (err)
		return ERR_PTR(err);
	id = nlmsg_find_attr(cb->nlh, GENL_HDRLEN, attr);
	if (!id) {
		kobs_refuse(cb->extack, 0, "session missing");
		return ERR_PTR(-EINVAL);
	}
	s = nla_get_u32(id) ? kobs_session_get(nla_get_u32(id), NULL) : NULL;
	if (!s) {
		kobs_refuse(cb->extack, 0, "there is no session %u",
			    nla_get_u32(id));
		return ERR_PTR(-ENOENT);
	}
	return s;
}

/**
 * kobs_netlink_do_session() - the session that a request names
 * @skb: request
 * @info: its attributes
 * @attr: attribute with its number
 *
 * Context: task.
 * Return: the session, with a reference, or an error after a refusal.
 */
struct kobs_session *kobs_netlink_do_session(struct sk_buff *skb,
					     struct genl_info *info, int attr)
{
	int err = kobs_netlink_allowed(skb, info->extack);
	struct kobs_session *s = NULL;
	u32 id;

	if (err)
		return ERR_PTR(err);
	if (GENL_REQ_ATTR_CHECK(info, attr)) {
		kobs_refuse(info->extack, 0, "session missing");
		return ERR_PTR(-EINVAL);
	}
	id = nla_get_u32(info->attrs[attr]);
	if (id)
		s = kobs_session_get(id, NULL);
	if (s)
		return s;
	kobs_refuse(info->extack, 0, "there is no session %u", id);
	return ERR_PTR(-ENOENT);
}

/* A reply to a request, or NULL. */
static struct sk_buff *nl_reply(struct genl_info *info, void **hdr)
{
	return kobs_netlink_reply(info->snd_portid, info->snd_seq,
				  info->genlhdr->cmd, KOBS_NL_SESSION_SIZE,
				  hdr);
}

static int nl_new(struct kobs_session *s, struct kobs_request *r,
		  struct netlink_ext_ack *extack)
{
	int err = kobs_session_publish(s, extack);

	if (err || !kobs_session_kept_out(s))
		return err;
	return kobs_netlink_answer_room(r, KOBS_NL_SESSION_SIZE +
					   kobs_session_kept_out(s) *
					   KOBS_NL_KEPT_OUT_SIZE);
}

int kobs_nl_session_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct kobs_config *cfg;
	struct kobs_session *s;
	int err = kobs_netlink_allowed(skb, info->extack);

	if (err)
		return err;
	cfg = kzalloc(sizeof(*cfg), GFP_KERNEL);
	if (!cfg)
		return kobs_netlink_verdict(info->extack, -ENOMEM);
	cfg->owner = info->snd_portid;
	err = kobs_netlink_parse_config(info, cfg);
	if (!err) {
		s = kobs_session_create(cfg, info->extack);
		err = PTR_ERR_OR_ZERO(s);
	}
	kvfree(cfg->blob);
	kfree(cfg);
	if (err)
		return kobs_netlink_verdict(info->extack, err);
	return kobs_netlink_defer(skb, info, s, nl_new,
				  KOBS_DEFER_FRESH | KOBS_DEFER_REPLY);
}

/* The common part of start, stop and del. */
static int nl_session_change(struct sk_buff *skb, struct genl_info *info,
			     kobs_change_fn change, unsigned int flags)
{
	int err = kobs_netlink_allowed(skb, info->extack);
	struct kobs_session *s;

	if (err)
		return err;
	s = nl_session(info);
	if (IS_ERR(s))
		return PTR_ERR(s);
	return kobs_netlink_defer(skb, info, s, change, flags);
}

static int nl_start(struct kobs_session *s, struct kobs_request *r,
		    struct netlink_ext_ack *extack)
{
	return kobs_session_start(s, r->port, r->named ? r->name : NULL, extack);
}

/*
 * The reply is allocated before: a session does not start when the caller is
 * told that it failed.
 */
int kobs_nl_session_start_doit(struct sk_buff *skb, struct genl_info *info)
{
	/* Here the name is the session's new name, not a name to look up. */
	if (GENL_REQ_ATTR_CHECK(info, KOBS_A_SESSION_ID))
		return kobs_refuse(info->extack, -EINVAL,
				   "id of a session missing");
	return nl_session_change(skb, info, nl_start, KOBS_DEFER_REPLY);
}

static int nl_stop(struct kobs_session *s, struct kobs_request *r,
		   struct netlink_ext_ack *extack)
{
	return kobs_session_stop(s, r->port, extack);
}

int kobs_nl_session_stop_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_session_change(skb, info, nl_stop, KOBS_DEFER_REPLY);
}

static int nl_del(struct kobs_session *s, struct kobs_request *r,
		  struct netlink_ext_ack *extack)
{
	return kobs_session_del(s, r->port, extack);
}

int kobs_nl_session_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return nl_session_change(skb, info, nl_del, 0);
}

int kobs_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = kobs_netlink_allowed(skb, info->extack);
	struct kobs_session *s;
	struct sk_buff *reply;
	void *hdr;

	if (err)
		return err;
	s = nl_session(info);
	if (IS_ERR(s))
		return PTR_ERR(s);
	reply = nl_reply(info, &hdr);
	err = reply ? kobs_netlink_fill(reply, hdr, s, false) : -ENOMEM;
	if (!err)
		err = genlmsg_reply(reply, info);
	else
		nlmsg_free(reply);
	kobs_session_put(s);
	return kobs_netlink_verdict(info->extack, err);
}

/* The kernel's default can be less than the first item of a dump needs. */
static int nl_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = KOBS_NL_SESSION_SIZE;
	return 0;
}

int kobs_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = kobs_netlink_allowed(cb->skb, cb->extack);
	struct kobs_session *s;

	if (err)
		return err;
	while ((s = kobs_session_after(cb->args[0]))) {
		void *hdr = kobs_netlink_dump_hdr(skb, cb,
						  KOBS_CMD_SESSION_GET);
		bool fits = false;

		err = mutex_lock_killable(&s->lock);
		if (!err) {
			fits = hdr && !kobs_netlink_put_session(skb, s);
			mutex_unlock(&s->lock);
		}
		if (fits) {
			genlmsg_end(skb, hdr);
			cb->args[0] = s->id;
		} else if (hdr) {
			genlmsg_cancel(skb, hdr);
		}
		kobs_session_put(s);
		if (err)
			return err;
		if (!fits)
			break;
	}
	return skb->len;
}

int kobs_nl_source_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = kobs_netlink_allowed(skb, info->extack);
	const struct kobs_source *src;
	struct sk_buff *reply;
	const char *name;
	void *hdr;

	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, KOBS_A_SOURCE_NAME))
		return kobs_refuse(info->extack, -EINVAL,
				   "name of a source missing");
	name = nla_data(info->attrs[KOBS_A_SOURCE_NAME]);
	src = kobs_source_find(name);
	if (!src)
		return kobs_refuse(info->extack, -ENOENT,
				   "there is no source %s", name);
	reply = nl_reply(info, &hdr);
	if (!reply)
		return kobs_netlink_verdict(info->extack, -ENOMEM);
	if (kobs_netlink_put_source(reply, src)) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

int kobs_nl_source_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = kobs_netlink_allowed(cb->skb, cb->extack);
	const struct kobs_source *src;

	if (err)
		return err;
	while ((src = kobs_source_at(cb->args[0]))) {
		void *hdr = kobs_netlink_dump_hdr(skb, cb, KOBS_CMD_SOURCE_GET);

		if (!hdr || kobs_netlink_put_source(skb, src)) {
			if (hdr)
				genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		cb->args[0]++;
	}
	return skb->len;
}

/**
 * kobs_netlink_dump_hdr() - begin a message of a dump
 * @skb: message being filled
 * @cb: dump
 * @cmd: command
 *
 * Context: task.
 * Return: the header, or NULL when the message is full.
 */
void *kobs_netlink_dump_hdr(struct sk_buff *skb, struct netlink_callback *cb,
			    u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &kobs_family, NLM_F_MULTI, cmd);
}

/**
 * kobs_netlink_reply() - begin the answer to a request
 * @port: netlink port of the caller
 * @seq: number of the request
 * @cmd: its command
 * @size: bytes of its attributes
 * @hdr: set to the header
 *
 * Context: task, may sleep.
 * Return: the message, or NULL.
 */
struct sk_buff *kobs_netlink_reply(u32 port, u32 seq, u8 cmd, size_t size,
				   void **hdr)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, port, seq, &kobs_family, 0, cmd);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/**
 * kobs_netlink_record() - begin a notification
 * @cmd: its command
 * @size: bytes of its attributes
 *
 * Context: task, may sleep.
 * Return: the message, or NULL.
 */
struct sk_buff *kobs_netlink_record(u8 cmd, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb)
		return NULL;
	if (genlmsg_put(skb, 0, 0, &kobs_family, 0, cmd))
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int nl_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct netlink_notify *n = data;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    n->portid && net_eq(n->net, &init_net)) {
		kobs_netlink_closed();
		kobs_session_abandon(n->portid, 0);
	}
	return NOTIFY_DONE;
}

static struct notifier_block nl_notifier = { .notifier_call = nl_event };

/* The generated operations, plus what the generator does not support. */
static struct genl_ops nl_ops[ARRAY_SIZE(kobs_nl_ops)] __ro_after_init;

/* Not netnsok: the family exists in the initial network namespace only. */
static struct genl_family kobs_family __ro_after_init = {
	.name = KOBS_FAMILY_NAME,
	.version = KOBS_FAMILY_VERSION,
	.maxattr = KOBS_A_SESSION_MAX,
	.module = THIS_MODULE,
	.ops = nl_ops,
	.n_ops = ARRAY_SIZE(nl_ops),
	.parallel_ops = true,
};

/**
 * kobs_netlink_init() - register the family
 *
 * Context: task, at load.
 * Return: 0, or an error of genl_register_family().
 */
int __init kobs_netlink_init(void)
{
	unsigned int i;
	int err;

	memcpy(nl_ops, kobs_nl_ops, sizeof(nl_ops));
	for (i = 0; i < ARRAY_SIZE(nl_ops); i++) {
		if (nl_ops[i].cmd == KOBS_CMD_TABLE_GET ||
		    nl_ops[i].cmd == KOBS_CMD_STACK_GET ||
		    nl_ops[i].cmd == KOBS_CMD_OBJECT_GET)
			nl_ops[i].start = kobs_netlink_rows_start;
		else if (nl_ops[i].dumpit)
			nl_ops[i].start = nl_dump_start;
		if (nl_ops[i].cmd == KOBS_CMD_OBJECT_GET)
			nl_ops[i].done = kobs_netlink_objects_done;
	}
	err = netlink_register_notifier(&nl_notifier);
	if (err)
		return err;
	err = genl_register_family(&kobs_family);
	if (err)
		netlink_unregister_notifier(&nl_notifier);
	return err;
}

/**
 * kobs_netlink_exit() - unregister the family
 *
 * Context: task, at unload.
 */
void kobs_netlink_exit(void)
{
	genl_unregister_family(&kobs_family);
	netlink_unregister_notifier(&nl_notifier);
	kobs_netlink_forget();
}
