// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that take long: a worker does them, as a job of the session
 * (core/jobs.c). The operation itself returns at once, with -EINTR, which tells
 * netlink not to acknowledge the request yet. A client notices nothing: it waits
 * for the answer in recvmsg(), where a signal ends the wait.
 *
 * Answers are sent by one work item, in the order in which requests are done. One
 * that finds no room in its socket stays, and those of the same socket behind it;
 * neither other sockets nor the session wait for a client that does not read.
 *
 * A request keeps nothing of the caller but a reference to its socket and a copy
 * of the message; its rights were checked by the operation.
 *
 * Locking: requests_lock for the lists; a request belongs to its worker, then to
 * the work item.
 */
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "core/refuse.h"
#include "netlink/family.h"

/* Maximum number of requests in progress, and those of one socket. */
#define REQUESTS	256
#define REQUESTS_SOCKET	16
/* Maximum bytes of a request that an error message repeats. */
#define ECHO_BYTES	4096
/* Interval at which answers look for room in their sockets. */
#define ROOM_JIFFIES	(HZ / 100 ?: 1)

static DEFINE_SPINLOCK(requests_lock); /* protects the two lists */
static LIST_HEAD(requests);
static LIST_HEAD(done);

static void answers_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(answers, answers_work);

/**
 * kobs_netlink_verdict() - add a sentence to a refusal that has none
 * @extack: takes the sentence, or NULL
 * @err: error number, or 0
 *
 * Context: task.
 * Return: @err.
 */
int kobs_netlink_verdict(struct netlink_ext_ack *extack, int err)
{
	if (err == -ENOMEM && extack && !extack->_msg)
		return kobs_refuse(extack, err,
				   "the kernel has no memory for this");
	return err;
}

/**
 * kobs_netlink_fill() - complete a reply with a session
 * @reply: message
 * @hdr: its header
 * @s: session
 * @kept_out: list the targets kept out
 *
 * Context: task, may sleep.
 * Return: 0, -EMSGSIZE, or -EINTR (the task is being killed).
 */
int kobs_netlink_fill(struct sk_buff *reply, void *hdr, struct kobs_session *s,
		      bool kept_out)
{
	int err = mutex_lock_killable(&s->lock);

	if (err)
		return err;
	err = kobs_netlink_put_session(reply, s);
	if (!err && kept_out)
		err = kobs_netlink_put_kept_out(reply, s);
	mutex_unlock(&s->lock);
	if (!err)
		genlmsg_end(reply, hdr);
	return err;
}

/* The port of a closed socket can have a new owner, which asked for nothing. */
static bool request_orphaned(const struct kobs_request *r)
{
	return sock_flag(r->sock, SOCK_DEAD);
}

static void request_free(struct kobs_request *r)
{
	nlmsg_free(r->reply);
	kfree_skb(r->msg);
	sock_put(r->sock);
	kfree(r);
}

/* It counts no more, if it still does: before its client learns of the end. */
static void request_leave(struct kobs_request *r)
{
	spin_lock(&requests_lock);
	list_del_init(&r->node);
	spin_unlock(&requests_lock);
}

/* Returns false when the socket has no room for the reply. */
static bool answer_reply(struct kobs_request *r)
{
	int used = atomic_read(&r->sock->sk_rmem_alloc);
	int err;

	/* Trying in vain would mark the socket as overrun. */
	if (used && used + r->reply->truesize > READ_ONCE(r->sock->sk_rcvbuf))
		return false;
	/* Sending takes one reference in any case. */
	skb_get(r->reply);
	err = genlmsg_unicast(&init_net, r->reply, r->port);
	if (err == -EAGAIN)
		return false;
	nlmsg_free(r->reply);
	r->reply = NULL;
	r->err = err;
	/* A session whose creation cannot be reported is deleted. */
	if (err && r->fresh)
		kobs_session_abandon(0, r->id);
	return true;
}

/*
 * Send what there is to send. netlink_ack() drops what finds no room, and the
 * answer would be waited for without end: a stream takes less than half of a
 * socket between the look and the message, except where the socket is small.
 * Returns false when there is no room.
 */
static bool request_answer(struct kobs_request *r)
{
	struct nlmsghdr *nlh = nlmsg_hdr(r->msg);

	if (request_orphaned(r))
		return true;
	if (r->reply && !answer_reply(r))
		return false;
	if (!r->err && !(nlh->nlmsg_flags & NLM_F_ACK))
		return true;
	if (atomic_read(&r->sock->sk_rmem_alloc) >
	    READ_ONCE(r->sock->sk_rcvbuf) / 2)
		return false;
	request_leave(r);
	netlink_ack(r->msg, nlh, r->err, &r->extack);
	return true;
}

/* Whether an earlier answer to the same socket still waits. */
static bool request_behind(const struct kobs_request *r,
			   const struct list_head *list)
{
	const struct kobs_request *other;

	list_for_each_entry(other, list, job.node) {
		if (other == r)
			break;
		if (other->sock == r->sock)
			return true;
	}
	return false;
}

