/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Instructions of user-space programs and libraries: a file, an offset in it, and
 * the functions that are called in whichever process comes there.
 *
 * The kernel requires that the file and its mount stay: a place holds them.
 */
#ifndef KOBS_UPROBE_H
#define KOBS_UPROBE_H

#include <linux/path.h>
#include <linux/types.h>

#include "compat/uprobe.h"

/* First bytes of an instruction, by which a file is known again. */
#define KOBS_UPROBE_BYTES	8

/**
 * struct kobs_uprobe - a place in a file
 * @consumer: what is called; set before it is hooked
 * @inode: file, which the caller keeps
 * @offset: offset of the instruction in it
 * @uprobe: what the kernel calls it, while it is hooked
 */
struct kobs_uprobe {
	struct uprobe_consumer consumer;
	struct inode *inode;
	loff_t offset;
	struct uprobe *uprobe;
};

int kobs_uprobe_open(pid_t pid, const char *name, struct path *path,
		     const char **why);
int kobs_uprobe_check(const struct path *path, loff_t offset, const u8 *bytes,
		      const char **why);
struct inode *kobs_uprobe_inode(const struct path *path);
int kobs_uprobe_hook(struct kobs_uprobe *u, const char **why);
void kobs_uprobe_drop(struct kobs_uprobe *u);
void kobs_uprobe_sync(void);
bool kobs_uprobe_uses(const struct mm_struct *mm, const u32 *pids,
		      unsigned int n);

#endif /* KOBS_UPROBE_H */
