/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deny list: functions that ftrace can trace but kobs does not probe.
 */
#ifndef KOBS_FUNC_DENY_H
#define KOBS_FUNC_DENY_H

const char *kobs_func_denied(unsigned long ip);

#endif /* KOBS_FUNC_DENY_H */
