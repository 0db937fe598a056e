// SPDX-License-Identifier: GPL-2.0
/* Files about disks and the network: diskstats, net/dev, net/snmp and net/netstat. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/triage/machine.h"

/* sda1 is a part of sda, nvme0n1p1 of nvme0n1; but md12 none of md1. */
static bool is_part_of(const char *name, const char *disk)
{
	size_t len = strlen(disk);
	const char *rest = name + len;

	if (strncmp(name, disk, len) || !*rest)
		return false;
	if (isdigit((unsigned char)disk[len - 1]))
		rest += *rest == 'p' ? 1 : strlen(rest);
	return *rest && !rest[strspn(rest, "0123456789")];
}

static bool is_part(const struct machine *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr_disks; i++)
		if (is_part_of(name, m->disks[i].name))
			return true;
	return false;
}

/* Places of numbers behind a disk's name, see Documentation/admin-guide/iostats.rst. */
enum {
	READS, READS_MERGED, READ_SECTORS, READ_MS, WRITES, WRITES_MERGED, WRITE_SECTORS, WRITE_MS,
	IN_FLIGHT, BUSY_MS, WEIGHTED_MS, DISCARDS, DISCARDS_MERGED, DISCARD_SECTORS, DISCARD_MS,
	FLUSHES, FLUSH_MS, NR_DISK_NUMBERS,
};

/** parse_diskstats() - /proc/diskstats: whole disks only, which have the numbers of their parts. */
void parse_diskstats(struct machine *m, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		uint64_t v[NR_DISK_NUMBERS] = {};
		struct disk *d;
		char *name;
		size_t i;

		if (!next_number(&line, &v[0]) || !next_number(&line, &v[0]))
			continue;
		line += strspn(line, " ");
		name = strsep(&line, " ");
		if (!line || is_part(m, name))
			continue;
		for (i = 0; i < NR_DISK_NUMBERS && next_number(&line, &v[i]); i++)
			;
		m->disks = grow(m->disks, &m->cap_disks, m->nr_disks + 1, sizeof(*m->disks));
		d = &m->disks[m->nr_disks++];
		d->name = copy_string(name);
		d->requests = v[READS] + v[WRITES] + v[DISCARDS] + v[FLUSHES];
		d->sectors = v[READ_SECTORS] + v[WRITE_SECTORS];
		d->took_ms = v[READ_MS] + v[WRITE_MS] + v[DISCARD_MS] + v[FLUSH_MS];
		d->busy_ms = v[BUSY_MS];
	}
}

/* Places of numbers behind an interface's name. */
enum {
	RX_BYTES, RX_PACKETS, RX_ERRORS, RX_DROPS, RX_FIFO, RX_FRAME, RX_COMPRESSED, RX_MULTICAST,
	TX_BYTES, TX_PACKETS, TX_ERRORS, TX_DROPS, NR_NET_NUMBERS,
};

/** parse_net() - /proc/net/dev: an interface in each line below the headings. */
void parse_net(struct machine *m, char *text)
{
	char *line;

	while ((line = next_line(&text))) {
		char *colon = strchr(line, ':');
		uint64_t v[NR_NET_NUMBERS] = {};
		struct net *n;
		size_t i;

		if (!colon)
			continue;
		*colon++ = 0;
		m->nets = grow(m->nets, &m->cap_nets, m->nr_nets + 1, sizeof(*m->nets));
		n = &m->nets[m->nr_nets++];
		memset(n, 0, sizeof(*n));
		n->name = copy_string(line + strspn(line, " "));
		for (i = 0; i < NR_NET_NUMBERS && next_number(&colon, &v[i]); i++)
			;
		n->bytes[0] = v[RX_BYTES];
		n->bytes[1] = v[TX_BYTES];
		n->packets = v[RX_PACKETS] + v[TX_PACKETS];
		n->errors = v[RX_ERRORS] + v[TX_ERRORS];
		n->drops = v[RX_DROPS] + v[TX_DROPS];
	}
}

/** parse_snmp() - /proc/net/snmp and netstat: a line of names, and one of numbers. */
void parse_snmp(struct named *out, char *text)
{
	char *names;
	char *values;

	while ((names = next_line(&text)) && (values = next_line(&text))) {
		char *group = strsep(&names, ":");
		char *word;

		strsep(&values, ":");
		while (names && values && (word = strsep(&names, " "))) {
			struct buf name = {};
			uint64_t v;

			if (!*word)
				continue;
			values += strspn(values, " ");
			buf_printf(&name, "%s.%s", group, word);
			/* A maximum can be -1. */
			if (next_number(&values, &v))
				named_add(out, name.p, v);
			else
				values += strcspn(values, " ");
			buf_free(&name);
		}
	}
}
