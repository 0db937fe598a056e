// SPDX-License-Identifier: GPL-2.0
/*
 * Colours: the palette says what the weight is, the hue which code a frame is of, and
 * the shade follows from its name, so that it is the same in every picture.
 */

#include <string.h>

#include "export/flame_style.h"
#include "lib/macros.h"
#include "lib/map.h"

struct colour {
	unsigned int	hue;		/* degrees */
	unsigned int	saturation;	/* percent */
	unsigned int	lightness;
};

static const struct colour colours[][FRAME_MERGED] = {
	[FLAME_CALLS] = {
		[FRAME_COLUMN] = { 280, 12, 82 }, [FRAME_USER] = { 318, 62, 78 },
		[FRAME_INLINED] = { 345, 70, 82 }, [FRAME_KERNEL] = { 272, 60, 76 },
		[FRAME_MODULE] = { 240, 60, 79 },
	},
	[FLAME_CPU] = {
		[FRAME_COLUMN] = { 40, 14, 82 }, [FRAME_USER] = { 8, 88, 72 },
		[FRAME_INLINED] = { 345, 75, 80 }, [FRAME_KERNEL] = { 30, 95, 63 },
		[FRAME_MODULE] = { 50, 92, 60 },
	},
	[FLAME_WAITS] = {
		[FRAME_COLUMN] = { 210, 14, 82 }, [FRAME_USER] = { 188, 60, 70 },
		[FRAME_INLINED] = { 168, 50, 74 }, [FRAME_KERNEL] = { 212, 75, 72 },
		[FRAME_MODULE] = { 240, 65, 79 },
	},
	[FLAME_MEMORY] = {
		[FRAME_COLUMN] = { 120, 12, 82 }, [FRAME_USER] = { 82, 60, 66 },
		[FRAME_INLINED] = { 62, 60, 68 }, [FRAME_KERNEL] = { 135, 48, 66 },
		[FRAME_MODULE] = { 168, 50, 64 },
	},
};

static const struct {
	char		letter;		/* of its classes */
	const char	*name;
} kinds_told[FRAME_KINDS] = {
	[FRAME_COLUMN] = { 'c', "column" },
	[FRAME_USER] = { 'u', "user" },
	[FRAME_INLINED] = { 'i', "inlined" },
	[FRAME_KERNEL] = { 'k', "kernel" },
	[FRAME_MODULE] = { 'm', "module" },
	[FRAME_MERGED] = { 'o', "merged" },
};

/** flame_letter() - Return: what begins the classes of a kind's frames. */
char flame_letter(enum frame_kind kind)
{
	return kinds_told[kind].letter;
}

const char *flame_kind_name(enum frame_kind kind)
{
	return kinds_told[kind].name;
}

/** flame_shade() - Return: the shade of a frame, by its name. */
unsigned int flame_shade(const struct frame *f)
{
	return (unsigned int)(hash_bytes(f->name, strlen(f->name), 0) % FLAME_SHADES);
}

static double clamp(double v)
{
	return v < 0 ? 0 : v > 1 ? 1 : v;
}

static unsigned int channel(const struct colour *c, double lightness, double turn)
{
	double chroma = (1 - (lightness > 0.5 ? 2 * lightness - 1 : 1 - 2 * lightness)) *
			c->saturation / 100;
	double at = c->hue / 60.0 + turn;
	double part;

	while (at >= 6)
		at -= 6;
	/* At 0 the channel is full, at 3 it is empty. */
	part = clamp(at < 3 ? 2 - at : at - 4);
	return (unsigned int)(255 * (lightness + chroma * (part - 0.5)) + 0.5);
}

/** flame_style() - Add the rules of the kinds that are there. */
void flame_style(struct buf *out, enum flame_palette palette, const bool *kinds)
{
	unsigned int shade;
	size_t i;

	/* Merged frames have no colour of their own. */
	for (i = 0; i < FRAME_MERGED; i++)
		for (shade = 0; kinds[i] && shade < FLAME_SHADES; shade++) {
			const struct colour *c = &colours[palette][i];
			double lightness = (c->lightness + 2.0 * shade - FLAME_SHADES) / 100;

			buf_printf(out, ".%c%u{fill:#%02x%02x%02x}%s", kinds_told[i].letter, shade,
				   channel(c, lightness, 0), channel(c, lightness, 4),
				   channel(c, lightness, 2),
				   shade + 1 == FLAME_SHADES ? "\n" : "");
		}
}
