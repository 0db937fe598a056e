/* SPDX-License-Identifier: GPL-2.0 */
/* What doctor advises. */
#ifndef OBSCTL_DOCTOR_H
#define OBSCTL_DOCTOR_H

#include <stddef.h>

const char *doctor_symbols_advice(long long restrict_to, long long paranoid, char *buf,
				  size_t size);

#endif
