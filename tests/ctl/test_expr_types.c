// SPDX-License-Identifier: GPL-2.0
/* Expressions over typed values: BTF against the compiler's own members and types. */

#include <sys/stat.h>

#include "expr_harness.h"
#include "lib/buf.h"
#include "lib/diag.h"

static struct expr_scope scope = { .find = find_name, .what = "sample_call" };
static const struct btf *btf;

static const char label[] = "a label";
static int number_there = 31;
static uint8_t bytes_there[] = { 'u', '8', 0 };
static struct sample_inner inners[2] = {
	{ 5, "first", { 1, 2, 3, 4 } }, { -6, "second", { 250 } }
};

/* All that is in memory: of the kernel, and of user space. */
static struct world {
	struct sample_item	items[3];
	struct sample_item	*table[2];
} kernel, user;

static void fill(struct world *w, int number)
{
	struct sample_item *i = &w->items[0];

	*i = (struct sample_item){
		.number = -number, .state = STATE_GONE, .big = 0xfedcba9876543210, .low = 0xfff0,
		.high = -3, .in = { .x = 44, .name = "inner", .raw = { 9, 8, 7, 200 } },
		.a = 5, .b = -9, .c = 0xabcdef, .d = 0x9876543210, .e = -77,
		.next = &w->items[1], .label = label, .list = { 1, -2, 3, -4 }, .inners = inners,
		.fn = (void (*)(int))0x1234, .data = &w->items[2], .pint = &number_there,
		.bytes = bytes_there, .flag = true, .tiny = -1, .error = ERROR_LOW,
		.m = { { 1, 2, 3 }, { 4, 5, 6 } }, .table = w->table,
		.packed = { .first = 255, .wide = 0x76543210, .more = 1 },
	};
	w->items[1] = w->items[0];
	w->items[1].number = number;
	w->items[1].next = &w->items[2];
	w->items[2] = w->items[1];
	w->items[2].next = NULL;
	w->table[0] = &w->items[2];
	w->table[1] = &w->items[0];
}

static struct machine machine;

static void set_machine(void)
{
	const struct sample_small small = { 0xfffe, -5, 0x87654321 };

	fill(&kernel, 1000);
	fill(&user, 2000);
	memset(&machine, 0, sizeof(machine));
	machine.args[0] = (uintptr_t)&kernel.items[0];
	machine.args[1] = (uintptr_t)&user.items[0];
	/* An int is the lower half of its register. */
	machine.args[2] = 0xdeadbeef00000000 | (uint32_t)-42;
	memcpy(&machine.args[3], &small, sizeof(small));
	machine.args[4] = (uintptr_t)label;
	machine.args[5] = 0xffffff01;
	machine.context[KOBS_PROG_CPU] = 1;
	/* The test's own data is all there is. */
	machine.kernel[0] = (struct memory){ &kernel, sizeof(kernel) };
	machine.user = (struct memory){ &user, sizeof(user) };
}

struct reference {
	const char	*text;
	uint64_t	value;
};

#define C(x)	{ #x, (uint64_t)(x) }

/* Return: how many have another value. */
static unsigned int compare(const struct reference *r, size_t n)
{
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		enum outcome outcome = run_as(&machine, r[i].text, &scope, AS_KEY, NULL);

		if (outcome == PASSED && machine.keys[0] == r[i].value && !machine.key_faults[0])
			continue;
		printf("# %s: %#llx, not %#llx (outcome %d)\n", r[i].text,
		       (unsigned long long)machine.keys[0], (unsigned long long)r[i].value,
		       outcome);
		wrong++;
	}
	return wrong;
}

