/* SPDX-License-Identifier: GPL-2.0 */
/* Colours of a flame graph. */
#ifndef OBSCTL_FLAME_STYLE_H
#define OBSCTL_FLAME_STYLE_H

#include "export/flame.h"

#define FLAME_SHADES	8

/* Frames of a comparison: from those that went to those that came. */
#define FLAME_STEPS	9

/* Frames of two parts: from the part alone to the rest alone. */
#define FLAME_PARTS	5

void flame_style_steps(struct buf *out);
void flame_style_parts(struct buf *out);
unsigned int flame_part(uint64_t part, uint64_t all);
unsigned int flame_step(uint64_t before, uint64_t after);
void flame_style(struct buf *out, enum flame_palette palette, const bool *kinds);
unsigned int flame_shade(const struct frame *f);
char flame_letter(enum frame_kind kind);
const char *flame_kind_name(enum frame_kind kind);

#endif
