/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Uprobes: registration and the types of what they call.
 *
 * Until 6.12 a uprobe was removed by its place, and that waited for its handlers.
 * Since then it is removed by what uprobe_register() returned, and waiting is a
 * call of its own. Since 6.13 an entry's handler can say that its return is not to
 * be hooked.
 */
#ifndef KOBS_COMPAT_UPROBE_H
#define KOBS_COMPAT_UPROBE_H

#include <linux/err.h>
#include <linux/uprobes.h>

/* The heads of a consumer's functions. */
#ifdef KOBS_HAVE_UPROBE_COOKIE
#define KOBS_UPROBE_HANDLER(fn)						\
	int fn(struct uprobe_consumer *consumer, struct pt_regs *regs,	\
	       __u64 *cookie)
#define KOBS_UPROBE_RETURN(fn)						\
	int fn(struct uprobe_consumer *consumer, unsigned long func,	\
	       struct pt_regs *regs, __u64 *cookie)
#else
#define KOBS_UPROBE_HANDLER(fn)						\
	int fn(struct uprobe_consumer *consumer, struct pt_regs *regs)
#define KOBS_UPROBE_RETURN(fn)						\
	int fn(struct uprobe_consumer *consumer, unsigned long func,	\
	       struct pt_regs *regs)
#endif

#ifdef KOBS_HAVE_UPROBE_FILTER_MM
#define KOBS_UPROBE_FILTER(fn)						\
	bool fn(struct uprobe_consumer *consumer, struct mm_struct *mm)
#else
#define KOBS_UPROBE_FILTER(fn)						\
	bool fn(struct uprobe_consumer *consumer,			\
		enum uprobe_filter_ctx why, struct mm_struct *mm)
#endif

/* What a handler returns when its return need not be hooked. */
#ifdef UPROBE_HANDLER_IGNORE
#define KOBS_UPROBE_NO_RETURN	UPROBE_HANDLER_IGNORE
#else
#define KOBS_UPROBE_NO_RETURN	0
#endif

/*
 * Whether a return that is handled is no longer in the list of hooked returns: before,
 * it was freed first and taken off at the end, so that the list cannot be walked.
 */
#ifdef KOBS_HAVE_UPROBE_OBJECT
#define KOBS_UPROBE_POPS	1
#else
#define KOBS_UPROBE_POPS	0
#endif

#ifdef KOBS_HAVE_UPROBE_OBJECT
static inline int
kobs_compat_uprobe_register(struct inode *inode, loff_t offset,
			    struct uprobe_consumer *consumer,
			    struct uprobe **uprobe)
{
	*uprobe = uprobe_register(inode, offset, 0, consumer);
	return PTR_ERR_OR_ZERO(*uprobe);
}

static inline void kobs_compat_uprobe_drop(struct inode *inode, loff_t offset,
					   struct uprobe_consumer *consumer,
					   struct uprobe *uprobe)
{
	uprobe_unregister_nosync(uprobe, consumer);
}

static inline void kobs_compat_uprobe_sync(void)
{
	uprobe_unregister_sync();
}
#else
static inline int
kobs_compat_uprobe_register(struct inode *inode, loff_t offset,
			    struct uprobe_consumer *consumer,
			    struct uprobe **uprobe)
{
	*uprobe = NULL;
	return uprobe_register(inode, offset, consumer);
}

static inline void kobs_compat_uprobe_drop(struct inode *inode, loff_t offset,
					   struct uprobe_consumer *consumer,
					   struct uprobe *uprobe)
{
	uprobe_unregister(inode, offset, consumer);
}

static inline void kobs_compat_uprobe_sync(void)
{
}
#endif

#endif /* KOBS_COMPAT_UPROBE_H */
