// SPDX-License-Identifier: GPL-2.0
/*
 * nlfuzz [-n MESSAGES] [-s SEED] [-t THREADS] [-r RARE]
 *
 * Sends hostile requests to the family, from several threads, each with
 * sockets of its own that it closes at random, with sessions running and dumps
 * half read; some sockets are not read for a while. Fails when a refusal has an
 * error number that the specification does not list, or has no sentence where
 * the family must give one. RARE divides the frequency of making and starting
 * sessions, which take most of the time. Prints one line of JSON. A thread's
 * messages depend only on the options and on the numbers of its sessions.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../uapi/kobs.h"
#include "nlfuzz.h"

#define SOCKETS		3
#define MOST_THREADS	16
#define ERRNOS		256
/* How long to wait for the answer to what begins or ends a session. */
#define PATIENCE_MS	5000

struct fuzzer {
	pthread_t thread;
	struct fz_builder builder;
	struct fz_buf out;
	unsigned char in[1 << 16];
	int fd[SOCKETS];
	bool deaf[SOCKETS];
	unsigned long todo;
	__u32 seq;
	__u32 first_seq; /* of the last datagram */
	__u32 answered; /* number of the last request that was waited for */
	unsigned long sent;
	unsigned long answers;
	unsigned long acks;
	unsigned long sessions;
	unsigned long started;
	unsigned long closed;
	unsigned long overruns;
	unsigned long refused[ERRNOS];
	unsigned long mute[ERRNOS];
	unsigned long bad;
};

static struct fz_known known;

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int one = 1;

	if (fd < 0) {
		perror("nlfuzz: socket");
		exit(2);
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return fd;
}

static bool documented(int err)
{
	unsigned int i;

	for (i = 0; i < fz_n_errors; i++) {
		if (fz_errors[i] == err)
			return true;
	}
	return false;
}

static void show_bad(struct fuzzer *f, int err, __u32 seq)
{
	unsigned int i;

	if (f->bad++ > 4)
		return;
	flockfile(stderr);
	fprintf(stderr, "nlfuzz: %s (%d) is not documented; message %u, of those from %u on:\n",
		strerror(err), err, seq, f->first_seq);
	for (i = 0; i < f->out.len && i < 2048; i++)
		fprintf(stderr, "%02x%s", f->out.data[i], i % 32 == 31 ? "\n" :
			i % 4 == 3 ? " " : "");
	fputc('\n', stderr);
	funlockfile(stderr);
}

/* An error, or the end of a dump, with a sentence behind it. */
static void take_verdict(struct fuzzer *f, const struct nlmsghdr *h)
{
	unsigned int head = h->nlmsg_type == NLMSG_ERROR ?
			    sizeof(struct nlmsgerr) : sizeof(int);
	const struct nlmsgerr *e = NLMSG_DATA(h);
	const struct nlattr *a;
	bool sentence = false;
	int err;

	if (h->nlmsg_len < NLMSG_HDRLEN + head)
		return;
	if (h->nlmsg_seq == f->builder.session)
		f->answered = h->nlmsg_seq;
	err = -*(const int *)NLMSG_DATA(h);
	if (!err) {
		f->acks++;
		return;
	}
	/* Damaged lengths turn content into messages for anybody. */
	if (!h->nlmsg_seq || h->nlmsg_seq > f->seq || err < 0 || err >= ERRNOS)
		return;
	/* The error tells which family it is that there is not, or that refused. */
	if (h->nlmsg_type == NLMSG_ERROR && e->msg.nlmsg_type != known.family)
		return;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS &&
	    h->nlmsg_len >= NLMSG_HDRLEN + head + NLA_HDRLEN) {
		a = (const void *)((const char *)NLMSG_DATA(h) + head);
		sentence = a->nla_type == NLMSGERR_ATTR_MSG;
	}
	f->refused[err]++;
	if (!sentence)
		f->mute[err]++;
	if (!documented(err))
		show_bad(f, err, h->nlmsg_seq);
}

