/* SPDX-License-Identifier: GPL-2.0 */
/* Streams: a session's records, on their way to its owner (stream.c). */
#ifndef KOBS_STREAM_H
#define KOBS_STREAM_H

#include <linux/types.h>

struct kobs_code;
struct kobs_notify_ops;
struct kobs_session;

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

#endif /* KOBS_STREAM_H */
