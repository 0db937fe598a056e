// SPDX-License-Identifier: GPL-2.0
/*
 * Until 6.13: an fprobe has its own ftrace_ops, and its own pool of calls in progress.
 * 4346ba160409 "fprobe: Rewrite fprobe on function-graph tracer" (6.14) shares
 * both. Its handlers, before 6.6, do not get the address that the call returns
 * to, and in 6.1 cannot leave a return alone.
 */
#include <linux/fprobe.h>

struct ftrace_ops *probe(struct fprobe *fp,
			 int (*entry)(struct fprobe *fp, unsigned long ip,
				      unsigned long ret_ip,
				      struct pt_regs *regs, void *data));
struct ftrace_ops *probe(struct fprobe *fp,
			 int (*entry)(struct fprobe *fp, unsigned long ip,
				      unsigned long ret_ip,
				      struct pt_regs *regs, void *data))
{
	fp->entry_handler = entry;
	return &fp->ops;
}
