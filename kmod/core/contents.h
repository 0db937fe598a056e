/* SPDX-License-Identifier: GPL-2.0 */
/* What live objects of a census hold (contents.c). */
#ifndef KOBS_CONTENTS_H
#define KOBS_CONTENTS_H

#include <linux/align.h>
#include <linux/types.h>
#include "core/census.h"
#include "core/pointer.h"

/* Maximum number of objects of a request, bytes and pointers of an object. */
#define KOBS_CONTENTS_OBJECTS	64
#define KOBS_CONTENTS_BYTES	4096
#define KOBS_CONTENTS_POINTERS	64

/**
 * struct kobs_contents - what an object holds
 * @address: its first byte
 * @size: bytes; of one CPU where each has a part
 * @age: in ns
 * @state: enum kobs_contents_state; all below only if it was read
 * @each_cpu: each CPU has a part of it, of which this is one
 * @cpu: the CPU
 * @len: bytes of @data
 * @n: number of pointers
 * @more: number of pointers for which there was no room
 * @data: its first bytes
 * @pointer: pointers in them
 */
struct kobs_contents {
	u64 address;
	u64 size;
	u64 age;
	u32 state;
	bool each_cpu;
	u32 cpu;
	u32 len;
	u32 n;
	u32 more;
	u8 data[KOBS_CONTENTS_BYTES] __aligned(sizeof(u64));
	struct kobs_pointer pointer[KOBS_CONTENTS_POINTERS];
};

/**
 * struct kobs_oldest - the oldest live objects of a group, and where a reader is
 * @group: the group
 * @most: maximum number of objects
 * @bytes: maximum number of bytes of each
 * @n: number of objects
 * @at: number of those that were read
 * @v: keys and data, the oldest first
 * @now: what the one that is read holds
 */
struct kobs_oldest {
	u32 group;
	u32 most;
	u32 bytes;
	u32 n;
	u32 at;
	struct {
		u64 key;
		struct kobs_object o;
	} v[KOBS_CONTENTS_OBJECTS];
	struct kobs_contents now;
};

void kobs_oldest_find(const struct kobs_census *c, struct kobs_oldest *old);
void kobs_contents_read(const struct kobs_census *c, struct kobs_oldest *old);

#endif /* KOBS_CONTENTS_H */
