// SPDX-License-Identifier: GPL-2.0
/*
 * The family's specification as the netlink fuzzer reads it.
 */
#include <errno.h>

#include "nlfuzz.h"
#include "nltable.h"
