// SPDX-License-Identifier: GPL-2.0
/*
 * Until 6.13: an fprobe has its own ftrace_ops, and its own pool of calls in progress.
 * 4346ba160409 "fprobe: Rewrite fprobe on function-graph tracer" (6.14) shares
 * both.
 */
#include <linux/fprobe.h>

struct ftrace_ops *probe(struct fprobe *fp);
struct ftrace_ops *probe(struct fprobe *fp)
{
	return &fp->ops;
}