static void test_values(void)
{
	struct sample_item *item = &kernel.items[0];
	uint64_t cpu = 1;
	const struct reference all[] = {
		C(item->number), C(item->state), C(item->big), C(item->word), C(item->low),
		C(item->high), C(item->in.x), C(item->in.name[1]), C(item->in.raw[3]), C(item->a),
		C(item->b), C(item->c), C(item->d), C(item->e), C(item->packed.wide), C(item->next),
		C(item->next->number), C(item->next->next->in.x), C(item->next->next->next),
		C(item->list[0]), C(item->list[1]), C(item->list[cpu + 1]), C(item->list[3 - cpu]),
		C(item->fn), C(item->data), C(item->flag), C(item->tiny), C(item->error),
		C(item->m[1][2]), C(item->m[cpu][cpu]), C(item->m[0][2]), C(item->table[1]->number),
		C(item->table[0]->in.raw[0]), C((*item->table)->number), C((*item).number),
		C((*item->next).in.x), C(*item->list), C(item[1].number), C(item[2].in.x),
		C(*&item->number), C(&item->in.x), C(&item->list[2]), C(&item[2]),
		C(&item->next->in), C((&item->in)->x), C((&item->m[1])[0][1]),
		C(((struct sample_item *)item->data)->number), C(item->next == &item[1]),
		C(item->state == STATE_GONE), C(item->state < STATE_BUSY),
		C(item->error == ERROR_LOW), C(item->error < 0), C(item->b * 2 - item->e),
		C(item->a + item->b < 0), C(item->number < 0 && item->next->number > 999),
		C(!item->next->next->next), C(item->high + item->low), C(item->d >> 8 & 0xff),
		C(~item->a), C(-item->c), C(item->d > 0x9876543210 - 1), C((signed char)item->c),
		C(STATE_GONE), C(ERROR_LOW),
		/* Where the language is not C. */
		{ "item.next.next.in->x", 44 }, { "(*(struct sample_item)(item)).in.x", 44 },
		{ "number", (uint64_t)-42 }, { "number < 0", 1 }, { "flag", 1 },
		{ "small.low", 0xfffe }, { "small.high", (uint64_t)-5 },
		{ "small.word", 0x87654321 }, { "small->low", 0xfffe },
		{ "item->in.name == \"inner\"", 1 }, { "item->in.name == \"inne\"", 0 },
		{ "item->in.name != \"inner\"", 0 }, { "item->in.raw == \"a\"", 0 },
		{ "item->state == STATE_BUSY", 0 }, { "item->next->state != STATE_BUSY", 1 },
		{ "WIDE_TOP", 1ull << 63 }, { "WIDE_TOP > arg2", 0 },
		{ "*(sample_u32)(&item->word)", 0xfffdfff0 },
		{ "(u64)item->list", (uintptr_t)item->list },
		{ "(u64)&item->in.name[3]", (uintptr_t)&item->in.name[3] },
		{ "*(enum sample_state)(&item->state)", STATE_GONE },
		{ "*(s32)((u64)item)", (uint64_t)-1000 }, { "(sample_u8)item->number", 0x18 },
		{ "((sample_u8 *)item)[0]", 0x18 }, { "((struct sample_inner *)&item->in)->x", 44 },
		{ "(enum sample_error)item->number", (uint64_t)-1000 },
		{ "*(struct sample_item **)(&item->next) == item->next", 1 },
	};

	ok(!compare(all, ARRAY_SIZE(all)), "members, elements and bit fields");
}

static void test_user_values(void)
{
	const struct reference all[] = {
		{ "there->number", (uint64_t)-2000 }, { "there->next->number", 2000 },
		{ "there->next->next->in.x", 44 }, { "there->list[cpu]", (uint64_t)-2 },
		{ "user((struct sample_item *)arg1)->next->number", 2000 },
		{ "((struct sample_item *)user(arg1))->table[1]->number", (uint64_t)-2000 },
		{ "*(s32)(&there->number)", (uint64_t)-2000 }, { "there->in.name == \"inner\"", 1 },
	};

	ok(!compare(all, ARRAY_SIZE(all)), "what a pointer of user space points to, as far as it goes");
}

