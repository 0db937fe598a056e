// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that take long: a worker does them, as a job of the session
 * (core/jobs.c), and answers. The operation itself returns at once, with -EINTR,
 * which tells netlink not to acknowledge the request yet. A client notices
 * nothing: it waits for the answer in recvmsg(), where a signal ends the wait.
 *
 * Locking: none; a request belongs to its worker.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "core/refuse.h"
#include "netlink/family.h"

/* Maximum number of requests in progress. */
#define REQUESTS	256
/* Interval at which a worker looks for room in a socket. */
#define ROOM_MS		10

static atomic_t n_requests;

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

/*
 * A stream fills the socket of a caller that reads slowly, and netlink drops
 * what finds no room: an answer that is dropped would be waited for without end.
 * Half of the socket is more than the stream takes between a look and an answer,
 * except where the socket is small.
 */
static void request_await_room(const struct kobs_request *r)
{
	while (!request_orphaned(r) && atomic_read(&r->sock->sk_rmem_alloc) >
				       READ_ONCE(r->sock->sk_rcvbuf) / 2)
		msleep(ROOM_MS);
}

static int request_reply(struct kobs_request *r, struct kobs_session *s)
{
	int err = kobs_netlink_fill(r->reply, r->hdr, s, r->fresh);

	if (err)
		return err;
	do {
		request_await_room(r);
		if (request_orphaned(r))
			return -ECONNREFUSED;
		/* Sending takes one reference in any case. */
		skb_get(r->reply);
		err = genlmsg_unicast(&init_net, r->reply, r->port);
	} while (err == -EAGAIN);
	return err;
}

static void request_free(struct kobs_request *r)
{
	nlmsg_free(r->reply);
	kfree_skb(r->skb);
	sock_put(r->sock);
	kfree(r);
	atomic_dec(&n_requests);
}

static void request_run(struct kobs_session *s, struct kobs_job *job)
{
	struct kobs_request *r = container_of(job, struct kobs_request, job);
	struct netlink_ext_ack extack = {};
	int err = r->change(s, r, &extack);

	if (!err && r->reply)
		err = request_reply(r, s);
	/* A session whose creation cannot be reported is deleted. */
	if (err && r->fresh)
		kobs_session_del(s, r->port, NULL);
	request_await_room(r);
	if (!request_orphaned(r) && (err || (r->nlh->nlmsg_flags & NLM_F_ACK)))
		netlink_ack(r->skb, r->nlh, kobs_netlink_verdict(&extack, err),
			    &extack);
	request_free(r);
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
	struct kobs_request *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return kobs_netlink_verdict(info->extack, -ENOMEM);
	if (flags & KOBS_DEFER_REPLY)
		r->reply = kobs_netlink_reply(info->snd_portid, info->snd_seq,
					      info->genlhdr->cmd,
					      KOBS_NL_SESSION_SIZE, &r->hdr);
	if ((flags & KOBS_DEFER_REPLY) && !r->reply) {
		kfree(r);
		return kobs_netlink_verdict(info->extack, -ENOMEM);
	}
	if (atomic_inc_return(&n_requests) > REQUESTS) {
		atomic_dec(&n_requests);
		nlmsg_free(r->reply);
		kfree(r);
		return kobs_refuse(info->extack, -ENOSPC,
				   "there are %u requests in progress already, the maximum",
				   REQUESTS);
	}
	r->job.run = request_run;
	r->change = change;
	r->skb = skb_get(skb);
	r->nlh = nlmsg_hdr(skb);
	r->name = info->attrs[KOBS_A_SESSION_NAME] ?
			nla_data(info->attrs[KOBS_A_SESSION_NAME]) : NULL;
	r->port = info->snd_portid;
	r->sock = NETLINK_CB(skb).sk;
	sock_hold(r->sock);
	r->fresh = flags & KOBS_DEFER_FRESH;
	kobs_session_queue(s, &r->job);
	return -EINTR;
}
