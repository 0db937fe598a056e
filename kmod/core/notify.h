/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Notifications: messages to a session's owner that no request asked for. The
 * engine decides when to send them; netlink/notify.c knows their attributes and
 * provides the operations.
 */
#ifndef KOBS_NOTIFY_H
#define KOBS_NOTIFY_H

#include <linux/types.h>

struct kobs_code;
struct kobs_session;
struct sk_buff;

/**
 * struct kobs_notify_ops - operations on notifications
 * @records: a new message for records of one CPU: number of the message, and
 *           lost records up to it; or NULL
 * @room: whether the message has room for another record
 * @add: add a record: its time, its words as kobs_stream_write() wrote them, and
 *       as @lost of kobs_names_untold(); 0 or -EMSGSIZE; the lock of the
 *       session's names is held
 * @lost: a complete message about the lost records of one CPU, or NULL
 * @until: a complete message: all records older than @until were sent; or NULL
 * @state: a complete message about the session's state, or NULL; the session's
 *         lock is held
 * @send: send a message; -EAGAIN when the owner's socket is full and the caller
 *        keeps the message, else 0, and the message is gone
 * @drop: free a message
 *
 * Context of all: task. All but @room, @add and @drop may sleep.
 */
struct kobs_notify_ops {
	struct sk_buff *(*records)(const struct kobs_session *s,
				   unsigned int cpu, u64 seq, u64 lost);
	bool (*room)(const struct kobs_session *s, const struct sk_buff *skb);
	int (*add)(struct kobs_session *s, struct sk_buff *skb, u64 time,
		   const u64 *words, const struct kobs_code *lost);
	struct sk_buff *(*lost)(const struct kobs_session *s, unsigned int cpu,
				u64 lost);
	struct sk_buff *(*until)(const struct kobs_session *s, u64 until);
	struct sk_buff *(*state)(struct kobs_session *s);
	int (*send)(const struct kobs_session *s, struct sk_buff *skb);
	void (*drop)(struct sk_buff *skb);
};

/* stream.c */
void kobs_notify_state(struct kobs_session *s);

#endif /* KOBS_NOTIFY_H */