/* Expressions, and what each is refused with as a column; "": it is not. */
static const char *const sentences[] = {
	"item->numbr",
	"': struct sample_item has no member 'numbr' (near it: number) (column 7)\n",
	"item->hgih",
	"': struct sample_item has no member 'hgih' (near it: high) (column 7)\n",
	"item->in.zzzzzz",
	"': struct sample_inner has no member 'zzzzzz' (column 10)\n",
	"itme->number",
	"': there is no 'itme' in sample_call (near it: item, time) (column 1)\n",
	"item->state == STATE_BUZY",
	"': there is no 'STATE_BUZY' in sample_call (near it: STATE_BUSY",
	"number == STATE_BUSY",
	"': 'STATE_BUSY' is the name of several constants, 1 and 3 among them: use the number (column 11)\n",
	"number == STATE_GONE",
	"",
	"item->in",
	"': 'item->in' is struct sample_inner: name a member of it (column 7)\n",
	"item->list",
	"': 'item->list' is int [4]: name an element, as in item->list[0] (column 7)\n",
	"item->in.raw",
	"': 'item->in.raw' is unsigned char [4]: name an element",
	"item->list[4]",
	"': 'item->list' has 4 elements, from 0 on (column 12)\n",
	"item->list[-1]",
	"' has 4 elements, from 0 on",
	"item->tail[4]",
	"",
	"item->m[2][0]",
	"': 'item->m' has 2 elements",
	"item->list + 1",
	"': 'item->list' is int [4]: name an element",
	"item->number->x",
	"': 'item->number' is a number without members: ((struct NAME *)item->number)-> gives it a type (column 7)\n",
	"item->pint->x",
	"': 'item->pint' is a pointer to int, which has no members (column 7)\n",
	"item->table->number",
	"': 'item->table' is a pointer to struct sample_item *, which has no members",
	"item->data->x",
	"': 'item->data' is a pointer to void: cast it to what is there (column 7)\n",
	"*item->data",
	"': 'item->data' is a pointer to void: cast it to what is there (column 8)\n",
	"item->data[0]",
	"': 'item->data' is a pointer to void",
	"item->fn->x",
	"': 'item->fn' is the address of a function, no pointer: ",
	"item->opaque->x",
	"': nothing is known of struct sample_opaque but its name (column 15)\n",
	"item->opaque[1]",
	"': the size of struct sample_opaque is not known (column 1)\n",
	"item->opaque",
	"",
	"item->huge",
	"': 'item->huge' is __int128, which is no number (column 7)\n",
	"item->packed.more",
	"': the bits of 'item->packed.more' are in more than 8 bytes (column 14)\n",
	"item + 8",
	"': 'item' is a pointer to struct sample_item: (u64)item + 8 counts bytes, &item[8] counts elements (column 1)\n",
	"item - 8",
	"': 'item' is a pointer to struct sample_item: (u64)item - 8 counts bytes, &item[-8] counts elements (column 1)\n",
	"8 + item",
	"': 'item' is a pointer to struct sample_item: (u64)item counts bytes (column 1)\n",
	"(u64)item + 8",
	"",
	"item->bytes + 1",
	"",
	"item->data + 1",
	"",
	"&item->a",
	"': 'item->a' has no address (column 1)\n",
	"&number",
	"': 'number' has no address (column 1)\n",
	"small",
	"': 'small' is struct sample_small: name a member of it (column 1)\n",
	"small.zzz",
	"': struct sample_small has no member 'zzz' (column 7)\n",
	"&small.low",
	"': 'small.low' has no address (column 1)\n",
	"item < 0",
	"': 'item < 0' is never true: 'item' is unsigned, and (s64)item is signed (column 1)\n",
	"item->a == 8",
	"': 'item->a == 8' is never true: 'item->a' is from 0 to 7 (column 1)\n",
	"item->b > 15",
	"': 'item->b > 15' is never true: 'item->b' is from -16 to 15 (column 1)\n",
	"item->b > -17",
	"': 'item->b > -17' is always true: 'item->b' is from -16 to 15 (column 1)\n",
	"item->in.name == \"12345678\"",
	"' is never true: 'item->in.name' has at most 7 characters (column 1)\n",
	"item->in.name == \"1234567\"",
	"",
	"item->list == \"a\"",
	"': 'item->list' is int [4]: name an element",
	"item->next == \"a\"",
	"': 'item->next' is a pointer to struct sample_item: str(item->next) is the text there (column 7)\n",
	"item->label == \"a\"",
	"",
	"item->bytes == \"a\"",
	"",
	"(struct sample_itme *)item",
	"': there is no type 'struct sample_itme' (near it: sample_item, sample_inner) (column 1)\n",
	"(union sample_item *)item",
	"': there is no type 'union sample_item' (column 1)\n",
	"(struct sample_item)item",
	"': a value cannot be cast to struct sample_item, but to a pointer to it (column 1)\n",
	"(sample_u33)(item)",
	"': there is no type 'sample_u33' (near it: sample_u32",
	"(sample_u8)item",
	"",
};

