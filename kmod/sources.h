/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sources, a row each. A new one is a file kmod/src_<name>.c, which
 * defines the struct kobs_source kobs_src_<name>, and its row here.
 */
#ifndef KOBS_SOURCES_H
#define KOBS_SOURCES_H

#define KOBS_SOURCES(X) \
	X(func) \
	X(lock) \
	X(pmu) \
	X(sched) \
	X(slab)

#define KOBS_SOURCE_DECLARE(n) extern const struct kobs_source kobs_src_##n;
KOBS_SOURCES(KOBS_SOURCE_DECLARE)

#endif /* KOBS_SOURCES_H */