static void answers_work(struct work_struct *work)
{
	struct kobs_request *r, *next;
	LIST_HEAD(mine);
	bool wait;

	spin_lock(&requests_lock);
	list_splice_init(&done, &mine);
	spin_unlock(&requests_lock);
	list_for_each_entry_safe(r, next, &mine, job.node) {
		if (request_behind(r, &mine) || !request_answer(r))
			continue;
		list_del(&r->job.node);
		request_leave(r);
		request_free(r);
	}
	spin_lock(&requests_lock);
	wait = !list_empty(&mine);
	list_splice(&mine, &done);
	spin_unlock(&requests_lock);
	/* One that is done meanwhile has queued it already, for now. */
	if (wait)
		queue_delayed_work(kobs_wq, &answers, ROOM_JIFFIES);
}

/* The job. */
static void request_run(struct kobs_session *s, struct kobs_job *job)
{
	struct kobs_request *r = container_of(job, struct kobs_request, job);
	int err = -ECONNREFUSED;

	if (!r->fresh || !request_orphaned(r))
		err = r->change(s, r, &r->extack);
	if (!err && r->reply)
		err = kobs_netlink_fill(r->reply, r->hdr, s, r->fresh);
	/* Its socket may have been closed before it was in the list. */
	if (r->fresh && (err || request_orphaned(r)))
		kobs_session_del(s, r->port, NULL);
	r->id = s->id;
	r->err = kobs_netlink_verdict(&r->extack, err);
	if (err) {
		nlmsg_free(r->reply);
		r->reply = NULL;
	}
	if (r->extack._msg) {
		strscpy(r->text, r->extack._msg, sizeof(r->text));
		r->extack._msg = r->text;
	}
	spin_lock(&requests_lock);
	list_add_tail(&r->job.node, &done);
	spin_unlock(&requests_lock);
	mod_delayed_work(kobs_wq, &answers, 0);
}

/*
 * A copy of the message, for netlink_ack(): the caller's own may be large, and
 * may have other requests behind it.
 */
static struct sk_buff *request_copy(const struct sk_buff *skb,
				    const struct nlmsghdr *nlh)
{
	u32 size = min_t(u32, nlh->nlmsg_len, ECHO_BYTES);
	struct sk_buff *copy = alloc_skb(size, GFP_KERNEL);

	if (!copy)
		return NULL;
	skb_put_data(copy, nlh, size);
	nlmsg_hdr(copy)->nlmsg_len = size;
	NETLINK_CB(copy) = NETLINK_CB(skb);
	/* The kernel's socket; it stays, and is not charged for the copy. */
	copy->sk = skb->sk;
	return copy;
}

static struct kobs_request *request_new(struct sk_buff *skb,
					struct genl_info *info,
					unsigned int flags)
{
	struct kobs_request *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	struct nlattr *name = info->attrs[KOBS_A_SESSION_NAME];

	if (!r)
		return NULL;
	r->sock = NETLINK_CB(skb).sk;
	sock_hold(r->sock);
	r->port = info->snd_portid;
	r->fresh = flags & KOBS_DEFER_FRESH;
	r->named = name;
	if (name)
		nla_strscpy(r->name, name, sizeof(r->name));
	r->msg = request_copy(skb, nlmsg_hdr(skb));
	if (flags & KOBS_DEFER_REPLY)
		r->reply = kobs_netlink_reply(info->snd_portid, info->snd_seq,
					      info->genlhdr->cmd,
					      KOBS_NL_SESSION_SIZE, &r->hdr);
	if (r->msg && (r->reply || !(flags & KOBS_DEFER_REPLY)))
		return r;
	request_free(r);
	return NULL;
}

/* Returns false when there are too many requests. */
static bool request_enter(struct kobs_request *r)
{
	const struct kobs_request *other;
	unsigned int all = 0;
	unsigned int own = 0;
	bool ok;

	spin_lock(&requests_lock);
	list_for_each_entry(other, &requests, node) {
		all++;
		own += other->sock == r->sock;
	}
	ok = all < REQUESTS && own < REQUESTS_SOCKET;
	if (ok)
		list_add_tail(&r->node, &requests);
	spin_unlock(&requests_lock);
	return ok;
}

/**
 * kobs_netlink_defer() - have a request done by a worker
 * @skb: request
 * @info: request
 * @s: session; the caller keeps its reference
 * @change: does it
 * @flags: KOBS_DEFER_FRESH for a new session; KOBS_DEFER_REPLY to answer with
 *	   the session, for which there will be memory
 *
 * Context: task, may sleep.
 * Return: -EINTR, for netlink; -ENOMEM; or -ENOSPC (too many requests).
 */
int kobs_netlink_defer(struct sk_buff *skb, struct genl_info *info,
		       struct kobs_session *s, kobs_change_fn change,
		       unsigned int flags)
{
	struct kobs_request *r = request_new(skb, info, flags);

	if (!r)
		return kobs_netlink_verdict(info->extack, -ENOMEM);
	if (!request_enter(r)) {
		request_free(r);
		return kobs_refuse(info->extack, -ENOSPC,
				   "there are too many requests in progress: the maximum is %u per socket, %u in all",
				   REQUESTS_SOCKET, REQUESTS);
	}
	r->job.run = request_run;
	r->change = change;
	kobs_session_queue(s, &r->job);
	return -EINTR;
}

/**
 * kobs_netlink_forget() - drop the answers that nobody has room for
 *
 * Context: task, at unload; there is neither a session nor an operation.
 */
void kobs_netlink_forget(void)
{
	struct kobs_request *r, *next;

	cancel_delayed_work_sync(&answers);
	list_for_each_entry_safe(r, next, &done, job.node) {
		list_del(&r->job.node);
		request_leave(r);
		request_free(r);
	}
}
