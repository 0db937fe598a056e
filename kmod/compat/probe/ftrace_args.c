// SPDX-License-Identifier: GPL-2.0
/* 6.2, 94d095ffa0e1 "ftrace: abstract DYNAMIC_FTRACE_WITH_ARGS accesses" */
#include <linux/ftrace.h>

unsigned long probe(struct ftrace_regs *fregs);
unsigned long probe(struct ftrace_regs *fregs)
{
	return ftrace_regs_get_argument(fregs, 1);
}
