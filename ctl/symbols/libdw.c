// SPDX-License-Identifier: GPL-2.0
/* Loads libdw. */

#include "lib/library.h"
#include "lib/macros.h"
#include "symbols/libdw.h"

#define LIBDW	"libdw.so.1"

/** libdw() - Return: the functions of libdw, or NULL where it is not installed. */
const struct libdw *libdw(void)
{
	static struct libdw dw;
	static const struct library_function functions[] = {
		{ "dwarf_begin_elf", &dw.begin_elf },
		{ "dwarf_end", &dw.end },
		{ "dwarf_setalt", &dw.setalt },
		{ "dwelf_dwarf_gnu_debugaltlink", &dw.altlink },
		{ "dwarf_get_units", &dw.get_units },
		{ "dwarf_offdie", &dw.offdie },
		{ "dwarf_dieoffset", &dw.dieoffset },
		{ "dwarf_tag", &dw.tag },
		{ "dwarf_child", &dw.child },
		{ "dwarf_siblingof", &dw.siblingof },
		{ "dwarf_ranges", &dw.ranges },
		{ "dwarf_attr", &dw.attr },
		{ "dwarf_attr_integrate", &dw.attr_integrate },
		{ "dwarf_formstring", &dw.formstring },
		{ "dwarf_formudata", &dw.formudata },
		{ "dwarf_getsrc_die", &dw.getsrc_die },
		{ "dwarf_linesrc", &dw.linesrc },
		{ "dwarf_lineno", &dw.lineno },
		{ "dwarf_getsrcfiles", &dw.getsrcfiles },
		{ "dwarf_filesrc", &dw.filesrc },
		{ "dwarf_getcfi", &dw.getcfi },
		{ "dwarf_getcfi_elf", &dw.getcfi_elf },
		{ "dwarf_cfi_end", &dw.cfi_end },
		{ "dwarf_cfi_addrframe", &dw.cfi_addrframe },
		{ "dwarf_frame_info", &dw.frame_info },
		{ "dwarf_frame_cfa", &dw.frame_cfa },
		{ "dwarf_frame_register", &dw.frame_register },
		{ "dwfl_begin", &dw.dwfl_begin },
		{ "dwfl_end", &dw.dwfl_end },
		{ "dwfl_report_elf", &dw.dwfl_report_elf },
		{ "dwfl_report_end", &dw.dwfl_report_end },
		{ "dwfl_module_getdwarf", &dw.dwfl_module_getdwarf },
		{ "dwfl_linux_kernel_module_section_address", &dw.dwfl_section_address },
	};
	static int state;

	if (!state)
		state = library_load(LIBDW, functions, ARRAY_SIZE(functions)) ? 1 : -1;
	return state > 0 ? &dw : NULL;
}
