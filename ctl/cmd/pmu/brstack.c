// SPDX-License-Identifier: GPL-2.0
/*
 * Branch stacks as perf script -F ip,brstack prints them. The kernel streams a
 * record for each entry; those of one sample are put together again here, by
 * CPU and number, for a sample can interrupt another.
 */

#include <stdlib.h>
#include <string.h>

#include "cmd/pmu/brstack.h"
#include "cmd/pmu/setup.h"
#include "lib/buf.h"
#include "lib/map.h"

/* Columns of the mode branch_trace, as pmu_branch.c asks for them. */
enum { AT_IP, AT_SAMPLE, AT_LEFT, AT_FROM, AT_TO, AT_INFO };

/* Records of one CPU that wait for the rest of their sample, at most. */
#define OPEN		4

struct open_sample {
	uint64_t	sample;
	uint64_t	left;		/* entries to come */
	struct buf	line;
	bool		used;
};

struct brstack_cpu {
	struct open_sample open[OPEN];
};

struct brstack {
	struct map	cpus;
};

struct brstack *pmu_brstack_new(void)
{
	return zalloc(sizeof(struct brstack));
}

static void free_cpu(void *item)
{
	struct brstack_cpu *c = item;
	size_t i;

	for (i = 0; i < OPEN; i++)
		buf_free(&c->open[i].line);
	free(c);
}

void pmu_brstack_free(struct brstack *b)
{
	map_free(&b->cpus, free_cpu);
	free(b);
}

/* The names of perf for the four bits of an entry's type. */
static const char *type_name(uint64_t type)
{
	static const char *const names[] = {
		"", "COND", "UNCOND", "IND", "CALL", "IND_CALL", "RET", "SYSCALL", "SYSRET",
		"COND_CALL", "COND_RET", "ERET", "IRQ", "SERROR", "NO_TX", "",
	};

	return names[type & 15];
}

/** pmu_brstack_entry() - An entry, as perf prints it. */
void pmu_brstack_entry(struct buf *out, uint64_t from, uint64_t to, uint64_t info)
{
	buf_printf(out, " 0x%llx/0x%llx/%c/%c/%c/%u/%s ", (unsigned long long)from,
		   (unsigned long long)to, info & 2 ? 'P' : info & 1 ? 'M' : '-',
		   info & 4 ? 'X' : '-', info & 8 ? 'A' : '-',
		   (unsigned int)(info >> 4 & 0xffff), type_name(info >> 20));
}

static struct open_sample *find_open(struct brstack_cpu *c, uint64_t sample, uint64_t left)
{
	struct open_sample *s = NULL;
	size_t i;

	for (i = 0; i < OPEN; i++)
		if (c->open[i].used && c->open[i].sample == sample)
			s = &c->open[i];
	/* An entry is missing: the ring was full, and the kernel says so. */
	if (s && s->left != left + 1) {
		s->used = false;
		return NULL;
	}
	return s;
}

static struct open_sample *new_open(struct brstack_cpu *c)
{
	struct open_sample *s = &c->open[0];
	size_t i;

	/* The oldest gives way: it is one whose rest was lost. */
	for (i = 0; i < OPEN; i++) {
		if (!c->open[i].used)
			return &c->open[i];
		if (c->open[i].sample < s->sample)
			s = &c->open[i];
	}
	return s;
}

/** pmu_brstack_record() - Take a record; print the sample that is complete with it. */
size_t pmu_brstack_record(struct trace *t, uint32_t cpu, const uint64_t *rec)
{
	struct brstack *b = ((struct pmu_run *)t->arg)->verb;
	const uint64_t *v = rec + 2;
	struct brstack_cpu *c = map_get(&b->cpus, cpu);
	const struct ksyms *k = &t->view->ksyms;
	struct open_sample *s;

	if (!c) {
		c = zalloc(sizeof(*c));
		map_set(&b->cpus, cpu, c);
	}
	s = find_open(c, v[AT_SAMPLE], v[AT_LEFT]);
	if (!s) {
		s = new_open(c);
		s->used = true;
		s->sample = v[AT_SAMPLE];
		s->line.len = 0;
		buf_printf(&s->line, " %16llx",
			   (unsigned long long)ksyms_address(k, v[AT_IP]));
	}
	s->left = v[AT_LEFT];
	if (v[AT_FROM] || v[AT_TO] || v[AT_INFO] || v[AT_LEFT])
		pmu_brstack_entry(&s->line, ksyms_address(k, v[AT_FROM]),
				  ksyms_address(k, v[AT_TO]), v[AT_INFO]);
	if (s->left)
		return 0;
	s->used = false;
	buf_add(&t->line, s->line.p, s->line.len);
	buf_putc(&t->line, '\n');
	return 1;
}
