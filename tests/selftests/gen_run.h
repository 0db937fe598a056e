/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files in debugfs of a module that knows the truth: "run" takes one command
 * per write(), which is complete when that returns, "stats" and "bench" say what
 * was done. For one file of each module, which defines gen_run().
 */
#ifndef GEN_RUN_H
#define GEN_RUN_H

#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* Maximum bytes of a command. */
#define GEN_RUN_MOST	255

/**
 * gen_run() - run a command
 * @line: it, without spaces and line ends around it; no slab object, which a test
 *	could count
 *
 * Return: 0, or the error of the write().
 */
static int gen_run(char *line);

static ssize_t gen_run_write(struct file *file, const char __user *from,
			     size_t len, loff_t *pos)
{
	char line[GEN_RUN_MOST + 1];
	int err;

	if (!len || len > GEN_RUN_MOST)
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	line[len] = '\0';
	err = gen_run(strim(line));
	return err ?: len;
}

static const struct file_operations gen_run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = gen_run_write,
	.llseek = noop_llseek,
};

/**
 * gen_files() - make the files
 * @name: of the module
 * @stats: of the file of this name
 * @bench: of the file of this name, or NULL
 *
 * Return: their directory, for debugfs_remove().
 */
static inline struct dentry *gen_files(const char *name,
				       const struct file_operations *stats,
				       const struct file_operations *bench)
{
	struct dentry *dir = debugfs_create_dir(name, NULL);

	debugfs_create_file("run", 0200, dir, NULL, &gen_run_fops);
	debugfs_create_file("stats", 0400, dir, NULL, stats);
	if (bench)
		debugfs_create_file("bench", 0400, dir, NULL, bench);
	return dir;
}

#endif /* GEN_RUN_H */
