/* SPDX-License-Identifier: GPL-2.0 */
/* Streams: a session's records, on their way to its owner (stream.c). */
#ifndef KOBS_STREAM_H
#define KOBS_STREAM_H

#include <linux/types.h>

struct kobs_code;
struct kobs_notify_ops;
struct kobs_session;
struct ring_buffer_event;

/*
 * Maximum bytes of data of a record, in modes that have some: with its words it
 * has to fit into a page of the ring.
 */
#define KOBS_STREAM_DATA	3840

/**
 * struct kobs_stream_data - a record that is being written
 * @event: in the ring
 * @bytes: size of its data
 * @data: its data
 */
struct kobs_stream_data {
	struct ring_buffer_event *event;
	u64 *bytes;
	u64 *data;
};

int kobs_stream_init(const struct kobs_notify_ops *ops);
void kobs_stream_exit(void);
pid_t kobs_stream_worker(void);
int kobs_stream_new(struct kobs_session *s);
void kobs_stream_free(struct kobs_session *s);
void kobs_stream_start(struct kobs_session *s);
void kobs_stream_finish(struct kobs_session *s);
int kobs_stream_prepare(struct kobs_session *s, unsigned int cpu);
void kobs_stream_code(struct kobs_session *s, const struct kobs_code *code);
bool kobs_stream_write(struct kobs_session *s, const u64 *v, u64 value);
bool kobs_stream_reserve(struct kobs_session *s, const u64 *v, size_t max,
			 struct kobs_stream_data *d);
void kobs_stream_commit(struct kobs_session *s, struct kobs_stream_data *d,
			size_t bytes);

#endif /* KOBS_STREAM_H */
