// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's record of what processes map and fork, as perf record reads it: an
 * event of each CPU that counts nothing, with the records that go with it. So a
 * process that is over when the report is made has had names for its code.
 *
 * Formats: perf_event_open(2), PERF_RECORD_MMAP2, PERF_RECORD_FORK and PERF_RECORD_COMM of
 * an exec, each with PERF_SAMPLE_TIME at its end (sample_id_all). Reading the event tells
 * how many records found no room (PERF_FORMAT_LOST).
 */

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/lines.h"
#include "lib/parse.h"
#include "symbols/sideband.h"

/* Of data for each CPU: a hundred programs that are started. */
#define RING_BYTES	(128 * 1024)
/* Processes to read from /proc until the rings are read. */
#define AT_ONCE		64

struct mmap2_record {
	struct perf_event_header header;
	uint32_t	pid;
	uint32_t	tid;
	uint64_t	start;
	uint64_t	len;
	uint64_t	offset;
	uint32_t	major;
	uint32_t	minor;
	uint64_t	inode;
	uint64_t	generation;
	uint32_t	prot;
	uint32_t	flags;
	char		path[];
};

struct fork_record {
	struct perf_event_header header;
	uint32_t	pid;
	uint32_t	parent;
	uint32_t	tid;
	uint32_t	parent_tid;
	uint64_t	time;
};

struct comm_record {
	struct perf_event_header header;
	uint32_t	pid;
	uint32_t	tid;
};

#define ONLINE	"/sys/devices/system/cpu/online"

static int open_event(uint64_t cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY, .sample_type = PERF_SAMPLE_TIME,
		.mmap = 1, .mmap2 = 1, .task = 1, .comm = 1, .comm_exec = 1,
		.sample_id_all = 1, .exclude_kernel = 1,
		.use_clockid = 1, .clockid = CLOCK_MONOTONIC,
		.read_format = PERF_FORMAT_LOST, .watermark = 1, .wakeup_watermark = RING_BYTES / 2,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int add_ring(struct sideband *b, uint64_t cpu)
{
	struct epoll_event wake = { .events = EPOLLIN };
	struct sideband_ring r = { .fd = open_event(cpu) };

	if (r.fd < 0)
		return errno;
	r.page = mmap(NULL, b->page + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, r.fd, 0);
	if (r.page == MAP_FAILED || epoll_ctl(b->poll, EPOLL_CTL_ADD, r.fd, &wake)) {
		int err = errno;

		if (r.page != MAP_FAILED)
			munmap(r.page, b->page + RING_BYTES);
		close(r.fd);
		return err;
	}
	b->ring = grow(b->ring, &b->cap, b->n + 1, sizeof(*b->ring));
	b->ring[b->n++] = r;
	return 0;
}

static int open_all(struct sideband *b)
{
	struct numbers cpus = {};
	char list[512];
	int err = 0;
	size_t i;

	*b = (struct sideband){ .page = (size_t)sysconf(_SC_PAGESIZE) };
	b->poll = epoll_create1(EPOLL_CLOEXEC);
	if (b->poll < 0)
		return errno;
	if (read_file(ONLINE, list, sizeof(list)) <= 0 ||
	    parse_list(list, UINT32_MAX, true, &cpus))
		err = ENOENT;
	for (i = 0; !err && i < cpus.n; i++) {
		err = add_ring(b, cpus.v[i]);
		/* It went offline. */
		if (err == ENODEV)
			err = 0;
	}
	numbers_free(&cpus);
	return err;
}

static void snapshot_all(struct sideband *b, struct usyms *u)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	unsigned int n = 0;
	unsigned long pid;
	char *end;

	while (dir && (e = readdir(dir))) {
		pid = strtoul(e->d_name, &end, 10);
		if (!pid || *end)
			continue;
		usyms_snapshot(u, (uint32_t)pid, 0);
		if (++n % AT_ONCE == 0)
			sideband_read(b, u);
	}
	if (dir)
		closedir(dir);
}

/**
 * sideband_follow() - Know what processes have mapped now, and will have.
 * @pids: the only ones whose code is asked for; all when it is empty
 *
 * Where perf events cannot be opened, what was mapped later is known only of processes that
 * are there when names are asked for.
 */
void sideband_follow(struct sideband *b, struct usyms *u, const struct numbers *pids)
{
	size_t i;

	u->unfollowed = open_all(b);
	if (u->unfollowed)
		sideband_close(b);
	u->begun = now_ns();
	for (i = 0; i < pids->n; i++)
		usyms_snapshot(u, (uint32_t)pids->v[i], 0);
	if (!pids->n)
		snapshot_all(b, u);
}