/* A new session's number is in its first attribute. */
static void take_answer(struct fuzzer *f, const struct nlmsghdr *h)
{
	const struct genlmsghdr *g = NLMSG_DATA(h);
	const struct nlattr *a = (const void *)(g + 1);
	struct fz_ids *ids = &f->builder.ids;
	unsigned int i;

	f->answers++;
	if (h->nlmsg_type != known.family ||
	    h->nlmsg_len < NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + 4)
		return;
	if (g->cmd == KOBS_CMD_SESSION_START)
		f->started++;
	if (g->cmd != KOBS_CMD_SESSION_NEW ||
	    (a->nla_type & NLA_TYPE_MASK) != KOBS_A_SESSION_ID)
		return;
	f->sessions++;
	i = ids->n < FZ_IDS ? ids->n++ : fz_below(&f->builder.rng, FZ_IDS);
	memcpy(&ids->id[i], a + 1, sizeof(__u32));
	ids->last = i;
}

static void take(struct fuzzer *f, int fd, unsigned int most)
{
	const struct nlmsghdr *h;
	ssize_t n;

	while (most--) {
		n = recv(fd, f->in, sizeof(f->in), MSG_DONTWAIT);
		if (n < 0 && errno == ENOBUFS)
			f->overruns++;
		else if (n <= 0)
			return;
		for (h = (const void *)f->in; n > 0 && NLMSG_OK(h, n);
		     h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_ERROR ||
			    h->nlmsg_type == NLMSG_DONE)
				take_verdict(f, h);
			else
				take_answer(f, h);
		}
	}
}

/* A worker answers what begins or ends a session, later. */
static void await(struct fuzzer *f, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned long overruns = f->overruns;

	while (f->answered != f->builder.session && f->overruns == overruns &&
	       poll(&p, 1, PATIENCE_MS) > 0)
		take(f, fd, 1);
}

/*
 * Start the newest session on the socket that it belongs to: a random start of a
 * random session on a random socket is refused nearly always.
 */
static void start_newest(struct fuzzer *f, int fd)
{
	__u32 id = f->builder.ids.id[f->builder.ids.last];
	unsigned int at;

	f->out.len = 0;
	f->first_seq = ++f->seq;
	f->sent++;
	at = fz_message_begin(&f->out, known.family, KOBS_CMD_SESSION_START,
			      NLM_F_ACK, f->seq);
	fz_attr_put(&f->out, KOBS_A_SESSION_ID, &id, sizeof(id));
	fz_message_end(&f->out, at);
	f->builder.session = f->seq;
	if (send(fd, f->out.data, f->out.len, 0) < 0 && errno != ENOBUFS)
		show_bad(f, errno, f->first_seq);
	await(f, fd);
	f->builder.session = 0;
}

static void step(struct fuzzer *f)
{
	struct fz_rng *r = &f->builder.rng;
	unsigned int i = fz_below(r, SOCKETS);
	unsigned int n = 1 + fz_below(r, 6);
	unsigned long sessions = f->sessions;

	f->out.len = 0;
	f->first_seq = f->seq + 1;
	while (n-- && f->sent < f->todo) {
		fz_message(&f->builder, &f->out, ++f->seq);
		f->sent++;
	}
	/* The address is the kernel's: a socket needs no connection. */
	if (send(f->fd[i], f->out.data, f->out.len, 0) < 0 && errno != ENOBUFS)
		show_bad(f, errno, f->first_seq);
	if (!f->deaf[i])
		take(f, f->fd[i], 16);
	if (!f->deaf[i] && f->builder.session)
		await(f, f->fd[i]);
	f->builder.session = 0;
	f->builder.damaged = false;
	/* The first, and then one in three: a start takes long. */
	if (f->sessions != sessions && !f->deaf[i] && f->sent < f->todo &&
	    f->sessions % 3 == 1)
		start_newest(f, f->fd[i]);
	if (!fz_below(r, 50))
		f->deaf[i] = !f->deaf[i];
	if (!fz_below(r, 60)) {
		/* What it owns ends with it, and dumps that it has not read. */
		close(f->fd[i]);
		f->closed++;
		f->fd[i] = open_socket();
		f->deaf[i] = false;
	}
}

