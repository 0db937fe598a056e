/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netlink fuzzer: what its files share. Messages are drawn from the
 * family's specification (tables that gen-table makes of uapi/kobs.yaml) and
 * from what the module itself says of its sources.
 */
#ifndef KOBS_NLFUZZ_H
#define KOBS_NLFUZZ_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum fz_type { T_U32, T_U64, T_STRING, T_BINARY, T_NEST };

/* An attribute; its number is its place in the set, from 1. */
struct fz_attr {
	const char *name;
	enum fz_type type;
	int nest; /* place of the set in it, or -1 */
};

struct fz_set {
	const char *name;
	const struct fz_attr *attrs;
	unsigned int n;
};

struct fz_op {
	const char *name;
	unsigned int cmd;
	unsigned int set;
	bool dump;
	unsigned int n_request;
	unsigned int request[8];
};

extern const struct fz_set fz_sets[];
extern const struct fz_op fz_ops[];
extern const unsigned int fz_n_ops;
extern const int fz_errors[];
extern const unsigned int fz_n_errors;

/* What the module says of itself. */
#define FZ_NAMES	64
#define FZ_NAME_LEN	48

struct fz_param {
	char name[FZ_NAME_LEN];
	__u32 type;
	__u64 low;
	__u64 high;
};

struct fz_source {
	char name[FZ_NAME_LEN];
	char modes[FZ_NAMES][FZ_NAME_LEN];
	unsigned int n_modes;
	char columns[FZ_NAMES][FZ_NAME_LEN];
	unsigned int n_columns;
	struct fz_param params[FZ_NAMES];
	unsigned int n_params;
};

struct fz_known {
	__u16 family;
	struct fz_source sources[16]; /* the first is the engine */
	unsigned int n_sources;
	__u64 functions[64];
	unsigned int n_functions;
};

/* A source of numbers that depends on the seed alone. */
struct fz_rng {
	__u64 state;
};

__u64 fz_next(struct fz_rng *r);
unsigned int fz_below(struct fz_rng *r, unsigned int n);

/* Sessions that a thread was told of. */
#define FZ_IDS	32

struct fz_ids {
	__u32 id[FZ_IDS];
	unsigned int n;
	unsigned int last;
};

/* A datagram being built. */
struct fz_buf {
	unsigned int len;
	unsigned char data[1 << 16];
};

struct fz_builder {
	const struct fz_known *known;
	struct fz_rng rng;
	struct fz_ids ids;
	unsigned int rare;
};

void fz_attr_put(struct fz_buf *b, unsigned int kind, const void *data,
		 unsigned int len);
unsigned int fz_message_begin(struct fz_buf *b, __u16 family, __u32 cmd,
			      unsigned int flags, __u32 seq);
void fz_message_end(struct fz_buf *b, unsigned int at);
void fz_message(struct fz_builder *f, struct fz_buf *b, __u32 seq);
bool fz_learn(struct fz_known *k);

#endif /* KOBS_NLFUZZ_H */
