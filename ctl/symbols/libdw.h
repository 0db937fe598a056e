/* SPDX-License-Identifier: GPL-2.0 */
/* Debug information and unwind tables by libdw, which is loaded when a file has some. */
#ifndef OBSCTL_LIBDW_H
#define OBSCTL_LIBDW_H

#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>

struct libdw {
	typeof(dwarf_begin_elf)		*begin_elf;
	typeof(dwarf_end)		*end;
	typeof(dwarf_setalt)		*setalt;
	typeof(dwelf_dwarf_gnu_debugaltlink) *altlink;
	typeof(dwarf_get_units)		*get_units;
	typeof(dwarf_offdie)		*offdie;
	typeof(dwarf_dieoffset)		*dieoffset;
	typeof(dwarf_tag)		*tag;
	typeof(dwarf_child)		*child;
	typeof(dwarf_siblingof)		*siblingof;
	typeof(dwarf_ranges)		*ranges;
	typeof(dwarf_attr)		*attr;
	typeof(dwarf_attr_integrate)	*attr_integrate;
	typeof(dwarf_formstring)	*formstring;
	typeof(dwarf_formudata)		*formudata;
	typeof(dwarf_getsrc_die)	*getsrc_die;
	typeof(dwarf_linesrc)		*linesrc;
	typeof(dwarf_lineno)		*lineno;
	typeof(dwarf_getsrcfiles)	*getsrcfiles;
	typeof(dwarf_filesrc)		*filesrc;
	typeof(dwarf_getcfi)		*getcfi;
	typeof(dwarf_getcfi_elf)	*getcfi_elf;
	typeof(dwarf_cfi_end)		*cfi_end;
	typeof(dwarf_cfi_addrframe)	*cfi_addrframe;
	typeof(dwarf_frame_info)	*frame_info;
	typeof(dwarf_frame_cfa)		*frame_cfa;
	typeof(dwarf_frame_register)	*frame_register;
	typeof(dwfl_begin)		*dwfl_begin;
	typeof(dwfl_end)		*dwfl_end;
	typeof(dwfl_report_elf)		*dwfl_report_elf;
	typeof(dwfl_report_end)		*dwfl_report_end;
	typeof(dwfl_module_getdwarf)	*dwfl_module_getdwarf;
	typeof(dwfl_linux_kernel_module_section_address) *dwfl_section_address;
};

const struct libdw *libdw(void);

#endif
