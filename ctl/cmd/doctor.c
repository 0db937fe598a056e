// SPDX-License-Identifier: GPL-2.0
/*
 * obsctl doctor: what this machine can do, and what to change. It works without
 * the module, which is one of its findings.
 */

#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/nouns.h"
#include "cmd/pmu/event.h"
#include "lib/diag.h"
#include "lib/lines.h"
#include "lib/macros.h"
#include "proto/model.h"
#include "proto/nl.h"
#include "report/writer.h"
#include "symbols/kallsyms.h"
#include "symbols/libdw.h"

/* INFO is worth knowing; only what is MISSING keeps kobs from working. */
enum finding { FINE, INFO, MISSING };

struct doctor {
	struct out	out;
	size_t		found[3];
};

static const char *const finding_names[] = { "ok", "info", "missing" };

static void say(struct doctor *d, const char *check, enum finding f, const char *fmt, ...)
	PRINTF(4, 5);

static void say(struct doctor *d, const char *check, enum finding f, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->found[f]++;
	out_row_begin(&d->out);
	out_cell_text(&d->out, "check", "CHECK", check);
	out_cell_text(&d->out, "state", "STATE", finding_names[f]);
	out_cell_text(&d->out, "detail", "DETAIL", text);
	out_row_end(&d->out);
}

static void check_privilege(struct doctor *d)
{
	unsigned long long caps = 0;
	unsigned long long admin = 1ull << CAP_SYS_ADMIN;
	unsigned long long perfmon = 1ull << 38;	/* CAP_PERFMON */
	struct lines l;
	size_t len;
	char *line;

	if (!lines_open(&l, "/proc/self/status")) {
		while ((line = lines_next(&l, &len)))
			if (!strncmp(line, "CapEff:", 7))
				caps = strtoull(line + 7, NULL, 16);
		lines_close(&l);
	}
	if (caps & admin)
		say(d, "privilege", FINE, "CAP_SYS_ADMIN");
	else if (caps & perfmon)
		say(d, "privilege", FINE, "CAP_PERFMON (names of functions need CAP_SYSLOG as well)");
	else
		say(d, "privilege", MISSING, "run obsctl as root, or give it CAP_PERFMON and CAP_SYSLOG");
}

static void check_lockdown(struct doctor *d)
{
	char buf[128];

	if (read_file("/sys/kernel/security/lockdown", buf, sizeof(buf)) < 0)
		say(d, "lockdown", FINE, "not in this kernel, or securityfs is not mounted");
	else if (strstr(buf, "[confidentiality]"))
		say(d, "lockdown", MISSING,
		    "confidentiality: kobs refuses; boot with lockdown=none or without Secure Boot");
	else if (strstr(buf, "[integrity]"))
		say(d, "lockdown", INFO, "integrity: only signed modules can be loaded");
	else
		say(d, "lockdown", FINE, "none");
}

static void check_ftrace(struct doctor *d)
{
	long long v;

	if (read_number("/proc/sys/kernel/ftrace_enabled", &v))
		say(d, "ftrace", MISSING, "this kernel has no CONFIG_FUNCTION_TRACER: 'func' cannot work");
	else if (!v)
		say(d, "ftrace", MISSING, "switched off: sysctl kernel.ftrace_enabled=1");
	else
		say(d, "ftrace", FINE, "kernel.ftrace_enabled is 1");
}

static void check_symbols(struct doctor *d)
{
	long long restrict_to = 0;
	struct ksym_line sym;
	char advice[160];
	bool shown = false;
	struct kallsyms k;

	read_number("/proc/sys/kernel/kptr_restrict", &restrict_to);
	if (kallsyms_open_live(&k, KALLSYMS_PATH)) {
		say(d, "symbols", MISSING, "no /proc/kallsyms: the kernel needs CONFIG_KALLSYMS");
		return;
	}
	/* The first ones can be at address 0: they are per-CPU data. */
	while (!shown && kallsyms_next(&k, &sym))
		shown = ksym_is_text(sym.type) && sym.address;
	kallsyms_close(&k);
	if (!shown)
		say(d, "symbols", MISSING,
		    "/proc/kallsyms hides addresses (kernel.kptr_restrict is %lld): %s",
		    restrict_to, kallsyms_advice(advice, sizeof(advice)));
	else
		say(d, "symbols", FINE, "/proc/kallsyms shows addresses (kernel.kptr_restrict is %lld)",
		    restrict_to);
}

