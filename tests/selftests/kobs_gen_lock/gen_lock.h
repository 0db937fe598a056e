/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the parts of kobs_gen_lock: main.c has the locks that threads wait
 * for, fire.c calls the tracepoints without a wait.
 */
#ifndef KOBS_GEN_LOCK_H
#define KOBS_GEN_LOCK_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/types.h>

#if __has_attribute(__noipa__)
#define TRACED		__attribute__((__noipa__))
#else
#define TRACED		noinline
#endif

extern atomic64_t gen_pairs;
extern u64 gen_bench_result;

int gen_fire_init(void);
int gen_fire(const char *verb, u64 n);
int gen_fire_pairs(char *words);

#endif /* KOBS_GEN_LOCK_H */
