// SPDX-License-Identifier: GPL-2.0
/*
 * Notifications: records, losses and states as attributes. The operations that
 * the engine sends them by (core/notify.h).
 *
 * Locking: see core/notify.h.
 */
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "core/names.h"
#include "core/stream.h"
#include "netlink/family.h"

/* Bytes of the attributes of a message with records. */
#define RECORDS_SIZE		(32 * 1024 - 512)
/* The same of a message with numbers only. */
#define NUMBERS_SIZE		128

/* A message of a session, or NULL. */
static struct sk_buff *notify_new(const struct kobs_session *s, u8 cmd,
				  size_t size)
{
	struct sk_buff *skb = kobs_netlink_record(cmd, size);

	if (skb && nla_put_u32(skb, KOBS_A_RECORD_SESSION, s->id)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static int put_lost(struct sk_buff *skb, unsigned int cpu, u64 lost)
{
	return nla_put_u32(skb, KOBS_A_RECORD_CPU, cpu) ?:
	       kobs_put_u64(skb, KOBS_A_RECORD_LOST, lost);
}

static struct sk_buff *notify_records(const struct kobs_session *s,
				      unsigned int cpu, u64 seq, u64 lost)
{
	struct sk_buff *skb = notify_new(s, KOBS_CMD_RECORD_NTF, RECORDS_SIZE);

	if (skb && (put_lost(skb, cpu, lost) ||
		    kobs_put_u64(skb, KOBS_A_RECORD_SEQ, seq))) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

/* Maximum bytes of an event: time, value, columns, data; and of the names for it. */
static size_t event_size(const struct kobs_session *s)
{
	return nla_total_size(0) + (s->n_columns + 2) *
	       nla_total_size(KOBS_TEXT_WORDS * sizeof(u64)) +
	       (s->mode->data ? nla_total_size(KOBS_STREAM_DATA) : 0) +
	       hweight32(s->names.words) * KOBS_NL_NAME_SIZE;
}

static bool notify_room(const struct kobs_session *s, const struct sk_buff *skb)
{
	return skb_tailroom(skb) >= event_size(s);
}

/* Names come before the record that has them first. */
static int put_names(struct kobs_session *s, struct sk_buff *skb,
		     const u64 *word, const struct kobs_code *lost)
{
	unsigned int i;

	for (i = 0; s->names.words >> i; i++) {
		const char *name = s->names.words & BIT(i) ?
				   kobs_names_untold(s, word[i], lost) : NULL;

		if (name && kobs_netlink_put_name(skb, KOBS_A_RECORD_NAME,
						  word[i], name))
			return -EMSGSIZE;
	}
	return 0;
}

static int notify_add(struct kobs_session *s, struct sk_buff *skb, u64 time,
		      const u64 *word, const struct kobs_code *lost)
{
	struct nlattr *nest;
	unsigned int i;

	if (put_names(s, skb, word, lost))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, KOBS_A_RECORD_EVENT);
	if (!nest || kobs_put_u64(skb, KOBS_A_EVENT_TIME, time))
		return -EMSGSIZE;
	for (i = 0; i < s->n_columns; i++) {
		const struct kobs_column *c = s->columns[i];
		int err = c->type == KOBS_TYPE_TEXT ?
			  kobs_put_text(skb, KOBS_A_EVENT_TEXT, word,
					c->words) :
			  kobs_put_u64(skb, KOBS_A_EVENT_NUMBER, *word);

		if (err)
			return err;
		word += c->words;
	}
	if (s->mode->value && kobs_put_u64(skb, KOBS_A_EVENT_VALUE, *word))
		return -EMSGSIZE;
	if (s->mode->data && nla_put(skb, KOBS_A_EVENT_DATA, word[0], &word[1]))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static struct sk_buff *notify_lost(const struct kobs_session *s,
				   unsigned int cpu, u64 lost)
{
	struct sk_buff *skb = notify_new(s, KOBS_CMD_LOST_NTF, NUMBERS_SIZE);

	if (skb && put_lost(skb, cpu, lost)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static struct sk_buff *notify_until(const struct kobs_session *s, u64 until)
{
	struct sk_buff *skb = notify_new(s, KOBS_CMD_RECORD_NTF, NUMBERS_SIZE);

	if (skb && kobs_put_u64(skb, KOBS_A_RECORD_UNTIL, until)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static struct sk_buff *notify_state(struct kobs_session *s)
{
	struct sk_buff *skb = kobs_netlink_record(KOBS_CMD_SESSION_NTF,
						  KOBS_NL_SESSION_SIZE);

	if (skb && kobs_netlink_put_session(skb, s)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static int notify_send(const struct kobs_session *s, struct sk_buff *skb)
{
	u32 port = kobs_session_owner(s);
	int err = -ECONNREFUSED;

	nlmsg_end(skb, nlmsg_hdr(skb));
	if (port) {
		/*
		 * What is queued belongs to the owner's socket, which can be
		 * closed and freed before this message is.
		 */
		struct sk_buff *copy = skb_clone(skb, GFP_KERNEL);

		if (!copy)
			return -EAGAIN;
		err = genlmsg_unicast(&init_net, copy, port);
	}
	if (err == -EAGAIN)
		return err;
	/* Any other error means that there is no owner to read it. */
	kfree_skb(skb);
	return 0;
}

static void notify_drop(struct sk_buff *skb)
{
	kfree_skb(skb);
}

const struct kobs_notify_ops kobs_netlink_notify = {
	.records = notify_records,
	.room = notify_room,
	.add = notify_add,
	.lost = notify_lost,
	.until = notify_until,
	.state = notify_state,
	.send = notify_send,
	.drop = notify_drop,
};
