/* SPDX-License-Identifier: GPL-2.0 */
/* Reports that --json wrote to a file. */
#ifndef OBSCTL_JSON_FILE_H
#define OBSCTL_JSON_FILE_H

#include <jansson.h>

int json_file_load(const char *path, json_t **root);

#endif
