// SPDX-License-Identifier: GPL-2.0
/*
 * Answers of the kernel: the first byte selects the request, the rest is
 * datagrams, each preceded by its length in two bytes. In them type 32 stands
 * for the family and sequence number 1 for that of the request.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mem/dump.h"
#include "fuzz.h"
#include "lib/macros.h"
#include "proto/model.h"
#include "proto/nl.h"
#include "symbols/ksyms.h"

#define FAMILY	32

static const uint8_t *next;
static size_t left;
static uint32_t request;

static int take_request(struct nl_sock *sock, struct nl_msg *msg)
{
	request = nlmsg_hdr(msg)->nlmsg_seq;
	return (int)nlmsg_hdr(msg)->nlmsg_len;
}

static int give_answer(struct nl_sock *sock, struct sockaddr_nl *from,
		       unsigned char **out, struct ucred **creds)
{
	struct nlmsghdr *h;
	size_t n;
	int rem;

	if (left < 2)
		return -NLE_FAILURE;
	n = next[0] | next[1] << 8;
	n = n < left - 2 ? n : left - 2;
	/* libnl forgets a buffer without content. */
	if (!n)
		return -NLE_FAILURE;
	*out = malloc(n + 1);
	memcpy(*out, next + 2, n);
	next += n + 2;
	left -= n + 2;
	memset(from, 0, sizeof(*from));
	from->nl_family = AF_NETLINK;
	rem = (int)n;
	for (h = (struct nlmsghdr *)*out; nlmsg_ok(h, rem);
	     h = nlmsg_next(h, &rem))
		if (h->nlmsg_seq == 1)
			h->nlmsg_seq = request;
	return (int)n;
}

static size_t length; /* of what was read, so that it is */

/* Whoever prints a row takes its texts for texts. */
static void read_texts(const struct table *t)
{
	size_t c;
	size_t i;

	for (i = 0; i < t->nr_rows; i++)
		for (c = 0; c < t->nr_keys; c++)
			if (t->types[c] == KOBS_TYPE_TEXT)
				length += strlen((char *)(uintptr_t)t->keys[t->rows[i].key + c]);
}

static struct ksyms ksyms;

/* The name of an address, which is printed. */
static uint64_t take_name(void *arg, uint32_t type, uint64_t address, const char *text)
{
	bool object = type == KOBS_TYPE_OBJECT;
	uint64_t word = ksyms_tell(&ksyms, address, text, object);
	struct buf out = {};

	ksyms_print_function(&ksyms, word, &out);
	ksyms_print_object(&ksyms, word, &out);
	length += out.len;
	buf_free(&out);
	return word;
}

static void ask_table(struct nl *nl)
{
	static const uint32_t types[] = {
		KOBS_TYPE_FUNCTION, KOBS_TYPE_TEXT, KOBS_TYPE_KSTACK,
	};
	struct figure figures[] = {
		{ .name = "f", .merge = KOBS_MERGE_SUM },
		{ .name = "g", .merge = KOBS_MERGE_HIGHEST },
	};
	struct mode mode = { .name = "m", .figures = figures, .nr_figures = 2 };
	struct table t = {};

	model_init_table(&t, types, ARRAY_SIZE(types), &mode);
	t.tell = take_name;
	model_get_table(nl, 1, &t);
	read_texts(&t);
	model_get_stack(nl, 1, 7, &t);
	model_free_table(&t);
}

/* Objects as they are shown: nothing is printed of it. */
static void ask_objects(struct nl *nl)
{
	struct dump d = {};
	FILE *file = fopen("/dev/null", "w");
	struct out o;

	dump_add_site(&d, "slab", "site");
	model_get_objects(nl, 1, 2, 64, 4096, &d.all);
	d.sites[0].n = d.all.n;
	out_init(&o, file, next && left % 2);
	dump_print(&d, &o);
	out_free(&o);
	fclose(file);
	dump_free(&d);
}

static void take_event(const struct event *ev, void *arg)
{
	size_t i;

	for (i = 0; i < ev->nr_texts; i++)
		length += strlen(ev->texts[i]);
	for (i = 0; i < ev->nr_data * 8; i++)
		length += ((const char *)ev->data)[i];
}

static void take_record_name(uint64_t address, const char *text, void *arg)
{
	take_name(NULL, KOBS_TYPE_ADDRESS, address, text);
}

static const char *take_record(struct nlmsghdr *msg, void *arg)
{
	const struct event_ops ops = { .event = take_event, .name = take_record_name };
	struct session *s = arg;
	struct batch b;

	if (model_message_command(msg) == KOBS_CMD_SESSION_NTF)
		return model_parse_session(msg, s);
	model_parse_batch(msg, &b);
	return model_parse_events(msg, &b, &ops);
}

static void ask(struct nl *nl, unsigned int what)
{
	struct sources sources;
	struct sessions sessions;
	struct session s = {};

	switch (what % 5) {
	case 0:
		if (!model_get_sources(nl, &sources))
			model_free_sources(&sources);
		break;
	case 1:
		if (!model_get_sessions(nl, &sessions))
			model_free_sessions(&sessions);
		break;
	case 2:
		ask_table(nl);
		break;
	case 4:
		ask_objects(nl);
		break;
	default:
		nl->notify = take_record;
		nl->notify_arg = &s;
		model_session_get(nl, 1, NULL, &s);
		model_free_session(&s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl nl;

	if (!size || nl_prepare(&nl))
		return 0;
	nl.family = FAMILY;
	nl_cb_overwrite_send(nl.cb, take_request);
	nl_socket_set_cb(nl.sock, nl.cb);
	nl_cb_overwrite_recv(nl.cb, give_answer);
	next = data + 1;
	left = size - 1;
	ksyms_init(&ksyms);
	ask(&nl, *data);
	ksyms_free(&ksyms);
	nl_shut(&nl);
	return 0;
}
