/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoint of kobs_gen_probe. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kobs_gen_probe

#if !defined(KOBS_GEN_PROBE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KOBS_GEN_PROBE_TRACE_H

#include <linux/tracepoint.h>

struct gen_item;

TRACE_EVENT(kobs_gen_fire,
	TP_PROTO(int number, const char *name, const struct gen_item *item,
		 u64 a, u64 b, u64 c, u64 d),
	TP_ARGS(number, name, item, a, b, c, d),
	TP_STRUCT__entry(
		__field(int, number)
	),
	TP_fast_assign(
		__entry->number = number;
	),
	TP_printk("number=%d", __entry->number)
);

TRACE_EVENT(kobs_gen_fields,
	TP_PROTO(s64 n, const char *label, size_t len),
	TP_ARGS(n, label, len),
	TP_STRUCT__entry(
		__field(s8, small)
		__field(s16, half)
		__field(s32, word)
		__field(s64, wide)
		__field(u8, usmall)
		__field(u16, uhalf)
		__field(u32, uword)
		__field(u64, uwide)
		__field(const char *, where)
		__array(char, name, 8)
		__array(u16, halves, 3)
		__dynamic_array(char, text, len + 1)
		__dynamic_array(char, bare, len)
		__field(pid_t, pid)
	),
	TP_fast_assign(
		__entry->small = n;
		__entry->half = n;
		__entry->word = n;
		__entry->wide = n;
		__entry->usmall = n;
		__entry->uhalf = n;
		__entry->uword = n;
		__entry->uwide = n;
		__entry->where = label;
		/* It has no end when it is long. */
		memset(__entry->name, 0, sizeof(__entry->name));
		memcpy(__entry->name, label,
		       min(len, sizeof(__entry->name)));
		__entry->halves[0] = n;
		memcpy(__get_dynamic_array(text), label, len + 1);
		memcpy(__get_dynamic_array(bare), label, len);
		__entry->pid = n;
	),
	TP_printk("word=%d", __entry->word)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE kobs_gen_probe_trace
#include <trace/define_trace.h>
