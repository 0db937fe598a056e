/* SPDX-License-Identifier: GPL-2.0 */
/* Refusals of misspelt words, with the nearest one that there is. */
#ifndef OBSCTL_SUGGEST_H
#define OBSCTL_SUGGEST_H

#include "cli/noun.h"

int suggest_noun(int argc, char **argv);
int suggest_verb(const struct noun *noun, int argc, char **argv);
int suggest_option(const struct noun *noun, const struct verb *verb, const char *dashes,
		   const char *word, size_t len);
int suggest_value(const struct opt *opt, const char *word);
int suggest_column(const struct noun *noun, const struct verb *verb, const char *word);

#endif
