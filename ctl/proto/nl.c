// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink socket: finds the family, sends a request and waits for its
 * answer, keeps the sentence that came with a refusal, and hands messages that
 * answer nothing (records, for instance) to one handler.
 *
 * A socket is used by one request at a time. What libnl would print or check on
 * its own is replaced: a stream's messages carry no sequence number.
 */

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cgroup.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "proto/nl.h"

#define NL_MESSAGE_MAX	(64 * 1024)
#define NL_RECEIVE_MAX	(8 * 1024 * 1024)

#define ERRNO_MAX	4095	/* as MAX_ERRNO of the kernel */

/* Errors of the kernel are negative errno numbers; anything else is a malformed answer. */
static int kernel_error(int error)
{
	return error > 0 || error < -ERRNO_MAX ? -EBADMSG : error;
}

/* What a request lacked or which attribute was bad, when no sentence came. */
static void keep_text(struct nl *nl, struct nlattr *attrs, int len)
{
	struct nlattr *attr;
	int rem;

	nl->text[0] = 0;
	nla_for_each_attr(attr, attrs, len, rem) {
		switch (nla_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(nl->text, sizeof(nl->text), "%.*s", nla_len(attr),
				 (char *)nla_data(attr));
			return;
		case NLMSGERR_ATTR_OFFS:
			if (nla_len(attr) >= 4)
				snprintf(nl->text, sizeof(nl->text),
					 "the kernel does not accept the attribute at byte %u of the request",
					 nla_get_u32(attr));
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			if (nla_len(attr) >= 4)
				snprintf(nl->text, sizeof(nl->text),
					 "the kernel misses attribute %u in the request",
					 nla_get_u32(attr));
			break;
		}
	}
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct nl *nl = arg;
	struct nlmsghdr *hdr = (struct nlmsghdr *)((char *)err - NLMSG_HDRLEN);
	int skip = sizeof(*err);

	if (err->msg.nlmsg_seq != nl->seq)
		return NL_SKIP;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += (int)NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	nl->text[0] = 0;
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS && (int)hdr->nlmsg_len > NLMSG_HDRLEN + skip)
		keep_text(nl, (struct nlattr *)((char *)err + skip),
			  (int)hdr->nlmsg_len - NLMSG_HDRLEN - skip);
	nl->error = kernel_error(err->error);
	nl->done = true;
	return NL_SKIP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct nl *nl = arg;

	if (nlmsg_hdr(msg)->nlmsg_seq == nl->seq)
		nl->done = true;
	return NL_OK;
}

/* The end of a dump carries an error, and its sentence, in its payload. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nl *nl = arg;
	int len = nlmsg_datalen(hdr);
	int error = 0;

	if (hdr->nlmsg_seq != nl->seq)
		return NL_OK;
	if (len >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(hdr), sizeof(error));
	error = kernel_error(error);
	if (error) {
		nl->error = error;
		if (hdr->nlmsg_flags & NLM_F_ACK_TLVS)
			keep_text(nl, (struct nlattr *)((char *)nlmsg_data(hdr) + sizeof(error)),
				  len - (int)sizeof(error));
	}
	nl->done = true;
	return NL_OK;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct nl *nl = arg;

	nl->interrupted = true;
	return NL_OK;
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nl *nl = arg;
	const char *bad = NULL;

	if (hdr->nlmsg_type != nl->family)
		return NL_OK;
	if (hdr->nlmsg_seq && hdr->nlmsg_seq == nl->seq) {
		if (nl->reply)
			bad = nl->reply(hdr, nl->reply_arg);
	} else if (nl->notify && !hdr->nlmsg_seq) {
		bad = nl->notify(hdr, nl->notify_arg);
	}
	if (bad && !nl->error) {
		nl->error = -EBADMSG;
		snprintf(nl->text, sizeof(nl->text),
			 "a message of the kernel lacks the attribute '%s': obsctl and the module do not fit together",
			 bad);
	}
	return NL_OK;
}

static int any_sequence(struct nl_msg *msg, void *arg)
{
	return NL_OK;
}

static bool locked_down(void)
{
	char buf[128];

	return read_file("/sys/kernel/security/lockdown", buf, sizeof(buf)) > 0 &&
	       strstr(buf, "[confidentiality]");
}

/* Why there is no family, as far as it can be told from here. */
static int refuse_absent(void)
{
	static const char locked[] =
		" (it will refuse all the same: the kernel is locked down for confidentiality)";

	if (access("/sys/module/kobs", F_OK))
		return refuse("the kernel has no kobs: load the module first, with 'make load' or 'modprobe kobs'%s",
			      locked_down() ? locked : "");
	return refuse("the kobs module is loaded but its netlink family cannot be seen from here: run obsctl in the initial network namespace");
}

