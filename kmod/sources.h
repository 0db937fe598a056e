/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sources, a row each. A new one is a file kmod/src_<name>.c, which
 * defines the struct kobs_source kobs_src_<name>, and its row here.
 */
#ifndef KOBS_SOURCES_H
#define KOBS_SOURCES_H

#define KOBS_SOURCES(X) \
	X(func)

#endif /* KOBS_SOURCES_H */
