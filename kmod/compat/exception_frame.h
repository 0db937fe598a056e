/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frame record of an exception on arm64, inside the registers that it saved.
 * Until 6.12 it is as after a call: it holds the interrupted address and the
 * interrupted code's record. Since 6.13 ("arm64: stacktrace: unwind exception
 * boundaries") it holds zeros, and a type follows.
 */
#ifndef KOBS_COMPAT_EXCEPTION_FRAME_H
#define KOBS_COMPAT_EXCEPTION_FRAME_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/ptrace.h>

/* Does the record in these registers, with its two words zero, mark an exception? */
static inline bool kobs_exception_frame(const struct pt_regs *regs)
{
#if __has_include(<asm/stacktrace/frame.h>)
	return READ_ONCE(regs->stackframe.type) == FRAME_META_TYPE_PT_REGS;
#else
	return false;
#endif
}

#endif /* KOBS_COMPAT_EXCEPTION_FRAME_H */
