// SPDX-License-Identifier: GPL-2.0
/*
 * Until 6.13: an fprobe has an ftrace_ops, whose filter its user must mend
 * when a module goes. 4346ba160409 "fprobe: Rewrite fprobe on function-graph
 * tracer" (6.14) does that itself.
 */
#include <linux/fprobe.h>

struct ftrace_ops *probe(struct fprobe *fp);
struct ftrace_ops *probe(struct fprobe *fp)
{
	return &fp->ops;
}
