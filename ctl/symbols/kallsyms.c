// SPDX-License-Identifier: GPL-2.0
/*
 * The lines of /proc/kallsyms. The kernel formats each of them anew for every
 * reader, which takes 2,000 instructions per symbol: what one run of obsctl
 * reads is kept for later ones (symbol_cache.c).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/kallsyms.h"

/** kallsyms_path() - Return: the file of symbols, $OBSCTL_KALLSYMS if that is set. */
const char *kallsyms_path(void)
{
	const char *path = getenv("OBSCTL_KALLSYMS");

	return path ? path : KALLSYMS_PATH;
}

/** kallsyms_open_live() - Read the symbols of this moment. Return: 0 or -errno. */
int kallsyms_open_live(struct kallsyms *k, const char *path)
{
	memset(k, 0, sizeof(*k));
	k->cache.fd = -1;
	return lines_open(&k->lines, path);
}

/**
 * kallsyms_open() - Read symbols, of the kernel and its modules from the cache if
 * there is one.
 *
 * Return: 0 or -errno. What is read from the cache (@k->cached) has all symbols
 * but those of code that the kernel generates at run time.
 */
int kallsyms_open(struct kallsyms *k, const char *path)
{
	bool system = !strcmp(path, KALLSYMS_PATH);
	int fd = system ? symbol_cache_open(NULL) : -1;
	int err;

	if (fd < 0) {
		err = kallsyms_open_live(k, path);
		if (!err && system && !symbol_cache_create(&k->cache, NULL))
			k->lines.copy = k->cache.fd;
		return err;
	}
	memset(k, 0, sizeof(*k));
	k->cache.fd = -1;
	k->cached = true;
	lines_begin(&k->lines, fd);
	return 0;
}

bool ksym_is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/** ksym_is_generated() - Whether a symbol is of a BPF program, a trampoline or a probe's slot. */
bool ksym_is_generated(const struct ksym_line *sym)
{
	return !strcmp(sym->module, "bpf") || !strncmp(sym->module, "__builtin__", 11);
}

#define IS_DIGIT	0x80
#define WIDTH		16	/* of addresses, on 64 bits */

/* A hexadecimal digit's value with IS_DIGIT; 0 for any other byte. */
static const unsigned char digits[256] = {
	['0'] = 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
	['A'] = 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
	['a'] = 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
};

/* Return: where the address ends, or @line if there is none. */
static char *parse_address(char *line, const char *end, uint64_t *address)
{
	unsigned int valid = IS_DIGIT;
	char *p = line;
	int i;

	*address = 0;
	if (end - line > WIDTH && line[WIDTH] == ' ') {
#pragma GCC unroll 16
		for (i = 0; i < WIDTH; i++) {
			unsigned int digit = digits[(unsigned char)line[i]];

			valid &= digit;
			*address = *address << 4 | (digit & 15);
		}
		return valid ? line + WIDTH : line;
	}
	for (; p < end && digits[(unsigned char)*p]; p++)
		*address = *address << 4 | (digits[(unsigned char)*p] & 15);
	return p < end && *p == ' ' ? p : line;
}

/* Split "ADDRESS TYPE NAME\t[MODULE]" in place. */
static bool parse_line(char *line, size_t len, struct ksym_line *out)
{
	char *end = line + len;
	char *tab;
	char *p;

	p = parse_address(line, end, &out->address);
	if (p == line || end - p < 4 || p[2] != ' ')
		return false;
	out->type = p[1];
	out->name = p + 3;
	out->module = "";
	/* Only names of modules are followed by anything. */
	tab = end[-1] == ']' ? memchr(p + 3, '\t', (size_t)(end - p - 3)) : NULL;
	if (tab) {
		*tab = 0;
		if (tab[1] == '[') {
			end[-1] = 0;
			out->module = tab + 2;
		}
	}
	return true;
}

/** kallsyms_next() - Read the next line that is a symbol. Return: false at the end. */
bool kallsyms_next(struct kallsyms *k, struct ksym_line *out)
{
	size_t len;
	char *line;

	while ((line = lines_next(&k->lines, &len))) {
		if (!parse_line(line, len, out))
			continue;
		k->shown |= out->address != 0;
		if (out->name[0] == '_' && !*out->module && !strcmp(out->name, "_end"))
			k->kernel_end = out->address;
		if (*out->module && ksym_is_generated(out)) {
			if (k->cached)
				continue;
		} else if (*out->module && k->cache.fd >= 0) {
			symbol_cache_saw(&k->cache, out->module);
		}
		return true;
	}
	return false;
}

/** kallsyms_close() - End reading; completes the cache if this filled it. */
void kallsyms_close(struct kallsyms *k)
{
	struct ksym_line sym;

	if (k->cache.fd >= 0) {
		while (k->lines.copy >= 0 && kallsyms_next(k, &sym))
			;
		symbol_cache_finish(&k->cache, k->shown && k->lines.copy >= 0);
	}
	lines_close(&k->lines);
}

/**
 * kallsyms_advice_for() - What makes /proc/kallsyms show addresses.
 *
 * The kernel shows them to CAP_SYSLOG where kernel.kptr_restrict is 0 or 1, and
 * to all where it is 0 and kernel.perf_event_paranoid 1 or less.
 */
const char *kallsyms_advice_for(long long restrict_to, long long paranoid, char *buf, size_t size)
{
	if (restrict_to > 1)
		snprintf(buf, size,
			 "sysctl kernel.kptr_restrict=1 shows them to CAP_SYSLOG; now not even root sees them");
	else if (restrict_to == 1)
		snprintf(buf, size, "be root, or have CAP_SYSLOG");
	else
		snprintf(buf, size,
			 "be root, or have CAP_SYSLOG (or sysctl kernel.perf_event_paranoid=1, which is %lld)",
			 paranoid);
	return buf;
}

/** kallsyms_advice() - The same for this kernel. */
const char *kallsyms_advice(char *buf, size_t size)
{
	long long restrict_to = 0;
	long long paranoid = 0;

	read_number("/proc/sys/kernel/kptr_restrict", &restrict_to);
	read_number("/proc/sys/kernel/perf_event_paranoid", &paranoid);
	return kallsyms_advice_for(restrict_to, paranoid, buf, size);
}
