/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vfs_path_lookup() is exported by 6.1, too, which does not declare it in this
 * header.
 */
#ifndef KOBS_COMPAT_NAMEI_H
#define KOBS_COMPAT_NAMEI_H

#include_next <linux/namei.h>

int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);

#endif /* KOBS_COMPAT_NAMEI_H */
