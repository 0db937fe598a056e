// SPDX-License-Identifier: GPL-2.0
/*
 * The netlink fuzzer's messages: requests of the specification's shape, with
 * likely, boundary or random values; some of them are damaged afterwards.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "../../uapi/kobs.h"
#include "../../uapi/kobs_program.h"
#include "nlfuzz.h"

#define TYPE_MASK	0x3fff

/* splitmix64 */
__u64 fz_next(struct fz_rng *r)
{
	__u64 z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

unsigned int fz_below(struct fz_rng *r, unsigned int n)
{
	return n ? fz_next(r) % n : 0;
}

static bool chance(struct fz_builder *f, unsigned int percent)
{
	return fz_below(&f->rng, 100) < percent;
}

/* Beyond its room a message just ends early. */
static void put(struct fz_buf *b, const void *data, unsigned int len)
{
	if (len > sizeof(b->data) - b->len - 8)
		return;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	while (b->len % 4)
		b->data[b->len++] = 0;
}

void fz_attr_put(struct fz_buf *b, unsigned int kind, const void *data,
		 unsigned int len)
{
	struct nlattr a = { .nla_len = NLA_HDRLEN + len, .nla_type = kind };

	put(b, &a, sizeof(a));
	put(b, data, len);
}

static void attr_text(struct fz_buf *b, unsigned int kind, const char *text)
{
	fz_attr_put(b, kind, text, strlen(text) + 1);
}

static void attr_u64(struct fz_buf *b, unsigned int kind, __u64 n)
{
	fz_attr_put(b, kind, &n, sizeof(n));
}

static unsigned int nest_begin(struct fz_buf *b, unsigned int kind)
{
	unsigned int at = b->len;

	fz_attr_put(b, kind | NLA_F_NESTED, NULL, 0);
	return at;
}

static void nest_end(struct fz_buf *b, unsigned int at)
{
	__u16 len = b->len - at;

	memcpy(b->data + at, &len, sizeof(len));
}

unsigned int fz_message_begin(struct fz_buf *b, __u16 family, __u32 cmd,
			      unsigned int flags, __u32 seq)
{
	struct nlmsghdr h = {
		.nlmsg_type = family,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = seq,
	};
	struct genlmsghdr g = { .cmd = cmd, .version = 1 };
	unsigned int at = b->len;

	put(b, &h, sizeof(h));
	put(b, &g, sizeof(g));
	return at;
}

void fz_message_end(struct fz_buf *b, unsigned int at)
{
	__u32 len = b->len - at;

	memcpy(b->data + at, &len, sizeof(len));
}

static __u64 some_number(struct fz_builder *f)
{
	static const __u64 edges[] = {
		0, 1, 2, 7, 8, 63, 64, 65, 255, 256, 4095, 4096, 65535, 65536,
		0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 63,
		~0ULL,
	};

	switch (fz_below(&f->rng, 4)) {
	case 0:
		return edges[fz_below(&f->rng, sizeof(edges) / sizeof(*edges))];
	case 1:
		return fz_below(&f->rng, 16);
	case 2:
		return f->ids.n ? f->ids.id[fz_below(&f->rng, f->ids.n)] : 0;
	default:
		return fz_next(&f->rng);
	}
}

static __u64 some_address(struct fz_builder *f)
{
	const struct fz_known *k = f->known;

	if (k->n_functions && chance(f, 90))
		return k->functions[fz_below(&f->rng, k->n_functions)];
	return some_number(f);
}

static const struct fz_source *some_source(struct fz_builder *f)
{
	return &f->known->sources[fz_below(&f->rng, f->known->n_sources)];
}

/* A name that the module knows, most likely for something else. */
static const char *some_name(struct fz_builder *f)
{
	static const char * const names[] = { "f0", "f1", "f2", "a.b-c_d" };
	const struct fz_source *s = some_source(f);
	unsigned int kind = fz_below(&f->rng, 5);

	if (kind == 0 && s->n_modes)
		return s->modes[fz_below(&f->rng, s->n_modes)];
	if (kind == 1 && s->n_columns)
		return s->columns[fz_below(&f->rng, s->n_columns)];
	if (kind == 2 && s->n_params)
		return s->params[fz_below(&f->rng, s->n_params)].name;
	if (kind == 3)
		return names[fz_below(&f->rng, 4)];
	return s->name;
}

static void put_string(struct fz_builder *f, struct fz_buf *b,
		       unsigned int kind)
{
	char text[320];
	unsigned int n;
	unsigned int i;

	if (chance(f, 70)) {
		attr_text(b, kind, some_name(f));
		return;
	}
	n = chance(f, 80) ? fz_below(&f->rng, 24) : fz_below(&f->rng, 310);
	for (i = 0; i < n; i++)
		text[i] = chance(f, 90) ? ' ' + 1 + fz_below(&f->rng, 94) :
			  fz_below(&f->rng, 256);
	/* Some do not end in a zero byte. */
	if (chance(f, 80))
		text[n++] = '\0';
	fz_attr_put(b, kind, text, n);
}

static void put_binary(struct fz_builder *f, struct fz_buf *b,
		       unsigned int kind)
{
	__u64 words[64];
	unsigned int n = fz_below(&f->rng, chance(f, 80) ? 5 : 65);
	unsigned int i;

	for (i = 0; i < n; i++)
		words[i] = some_address(f);
	n *= sizeof(__u64);
	if (n && chance(f, 10))
		n -= 1 + fz_below(&f->rng, 7);
	fz_attr_put(b, kind, words, n);
}

static void put_attr(struct fz_builder *f, struct fz_buf *b, unsigned int set,
		     unsigned int kind, unsigned int depth);

static void put_nest(struct fz_builder *f, struct fz_buf *b, unsigned int kind,
		     int set, unsigned int depth)
{
	unsigned int at = nest_begin(b, chance(f, 95) ? kind :
				     kind | NLA_F_NET_BYTEORDER);
	unsigned int n = fz_below(&f->rng, 5);

	while (n-- && set >= 0 && depth < 3)
		put_attr(f, b, set, 1 + fz_below(&f->rng, fz_sets[set].n),
			 depth + 1);
	nest_end(b, at);
}

static void put_attr(struct fz_builder *f, struct fz_buf *b, unsigned int set,
		     unsigned int kind, unsigned int depth)
{
	const struct fz_attr *a = &fz_sets[set].attrs[kind - 1];
	enum fz_type type = a->type;
	__u64 n = some_number(f);

	/* Now and then an attribute holds something else. */
	if (chance(f, 4))
		type = fz_below(&f->rng, T_NEST + 1);
	switch (type) {
	case T_U32:
		fz_attr_put(b, kind, &n, sizeof(__u32));
		break;
	case T_U64:
		fz_attr_put(b, kind, &n, sizeof(__u64));
		break;
	case T_STRING:
		put_string(f, b, kind);
		break;
	case T_BINARY:
		put_binary(f, b, kind);
		break;
	case T_NEST:
		put_nest(f, b, kind, a->nest, depth);
		break;
	}
}

static void put_request(struct fz_builder *f, struct fz_buf *b,
			const struct fz_op *op)
{
	unsigned int n = fz_below(&f->rng, op->n_request + 2);
	const struct fz_set *set = &fz_sets[op->set];
	unsigned int kind;

	while (n--) {
		kind = op->request[fz_below(&f->rng, op->n_request)];
		if (chance(f, 6))
			kind = 1 + fz_below(&f->rng, set->n);
		if (chance(f, 2))
			attr_text(b, fz_below(&f->rng, TYPE_MASK + 1), "x");
		put_attr(f, b, op->set, kind, 0);
	}
}

/* Parameters of a session that has a chance: sizes stay small, mostly. */
static void put_param(struct fz_builder *f, struct fz_buf *b,
		      const struct fz_param *p)
{
	unsigned int at = nest_begin(b, KOBS_A_SESSION_PARAM);
	__u64 span = p->high - p->low;
	__u64 words[16] = { 0 };
	unsigned int n = 0;
	unsigned int i;

	attr_text(b, KOBS_A_PARAM_NAME, p->name);
	if (p->type == KOBS_TYPE_NUMBER) {
		if (chance(f, 97))
			span = span > 512 ? 512 : span;
		attr_u64(b, KOBS_A_PARAM_NUMBER,
			 p->low + (span + 1 ? fz_next(&f->rng) % (span + 1) :
				   fz_next(&f->rng)));
	} else if (p->type == KOBS_TYPE_TEXT) {
		attr_text(b, KOBS_A_PARAM_TEXT, chance(f, 50) ? "*" :
			  some_name(f));
	} else {
		n = chance(f, 50) ? 8 : 1 + fz_below(&f->rng, 16);
		for (i = 0; i < n; i++)
			words[i] = chance(f, 50) ? some_address(f) :
				   fz_below(&f->rng, 8);
		fz_attr_put(b, KOBS_A_PARAM_ADDRESSES, words,
			    n * sizeof(__u64));
	}
	nest_end(b, at);
}

static void put_words(struct fz_buf *b, const char *name, const __u64 *words,
		      unsigned int n)
{
	unsigned int at = nest_begin(b, KOBS_A_SESSION_PARAM);

	attr_text(b, KOBS_A_PARAM_NAME, name);
	fz_attr_put(b, KOBS_A_PARAM_ADDRESSES, words, n * sizeof(*words));
	nest_end(b, at);
}

/* An instruction that is nearly always one, or any word. */
static __u64 some_insn(struct fz_builder *f)
{
	static const __u16 args[] = { 0, 0, 0, 1, 2, 4, 8, 0x104, 0x208 };
	unsigned int op = fz_below(&f->rng, KOBS_OPS);

	if (chance(f, 1))
		return fz_next(&f->rng);
	if (chance(f, 30))
		op |= KOBS_OP_BY_IMM;
	return KOBS_INSN(op, fz_below(&f->rng, 8), fz_below(&f->rng, 8),
			 args[fz_below(&f->rng, 9)], fz_below(&f->rng, 4));
}

/* Pairs of two programs, some of which are not there, and what is between them. */
static void put_joins(struct fz_builder *f, struct fz_buf *b)
{
	__u64 joins[3] = {};
	unsigned int i;
	unsigned int k;

	for (i = 0; i < 3; i++) {
		for (k = 0; k < KOBS_JOIN_PARTS; k++)
			joins[i] |= (__u64)fz_below(&f->rng, 3 + chance(f, 5)) << 16 * k;
		if (chance(f, 30))
			joins[i] = (__u32)joins[i] | KOBS_JOIN_VIA;
		if (chance(f, 10))
			joins[i] |= (__u64)KOBS_JOIN_OWN << 32;
	}
	put_words(b, "joins", joins, 2 + chance(f, 50));
}

/* Places of a file that nobody executes, which are there or not. */
static void put_places(struct fz_builder *f, struct fz_buf *b)
{
	static const __u64 offsets[] = { 0, 8, 4092, 4096, 1ULL << 63 };
	unsigned int at = nest_begin(b, KOBS_A_SESSION_PARAM);
	__u64 places[9] = {};
	unsigned int i;

	attr_text(b, KOBS_A_PARAM_NAME, "files");
	attr_text(b, KOBS_A_PARAM_TEXT, FZ_PLACES "\n/proc/version\n\n/tmp");
	nest_end(b, at);
	for (i = 0; i < 9; i += 3) {
		places[i] = chance(f, 70) ? 0 : fz_below(&f->rng, 6);
		places[i + 1] = offsets[chance(f, 70) ? 0 : fz_below(&f->rng, 5)];
		places[i + 2] = chance(f, 10) ? fz_next(&f->rng) : 0;
	}
	put_words(b, "places", places, 9);
}

/* Targets of all kinds, and programs for them. */
static void put_probe(struct fz_builder *f, struct fz_buf *b)
{
	unsigned int n = 1 + fz_below(&f->rng, 3);
	unsigned int at = nest_begin(b, KOBS_A_SESSION_PARAM);
	__u64 code[24];
	__u64 targets[6];
	unsigned int i;
	unsigned int k;

	attr_text(b, KOBS_A_PARAM_NAME, "names");
	attr_text(b, KOBS_A_PARAM_TEXT, "t:sched:sched_switch s:read t:sys_exit");
	nest_end(b, at);
	put_places(f, b);
	for (i = 0; i < n; i++) {
		k = fz_below(&f->rng, KOBS_PROBE_KINDS + chance(f, 5));
		targets[2 * i] = k | (__u64)fz_below(&f->rng, 2) << 16;
		targets[2 * i + 1] = k == KOBS_PROBE_FUNCTION ||
				     k == KOBS_PROBE_RETURN ||
				     k == KOBS_PROBE_INSTRUCTION ?
				     f->known->functions[fz_below(&f->rng, 8)] :
				     fz_below(&f->rng, 3);
		/* Most places are inside an instruction. */
		if (k == KOBS_PROBE_INSTRUCTION) {
			targets[2 * i] |= (__u64)fz_below(&f->rng, 5) << 32;
			targets[2 * i + 1] += fz_below(&f->rng, 24);
		}
		if (k == KOBS_PROBE_USER || k == KOBS_PROBE_USER_RETURN)
			targets[2 * i + 1] |= (__u64)fz_below(&f->rng, 4) << 32;
	}
	put_words(b, "targets", targets, 2 * n);
	/* Short programs are accepted now and then. */
	k = 1 + fz_below(&f->rng, chance(f, 70) ? 3 : 11);
	for (i = 0; i < 2 * k + 2; i++)
		code[i] = i == k || i == 2 * k + 1 ? KOBS_OP_END : some_insn(f);
	put_words(b, "code", code, 2 * k + 2);
	if (chance(f, 30))
		put_joins(f, b);
}

/* A source cannot do without these. */
static void put_needed(struct fz_builder *f, struct fz_buf *b,
		       const struct fz_source *s)
{
	static const __u64 clock[8] = { 1, 0, 0, 0, 0, 4000000, 0, 0 };
	const void *data = clock;
	const char *name = NULL;

	if (!strcmp(s->name, "probe")) {
		put_probe(f, b);
	} else if (!strcmp(s->name, "pmu")) {
		name = "events";
	} else if (!strcmp(s->name, "func")) {
		name = "functions";
		data = f->known->functions;
	}
	if (name) {
		unsigned int at = nest_begin(b, KOBS_A_SESSION_PARAM);

		attr_text(b, KOBS_A_PARAM_NAME, name);
		fz_attr_put(b, KOBS_A_PARAM_ADDRESSES, data, sizeof(clock));
		nest_end(b, at);
	}
}

/* A session of a real source and mode, most of which are accepted. */
static void put_session(struct fz_builder *f, struct fz_buf *b)
{
	const struct fz_source *engine = &f->known->sources[0];
	const struct fz_source *s = some_source(f);
	const struct fz_source *from;
	unsigned int n;

	attr_text(b, KOBS_A_SESSION_SOURCE, s->name);
	attr_text(b, KOBS_A_SESSION_MODE, s->n_modes ?
		  s->modes[fz_below(&f->rng, s->n_modes)] : "count");
	for (n = fz_below(&f->rng, 4); n; n--) {
		from = chance(f, 50) && s->n_columns ? s : engine;
		attr_text(b, KOBS_A_SESSION_BY,
			  from->columns[fz_below(&f->rng, from->n_columns)]);
	}
	if (chance(f, 15))
		put_nest(f, b, KOBS_A_SESSION_FILTER, fz_sets[fz_ops[1].set]
			 .attrs[KOBS_A_SESSION_FILTER - 1].nest, 2);
	if (chance(f, 90))
		put_needed(f, b, s);
	/* Rows are what costs memory and time. */
	put_param(f, b, &engine->params[0]);
	for (n = fz_below(&f->rng, 3); n; n--) {
		from = chance(f, 60) && s->n_params ? s : engine;
		put_param(f, b,
			  &from->params[fz_below(&f->rng, from->n_params)]);
	}
}

/* Flips bits, cuts, or gives an attribute a wrong length. */
static void damage(struct fz_builder *f, struct fz_buf *b, unsigned int at)
{
	unsigned int body = at + NLMSG_HDRLEN;
	unsigned int n = b->len - body;
	unsigned int i = 1 + fz_below(&f->rng, 4);
	__u32 len;

	switch (fz_below(&f->rng, 8)) {
	case 0:
		/* Cut; whether the header admits it is another matter. */
		b->len = body + fz_below(&f->rng, n + 1) / 4 * 4;
		if (chance(f, 70))
			fz_message_end(b, at);
		break;
	case 1:
		len = NLMSG_HDRLEN + fz_below(&f->rng, n + 64);
		memcpy(b->data + at, &len, sizeof(len));
		break;
	case 2:
		if (n <= GENL_HDRLEN)
			break;
		len = fz_below(&f->rng, 300);
		memcpy(b->data + body + GENL_HDRLEN, &len, sizeof(__u16));
		break;
	case 3:
		/* Flags: no request, echo, replace, dump. */
		b->data[at + 6] ^= 1 << fz_below(&f->rng, 8);
		b->data[at + 7] ^= 1 << fz_below(&f->rng, 8);
		break;
	default:
		while (i-- && n)
			b->data[body + fz_below(&f->rng, n)] ^=
				1 << fz_below(&f->rng, 8);
	}
}

/*
 * fz_message() - append a message to a datagram
 *
 * Turning probes on takes a thousand times longer than being refused: starts
 * are rare.
 */
void fz_message(struct fz_builder *f, struct fz_buf *b, __u32 seq)
{
	static const unsigned int ends[] = {
		KOBS_CMD_SESSION_STOP, KOBS_CMD_SESSION_DEL,
		KOBS_CMD_SESSION_DEL, KOBS_CMD_SESSION_GET,
	};
	const struct fz_op *op = &fz_ops[fz_below(&f->rng, fz_n_ops)];
	unsigned int kind = fz_below(&f->rng, 1000 * f->rare);
	unsigned int flags = NLM_F_ACK;
	unsigned int cmd = op->cmd;
	unsigned int at;
	__u32 id = 0;

	if (kind < 12) {
		cmd = KOBS_CMD_SESSION_NEW;
	} else if (kind < 20 && f->ids.n) {
		/* The newest is the most likely to be there. */
		id = f->ids.id[chance(f, 70) ? f->ids.last :
			       fz_below(&f->rng, f->ids.n)];
		cmd = kind < 15 ? KOBS_CMD_SESSION_START :
		      ends[fz_below(&f->rng, 4)];
	} else if (chance(f, 1)) {
		cmd = fz_below(&f->rng, 256);
	}
	if (kind < 20 && !f->damaged)
		f->session = seq;
	if (op->dump && kind >= 20 && chance(f, 15))
		flags |= NLM_F_DUMP;
	at = fz_message_begin(b, f->known->family, cmd, flags, seq);
	if (kind < 12) {
		put_session(f, b);
	} else if (kind < 20 && f->ids.n) {
		fz_attr_put(b, KOBS_A_SESSION_ID, &id, sizeof(id));
		if (cmd == KOBS_CMD_SESSION_START && chance(f, 20))
			attr_text(b, KOBS_A_SESSION_NAME, some_name(f));
	} else {
		put_request(f, b, op);
	}
	fz_message_end(b, at);
	if (kind >= 20 && chance(f, 40)) {
		damage(f, b, at);
		f->damaged = true;
	}
}
