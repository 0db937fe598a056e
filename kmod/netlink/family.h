/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netlink family: family.c (operations), defer.c (those that take long),
 * parse.c (requests), fill.c (sources and sessions), rows.c (rows and stacks),
 * objects.c (live objects), notify.c (notifications). The only folder that knows attributes.
 */
#ifndef KOBS_NETLINK_H
#define KOBS_NETLINK_H

#include <linux/sizes.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include "core/notify.h"
#include "core/refuse.h"
#include "core/session.h"

/*
 * Maximum bytes of a source or a session without its kept-out targets: with
 * every reason of loss, every note, full filters, and the longest text, which is
 * the patterns of func.
 */
#define KOBS_NL_SESSION_SIZE	(SZ_8K + SZ_4K + SZ_1K)

/* Maximum bytes of one kept-out target with its reason. */
#define KOBS_NL_KEPT_OUT_SIZE	192

/* Bytes of a message of a dump of rows or stacks. */
#define KOBS_NL_DUMP_SIZE	SZ_32K

/* Maximum bytes of an address with its name. */
#define KOBS_NL_NAME_SIZE	nla_total_size(nla_total_size(sizeof(u64)) + \
					       nla_total_size(KOBS_NAME_LEN_MAX))

/*
 * 64-bit numbers are not padded: attributes are aligned to 4 bytes, and the
 * specification has no attribute for padding.
 */
static inline int kobs_put_u64(struct sk_buff *skb, int attr, u64 v)
{
	return nla_put(skb, attr, sizeof(v), &v);
}

/* A column's text, which ends at a zero or with its last word. */
static inline int kobs_put_text(struct sk_buff *skb, int attr, const u64 *words,
				unsigned int n)
{
	char copy[KOBS_TEXT_WORDS * sizeof(u64)];

	memcpy(copy, words, n * sizeof(u64));
	copy[n * sizeof(u64) - 1] = '\0';
	return nla_put_string(skb, attr, copy);
}

struct kobs_request;
typedef int (*kobs_change_fn)(struct kobs_session *s, struct kobs_request *r,
			      struct netlink_ext_ack *extack);

/**
 * struct kobs_request - a request that a worker does
 * @job: job of the session
 * @node: in the list of requests in progress, then in that of answers
 * @change: does it; can make more room for the answer
 * @nlh: header of its message
 * @cmd: command
 * @named: it has an attribute session-name
 * @name: the attribute, cut off behind what a name may have
 * @port: netlink port of the caller
 * @sock: socket of the caller
 * @fresh: it makes a session
 * @reply: its answer has the session
 * @made: the session that it makes, until that is done
 * @id: number of the session
 * @answer: message for the answer
 * @hdr: header in it
 * @extack: reason of a failure
 * @refusal: its sentence
 */
struct kobs_request {
	struct kobs_job job;
	struct list_head node;
	kobs_change_fn change;
	struct nlmsghdr nlh;
	u8 cmd;
	bool named;
	char name[KOBS_NAME_LEN + 1];
	u32 port;
	struct sock *sock;
	bool fresh;
	bool reply;
	struct kobs_session *made;
	u32 id;
	struct sk_buff *answer;
	void *hdr;
	struct netlink_ext_ack extack;
	struct kobs_refusal refusal;
};

#define KOBS_DEFER_FRESH	BIT(0)
#define KOBS_DEFER_REPLY	BIT(1)

/* defer.c */
int kobs_netlink_verdict(struct netlink_ext_ack *extack, int err);
int kobs_netlink_fill(struct sk_buff *reply, void *hdr, struct kobs_session *s,
		      bool kept_out);
int kobs_netlink_answer_room(struct kobs_request *r, size_t size);
int kobs_netlink_defer(struct sk_buff *skb, struct genl_info *info,
		       struct kobs_session *s, kobs_change_fn change,
		       unsigned int flags);
void kobs_netlink_closed(void);
void kobs_netlink_forget(void);

/* family.c */
int kobs_netlink_init(void);
void kobs_netlink_exit(void);
struct sk_buff *kobs_netlink_record(u8 cmd, size_t size);
int kobs_netlink_allowed(struct sk_buff *skb, struct netlink_ext_ack *extack);
struct kobs_session *kobs_netlink_dump_session(struct netlink_callback *cb,
					       int attr);
struct kobs_session *kobs_netlink_do_session(struct sk_buff *skb,
					     struct genl_info *info, int attr);
void *kobs_netlink_dump_hdr(struct sk_buff *skb, struct netlink_callback *cb,
			    u8 cmd);
struct sk_buff *kobs_netlink_reply(u32 port, u32 seq, u8 cmd, size_t size,
				   void **hdr);

/* parse.c */
int kobs_netlink_parse_config(struct genl_info *info, struct kobs_config *cfg);

/* fill.c */
int kobs_netlink_put_source(struct sk_buff *skb,
			    const struct kobs_source *src);
int kobs_netlink_put_session(struct sk_buff *skb, struct kobs_session *s);
int kobs_netlink_put_kept_out(struct sk_buff *skb,
			      const struct kobs_session *s);
int kobs_netlink_put_name(struct sk_buff *skb, int attr, u64 address,
			  const char *text);

/* rows.c */
int kobs_netlink_rows_start(struct netlink_callback *cb);

/* objects.c */
int kobs_netlink_objects_done(struct netlink_callback *cb);

/* notify.c */
extern const struct kobs_notify_ops kobs_netlink_notify;

#endif /* KOBS_NETLINK_H */