/** sideband_close() - Free it; one that was never opened is all zero. */
void sideband_close(struct sideband *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		munmap(b->ring[i].page, b->page + RING_BYTES);
		close(b->ring[i].fd);
	}
	if (b->page && b->poll >= 0)
		close(b->poll);
	free(b->ring);
	buf_free(&b->record);
	*b = (struct sideband){ .poll = -1 };
}

static void on_mapping(struct usyms *u, const struct mmap2_record *m, size_t size, uint64_t time)
{
	struct usym_mapping at = {
		.start = m->start, .end = m->start + m->len, .offset = m->offset, .time = time,
	};

	/* The path ends before the time, which is last. */
	if (memchr(m->path, 0, size - sizeof(*m) - sizeof(time)))
		usyms_map(u, m->pid, &at, m->path, m->inode);
}

/** sideband_record() - Take a record of @size bytes. One that is too short is left out. */
void sideband_record(struct usyms *u, const void *record, size_t size)
{
	const struct perf_event_header *h = record;
	const struct fork_record *f = record;
	const struct comm_record *c = record;
	uint64_t time;

	if (size < sizeof(*h) + sizeof(time))
		return;
	memcpy(&time, (const char *)record + size - sizeof(time), sizeof(time));
	switch (h->type) {
	case PERF_RECORD_MMAP2:
		if (size > sizeof(struct mmap2_record) + sizeof(time))
			on_mapping(u, record, size, time);
		break;
	case PERF_RECORD_FORK:
		/* A thread of a process is none. */
		if (size >= sizeof(*f) && f->pid != f->parent)
			usyms_begin(u, f->pid, f->parent, f->time);
		break;
	case PERF_RECORD_COMM:
		if (size >= sizeof(*c) + sizeof(time) && h->misc & PERF_RECORD_MISC_COMM_EXEC)
			usyms_begin(u, c->pid, 0, time);
		break;
	}
}

/* A record as one piece: it can go on at the ring's begin. */
static const void *get_record(struct sideband *b, const char *data, uint64_t at, size_t size)
{
	size_t first = RING_BYTES - at % RING_BYTES;

	if (size <= first)
		return data + at % RING_BYTES;
	b->record.len = 0;
	buf_add(&b->record, data + at % RING_BYTES, first);
	buf_add(&b->record, data, size - first);
	return b->record.p;
}

/* Records that were taken out of the rings, each behind its time and its place. */
struct taken {
	struct buf	bytes;
	struct taken_record {
		uint64_t	time;
		size_t		at;
		size_t		size;
	} *v;
	size_t		n;
	size_t		cap;
};

static void take(struct taken *t, const void *record, size_t size)
{
	struct taken_record r = { .at = t->bytes.len, .size = size };

	if (size < sizeof(struct perf_event_header) + sizeof(r.time))
		return;
	memcpy(&r.time, (const char *)record + size - sizeof(r.time), sizeof(r.time));
	buf_add(&t->bytes, record, size);
	t->v = grow(t->v, &t->cap, t->n + 1, sizeof(*t->v));
	t->v[t->n++] = r;
}

static void take_ring(struct sideband *b, struct sideband_ring *r, struct taken *t)
{
	struct perf_event_mmap_page *page = r->page;
	const char *data = (const char *)r->page + b->page;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	uint64_t at = page->data_tail;

	while (at < head) {
		const struct perf_event_header *h = (const void *)(data + at % RING_BYTES);

		if (h->size < sizeof(*h))
			break;
		take(t, get_record(b, data, at, h->size), h->size);
		at += h->size;
	}
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

static int by_time(const void *a, const void *b)
{
	const struct taken_record *x = a;
	const struct taken_record *y = b;

	if (x->time != y->time)
		return x->time > y->time ? 1 : -1;
	return x->at > y->at ? 1 : -1;
}

/** sideband_read() - Take what the kernel has told by now. */
void sideband_read(struct sideband *b, struct usyms *u)
{
	struct taken t = {};
	size_t i;

	for (i = 0; i < b->n; i++) {
		struct sideband_ring *r = &b->ring[i];
		uint64_t count[2];

		take_ring(b, r, &t);
		if (read(r->fd, count, sizeof(count)) == sizeof(count)) {
			u->lost += count[1] - r->lost;
			r->lost = count[1];
		}
	}
	/* A process can fork on one CPU, and its child execute on another. */
	if (t.n)
		qsort(t.v, t.n, sizeof(*t.v), by_time);
	for (i = 0; i < t.n; i++)
		sideband_record(u, t.bytes.p + t.v[i].at, t.v[i].size);
	buf_free(&t.bytes);
	free(t.v);
}
