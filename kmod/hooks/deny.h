/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that the source func keeps out although ftrace can trace them.
 */
#ifndef KOBS_FUNC_DENY_H
#define KOBS_FUNC_DENY_H

const char *kobs_func_denied(unsigned long ip);

#endif /* KOBS_FUNC_DENY_H */
