// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions of user-space programs: opening a file, checking what is in it, and
 * hooking a place of it.
 *
 * Locking: none; the caller serialises hooking and dropping the same place.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/kernel.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "hooks/uprobe.h"

/* Those that the family has sentences for, and no others. */
static int known_error(int err)
{
	switch (err) {
	case -ENOENT:
	case -ENOMEM:
		return err;
	default:
		return -EINVAL;
	}
}

/* The root of a thread, which has none when it exits. */
static bool root_of_thread(struct task_struct *t, struct path *root)
{
	bool found;

	task_lock(t);
	found = t->fs;
	if (found)
		get_fs_root(t->fs, root);
	task_unlock(t);
	return found;
}

/*
 * The root of the files that a process sees. Workers see none of them. A leader that
 * has exited has none, while its threads run.
 */
static int root_of(pid_t pid, struct path *root)
{
	struct task_struct *leader;
	struct task_struct *t;
	bool found = false;

	rcu_read_lock();
	leader = pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_TGID);
	if (leader)
		for_each_thread(leader, t)
			found = found || root_of_thread(t, root);
	rcu_read_unlock();
	return found ? 0 : -ENOENT;
}

/**
 * kobs_uprobe_open() - find a file, and keep it
 * @pid: process that sees it, as in the initial pid namespace
 * @name: its path there
 * @path: set to it; path_put() gives it back
 * @why: set to what is wrong, to follow the name
 *
 * Context: a worker, may sleep.
 * Return: 0, -ENOENT, -ENOMEM, or -EINVAL when it cannot be opened, or is no
 * regular file.
 */
int kobs_uprobe_open(pid_t pid, const char *name, struct path *path,
		     const char **why)
{
	struct path root;
	int err = root_of(pid, &root);

	*why = "the process that asks for it is gone";
	if (err)
		return err;
	err = vfs_path_lookup(root.dentry, root.mnt, name, LOOKUP_FOLLOW, path);
	path_put(&root);
	*why = err == -ENOENT ? "there is no such file" : "it cannot be opened";
	if (err)
		return known_error(err);
	if (S_ISREG(kobs_uprobe_inode(path)->i_mode))
		return 0;
	path_put(path);
	*why = "it is no regular file";
	return -EINVAL;
}

/**
 * kobs_uprobe_inode() - the inode that processes map
 * @path: file
 *
 * Context: task.
 * Return: the inode; of an overlay, that of the layer.
 */
struct inode *kobs_uprobe_inode(const struct path *path)
{
	return d_real_inode(path->dentry);
}

/**
 * kobs_uprobe_check() - check that a file has what its reader saw there
 * @path: file
 * @offset: offset in it
 * @bytes: KOBS_UPROBE_BYTES that are to be there; fewer at its end
 * @why: set to what is wrong, to follow the name
 *
 * Context: a worker, may sleep.
 * Return: 0, -EINVAL when the offset is not in the file, the bytes differ, or it
 * cannot be read, -EOPNOTSUPP, or -ENOMEM.
 */
int kobs_uprobe_check(const struct path *path, loff_t offset, const u8 *bytes,
		      const char **why)
{
	struct file *file = dentry_open(path, O_RDONLY | O_LARGEFILE,
					current_cred());
	u8 found[KOBS_UPROBE_BYTES];
	loff_t at = offset;
	ssize_t n;

	*why = "it cannot be read";
	if (IS_ERR(file))
		return known_error(PTR_ERR(file));
	/* What the kernel makes when it is read is in no page that is mapped. */
	if (!file->f_op->read_iter || file->f_op->read) {
		fput(file);
		*why = "its file system cannot have uprobes";
		return -EOPNOTSUPP;
	}
	n = offset < 0 ? 0 : kernel_read(file, found, sizeof(found), &at);
	fput(file);
	if (n < 0)
		return known_error(n);
	*why = "the offset is behind its end";
	if (!n)
		return -EINVAL;
	*why = "it is another file than the one that was read: it was replaced";
	return memcmp(found, bytes, n) ? -EINVAL : 0;
}

/**
 * kobs_uprobe_hook() - hook a place
 * @u: place
 * @why: set to what is wrong, to follow the name
 *
 * Processes that have the file mapped, and those that map it later, come by it.
 *
 * Context: a worker, may sleep: waits for processes' mmap_lock, and for forks.
 * Return: 0, -EOPNOTSUPP, -EINVAL, or -ENOMEM.
 */
int kobs_uprobe_hook(struct kobs_uprobe *u, const char **why)
{
	int err;

	if (!IS_ENABLED(CONFIG_UPROBES)) {
		*why = "this kernel has no uprobes (CONFIG_UPROBES)";
		return -EOPNOTSUPP;
	}
	err = kobs_compat_uprobe_register(u->inode, u->offset, &u->consumer,
					  &u->uprobe);
	switch (err) {
	case 0:
		return 0;
	case -EIO:
		*why = "its file system cannot have uprobes";
		return -EOPNOTSUPP;
	case -ENOTSUPP:
	case -EOPNOTSUPP:
		*why = "the kernel cannot execute the instruction there elsewhere";
		return -EOPNOTSUPP;
	default:
		*why = "it cannot be hooked";
		return known_error(err);
	}
}

/**
 * kobs_uprobe_drop() - undo kobs_uprobe_hook() without waiting
 * @u: place
 *
 * Its functions can run until kobs_uprobe_sync().
 *
 * Context: a worker, may sleep.
 */
void kobs_uprobe_drop(struct kobs_uprobe *u)
{
	kobs_compat_uprobe_drop(u->inode, u->offset, &u->consumer, u->uprobe);
}

/**
 * kobs_uprobe_sync() - wait until no function of a dropped place runs
 *
 * Context: a worker, may sleep.
 */
void kobs_uprobe_sync(void)
{
	kobs_compat_uprobe_sync();
}

static bool process_uses(const struct mm_struct *mm, pid_t tgid)
{
	struct task_struct *leader;
	struct task_struct *t;
	bool found = false;

	rcu_read_lock();
	leader = pid_task(find_pid_ns(tgid, &init_pid_ns), PIDTYPE_TGID);
	/* A leader that has exited has none, while its threads run. */
	if (leader)
		for_each_thread(leader, t)
			found |= READ_ONCE(t->mm) == mm;
	rcu_read_unlock();
	return found;
}

/**
 * kobs_uprobe_uses() - whether memory is that of one of some processes
 * @mm: memory, of a process that maps a file or is asked about
 * @pids: processes, as in the initial pid namespace
 * @n: number of @pids
 *
 * For a consumer's filter. A process that executes another program maps that
 * after it has begun to use its new memory.
 *
 * Context: task, also with locks held.
 * Return: whether it is.
 */
bool kobs_uprobe_uses(const struct mm_struct *mm, const u32 *pids,
		      unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (process_uses(mm, pids[i]))
			return true;
	return false;
}
