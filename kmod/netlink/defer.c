// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that take long: a worker does them, as a job of the session
 * (core/jobs.c). The operation itself returns at once, with -EINTR, which tells
 * netlink not to acknowledge the request. A client notices nothing: it waits for
 * the answer in recvmsg(), where a signal ends the wait.
 *
 * An answer is one message: what was asked for, and the acknowledgment or error
 * behind it, as netlink_ack() would have it, which drops what finds no room in
 * the socket. Its memory is allocated with the request. One that finds no room
 * stays, and those of the same socket behind it; neither other sockets nor the
 * session wait for a client that does not read.
 *
 * A request keeps nothing of the caller but a reference to its socket; its rights
 * were checked by the operation.
 *
 * Locking: requests_lock, held briefly, for the lists and kobs_request.made; no
 * other lock is taken inside but kobs_sessions_lock. All else of a request that is
 * in progress belongs to its worker.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "core/refuse.h"
#include "netlink/family.h"

/*
 * Maximum number of requests in progress, of answers that find no room, and of
 * both of one socket.
 */
#define REQUESTS	256
#define ANSWERS		256
#define REQUESTS_SOCKET	16
/*
 * Interval at which answers look for room in their sockets: the shortest one, which
 * doubles until the longest while there is none.
 */
#define ROOM_JIFFIES	(HZ / 100 ?: 1)
#define ROOM_JIFFIES_MAX	HZ
/* Maximum bytes of an acknowledgment or error with its sentence. */
#define VERDICT_SIZE	(NLMSG_SPACE(sizeof(struct nlmsgerr)) + \
			 nla_total_size(KOBS_REFUSAL_LEN))

static DEFINE_MUTEX(requests_lock); /* protects the two lists */
static LIST_HEAD(requests);
static LIST_HEAD(answers);

static void answers_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(answers_later, answers_work);
static unsigned long answers_pause = ROOM_JIFFIES; /* also under requests_lock */

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

/**
 * kobs_netlink_answer_room() - allocate the answer to a request
 * @r: request; an answer that it has is freed
 * @size: bytes of its attributes
 *
 * Context: task, may sleep.
 * Return: 0, or -ENOMEM, and the request keeps what it has.
 */
int kobs_netlink_answer_room(struct kobs_request *r, size_t size)
{
	void *hdr;
	struct sk_buff *skb = kobs_netlink_reply(r->port, r->nlh.nlmsg_seq,
						 r->cmd, size + VERDICT_SIZE,
						 &hdr);

	if (!skb)
		return -ENOMEM;
	nlmsg_free(r->answer);
	r->answer = skb;
	r->hdr = hdr;
	return 0;
}

/* The acknowledgment, or the error with its sentence. */
static void answer_put_verdict(struct kobs_request *r, int err)
{
	const char *text = r->extack._msg;
	struct nlmsghdr *nlh;
	struct nlmsgerr *e;

	if (!err && !(r->nlh.nlmsg_flags & NLM_F_ACK))
		return;
	nlh = nlmsg_put(r->answer, r->port, r->nlh.nlmsg_seq, NLMSG_ERROR,
			sizeof(*e),
			NLM_F_CAPPED | (text ? NLM_F_ACK_TLVS : 0));
	if (WARN_ON_ONCE(!nlh))
		return;
	e = nlmsg_data(nlh);
	e->error = err;
	e->msg = r->nlh;
	if (text)
		nla_put_string(r->answer, NLMSGERR_ATTR_MSG, text);
	nlmsg_end(r->answer, nlh);
}

/* The port of a closed socket can have a new owner, which asked for nothing. */
static bool request_orphaned(const struct kobs_request *r)
{
	return sock_flag(r->sock, SOCK_DEAD);
}

static void request_free(struct kobs_request *r)
{
	nlmsg_free(r->answer);
	sock_put(r->sock);
	kfree(r);
}

static int answer_send(struct kobs_request *r)
{
	/* Sending takes one reference in any case. */
	skb_get(r->answer);
	return genlmsg_unicast(&init_net, r->answer, r->port);
}

/* A session whose creation cannot be reported is deleted. */
static void answer_lost(const struct kobs_request *r)
{
	if (r->fresh && r->id)
		kobs_session_abandon(r->port, r->id);
}

/* Returns false when an answer has to wait. */
static bool answer_done(struct kobs_request *r)
{
	const struct kobs_request *other;
	int used = atomic_read(&r->sock->sk_rmem_alloc);
	int err;

	if (request_orphaned(r) || !r->answer->len)
		return true;
	list_for_each_entry(other, &answers, node) {
		if (other == r)
			break;
		if (other->sock == r->sock)
			return false;
	}
	/* Trying in vain would mark the socket as overrun. */
	if (used && used + r->answer->truesize > READ_ONCE(r->sock->sk_rcvbuf))
		return false;
	err = answer_send(r);
	if (err && err != -EAGAIN)
		answer_lost(r);
	return err != -EAGAIN;
}

static void answer_end(struct kobs_request *r)
{
	list_del(&r->node);
	request_free(r);
}

/*
 * Send the answers for which there is room. Of too many that wait, the oldest is
 * given up as netlink does it: an attempt to send tells its socket of an overrun.
 */
static void answers_send(void)
{
	struct kobs_request *r, *next;
	unsigned int waiting = 0;

	lockdep_assert_held(&requests_lock);
	list_for_each_entry_safe(r, next, &answers, node) {
		if (answer_done(r)) {
			answer_end(r);
			answers_pause = ROOM_JIFFIES;
		} else {
			waiting++;
		}
	}
	if (waiting > ANSWERS) {
		r = list_first_entry(&answers, struct kobs_request, node);
		if (answer_send(r))
			answer_lost(r);
		answer_end(r);
	}
	/* Not kobs_wq, which can be busy with what takes long. */
	cancel_delayed_work(&answers_later);
	if (waiting)
		schedule_delayed_work(&answers_later, answers_pause);
}

