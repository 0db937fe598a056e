/* SPDX-License-Identifier: GPL-2.0 */
/* Reports that --json wrote to a file. */
#ifndef OBSCTL_JSON_FILE_H
#define OBSCTL_JSON_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef int (*json_take_fn)(json_t *value, void *arg);

int json_file_load(const char *path, json_t **root);
int json_file_each(const char *path, json_take_fn take, void *arg);
json_t *json_value_of(const char *text, size_t size, size_t flags, json_error_t *why);
json_t *json_file_parse(const char *text, size_t size);
void json_file_dump(const json_t *root, size_t flags, FILE *to);
const char *json_large(const json_t *value);
bool json_wide(const json_t *value, __int128 *number);
bool json_is_unsigned(const json_t *value);
uint64_t json_unsigned(const json_t *value);
const char *json_text(const json_t *value);

#endif