static void test_sentences(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sentences); i += 2)
		test_sentence(sentences[i], sentences[i + 1], &scope, AS_KEY);
}

static bool has_type(const char *text, enum expr_kind kind, unsigned int bytes, bool is_signed,
		     const char *name)
{
	struct expr_type type = {};
	struct program p = {};
	int err = compile_as(&p, text, &scope, AS_KEY, &type);

	program_free(&p);
	if (err)
		printf("# %s", heard());
	return !err && type.kind == kind && type.bytes == bytes && type.is_signed == is_signed &&
	       (!name || !strcmp(kbtf_name(btf, kbtf_skip(btf, type.id, true)), name));
}

/* Whether a value is shown as an error. */
static bool expr_wants_error(const char *text)
{
	struct expr_type type = {};
	struct expr *e = NULL;
	bool wants = !expr_parse(text, &e) && !expr_type_of(e, &scope, &type) &&
		     type.shown == EXPR_SHOWN_ERROR;

	expr_free(e);
	return wants;
}

/* Numbers of devices, by the name of their type, also behind const, which comes after it. */
static void test_devices(void)
{
	uint32_t id = kbtf_find(btf, "dev_t", 1u << BTF_KIND_TYPEDEF);
	struct expr_type type;

	ok(expr_type_from_btf(btf, id, &type) && type.shown == EXPR_SHOWN_DEV_T &&
	   type.bytes == 4, "a number of a device");
	ok(expr_type_from_btf(btf, id + 1, &type) && type.shown == EXPR_SHOWN_DEV_T,
	   "one that is constant");
	id = kbtf_find(btf, "sample_u32", 1u << BTF_KIND_TYPEDEF);
	ok(expr_type_from_btf(btf, id, &type) && type.shown == EXPR_SHOWN_PLAIN, "another number");
}

