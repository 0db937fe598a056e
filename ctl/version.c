// SPDX-License-Identifier: GPL-2.0
/* The version of obsctl; the Makefile knows it. */

#include "lib/util.h"

const char program_version[] = VERSION;