static const struct {
	const char *option;
	enum finding without;
	const char *why;
} facts[] = {
	{ "CONFIG_MODULES", MISSING, "kobs is a module" },
	{ "CONFIG_DYNAMIC_FTRACE", MISSING, "func patches calls into functions" },
	{ "CONFIG_DYNAMIC_FTRACE_WITH_ARGS", INFO, "func on a kernel without it costs more" },
	{ "CONFIG_FPROBE", INFO, "func time falls back to kretprobes" },
	{ "CONFIG_KRETPROBES", INFO, "func time needs it where there is no fprobe" },
	{ "CONFIG_PERF_EVENTS", INFO, "pmu needs it" },
	{ "CONFIG_TRACEPOINTS", INFO, "slab, lock and sched need it" },
	{ "CONFIG_UNWINDER_ORC", INFO, "with it, or with frame pointers, kernel stacks are exact" },
};

/* The configuration: a file of the distribution, or what the kernel says of itself. */
static FILE *open_config(char *path, size_t size, bool *piped)
{
	static const char *const places[] = { "/boot/config-%s", "/lib/modules/%s/config" };
	struct utsname name = {};
	FILE *file = NULL;
	size_t i;

	uname(&name);
	for (i = 0; !file && i < ARRAY_SIZE(places); i++) {
		snprintf(path, size, places[i], name.release);
		file = fopen(path, "re");
	}
	*piped = !file;
	if (file || access("/proc/config.gz", R_OK))
		return file;
	snprintf(path, size, "/proc/config.gz");
	return popen("gzip -dc /proc/config.gz", "re");
}

static void check_config(struct doctor *d)
{
	bool has[ARRAY_SIZE(facts)] = {};
	char line[1024];
	char path[256];
	FILE *file;
	bool piped;
	size_t i;

	file = open_config(path, sizeof(path), &piped);
	if (!file) {
		say(d, "configuration", INFO, "not found in /proc/config.gz or /boot: not checked");
		return;
	}
	while (fgets(line, sizeof(line), file))
		for (i = 0; i < ARRAY_SIZE(facts); i++) {
			size_t len = strlen(facts[i].option);

			if (!strncmp(line, facts[i].option, len) && line[len] == '=')
				has[i] = true;
		}
	if (piped)
		pclose(file);
	else
		fclose(file);
	for (i = 0; i < ARRAY_SIZE(facts); i++)
		if (has[i])
			say(d, facts[i].option, FINE, "set in %s", path);
		else
			say(d, facts[i].option, facts[i].without, "not set: %s", facts[i].why);
}

static void check_pmu(struct doctor *d)
{
	const char *lbr = "/sys/bus/event_source/devices/cpu/caps/branches";
	long long v;

	if (!access("/sys/bus/event_source/devices/cpu/type", F_OK) ||
	    !access("/sys/bus/event_source/devices/cpu_core/type", F_OK))
		say(d, "PMU", FINE, "hardware counters are available");
	else if (!access("/sys/bus/event_source/devices/armv8_pmuv3_0", F_OK) ||
		 !access("/sys/bus/event_source/devices/armv8_pmuv3", F_OK))
		say(d, "PMU", FINE, "armv8_pmuv3");
	else
		say(d, "PMU", INFO, "none, as in many virtual machines: sampling falls back to a timer");
	if (!read_number(lbr, &v) && v)
		say(d, "branch records", FINE, "%lld entries", v);
	else
		say(d, "branch records", INFO, "the kernel reports no LBR");
	if (!read_number("/proc/sys/kernel/perf_event_paranoid", &v))
		say(d, "perf_event_paranoid", FINE, "%lld (does not restrict kobs)", v);
	if (!read_number("/proc/sys/kernel/nmi_watchdog", &v) && v)
		say(d, "NMI watchdog", INFO,
		    "it takes a counter: sysctl kernel.nmi_watchdog=0 frees it");
	else
		say(d, "NMI watchdog", FINE, "off: all counters are free");
}

