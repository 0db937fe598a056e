// SPDX-License-Identifier: GPL-2.0
/* 6.3: events of the areas of vmalloc(). */
#include <trace/events/vmalloc.h>
