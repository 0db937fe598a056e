/* SPDX-License-Identifier: GPL-2.0 */
/* A socket of the kobs family: requests, dumps and notifications. */
#ifndef OBSCTL_NL_H
#define OBSCTL_NL_H

#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "kobs.h"

/*
 * Called with each message that answers a request, or is a notification.
 * Returns NULL, or the name of the attribute that is missing or malformed.
 */
typedef const char *(*nl_handler)(struct nlmsghdr *msg, void *arg);

struct nl {
	struct nl_sock	*sock;
	struct nl_cb	*cb;
	int		family;
	/* Of the request that is waited for: */
	uint32_t	seq;
	bool		done;
	bool		interrupted;
	int		error;		/* negative errno */
	char		text[512];	/* the kernel's sentence, or empty */
	nl_handler	reply;
	void		*reply_arg;
	/* Messages that answer nothing: */
	nl_handler	notify;
	void		*notify_arg;
	/* NULL, or called before each wait for a message; false gives the request up. */
	bool		(*wait)(void *arg);
	void		*wait_arg;
	uint64_t	overruns;	/* times the socket said ENOBUFS */
};

int nl_prepare(struct nl *nl);
int nl_open(struct nl *nl);
void nl_shut(struct nl *nl);
struct nl_msg *nl_request(struct nl *nl, uint8_t command, int flags);
int nl_do(struct nl *nl, struct nl_msg *msg, nl_handler reply, void *arg);
int nl_receive(struct nl *nl);
int nl_refuse(struct nl *nl, const char *what);

#endif
