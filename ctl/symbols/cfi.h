/* SPDX-License-Identifier: GPL-2.0 */
/* Call frame information: how the registers of a function's caller are found. */
#ifndef OBSCTL_CFI_H
#define OBSCTL_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers are numbered as in DWARF; that of the instruction is the last. */
#if defined(__x86_64__)
#define CFI_REGS	17
#define CFI_REG_FP	6
#define CFI_REG_SP	7
#define CFI_REG_PC	16
#elif defined(__aarch64__)
#define CFI_REGS	33
#define CFI_REG_FP	29
#define CFI_REG_LINK	30
#define CFI_REG_SP	31
#define CFI_REG_PC	32
#else
#define CFI_REGS	1
#define CFI_REG_FP	0
#define CFI_REG_SP	0
#define CFI_REG_PC	0
#endif

/* The registers of a frame. */
struct cfi_regs {
	uint64_t	v[CFI_REGS];
	uint64_t	known;		/* a bit for each */
};

/* Memory of the stack, as much as there is. */
struct cfi_memory {
	uint64_t	start;
	size_t		bytes;
	const char	*data;
	bool		beyond;		/* set when what lies behind it was needed */
};

/* What became of the step to a caller. */
enum cfi_step {
	CFI_STEPPED,
	CFI_OUTERMOST,		/* there is no caller */
	CFI_NO_RULE,		/* nothing is known of this code */
	CFI_NO_MEMORY,		/* what is needed is not in the memory */
	CFI_BROKEN,		/* what is known makes no sense */
};

struct cfi_file;

bool cfi_load(void);
struct cfi_file *cfi_open(int fd);
struct cfi_file *cfi_open_vdso(void);
void cfi_close(struct cfi_file *f);
size_t cfi_rules(const struct cfi_file *f);
bool cfi_address(const struct cfi_file *f, uint64_t offset, uint64_t *address);
const uint8_t *cfi_bytes(struct cfi_file *f, uint64_t offset, size_t bytes);
enum cfi_step cfi_step(struct cfi_file *f, uint64_t address, struct cfi_memory *m,
		       struct cfi_regs *regs, bool *signal);

/* cfi_value.c */
struct cfi_expression;
bool cfi_evaluate(const struct cfi_expression *e, struct cfi_memory *m,
		  const struct cfi_regs *regs, uint64_t cfa, uint64_t *result);
bool cfi_read(struct cfi_memory *m, uint64_t address, size_t bytes, uint64_t *value);

#endif
