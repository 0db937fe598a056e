/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KOBS_UNINIT: attribute of a local buffer that is filled before it is read.
 * Kernels built with CONFIG_INIT_STACK_ALL_ZERO would clear it first, which
 * costs more than most hits.
 */
#ifndef KOBS_UNINIT_H
#define KOBS_UNINIT_H

#if __has_attribute(__uninitialized__)
#define KOBS_UNINIT		__attribute__((__uninitialized__))
#else
#define KOBS_UNINIT
#endif

#endif /* KOBS_UNINIT_H */
