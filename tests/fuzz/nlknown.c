// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink fuzzer's initial queries: the family's number, and the sources
 * with their modes, columns and parameters.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../uapi/kobs.h"
#include "nlfuzz.h"

static void copy_name(char *to, const struct nlattr *a)
{
	snprintf(to, FZ_NAME_LEN, "%s", (const char *)(a + 1));
}

/* The attribute at a place, if there is one before the end. */
static const struct nlattr *attr_at(const char *at, const char *end)
{
	const struct nlattr *a = (const void *)at;

	return end - at >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN ? a : NULL;
}

static const struct nlattr *attr_after(const struct nlattr *a, const char *end)
{
	return attr_at((const char *)a + NLA_ALIGN(a->nla_len), end);
}

static const char *attrs_of(const struct nlmsghdr *h)
{
	return (const char *)h + NLMSG_HDRLEN + GENL_HDRLEN;
}

static const char *end_of(const struct nlmsghdr *h)
{
	return (const char *)h + h->nlmsg_len;
}

static const struct nlattr *in_nest(const struct nlattr *nest, int kind)
{
	const char *end = (const char *)nest + nest->nla_len;
	const struct nlattr *a;

	for (a = attr_at((const char *)(nest + 1), end); a;
	     a = attr_after(a, end)) {
		if ((a->nla_type & NLA_TYPE_MASK) == kind)
			return a;
	}
	return NULL;
}

static __u64 number_in(const struct nlattr *nest, int kind)
{
	const struct nlattr *a = in_nest(nest, kind);
	__u64 n = 0;

	if (a)
		memcpy(&n, a + 1, a->nla_len == NLA_HDRLEN + 8 ? 8 : 4);
	return n;
}

static void learn_param(struct fz_source *s, const struct nlattr *a)
{
	struct fz_param *p = &s->params[s->n_params++];

	copy_name(p->name, in_nest(a, KOBS_A_PARAM_NAME));
	p->type = number_in(a, KOBS_A_PARAM_TYPE);
	p->low = number_in(a, KOBS_A_PARAM_LOWEST);
	p->high = number_in(a, KOBS_A_PARAM_HIGHEST);
}

static void learn_source(struct fz_source *s, const struct nlmsghdr *h)
{
	const struct nlattr *a;

	for (a = attr_at(attrs_of(h), end_of(h)); a;
	     a = attr_after(a, end_of(h))) {
		switch (a->nla_type & NLA_TYPE_MASK) {
		case KOBS_A_SOURCE_NAME:
			copy_name(s->name, a);
			break;
		case KOBS_A_SOURCE_MODE:
			copy_name(s->modes[s->n_modes++],
				  in_nest(a, KOBS_A_MODE_NAME));
			break;
		case KOBS_A_SOURCE_COLUMN:
			copy_name(s->columns[s->n_columns++],
				  in_nest(a, KOBS_A_COLUMN_NAME));
			break;
		case KOBS_A_SOURCE_PARAM:
			learn_param(s, a);
			break;
		}
	}
}

static void learn_family(struct fz_known *k, const struct nlmsghdr *h)
{
	const struct nlattr *a;

	for (a = attr_at(attrs_of(h), end_of(h)); a;
	     a = attr_after(a, end_of(h))) {
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			memcpy(&k->family, a + 1, sizeof(k->family));
	}
}

/* Sends the datagram, reads what comes until an ack or the end of a dump. */
static bool ask(int fd, struct fz_buf *b, struct fz_known *k)
{
	static char data[1 << 16];
	const struct nlmsghdr *h;
	ssize_t n;

	if (send(fd, b->data, b->len, 0) < 0)
		return false;
	for (;;) {
		n = recv(fd, data, sizeof(data), 0);
		if (n < 0)
			return false;
		for (h = (const void *)data; NLMSG_OK(h, n);
		     h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_ERROR)
				return !*(const int *)NLMSG_DATA(h);
			if (h->nlmsg_type == NLMSG_DONE)
				return true;
			if (h->nlmsg_type == GENL_ID_CTRL)
				learn_family(k, h);
			else if (k->n_sources < 16)
				learn_source(&k->sources[k->n_sources++], h);
		}
	}
}

/* Functions that nothing depends on, and two that are called a lot. */
static void learn_functions(struct fz_known *k)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	unsigned long long address;
	char line[512];
	char name[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %*c %255s", &address, name) != 2)
			continue;
		if (k->n_functions < 64 &&
		    (!strncmp(name, "kobs_gen_", 9) ||
		     !strcmp(name, "vfs_read") || !strcmp(name, "vfs_statx")))
			k->functions[k->n_functions++] = address;
	}
	if (f)
		fclose(f);
}

/*
 * fz_learn() - ask for all of it; false when the module is not there
 */
bool fz_learn(struct fz_known *k)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	static struct fz_buf b;
	unsigned int at;
	bool ok;

	if (fd < 0)
		return false;
	at = fz_message_begin(&b, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK,
			      1);
	fz_attr_put(&b, CTRL_ATTR_FAMILY_NAME, KOBS_FAMILY_NAME,
		    sizeof(KOBS_FAMILY_NAME));
	fz_message_end(&b, at);
	ok = ask(fd, &b, k) && k->family;
	if (ok) {
		b.len = 0;
		at = fz_message_begin(&b, k->family, KOBS_CMD_SOURCE_GET,
				      NLM_F_DUMP, 2);
		fz_message_end(&b, at);
		ok = ask(fd, &b, k) && k->n_sources > 1;
	}
	close(fd);
	learn_functions(k);
	return ok && k->n_functions;
}