static void answers_work(struct work_struct *work)
{
	mutex_lock(&requests_lock);
	answers_pause = min_t(unsigned long, 2 * answers_pause,
			      ROOM_JIFFIES_MAX);
	answers_send();
	mutex_unlock(&requests_lock);
}

/*
 * Whether to delete the session: a new one that failed, and one that nobody was
 * told of, new or detached from now on, whose client has died meanwhile.
 */
static bool request_undo(const struct kobs_request *r, int err)
{
	if (err)
		return r->fresh;
	return (r->fresh || (r->named && r->cmd == KOBS_CMD_SESSION_START)) &&
	       request_orphaned(r);
}

/* Do a request. Returns its error number, or 0. */
static int request_do(struct kobs_session *s, struct kobs_request *r)
{
	int err;

	if (r->fresh && request_orphaned(r))
		return -ECONNREFUSED;
	err = r->change(s, r, &r->extack);
	if (!err && r->reply)
		err = kobs_netlink_fill(r->answer, r->hdr, s, r->fresh);
	/* Its socket may have been closed before it was in the list. */
	if (request_undo(r, err))
		kobs_session_del(s, r->port, NULL);
	return kobs_netlink_verdict(&r->extack, err);
}

/* The job. */
static void request_run(struct kobs_session *s, struct kobs_job *job)
{
	struct kobs_request *r = container_of(job, struct kobs_request, job);
	int err;

	kobs_refusal_begin(&r->refusal);
	err = request_do(s, r);
	r->id = s->id;
	if (err || !r->reply)
		skb_trim(r->answer, 0);
	answer_put_verdict(r, err);
	kobs_refusal_end(&r->refusal);
	mutex_lock(&requests_lock);
	r->made = NULL;
	mutex_unlock(&requests_lock);
}

static void request_done(struct kobs_job *job)
{
	struct kobs_request *r = container_of(job, struct kobs_request, job);

	mutex_lock(&requests_lock);
	list_move_tail(&r->node, &answers);
	answers_pause = ROOM_JIFFIES;
	answers_send();
	mutex_unlock(&requests_lock);
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
	r->cmd = info->genlhdr->cmd;
	r->nlh = *info->nlhdr;
	r->fresh = flags & KOBS_DEFER_FRESH;
	r->reply = flags & KOBS_DEFER_REPLY;
	r->named = name;
	if (name)
		nla_strscpy(r->name, name, sizeof(r->name));
	if (!kobs_netlink_answer_room(r, r->reply ? KOBS_NL_SESSION_SIZE : 0))
		return r;
	request_free(r);
	return NULL;
}

/* Number of requests in a list, of one socket or of all. */
static unsigned int requests_of(const struct sock *sock,
				const struct list_head *list)
{
	const struct kobs_request *r;
	unsigned int n = 0;

	list_for_each_entry(r, list, node)
		n += !sock || r->sock == sock;
	return n;
}

/* Returns -ENOSPC when there are too many requests, or -EINTR. */
static int request_enter(struct kobs_request *r)
{
	bool ok;

	if (mutex_lock_killable(&requests_lock))
		return -EINTR;
	ok = requests_of(NULL, &requests) < REQUESTS &&
	     requests_of(r->sock, &requests) + requests_of(r->sock, &answers) <
	     REQUESTS_SOCKET;
	if (ok)
		list_add_tail(&r->node, &requests);
	mutex_unlock(&requests_lock);
	return ok ? 0 : -ENOSPC;
}

/**
 * kobs_netlink_defer() - have a request done by a worker
 * @skb: request
 * @info: request
 * @s: session; the caller's reference is dropped
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
	int err;

	if (!r) {
		kobs_session_put(s);
		return kobs_netlink_verdict(info->extack, -ENOMEM);
	}
	r->made = r->fresh ? s : NULL;
	err = request_enter(r);
	if (err) {
		request_free(r);
		kobs_session_put(s);
		if (err == -ENOSPC)
			kobs_refuse(info->extack, err,
				    "there are too many requests in progress: the maximum is %u per socket, %u in all",
				    REQUESTS_SOCKET, REQUESTS);
		return err;
	}
	r->job.run = request_run;
	r->job.done = request_done;
	r->change = change;
	kobs_session_queue(s, &r->job);
	return -EINTR;
}

/**
 * kobs_netlink_closed() - take no more memory for sessions that nobody waits for
 *
 * Context: task, may sleep; a socket was closed.
 */
void kobs_netlink_closed(void)
{
	struct kobs_request *r;

	mutex_lock(&requests_lock);
	list_for_each_entry(r, &requests, node) {
		if (r->made && request_orphaned(r))
			WRITE_ONCE(r->made->memory.unwanted, true);
	}
	mutex_unlock(&requests_lock);
}

/**
 * kobs_netlink_forget() - drop the answers that nobody has room for
 *
 * Context: task, at unload; there is neither a session nor an operation.
 */
void kobs_netlink_forget(void)
{
	struct kobs_request *r, *next;

	/* A request is done when it has let go of its session, and of the module. */
	flush_workqueue(kobs_wq);
	cancel_delayed_work_sync(&answers_later);
	list_for_each_entry_safe(r, next, &answers, node)
		answer_end(r);
}
