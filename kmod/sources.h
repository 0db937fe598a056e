/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sources, one row each. A new source is a file kmod/sources/NAME.c or a
 * folder kmod/sources/NAME/, which defines struct kobs_source kobs_src_NAME, and
 * its row here.
 */
#ifndef KOBS_SOURCES_H
#define KOBS_SOURCES_H

#include "core/source.h"

#define KOBS_SOURCES(X) \
	X(func) \
	X(lock) \
	X(page) \
	X(percpu) \
	X(pmu) \
	X(probe) \
	X(refs) \
	X(sched) \
	X(slab) \
	X(umem) \
	X(vmalloc) \
	X(wall)

#define KOBS_SOURCE_DECLARE(n) extern const struct kobs_source kobs_src_##n;
KOBS_SOURCES(KOBS_SOURCE_DECLARE)

#endif /* KOBS_SOURCES_H */