static void check_libraries(struct doctor *d)
{
	if (pmu_lib_available())
		say(d, "libpfm4", FINE, "events of the CPU's vendor are known by name");
	else
		say(d, "libpfm4", INFO,
		    "not installed: pmu knows the kernel's events and those in sysfs, but not those of the CPU's vendor");
	if (libdw())
		say(d, "libdw", FINE,
		    "inlined functions and lines are known where debug symbols are installed");
	else
		say(d, "libdw", INFO,
		    "not installed: stacks have no inlined functions and no lines (--lines)");
}

static void check_tracefs(struct doctor *d)
{
	char buf[64];

	if (read_file("/sys/kernel/tracing/current_tracer", buf, sizeof(buf)) < 0)
		say(d, "tracefs", FINE, "not mounted (kobs does not use it)");
	else if (!strcmp(buf, "nop"))
		say(d, "other tracers", FINE, "current_tracer is nop");
	else
		say(d, "other tracers", INFO,
		    "current_tracer is %s: it slows down functions that func observes, too", buf);
}

static void check_sources(struct doctor *d)
{
	struct sources sources = {};
	struct nl nl;
	size_t i;
	size_t k;

	if (access("/sys/module/kobs", F_OK)) {
		say(d, "module", MISSING, "kobs is not loaded: 'make load' or 'modprobe kobs'");
		return;
	}
	if (nl_open(&nl) || model_get_sources(&nl, &sources)) {
		say(d, "module", MISSING, "loaded, but it did not answer (the reason is on standard error)");
		nl_shut(&nl);
		return;
	}
	say(d, "module", FINE, "loaded");
	for (i = 0; i < sources.n; i++) {
		const struct source *s = &sources.v[i];
		char name[80];

		if (!strcmp(s->name, "session"))
			continue;
		say(d, s->name, s->available && !s->reason ? FINE : INFO, "%s%s",
		    s->available ? "" : "not here: ",
		    s->reason ? s->reason : s->doc ? s->doc : "");
		for (k = 0; k < s->nr_modes; k++) {
			const struct mode *m = &s->modes[k];

			snprintf(name, sizeof(name), "%s %s", s->name, m->name);
			if (!m->available || m->reason)
				say(d, name, INFO, "%s%s", m->available ? "" : "not here: ",
				    m->reason ? m->reason : "the module does not say why");
		}
	}
	model_free_sources(&sources);
	nl_shut(&nl);
}

/* Returns STATUS_REFUSED if something is missing. */
static int run_doctor(const struct verb *verb, const struct opts *o)
{
	struct doctor d = {};

	out_init(&d.out, stdout, o->json);
	d.out.columns = 0;	/* sentences are not cut */
	out_open(&d.out, NULL, '{');
	out_table_begin(&d.out, "checks");
	check_privilege(&d);
	check_lockdown(&d);
	check_sources(&d);
	check_ftrace(&d);
	check_symbols(&d);
	check_config(&d);
	check_pmu(&d);
	check_libraries(&d);
	check_tracefs(&d);
	out_table_end(&d.out);
	out_json_number(&d.out, "missing", d.found[MISSING]);
	if (d.found[MISSING])
		out_line(&d.out, "\n%zu missing: kobs needs %s.", d.found[MISSING],
			 d.found[MISSING] == 1 ? "it" : "them");
	else
		out_line(&d.out, "\nNothing is missing.");
	out_close(&d.out, '}');
	out_newline(&d.out);
	out_free(&d.out);
	return d.found[MISSING] ? STATUS_REFUSED : STATUS_DONE;
}

static const struct verb verbs[] = {
	{
		.name = "",
		.doc = "what this machine can do, and what to change",
		.groups = GROUPS(&group_json),
		.fn = run_doctor,
	},
};

const struct noun noun_doctor = {
	.name = "doctor",
	.doc = "the machine",
	NOUN_VERBS(verbs),
};