static void test_types(void)
{
	ok(has_type("item->number", EXPR_NUMBER, 4, true, "int"), "a signed number");
	ok(has_type("item->big", EXPR_NUMBER, 8, false, "long unsigned int"), "an unsigned number");
	ok(has_type("item->number + 1", EXPR_NUMBER, 8, true, NULL), "a sum");
	ok(has_type("item->big + 1", EXPR_NUMBER, 8, false, NULL), "a sum of 64 bits");
	ok(has_type("item->flag", EXPR_BOOL, 1, false, NULL), "a bool");
	ok(has_type("item->number < 3", EXPR_BOOL, 1, false, NULL), "a comparison");
	ok(has_type("item->state", EXPR_ENUM, 4, false, "sample_state"), "an enum");
	ok(has_type("item->error", EXPR_ENUM, 4, true, "sample_error"), "a signed one");
	ok(has_type("WIDE_TOP", EXPR_ENUM, 8, false, "sample_wide"), "one of 64 bits");
	ok(has_type("(enum PLAIN_NINE)item->number", EXPR_ENUM, 4, false, "") &&
	   !strcmp(kbtf_enum_name(btf, kbtf_enum(btf, "PLAIN_NINE")), "PLAIN_ONE"),
	   "one without a name goes by its constants");
	ok(kbtf_enum(btf, "sample_state") && !kbtf_enum(btf, "STATE_IDLE") &&
	   !strcmp(kbtf_enum_name(btf, kbtf_enum(btf, "sample_state")), "sample_state"),
	   "one with a name does not");
	ok(!expr_wants_error("item->number") && expr_wants_error("(errno)item->number") &&
	   !expr_wants_error("(errno)item->number + 1") && !expr_wants_error("(errno *)item"),
	   "what is shown as an error");
	ok(has_type("item->next", EXPR_POINTER, 8, false, "sample_item"), "a pointer");
	ok(has_type("item->fn", EXPR_FUNCTION, 8, false, NULL), "a function");
	ok(has_type("item->label", EXPR_TEXT, 8, false, NULL), "a pointer to char");
	ok(has_type("item->in.name", EXPR_TEXT, 8, false, NULL), "an array of char");
	ok(has_type("item->bytes", EXPR_POINTER, 8, false, NULL), "no pointer to bytes");
	ok(has_type("text", EXPR_TEXT, 8, false, NULL), "an argument that points to char");
	ok(has_type("(u64)text", EXPR_NUMBER, 8, false, NULL), "but not as a number");
	ok(has_type("&text[1]", EXPR_TEXT, 8, false, NULL), "its end");
	ok(has_type("small.high", EXPR_NUMBER, 2, true, NULL), "part of an argument");
	ok(!strcmp(kbtf_enumerator_name(btf, kbtf_find(btf, "sample_error", 1u << BTF_KIND_ENUM),
					ERROR_LOW), "ERROR_LOW"), "the name of an enum's value");
	ok(!kbtf_enumerator_name(btf, kbtf_find(btf, "sample_error", 1u << BTF_KIND_ENUM), 5),
	   "which not every value has");
}