static void set_callbacks(struct nl *nl)
{
	nl_cb_set(nl->cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, nl);
	nl_cb_set(nl->cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, nl);
	nl_cb_set(nl->cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, nl);
	nl_cb_set(nl->cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, nl);
	nl_cb_set(nl->cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, nl);
	nl_cb_err(nl->cb, NL_CB_CUSTOM, on_error, nl);
}

static void set_options(struct nl *nl)
{
	int fd = nl_socket_get_fd(nl->sock);
	int size = NL_RECEIVE_MAX;
	int one = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* A request with the addresses of all functions is long. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

/** nl_prepare() - Make what does not need the kernel yet. Return: 0, or a printed refusal. */
int nl_prepare(struct nl *nl)
{
	memset(nl, 0, sizeof(*nl));
	nl->cb = nl_cb_alloc(NL_CB_DEFAULT);
	nl->sock = nl_socket_alloc();
	if (!nl->sock || !nl->cb)
		return refuse("cannot make a netlink socket");
	set_callbacks(nl);
	return 0;
}

/** nl_open() - Connect to the kobs family. Return: 0, or a printed refusal. */
int nl_open(struct nl *nl)
{
	int err = nl_prepare(nl);

	if (err)
		return err;
	err = genl_connect(nl->sock);
	if (err)
		return refuse("cannot connect to generic netlink: %s", nl_geterror(err));
	nl_socket_set_msg_buf_size(nl->sock, NL_MESSAGE_MAX);
	nl->family = genl_ctrl_resolve(nl->sock, KOBS_FAMILY_NAME);
	if (nl->family < 0)
		return refuse_absent();
	set_options(nl);
	return 0;
}

/** nl_shut() - Close the socket, which ends the sessions that belong to it. */
void nl_shut(struct nl *nl)
{
	if (nl->sock)
		nl_socket_free(nl->sock);
	if (nl->cb)
		nl_cb_put(nl->cb);
	nl->sock = NULL;
	nl->cb = NULL;
}

/** nl_request() - Begin a request of no more than a name and some numbers; nl_do() frees it. */
struct nl_msg *nl_request(struct nl *nl, uint8_t command, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(4096);

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0, flags, command,
				KOBS_FAMILY_VERSION)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return msg;
}

/** nl_receive() - Handle what has arrived; waits for a message. Return: 0 or -errno. */
int nl_receive(struct nl *nl)
{
	int err = nl_recvmsgs(nl->sock, nl->cb);

	cgroups_stale();
	if (err >= 0 || err == -NLE_INTR || err == -NLE_AGAIN || err == -NLE_DUMP_INTR)
		return 0;
	if (err == -NLE_NOMEM) {	/* ENOBUFS: messages were dropped */
		nl->overruns++;
		return 0;
	}
	if (!nl->error)
		nl->error = -EIO;
	snprintf(nl->text, sizeof(nl->text), "receiving from the kernel failed: %s",
		 nl_geterror(err));
	return nl->error;
}

static int wait_answer(struct nl *nl)
{
	while (!nl->done) {
		if (nl->wait && !nl->wait(nl->wait_arg))
			nl->error = -ECANCELED;
		if (nl->error == -ECANCELED || nl_receive(nl))
			break;
	}
	return nl->error;
}

/**
 * nl_do() - Send a request and handle all that answers it.
 *
 * Return: 0 or -errno. A dump that changed meanwhile ends with -EINTR, a request that was given
 * up with -ECANCELED: the kernel does it all the same, and what it answers is ignored.
 */
int nl_do(struct nl *nl, struct nl_msg *msg, nl_handler reply, void *arg)
{
	int err;

	nl->error = 0;
	nl->text[0] = 0;
	nl->done = false;
	nl->interrupted = false;
	nl->reply = reply;
	nl->reply_arg = arg;
	if (!msg) {
		nl->error = -ENOMEM;
		return nl->error;
	}
	nl_complete_msg(nl->sock, msg);
	nl->seq = nlmsg_hdr(msg)->nlmsg_seq;
	err = nl_send(nl->sock, msg);
	nlmsg_free(msg);
	if (err < 0) {
		nl->error = -EIO;
		snprintf(nl->text, sizeof(nl->text), "sending to the kernel failed: %s",
			 nl_geterror(err));
		return nl->error;
	}
	wait_answer(nl);
	nl->reply = NULL;
	nl->seq = 0;
	if (!nl->error && nl->interrupted)
		nl->error = -EINTR;
	return nl->error;
}

/** nl_refuse() - Print why the last request failed. Return: an exit status. */
int nl_refuse(struct nl *nl, const char *what)
{
	if (nl->text[0])
		return refuse("%s", nl->text);
	if (nl->error == -EPERM)
		return refuse("%s: not permitted; it needs CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace (run it as root)",
			      what);
	if (nl->error == -ECANCELED)
		return refuse("%s: interrupted, nothing was observed", what);
	if (nl->error == -EINTR)
		return refuse("%s: the table kept changing while it was read", what);
	return refuse("%s: %s", what, strerror(-nl->error));
}