static void *run(void *arg)
{
	struct fuzzer *f = arg;
	unsigned int i;

	for (i = 0; i < SOCKETS; i++)
		f->fd[i] = open_socket();
	while (f->sent < f->todo)
		step(f);
	for (i = 0; i < SOCKETS; i++) {
		take(f, f->fd[i], 1000);
		close(f->fd[i]);
	}
	return NULL;
}

static void print_errors(const char *what, const unsigned long *n)
{
	const char *comma = "";
	unsigned int i;

	printf(", \"%s\": {", what);
	for (i = 0; i < ERRNOS; i++) {
		if (!n[i])
			continue;
		printf("%s\"%s\": %lu", comma, strerrorname_np(i), n[i]);
		comma = ", ";
	}
	printf("}");
}

static unsigned long report(struct fuzzer *f, unsigned int n,
			    unsigned long seed)
{
	static struct fuzzer all;
	unsigned int i;
	unsigned int e;

	for (i = 0; i < n; i++) {
		all.sent += f[i].sent;
		all.answers += f[i].answers;
		all.acks += f[i].acks;
		all.sessions += f[i].sessions;
		all.started += f[i].started;
		all.closed += f[i].closed;
		all.overruns += f[i].overruns;
		all.bad += f[i].bad;
		for (e = 0; e < ERRNOS; e++) {
			all.refused[e] += f[i].refused[e];
			all.mute[e] += f[i].mute[e];
		}
	}
	printf("{\"seed\": %lu, \"messages\": %lu, \"answers\": %lu", seed,
	       all.sent, all.answers);
	printf(", \"acks\": %lu, \"sessions\": %lu, \"started\": %lu",
	       all.acks, all.sessions, all.started);
	printf(", \"closed\": %lu, \"overruns\": %lu, \"bad\": %lu", all.closed,
	       all.overruns, all.bad);
	print_errors("refused", all.refused);
	print_errors("mute", all.mute);
	printf("}\n");
	return all.bad;
}

int main(int argc, char **argv)
{
	static struct fuzzer fuzzers[MOST_THREADS];
	unsigned long messages = 10000;
	unsigned int threads = 2;
	unsigned int rare = 1;
	unsigned long seed = 1;
	unsigned int i;
	int c;

	while ((c = getopt(argc, argv, "n:s:t:r:")) != -1) {
		if (c == 'n')
			messages = strtoul(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (c == 't')
			threads = strtoul(optarg, NULL, 0);
		else if (c == 'r')
			rare = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	if (!rare || rare > 1000 || !threads || threads > MOST_THREADS || !fz_learn(&known)) {
		fprintf(stderr, "nlfuzz: bad -t or -r, or no kobs to ask\n");
		return 2;
	}
	c = open(FZ_PLACES, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (c < 0 || ftruncate(c, 8192)) {
		fprintf(stderr, "nlfuzz: cannot make " FZ_PLACES "\n");
		return 2;
	}
	close(c);
	for (i = 0; i < threads; i++) {
		fuzzers[i].todo = messages / threads;
		fuzzers[i].builder.known = &known;
		fuzzers[i].builder.rare = rare;
		fuzzers[i].builder.rng.state = seed * 1000 + i;
		if (pthread_create(&fuzzers[i].thread, NULL, run, &fuzzers[i]))
			return 2;
	}
	for (i = 0; i < threads; i++)
		pthread_join(fuzzers[i].thread, NULL);
	return report(fuzzers, threads, seed) ? 1 : 0;
}
