// SPDX-License-Identifier: GPL-2.0
/*
 * Names of user code from all that can have them: symbol tables, debug symbols in other
 * files and inside of the file, debug information with its inlined functions and lines,
 * the files of run-time systems, and the kernel's own code. The programs are compiled
 * here; labels in them say where the code of each place is.
 */

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/macros.h"
#include "symbols/demangle.h"
#include "symbols/kernel_lines.h"
#include "symbols/usyms.h"

static int tests;
static int failures;
static char top[32] = "/tmp/obsctl-frames-XXXXXX";

static void ok(bool good, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, name);
	failures += !good;
}

static int tool(const char *fmt, ...)
{
	struct buf line = {};
	va_list ap;
	int status;

	buf_printf(&line, "cd %s && { ", top);
	va_start(ap, fmt);
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	buf_puts(&line, "; }");
	status = system(line.p);
	buf_free(&line);
	return status;
}

static void source(const char *name, const char *text)
{
	struct buf path = {};
	FILE *file;

	buf_printf(&path, "%s/%s", top, name);
	file = fopen(path.p, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		perror(path.p);
	buf_free(&path);
}

/* The lines are counted from 1. */
static const char inlined_c[] =
	"#define INLINE static inline __attribute__((always_inline))\n"
	"#define PLACE(name) __asm__ volatile(\".globl \" name \"\\n\" name \":\\n\\tnop\")\n"
	"INLINE void inner(void)\n"
	"{\n"
	"	PLACE(\"at_inner\");\n"
	"}\n"
	"\n"
	"INLINE void middle(void)\n"
	"{\n"
	"	inner();\n"
	"	PLACE(\"at_middle\");\n"
	"}\n"
	"\n"
	"__attribute__((noinline)) static void outer(void)\n"
	"{	__asm__ volatile(\"nop\");\n"
	"	middle();\n"
	"	PLACE(\"at_outer\");\n"
	"}\n"
	"\n"
	"/* Nothing follows the call. */\n"
	"__asm__(\".text\\n.type ends, @function\\nends:\\n\\tnop\\n\\tnop\\n\"\n"
	"	\".size ends, .-ends\\n.type follows, @function\\n.globl follows\\n\"\n"
	"	\"follows:\\n\\tnop\\n\\t.size follows, .-follows\\nhand:\\n\\tnop\\n\\\"$x\\\":\\n\\tnop\\n\");\n"
	"\n"
	"int main(void)\n"
	"{\n"
	"	outer();\n"
	"	return 0;\n"
	"}\n"
	"struct shared { int a; long b; char c[8]; struct shared *next, *before; } shared_one;\n";

/* Where a symbol of a program is, in the address space of its file. */
static uint64_t place_of(const char *program, const char *symbol)
{
	unsigned long long at = 0;
	struct buf line = {};
	FILE *pipe;

	buf_printf(&line, "nm %s/%s | sed -n 's/^\\([0-9a-f]*\\) . %s$/\\1/p'", top, program,
		   symbol);
	pipe = popen(line.p, "r");
	if (!pipe || fscanf(pipe, "%llx", &at) != 1)
		printf("# %s has no %s\n", program, symbol);
	if (pipe)
		pclose(pipe);
	buf_free(&line);
	return at;
}

/* Where a place of a file is in the file, by its program headers; and a mapping of it all. */
#define START	0x10000000ull

static uint64_t offset_of(const char *path, uint64_t address)
{
	Elf64_Ehdr file;
	uint64_t offset = 0;
	FILE *f = fopen(path, "r");
	int i;

	if (!f || fread(&file, sizeof(file), 1, f) != 1)
		return 0;
	for (i = 0; i < file.e_phnum; i++) {
		Elf64_Phdr h;

		if (fseek(f, (long)(file.e_phoff + (uint64_t)i * sizeof(h)), SEEK_SET) ||
		    fread(&h, sizeof(h), 1, f) != 1)
			break;
		if (h.p_type == PT_LOAD && address - h.p_vaddr < h.p_filesz)
			offset = address - h.p_vaddr + h.p_offset;
	}
	fclose(f);
	return offset;
}

/* All frames of an address of a program, a line each. */
static void frames(struct usyms *u, const char *program, uint64_t address, bool returned,
		   const char *want, const char *what)
{
	const struct usym_mapping all = { .start = START, .end = START + (1ull << 32) };
	struct usym_frame frame[USYM_FRAMES];
	uint32_t pid = (uint32_t)getpid();
	struct buf path = {};
	struct buf out = {};
	size_t n, i;

	buf_printf(&path, "%s/%s", top, program);
	usyms_map(u, pid, &all, path.p, 0);
	n = usyms_find(u, pid, START + offset_of(path.p, address), returned, frame);
	for (i = 0; i < n; i++) {
		buf_puts(&out, i ? "; " : "");
		usym_frame_print(&frame[i], &out);
	}
	ok(!strcmp(out.p, want), what);
	if (strcmp(out.p, want))
		printf("# it is '%s', not '%s'\n", out.p, want);
	buf_free(&path);
	buf_free(&out);
}

/* The same of a symbol's place, with new eyes. */
static void is(const struct usyms *how, const char *program, const char *symbols,
	       const char *symbol, const char *want, const char *what)
{
	struct usyms u = *how;

	frames(&u, program, place_of(symbols, symbol), false, want, what);
	usyms_free(&u);
}

static const char *text(const char *fmt, ...) PRINTF(1, 2);

static const char *text(const char *fmt, ...)
{
	static struct buf line;
	va_list ap;

	line.len = 0;
	va_start(ap, fmt);
	buf_vprintf(&line, fmt, ap);
	va_end(ap);
	return line.p;
}

static unsigned long long in_outer(const char *symbol)
{
	return place_of("plain", symbol) - place_of("plain", "outer");
}

static const struct usyms usual;
static const struct usyms with_lines = { .lines = true };

static void test_inlined(const char *program, const char *what)
{
	const char *base = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;

	is(&usual, program, "plain", "at_inner",
	   text("inner (inlined); middle (inlined); outer+0x%llx [%s]", in_outer("at_inner"), base),
	   what);
}

static void test_debug_info(void)
{
	static const struct usyms no_inlined = { .no_inlined = true };
	static const struct usyms lines_only = { .no_inlined = true, .lines = true };

	source("inlined.c", inlined_c);
	if (tool("cc -g -O2 -o plain inlined.c")) {
		ok(false, "a program is compiled");
		return;
	}
	test_inlined("plain", "functions that were inlined into each other");
	is(&usual, "plain", "plain", "at_middle",
	   text("middle (inlined); outer+0x%llx [plain]", in_outer("at_middle")),
	   "code of the one in between");
	is(&usual, "plain", "plain", "at_outer",
	   text("outer+0x%llx [plain]", in_outer("at_outer")), "code of none of them");
	is(&with_lines, "plain", "plain", "at_inner",
	   text("inner (inlined) inlined.c:5; middle (inlined) inlined.c:10; outer+0x%llx [plain] inlined.c:16",
		in_outer("at_inner")), "with lines: of the code, and of each call");
	is(&with_lines, "plain", "plain", "at_outer",
	   text("outer+0x%llx [plain] inlined.c:17", in_outer("at_outer")), "a line");
	is(&no_inlined, "plain", "plain", "at_inner",
	   text("outer+0x%llx [plain]", in_outer("at_inner")), "without inlined functions");
	is(&lines_only, "plain", "plain", "at_inner",
	   text("outer+0x%llx [plain] inlined.c:5", in_outer("at_inner")),
	   "without them the line is that of the code");
}

/* Every kind of debug information that compilers make. */
static void test_formats(void)
{
	static const char *const flags[] = {
		"-gdwarf-4", "-gdwarf-5", "-gdwarf-4 -gz", "-gdwarf-5 -ffunction-sections",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		tool("cc %s -O2 -o plain inlined.c", flags[i]);
		test_inlined("plain", flags[i]);
	}
	if (tool("clang-14 -g -O2 -o plain inlined.c 2>/dev/null"))
		ok(true, "clang # SKIP there is no clang-14");
	else
		test_inlined("plain", "of clang, which makes no table of addresses");
	tool("cc -g -O2 -o plain inlined.c");
}

static void test_other_files(void)
{
	unsigned long long inner = in_outer("at_inner");

	tool("objcopy --only-keep-debug plain x.debug && strip -s -o x plain");
	is(&usual, "x", "plain", "at_inner", text("[x] +0x%llx", (unsigned long long)
						  place_of("plain", "at_inner")),
	   "a stripped program: the place in the file");
	is(&with_lines, "x", "plain", "at_inner", text("[x] +0x%llx", (unsigned long long)
						       place_of("plain", "at_inner")),
	   "and no lines");
	tool("mkdir -p .build-id && id=$(readelf -n x | sed -n 's/.*Build ID: //p') && mkdir -p .build-id/${id%%${id#??}} && cp x.debug .build-id/${id%%${id#??}}/${id#??}.debug");
	test_inlined("x", "debug symbols by the build ID");
	tool("rm -r .build-id && objcopy --add-gnu-debuglink=x.debug x linked && echo 'int main(void) { return 1; }' | cc -g -x c -o x.debug -");
	is(&usual, "linked", "plain", "at_inner", text("[linked] +0x%llx", (unsigned long long)
						       place_of("plain", "at_inner")),
	   "a file that is not the one that was linked");
	tool("objcopy --only-keep-debug plain x.debug && strip -g -o linked plain && objcopy --add-gnu-debuglink=x.debug linked");
	test_inlined("linked", "debug information by a link, and symbols of its own");
	is(&with_lines, "linked", "plain", "at_outer",
	   text("outer+0x%llx [linked] inlined.c:17", in_outer("at_outer")), "lines by a link");
	tool("nm plain | awk '$2 == \"t\" || $2 == \"T\" { print $3 }' >keep && objcopy -S --remove-section .gdb_index --remove-section .comment --keep-symbols=keep x.debug mini && xz -f mini && strip -s -o y plain && objcopy --add-section .gnu_debugdata=mini.xz y");
	is(&usual, "y", "plain", "at_inner", text("outer+0x%llx [y]", inner),
	   "symbols that a stripped program has inside");
	tool("head -c 100 mini.xz >cut && strip -s -o z plain && objcopy --add-section .gnu_debugdata=cut z");
	is(&usual, "z", "plain", "at_inner", text("[z] +0x%llx", (unsigned long long)
						  place_of("plain", "at_inner")),
	   "what is inside was cut off");
}

/* Names that several files of debug symbols have in common are in another one. */
static void test_shared(void)
{
	if (system("command -v dwz >/dev/null")) {
		ok(true, "dwz # SKIP it is not installed");
		return;
	}
	tool("cc -g -O2 -o one inlined.c && cp one two && dwz -m shared -r one two");
	is(&with_lines, "one", "one", "at_inner",
	   text("inner (inlined) inlined.c:5; middle (inlined) inlined.c:10; outer+0x%llx [one] inlined.c:16",
		(unsigned long long)(place_of("one", "at_inner") - place_of("one", "outer"))),
	   "names in a file that two have in common");
	tool("mv shared elsewhere");
	is(&with_lines, "one", "one", "at_inner",
	   text("outer+0x%llx [one]", (unsigned long long)(place_of("one", "at_inner") -
							   place_of("one", "outer"))),
	   "a file that is missing");
}

static void test_returns(void)
{
	uint64_t follows = place_of("plain", "follows");
	struct usyms u = {};

	frames(&u, "plain", follows, false, "follows [plain]", "a function's first instruction");
	frames(&u, "plain", follows, true, "ends+0x2 [plain]",
	       "where a call returns to that is the last of a function");
	frames(&u, "plain", place_of("plain", "at_middle"), true,
	       text("inner (inlined); middle (inlined); outer+0x%llx [plain]",
		    in_outer("at_middle")),
	       "where a call returns to that is the last of an inlined one");
	frames(&u, "plain", place_of("plain", "hand") + 1, false, "hand+0x1 [plain]",
	       "a label that no function has around it, and none of the assembler's");
	usyms_free(&u);
}

static void test_languages(void)
{
	static const struct usyms raw = { .raw_names = true };

	source("lang.cc",
	       "namespace ns { template<class T> struct box {\n"
	       "__attribute__((noipa)) static T twice(T v) { v++; __asm__ volatile(\".globl at_twice\\nat_twice:\\n\\tnop\" : \"+r\" (v)); return v * 2; }\n"
	       "}; }\n"
	       "inline __attribute__((always_inline)) int add(int a, int b) { __asm__ volatile(\".globl at_add\\nat_add:\\n\\tnop\"); return a + b; }\n"
	       "__attribute__((noipa)) int sum(int a) { __asm__ volatile(\"nop\"); return add(a, 3); }\n"
	       "int main(int n, char **v) { return ns::box<long>::twice(n) + sum(n); }\n");
	if (tool("c++ -g -O2 -o names lang.cc")) {
		ok(false, "a program of C++ is compiled");
		return;
	}
	is(&usual, "names", "names", "at_twice",
	   text("ns::box<long>::twice(long)+0x%llx [names]", (unsigned long long)
		(place_of("names", "at_twice") - place_of("names", "_ZN2ns3boxIlE5twiceEl"))),
	   "a name of C++");
	is(&raw, "names", "names", "at_twice",
	   text("_ZN2ns3boxIlE5twiceEl+0x%llx [names]", (unsigned long long)
		(place_of("names", "at_twice") - place_of("names", "_ZN2ns3boxIlE5twiceEl"))),
	   "as the linker has it");
	is(&usual, "names", "names", "at_add",
	   text("add(int, int) (inlined); sum(int)+0x%llx [names]", (unsigned long long)
		(place_of("names", "at_add") - place_of("names", "_Z3sumi"))),
	   "an inlined function of C++");
	is(&raw, "names", "names", "at_add",
	   text("_Z3addii (inlined); _Z3sumi+0x%llx [names]", (unsigned long long)
		(place_of("names", "at_add") - place_of("names", "_Z3sumi"))),
	   "as the linker would have it");
}

static void test_demangle(void)
{
	static const char *const cases[][2] = {
		{ "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad" },
		{ "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
		  "<Test + 'static as foo::Bar<Test>>::bar" },
		{ "_RNvC6_123foo3bar", "123foo::bar" },
		{ "_RNvMs_NtCs1234_7mycrate3fooNtB4_3Bar3baz", "<mycrate::foo::Bar>::baz" },
		{ "_ZN3foo3barEv", "foo::bar()" },
		{ "_ZN3foo3barEv.cold", "foo::bar() [clone .cold]" },
		{ "main", "" }, { "_Znotmangled", "" }, { "_R", "" }, { "_Z", "" },
		{ "_start", "" },
	};
	struct buf out = {};
	size_t i;
	int k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool good;

		out.len = 0;
		buf_puts(&out, "x");
		good = demangle(cases[i][0], &out) == !!*cases[i][1];
		good &= !strcmp(out.p + 1, cases[i][1]);
		ok(good, cases[i][0]);
		if (!good)
			printf("# it is '%s'\n", out.p + 1);
	}
	/* Each argument is a pair of the one before. */
	out.len = 0;
	buf_puts(&out, "_Z1f1aIiE");
	for (k = 0; k < 30; k++)
		buf_printf(&out, "S_IS%c_S%c_E", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[k],
			   "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[k]);
	{
		struct buf long_one = {};
		bool mangled = demangle(out.p, &long_one);

		ok(!mangled && !long_one.len,
		   "a short name that stands for a very long one");
		buf_free(&long_one);
	}
	buf_free(&out);
}

static void prints(struct usyms *u, uint64_t address, const char *want, const char *what)
{
	struct buf out = {};

	usyms_print(u, (uint32_t)getpid(), address, &out);
	ok(!strcmp(out.p, want), what);
	if (strcmp(out.p, want))
		printf("# it is '%s', not '%s'\n", out.p, want);
	buf_free(&out);
}

/* Code that a run-time system made, named for perf. */
static void test_made(void)
{
	const struct usym_mapping code = { .start = 0x500000, .end = 0x600000, .offset = 0x500000 };
	uint32_t pid = (uint32_t)getpid();
	struct usyms u = {};
	struct buf path = {};
	FILE *file;

	buf_printf(&path, "/tmp/perf-%u.map", pid);
	unlink(path.p);
	file = fopen(path.p, "w");
	if (!file) {
		ok(false, path.p);
		return;
	}
	fputs("500100 40 LFoo;::bar(I)V\n500120 10 old\n500120 8 Lazy:~f /a/b.js:3\nnonsense\n500000\n",
	      file);
	fprintf(file, "500200 20%c\n", ' ');
	fclose(file);
	usyms_map(&u, pid, &code, "//anon", 0);
	prints(&u, 0x500110, "LFoo;::bar(I)V+0x10 [JIT]", "a function that the process made");
	prints(&u, 0x500124, "Lazy:~f /a/b.js:3+0x4 [JIT]", "one that took the place of others");
	prints(&u, 0x50012c, "old+0xc [JIT]", "of the place, what is left of them");
	prints(&u, 0x500130, "LFoo;::bar(I)V+0x30 [JIT]", "the one around");
	prints(&u, 0x500140, "[anon] 0x500140", "behind all");
	prints(&u, 0x500210, "[anon] 0x500210", "a line without a name");
	file = fopen(path.p, "a");
	fputs("500140 10 later\n", file);
	fclose(file);
	prints(&u, 0x500144, "[anon] 0x500144", "what came meanwhile is not looked for again");
	u.report++;
	prints(&u, 0x500144, "later+0x4 [JIT]", "but in the next report");
	unlink(path.p);
	if (symlink("/proc/self/maps", path.p))
		perror(path.p);
	u.report++;
	prints(&u, 0x500144, "later+0x4 [JIT]", "a file that is gone, and a link in its place");
	unlink(path.p);
	buf_free(&path);
	usyms_free(&u);
}

/* Code of the kernel's in every process, by the names that libraries look for. */
static void test_vdso(void)
{
	const char *base = (const char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);
	struct usyms u = {};
	struct buf out = {};
	bool found = false;
	uint64_t at;

	if (!base) {
		ok(true, "vdso # SKIP there is none");
		return;
	}
	usyms_snapshot(&u, (uint32_t)getpid(), 0);
	for (at = 0; !found && at < 0x2000; at++) {
		out.len = 0;
		usyms_print(&u, (uint32_t)getpid(), (uintptr_t)base + at, &out);
		found = !strcmp(out.p, "clock_gettime [vdso]") ||
			!strcmp(out.p, "__kernel_clock_gettime [vdso]");
	}
	ok(found, "a function of the vdso");
	prints(&u, (uintptr_t)base + 1, "[vdso] +0x1", "a place in it that is no function");
	buf_free(&out);
	usyms_free(&u);
}

/* A program that is replaced while it runs is there as long as it is mapped. */
static void test_replaced(void)
{
	struct usyms u = {};
	struct buf path = {};
	struct buf out = {};
	void *code;
	FILE *file;

	tool("cc -g -O2 -o gone inlined.c");
	buf_printf(&path, "%s/gone", top);
	file = fopen(path.p, "r");
	code = file ? mmap(NULL, 0x2000, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(file), 0) :
		      MAP_FAILED;
	if (code == MAP_FAILED) {
		ok(false, path.p);
		return;
	}
	fclose(file);
	tool("rm gone");
	usyms_snapshot(&u, (uint32_t)getpid(), 0);
	usyms_print(&u, (uint32_t)getpid(), (uintptr_t)code + offset_of("/proc/self/exe", 0), &out);
	out.len = 0;
	usyms_print(&u, (uint32_t)getpid(), (uintptr_t)code + place_of("plain", "outer"), &out);
	if (access("/proc/self/map_files", R_OK))
		ok(true, "a deleted program # SKIP /proc/self/map_files cannot be read");
	else
		ok(!strcmp(out.p, "outer [gone]"), "a deleted program");
	munmap(code, 0x2000);
	buf_free(&path);
	buf_free(&out);
	usyms_free(&u);
}

int main(void)
{
	if (!mkdtemp(top))
		perror("test_frames");
	setenv("OBSCTL_DEBUG_DIR", top, 1);
	test_debug_info();
	test_formats();
	test_other_files();
	test_shared();
	test_returns();
	test_languages();
	test_demangle();
	test_made();
	test_vdso();
	test_replaced();
	tool("rm -rf %s", top);
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
