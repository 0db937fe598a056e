/* SPDX-License-Identifier: GPL-2.0 */
/* Operations on futexes by number. */
#ifndef OBSCTL_FUTEXES_H
#define OBSCTL_FUTEXES_H

const char *futex_op_name(long op);

#endif
