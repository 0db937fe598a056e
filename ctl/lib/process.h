/* SPDX-License-Identifier: GPL-2.0 */
/* Processes and threads, by their numbers in the initial PID namespace. */
#ifndef OBSCTL_PROCESS_H
#define OBSCTL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

extern const char *process_namespace;	/* link of obsctl's PID namespace; tests have another */

bool process_numbers_are_own(void);
uint64_t process_of(uint64_t tid);
void process_comm(char *name);
void process_names(struct strings *names);

#endif
