/* SPDX-License-Identifier: GPL-2.0 */
/* Errors by number. */
#ifndef OBSCTL_ERRORS_H
#define OBSCTL_ERRORS_H

const char *error_name(long result);
const char *blk_status_name(long status);

#endif
