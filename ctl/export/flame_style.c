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

/* From blue to red; in the middle is what did not change. */
static const struct colour steps[FLAME_STEPS] = {
	{ 215, 85, 66 }, { 215, 80, 74 }, { 215, 75, 82 }, { 215, 70, 89 }, { 0, 0, 91 },
	{ 6, 75, 89 }, { 6, 80, 82 }, { 6, 85, 75 }, { 6, 88, 67 },
};

/* Less is noise. */
#define CHANGE_LEAST	0.02

/** flame_step() - Return: the step of a frame's change, relative to the larger of both. */
unsigned int flame_step(uint64_t before, uint64_t after)
{
	double most = (double)(before > after ? before : after);
	double change = most > 0 ? ((double)after - (double)before) / most : 0;
	double size = change < 0 ? -change : change;
	unsigned int step = size < CHANGE_LEAST ? 0 : size < 0.25 ? 1 : size < 0.5 ? 2 :
			    size < 0.75 ? 3 : 4;

	return change < 0 ? FLAME_STEPS / 2 - step : FLAME_STEPS / 2 + step;
}

/* From cold to warm: what waits, what does both, what runs. */
static const struct colour parts[FLAME_PARTS] = {
	{ 212, 75, 72 }, { 250, 60, 82 }, { 285, 45, 82 }, { 330, 55, 80 }, { 8, 88, 72 },
};

/** flame_part() - Return: the colour of a frame of which a part is @part. */
unsigned int flame_part(uint64_t part, uint64_t all)
{
	if (!part)
		return FLAME_PARTS - 1;
	if (part >= all)
		return 0;
	return (double)part > (double)all * 2 / 3 ? 1 : (double)part > (double)all / 3 ? 2 : 3;
}

static void add_rule(struct buf *out, char letter, unsigned int shade, const struct colour *c,
		     double lightness)
{
	buf_printf(out, ".%c%u{fill:#%02x%02x%02x}", letter, shade, channel(c, lightness, 0),
		   channel(c, lightness, 4), channel(c, lightness, 2));
}

/** flame_style_steps() - Add the rules of a comparison. */
void flame_style_steps(struct buf *out)
{
	unsigned int i;

	for (i = 0; i < FLAME_STEPS; i++)
		add_rule(out, 'd', i, &steps[i], steps[i].lightness / 100.0);
	buf_putc(out, '\n');
}

/** flame_style_parts() - Add the rules of frames of two parts. */
void flame_style_parts(struct buf *out)
{
	unsigned int i;

	for (i = 0; i < FLAME_PARTS; i++)
		add_rule(out, 'p', i, &parts[i], parts[i].lightness / 100.0);
	buf_putc(out, '\n');
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

			add_rule(out, kinds_told[i].letter, shade, c, lightness);
			if (shade + 1 == FLAME_SHADES)
				buf_putc(out, '\n');
		}
}