static void test_faults(void)
{
	ok(run_as(&machine, "item->next->next->next->number", &scope, AS_VALUE, NULL) == LOST,
	   "a pointer that is NULL is a fault");
	ok(run_as(&machine, "item->next->next->next && item->next->next->next->number == 1", &scope,
		  AS_WHERE, NULL) == FILTERED, "but can be tested before");
	ok(run_as(&machine, "((struct sample_item *)arg1)->number", &scope, AS_VALUE, NULL) == LOST,
	   "user space is not read as the kernel");
	ok(run_as(&machine, "user(item)->number", &scope, AS_VALUE, NULL) == LOST,
	   "nor the kernel as user space");
	ok(run_as(&machine, "item->label == \"a label\"", &scope, AS_WHERE, NULL) == LOST,
	   "nor a text that is not there");
	machine.kernel[1] = (struct memory){ label, sizeof(label) };
	ok(run_as(&machine, "item->label == \"a label\"", &scope, AS_WHERE, NULL) == PASSED,
	   "a text behind a pointer");
	ok(run_as(&machine, "item->label", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(machine.texts[0], "a label"), "it is a column");
	ok(run_as(&machine, "&text[2]", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(machine.texts[0], "label"), "so is its end");
	ok(run_as(&machine, "item->in.name", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(machine.texts[0], "inner"), "and one in a struct");
	ok(run_as(&machine, "there->in.name", &scope, AS_KEY, NULL) == PASSED &&
	   !strcmp(machine.texts[0], "inner"), "and one in user space");
	machine.kernel[1] = (struct memory){ inners, sizeof(inners) };
	ok(run_as(&machine, "item->inners[1].x == -6 && item->inners[cpu].raw[0] == 250 && item->inners[cpu].name == \"second\"",
		  &scope, AS_WHERE, NULL) == PASSED, "elements of structs behind a pointer");
	machine.kernel[1] = (struct memory){ &number_there, sizeof(number_there) };
	ok(run_as(&machine, "*item->pint == 31 && item->pint[0] == 31", &scope, AS_WHERE, NULL) ==
	   PASSED, "a number behind a pointer");
	machine.kernel[1] = (struct memory){ bytes_there, sizeof(bytes_there) };
	ok(run_as(&machine, "item->bytes == \"u8\" && *(item->bytes + 1) == '8'", &scope, AS_WHERE,
		  NULL) == PASSED, "bytes behind a pointer");
}

/* The task that runs has a type if the kernel says so. */
static void test_task(void)
{
	static const struct task_struct task = { .pid = 77, .comm = "worker" };
	struct expr_scope untyped = { .find = find_name, .no_btf = "there is no BTF" };
	struct program p = {};

	machine.context[KOBS_PROG_TASK] = (uintptr_t)&task;
	machine.kernel[1] = (struct memory){ &task, sizeof(task) };
	ok(run_as(&machine, "task->pid", &scope, AS_VALUE, NULL) == PASSED && machine.value == 77,
	   "the task that runs");
	ok(compile_as(&p, "task->pid", &untyped, AS_KEY, NULL) == STATUS_USAGE &&
	   strstr(heard(), "': 'task' is a pointer to void: there is no BTF (column 1)\n"),
	   "one without a type");
	ok(run_as(&machine, "*(int)(task)", &untyped, AS_VALUE, NULL) == PASSED &&
	   machine.value == 77, "is an address all the same");
}

static bool is_param(const struct kbtf_param *p, const char *name, int arg)
{
	return !strcmp(p->name, name) && p->arg == arg;
}

static void test_params(void)
{
	struct kbtf_param p[8];
	uint32_t id = kbtf_function(btf, "sample_call");

	ok(id && kbtf_params(btf, id, 0, p, 8) == 6 && is_param(&p[0], "item", 0) &&
	   is_param(&p[2], "number", 2) && is_param(&p[3], "small", 3) &&
	   is_param(&p[4], "text", 4) && is_param(&p[5], "flag", 5), "parameters of a function");
	ok(!strcmp(kbtf_name(btf, kbtf_type(btf, id)->type), "int"), "what it returns");
	ok(kbtf_params(btf, id, 0, p, 2) == 6, "more than there is room for");
	id = kbtf_function(btf, "sample_values");
	ok(id && kbtf_params(btf, id, 0, p, 8) == 4 && is_param(&p[0], "pair", 0) &&
	   is_param(&p[1], "n", 2) && is_param(&p[2], "large", KBTF_NO_ARG) &&
	   is_param(&p[3], "last", KBTF_NO_ARG), "structs that are passed by value");
	id = kbtf_tracepoint(btf, "sample_event");
	ok(id && kbtf_params(btf, id, 1, p, 8) == 2 && is_param(&p[0], "item", 0) &&
	   is_param(&p[1], "on", 1), "arguments of a tracepoint");
	id = kbtf_tracepoint(btf, "sample_other");
	ok(id && kbtf_params(btf, id, 1, p, 8) == 1 && is_param(&p[0], "", 0) &&
	   !strcmp(kbtf_name(btf, p[0].type), "long int"), "of one that has no names of them");
	ok(!kbtf_function(btf, "sample_item") && !kbtf_tracepoint(btf, "sample_call"), "and no others");
}

static void put(const char *dir, const char *name, const struct btf *types)
{
	struct buf path = {};
	uint32_t size;
	const void *raw = btf__raw_data(types, &size);
	FILE *f;

	buf_printf(&path, "%s/%s", dir, name);
	f = fopen(path.p, "w");
	if (!f || fwrite(raw, size, 1, f) != 1 || fclose(f))
		perror(path.p);
	buf_free(&path);
}

/* Many searches, after some of which a table of names is made, find what one finds. */
static void test_searches(const struct btf *module, const struct btf *base, uint32_t proto)
{
	const uint32_t item = kbtf_find(base, "sample_item", 1u << BTF_KIND_STRUCT);
	const uint32_t theirs = kbtf_function(base, "sample_call");
	unsigned int right = 0;
	int i;

	/* Of one, and of two by turns, which have a table no more. */
	for (i = 0; i < 60; i++) {
		right += kbtf_function(module, "sample_call") == proto &&
			 kbtf_find(module, "sample_item", 1u << BTF_KIND_STRUCT) == item &&
			 !kbtf_find(module, "sample_item", 1u << BTF_KIND_FUNC) &&
			 !kbtf_find(module, "sample_nothing", ~0u);
		if (i >= 30)
			right += kbtf_function(base, "sample_call") == theirs;
	}
	ok(right == 60 + 30 && item && theirs && theirs != proto, "searches");
}

/* The types of the kernel and of a module, in files. */
static void test_files(struct btf *base)
{
	struct btf *split = btf__new_empty_split(base);
	char dir[] = "/tmp/obsctl-btf-XXXXXX";
	struct kbtf k = {};
	struct buf why = {};
	const struct btf *module;
	uint32_t proto;

	proto = (uint32_t)btf__add_func_proto(split, 1);
	btf__add_func(split, "sample_call", BTF_FUNC_STATIC, (int)proto);
	if (!mkdtemp(dir) || setenv("OBSCTL_BTF", dir, 1))
		perror(dir);
	ok(!kbtf_get(&k, "sample", &why) &&
	   strstr(why.p, "/vmlinux cannot be read: No such file or directory"), "a kernel without BTF");
	put(dir, "vmlinux", base);
	put(dir, "sample", split);
	buf_free(&why);
	module = kbtf_get(&k, "sample", &why);
	ok(module && !why.len && kbtf_get(&k, "sample", &why) == module, "a module's");
	ok(module && kbtf_function(module, "sample_call") == proto &&
	   kbtf_function(k.kernel, "sample_call") == kbtf_function(btf, "sample_call"),
	   "its names come first");
	ok(module && kbtf_find(module, "sample_item", 1u << BTF_KIND_STRUCT) ==
	   kbtf_find(btf, "sample_item", 1u << BTF_KIND_STRUCT), "those of the kernel follow");
	if (module)
		test_searches(module, k.kernel, proto);
	ok(!kbtf_get(&k, "other", &why) && strstr(why.p, "/other cannot be read: "),
	   "a module without BTF");
	kbtf_free(&k);
	buf_free(&why);
	btf__free(split);
	buf_printf(&why, "rm -rf %s", dir);
	if (system(why.p))
		perror(why.p);
	buf_free(&why);
}

int main(void)
{
	static const char *const known[] = { "item", "there", "number", "small", NULL };
	struct kbtf_param p[6];
	struct name args[7] = {};
	struct btf *base;
	size_t i;

	listen_begin();
	if (!kbtf_available()) {
		printf("1..0 # SKIP libbpf is not installed\n");
		return 1;
	}
	base = sample_btf();
	btf = base;
	kbtf_params(btf, kbtf_function(btf, "sample_call"), 0, p, 6);
	for (i = 0; i < 6; i++)
		args[i] = (struct name){ .name = p[i].name, .arg = (unsigned int)p[i].arg,
					 .id = p[i].type };
	scope.btf = btf;
	scope.arg = args;
	scope.names = known;
	set_machine();
	test_values();
	test_user_values();
	test_sentences();
	test_types();
	test_devices();
	test_faults();
	test_task();
	test_params();
	test_files(base);
	btf__free(base);
	return finish();
}
