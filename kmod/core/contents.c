// SPDX-License-Identifier: GPL-2.0
/*
 * What live objects of a census hold: the oldest of a group are chosen in one pass
 * over the object table, and read one by one, when there is room for the answer.
 *
 * An object can be freed at any moment, and its memory used by others. It is read by
 * copy_from_kernel_nofault(), and its record in the table is compared before and
 * after: a free removes it before the allocator has the memory back. Another object
 * of its address was allocated after that, which is after the first look, and so
 * has a later time of birth: only objects are read that were born at least a tick
 * before.
 *
 * Memory of devices is not read, which could notice: what is mapped among the areas
 * of vmalloc() is read by the linear address of its page, if that is one of memory.
 *
 * Locking: the session's lock is held; handlers run meanwhile.
 */
#include <linux/jiffies.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "core/contents.h"

/* The age in ticks from which an object is read, see above. */
#define LEAST_AGE	1UL

static bool is_older(const struct kobs_object *a, u64 a_key,
		     const struct kobs_object *b, u64 b_key)
{
	s32 d = a->born - b->born;

	return d ? d < 0 : a_key < b_key;
}

static void oldest_add(struct kobs_oldest *old, u64 key,
		       const struct kobs_object *o)
{
	unsigned int i = old->n;

	if (i == old->most) {
		if (!is_older(o, key, &old->v[i - 1].o, old->v[i - 1].key))
			return;
		i--;
	} else {
		old->n++;
	}
	for (; i && is_older(o, key, &old->v[i - 1].o, old->v[i - 1].key); i--)
		old->v[i] = old->v[i - 1];
	old->v[i].key = key;
	old->v[i].o = *o;
}

/**
 * kobs_oldest_find() - choose the oldest live objects of a group
 * @c: census of a session that is started
 * @old: its group and maximum numbers are set
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_oldest_find(const struct kobs_census *c, struct kobs_oldest *old)
{
	u32 least = max(LEAST_AGE, msecs_to_jiffies(c->least_ms));
	unsigned long place = 0;
	struct kobs_object o;
	u32 now = jiffies;
	unsigned int n = 0;
	u64 key;

	old->n = 0;
	old->at = 0;
	while (kobs_object_table_next(c->objects, &place, &key, &o)) {
		if (o.group == old->group && (s32)(now - o.born) >= (s32)least)
			oldest_add(old, key, &o);
		if (!(++n % 1024))
			cond_resched();
	}
}

/* Whether a page is memory that can be read. */
static bool is_memory(struct page *page)
{
	return pfn_valid(page_to_pfn(page)) && !PageHWPoison(page) &&
	       !is_zone_device_page(page);
}

/* Read within a page. */
static bool read_part(const void *from, void *to, size_t len)
{
	struct page *page;

	if (is_vmalloc_addr(from)) {
		page = vmalloc_to_page(from);
		/* What is mapped and not managed can be of a device. */
		if (!page || !is_memory(page) || PageReserved(page) ||
		    !page_address(page))
			return false;
		from = page_address(page) + offset_in_page(from);
	} else if (!virt_addr_valid(from) || !is_memory(virt_to_page(from))) {
		return false;
	}
	return !copy_from_kernel_nofault(to, from, len);
}

/* Returns the number of bytes that were read. */
static u32 read_bytes(u64 address, u8 *to, u32 len)
{
	u32 done, part;

	for (done = 0; done < len; done += part) {
		const void *from = (void *)(unsigned long)(address + done);

		part = min_t(u32, len - done, PAGE_SIZE - offset_in_page(from));
		if (!read_part(from, to + done, part))
			break;
	}
	return done;
}

static void read_one(struct kobs_contents *c, u32 bytes)
{
	c->len = read_bytes(c->address, c->data, min_t(u64, bytes, c->size));
	c->state = c->len ? KOBS_CONTENTS_READ : KOBS_CONTENTS_UNREADABLE;
}

/* The part of the first CPU where there is something but zeroes, or the first. */
static void read_cpus(const struct kobs_lies *lies, u64 key, u32 bytes,
		      struct kobs_contents *c)
{
	unsigned int first = cpumask_first(cpu_possible_mask);
	unsigned int cpu;

	c->each_cpu = true;
	for_each_possible_cpu(cpu) {
		c->cpu = cpu;
		c->address = lies->address(key, cpu);
		read_one(c, bytes);
		if (c->len && memchr_inv(c->data, 0, c->len))
			return;
	}
	c->cpu = first;
	c->address = lies->address(key, first);
	read_one(c, bytes);
}

static void read_object(const struct kobs_census *c, u64 key, u32 size, u32 bytes,
			struct kobs_contents *to)
{
	const struct kobs_lies *lies = c->lies;

	to->size = (u64)size * (c->unit ?: 1);
	to->address = key;
	if (lies && lies->part) {
		to->size = lies->part(size);
		read_cpus(lies, key, bytes, to);
		return;
	}
	if (lies)
		to->address = lies->address(key, 0);
	read_one(to, bytes);
}

static bool is_same(const struct kobs_object *a, const struct kobs_object *b)
{
	return a->group == b->group && a->born == b->born && a->size == b->size &&
	       a->who == b->who;
}

static bool is_there(const struct kobs_census *c, u64 key,
		     const struct kobs_object *o)
{
	struct kobs_object now;

	return kobs_object_look(c->objects, key, &now) && is_same(&now, o);
}

/**
 * kobs_contents_read() - read the next of the objects chosen
 * @c: census of a session that is started
 * @old: objects, of which some are left; its @now is set
 *
 * Context: task, may sleep; the session's lock is held.
 */
void kobs_contents_read(const struct kobs_census *c, struct kobs_oldest *old)
{
	const struct kobs_object *o = &old->v[old->at].o;
	struct kobs_contents *now = &old->now;
	u64 key = old->v[old->at].key;

	now->len = 0;
	now->n = 0;
	now->more = 0;
	now->each_cpu = false;
	now->age = jiffies64_to_nsecs((u32)jiffies - o->born);
	if (!is_there(c, key, o)) {
		/* Where it was is known without reading it. */
		read_object(c, key, o->size, 0, now);
		now->state = KOBS_CONTENTS_GONE;
		return;
	}
	smp_rmb(); /* The table, the memory, the table. */
	read_object(c, key, o->size, old->bytes, now);
	smp_rmb(); /* As above. */
	/* A free after the session's end takes nothing out of the table. */
	if (!is_there(c, key, o) || !READ_ONCE(c->s->armed)) {
		now->state = KOBS_CONTENTS_GONE;
		now->len = 0;
		return;
	}
	now->n = kobs_pointers_find(now->data, now->len, now->pointer,
				    KOBS_CONTENTS_POINTERS, &now->more);
}
