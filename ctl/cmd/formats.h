/* SPDX-License-Identifier: GPL-2.0 */
/* --format, for reports of each kind; group_folded has that of reports with stacks. */
#ifndef OBSCTL_CMD_FORMATS_H
#define OBSCTL_CMD_FORMATS_H

#include "cli/option.h"

extern const struct opt_group group_format_rows;
extern const struct opt_group group_format_files;	/* saved reports: any of them */
extern const struct opt_group group_format_records;
extern const struct opt_group group_format_branches;

int formats_check(const struct opts *o);

#endif
