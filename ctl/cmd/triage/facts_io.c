// SPDX-License-Identifier: GPL-2.0
/* What was measured of disks and the network. */

#include <string.h>

#include "cmd/triage/facts.h"
#include "lib/format.h"
#include "lib/macros.h"

/* An average or a share of fewer says nothing. */
#define REQUESTS_LEAST	10
#define PACKETS_LEAST	100
#define LOST_LEAST	10

static const struct disk *same_disk(const struct machine *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr_disks; i++)
		if (!strcmp(m->disks[i].name, name))
			return &m->disks[i];
	return NULL;
}

static void add_disk(struct facts *f, const struct disk *a, const struct disk *b, double seconds)
{
	double busy = percent((double)grown(a->busy_ms, b->busy_ms), seconds * 1000);
	uint64_t requests = grown(a->requests, b->requests);
	double ns;
	char took[32], rate[32];

	if (busy > 100)
		busy = 100;
	if (!requests && busy <= 0)
		return;
	format_bytes(rate, sizeof(rate),
		     (uint64_t)((double)grown(a->sectors, b->sectors) * 512 / seconds));
	facts_add(f, M_DISK_BUSY, b->name, busy, "disk %s is busy %.0f %% of the time, with %s/s",
		  b->name, busy, rate);
	if (requests < REQUESTS_LEAST)
		return;
	ns = (double)grown(a->took_ms, b->took_ms) * 1e6 / (double)requests;
	facts_add(f, M_DISK_WAIT, b->name, ns,
		  "a request to disk %s takes %s on average, with its time in the queue (%.1f requests a second)",
		  b->name, format_ns(took, sizeof(took), ns), (double)requests / seconds);
}

/* The disk that requests waited longest for: threads that wait for I/O wait for it. */
static const char *find_awaited(const struct machine *a, const struct machine *b)
{
	const char *found = "";
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < b->nr_disks; i++) {
		const struct disk *before = same_disk(a, b->disks[i].name);
		uint64_t took = before ? grown(before->took_ms, b->disks[i].took_ms) : 0;

		if (took <= most)
			continue;
		most = took;
		found = b->disks[i].name;
	}
	return found;
}

/** facts_disks() - Disks that had something to do, and threads that waited for I/O. */
void facts_disks(struct facts *f, const struct machine *a, const struct machine *b)
{
	const struct pressure *p = &a->pressure[PRESSURE_IO];
	const struct pressure *q = &b->pressure[PRESSURE_IO];
	double seconds = seconds_between(a, b);
	double some;
	size_t i;

	if (seconds <= 0)
		return;
	for (i = 0; i < b->nr_disks; i++) {
		const struct disk *before = same_disk(a, b->disks[i].name);

		if (before)
			add_disk(f, before, &b->disks[i], seconds);
	}
	if (!p->there || !q->there)
		return;
	some = percent((double)grown(p->some, q->some), seconds * 1e6);
	facts_add(f, M_IO_PRESSURE, find_awaited(a, b), some,
		  "in %.1f %% of the time a thread waited for I/O", some);
}

static void add_net(struct facts *f, const struct net *a, const struct net *b, double seconds)
{
	uint64_t drops = grown(a->drops, b->drops);
	uint64_t errors = grown(a->errors, b->errors);
	double packets = (double)(grown(a->packets, b->packets) + drops + errors);
	double most = 0;
	char rate[32], n[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(b->bytes); i++)
		if ((double)grown(a->bytes[i], b->bytes[i]) > most)
			most = (double)grown(a->bytes[i], b->bytes[i]);
	if (b->megabits && b->megabits < 1000000000)
		facts_add(f, M_NET_BUSY, b->name,
			  percent(most * 8 / seconds, (double)b->megabits * 1e6),
			  "interface %s transfers %s/s in one direction, of %llu Mbit/s", b->name,
			  format_bytes(rate, sizeof(rate), (uint64_t)(most / seconds)),
			  (unsigned long long)b->megabits);
	if (packets < PACKETS_LEAST)
		return;
	facts_add(f, M_NET_DROPS, b->name,
		  drops < LOST_LEAST ? 0 : percent((double)drops, packets),
		  "interface %s dropped %s packets", b->name, format_count(n, sizeof(n), drops));
	facts_add(f, M_NET_ERRORS, b->name,
		  errors < LOST_LEAST ? 0 : percent((double)errors, packets),
		  "interface %s had %s packets with errors", b->name,
		  format_count(n, sizeof(n), errors));
}

static void add_tcp(struct facts *f, const struct machine *a, const struct machine *b,
		    double seconds)
{
	uint64_t again = named_grown(&a->net, &b->net, "Tcp.RetransSegs");
	/* Those that were sent again are not among the segments sent. */
	uint64_t sent = named_grown(&a->net, &b->net, "Tcp.OutSegs") + again;
	double refused = (double)named_grown(&a->net, &b->net, "TcpExt.ListenDrops") / seconds;
	double unread = (double)named_grown(&a->net, &b->net, "Udp.RcvbufErrors") / seconds;
	char n[32], all[32];

	facts_add(f, M_RETRANSMITS, "",
		  again < LOST_LEAST ? 0 : percent((double)again, (double)sent),
		  "%s of %s TCP segments were sent again", format_count(n, sizeof(n), again),
		  format_count(all, sizeof(all), sent));
	facts_add(f, M_LISTEN, "", refused,
		  "%.1f connections a second were refused, as too many waited to be accepted",
		  refused);
	facts_add(f, M_UDP_OVERFLOWS, "", unread,
		  "%.1f UDP packets a second were dropped, as nobody read them in time", unread);
}

/** facts_net() - Interfaces, and what TCP and UDP lost, of this network namespace. */
void facts_net(struct facts *f, const struct machine *a, const struct machine *b)
{
	double seconds = seconds_between(a, b);
	size_t i, k;

	if (seconds <= 0)
		return;
	for (i = 0; i < b->nr_nets; i++) {
		for (k = 0; k < a->nr_nets && strcmp(a->nets[k].name, b->nets[i].name); k++)
			;
		if (k < a->nr_nets)
			add_net(f, &a->nets[k], &b->nets[i], seconds);
	}
	if (a->net.names.n && b->net.names.n)
		add_tcp(f, a, b, seconds);
}
