// SPDX-License-Identifier: GPL-2.0
/* The version of obsctl; the Makefile knows it. */

#include "version.h"

const char program_version[] = VERSION;
