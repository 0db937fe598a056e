/* SPDX-License-Identifier: GPL-2.0 */
/* Types of the kernel and of its modules: BTF. */
#ifndef OBSCTL_BTF_H
#define OBSCTL_BTF_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/nearest.h"

#define KBTF_PATH	"/sys/kernel/btf"

/* The BTF of the kernel and of modules; read when it is first asked for. */
struct kbtf {
	struct btf	*kernel;
	struct kbtf_module {
		char		*name;
		struct btf	*btf;
	} *modules;
	size_t		n;
	size_t		cap;
};

/* A parameter of a function. */
struct kbtf_param {
	const char	*name;		/* "" without one */
	uint32_t	type;
	int		arg;		/* number of the argument, or KBTF_NO_ARG */
};

/* It is passed where its type alone does not tell. */
#define KBTF_NO_ARG	(-1)

/* Where in a struct or union a member is, with the anonymous ones that it is in. */
struct kbtf_member {
	uint32_t	type;
	uint32_t	bit;
	uint32_t	bits;		/* of a bit field; 0 for any other member */
};

struct kbtf_constant {
	uint32_t	type;		/* the enum */
	int64_t		value;
};

bool kbtf_available(void);
const struct btf *kbtf_get(struct kbtf *k, const char *module, struct buf *why);
void kbtf_free(struct kbtf *k);

const struct btf_type *kbtf_type(const struct btf *btf, uint32_t id);
uint32_t kbtf_last(const struct btf *btf);
const char *kbtf_string(const struct btf *btf, uint32_t offset);
const char *kbtf_name(const struct btf *btf, uint32_t id);
uint32_t kbtf_skip(const struct btf *btf, uint32_t id, bool typedefs);
bool kbtf_is_typedef(const struct btf *btf, uint32_t id, const char *name);
uint32_t kbtf_complete(const struct btf *btf, uint32_t id);
int64_t kbtf_size(const struct btf *btf, uint32_t id);
void kbtf_describe(const struct btf *btf, uint32_t id, struct buf *out);

uint32_t kbtf_place(const struct btf *btf, uint32_t n);
uint32_t kbtf_find(const struct btf *btf, const char *name, uint32_t kinds);
void kbtf_offer(const struct btf *btf, uint32_t kinds, const char *word, struct nearest *near);
uint32_t kbtf_function(const struct btf *btf, const char *name);
uint32_t kbtf_tracepoint(const struct btf *btf, const char *name);
size_t kbtf_params(const struct btf *btf, uint32_t proto, size_t first, struct kbtf_param *out,
		   size_t max);

bool kbtf_member(const struct btf *btf, uint32_t id, const char *name, struct kbtf_member *out);
void kbtf_offer_members(const struct btf *btf, uint32_t id, const char *word,
			struct nearest *near);

bool kbtf_enum_signed(const struct btf_type *type);
uint32_t kbtf_enum(const struct btf *btf, const char *name);
const char *kbtf_enum_name(const struct btf *btf, uint32_t id);
bool kbtf_enumerator(const struct btf *btf, uint32_t id, const char *name, int64_t *value);
const char *kbtf_enumerator_name(const struct btf *btf, uint32_t id, int64_t value);
size_t kbtf_constant(const struct btf *btf, const char *name, struct kbtf_constant out[2]);
void kbtf_offer_constants(const struct btf *btf, const char *word, struct nearest *near);

#endif
