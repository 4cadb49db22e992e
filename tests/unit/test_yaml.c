#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/yaml.h"
#include "test.h"

#include <stdlib.h>

static struct arena *arena;

static const struct yaml *parse(const char *text, struct err *e)
{
    const struct yaml *v = nullptr;
    if (yaml_parse(text, strlen(text), "f.yaml", arena, &v, e))
        return nullptr;
    return v;
}

/* want: the line and column by counting, the words by what a person has to do. */
static const struct {
    const char *why, *text, *want;
} wrong[] = {
    {"a key twice", "a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key 'a' stands twice, first in line 1"},
    {"a key twice in a flow map", "m: {x: 1, x: 2}\n", "f.yaml:1:11: the key 'x' stands twice"},
    {"a tab", "a:\n\tb: 1\n", "f.yaml:2:1: this character cannot begin a value"},
    {"an open bracket", "a: [1, 2\nb: 3\n", "f.yaml:2:"},
    {"an open quote", "a: \"b\n", "f.yaml:"},
    {"a colon in text", "a: b: c\n", "f.yaml:1:5: a ':' is not allowed here"},
    {"an alias of nothing", "a: *x\n", "f.yaml:1:4: *x: no &x stands before it"},
    {"an alias inside itself", "a: &x [*x]\n", "f.yaml:1:8: *x lies inside itself"},
    {"two documents", "a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document"},
    {"a merge key", "a: &x {b: 1}\nc:\n  <<: *x\n", "f.yaml:3:3: merging maps with '<<'"},
    {"a list as a key", "[a, b]: 1\n", "f.yaml:1:1: a key is one word"},
    {"bytes that are no UTF-8", "a: \xff\n", "not UTF-8"},
    {"a NUL", "a: \"\\0\"\n", "f.yaml:1:4: text with a NUL"},
};

static void errors(void)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct err e = {};
        const struct yaml *const v = parse(wrong[i].text, &e);
        CHECK(wrong[i].why, !v && e.code == ERR_PARSE && strstr(e.msg, wrong[i].want), "%s", e.msg);
    }
}

static void tree(void)
{
    struct err e = {};
    const struct yaml *const v =
        parse("# comment\nname: x\nlist: [a, 'b', \"3\"]\nmap:\n  k: |\n    two\n"
              "    lines\nempty:\nshared: &s {d: 1}\nagain: *s\n",
              &e);
    CHECK("parses", v && v->type == YAML_MAP && v->n == 6, "%s", e.msg);
    CHECK("the order of the file", strcmp(v->keys[3]->text, "empty") == 0, "%s", v->keys[3]->text);
    const struct yaml *const list = yaml_find(v, "list");
    CHECK("a list", list->type == YAML_LIST && list->n == 3, "%u", list->n);
    CHECK("a place", list->items[1]->line == 3 && list->items[1]->column == 11, "%u:%u",
          list->items[1]->line, list->items[1]->column);
    uint64_t n = 7;
    CHECK("a quoted 3 is text", list->items[2]->quoted && !yaml_u64(list->items[2], &n) && n == 7,
          "%zu", (size_t)n);
    CHECK("a block", strcmp(yaml_find(yaml_find(v, "map"), "k")->text, "two\nlines\n") == 0,
          "differs");
    CHECK("null", yaml_is_null(yaml_find(v, "empty")) && !yaml_is_null(yaml_find(v, "name")),
          "differs");
    CHECK("an alias is the node", yaml_find(v, "shared") == yaml_find(v, "again"), "a copy");
    CHECK("no such key", !yaml_find(v, "none") && !yaml_find(list, "x") && !yaml_find(nullptr, "x"),
          "found");
    const struct yaml *const nothing = parse("", &e);
    CHECK("an empty file is null", nothing && yaml_is_null(nothing), "%s", e.msg);
}

static void bounds(void)
{
    CLEANUP(str_done) struct str s = {};
    struct err e = {};
    str_puts(&s, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        str_printf(&s, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++)
            str_printf(&s, "%s*a%d", k ? "," : "", i - 1);
        str_puts(&s, "]\n");
    }
    CHECK("a billion laughs",
          !parse(s.text, &e) && e.code == ERR_LIMIT && strstr(e.msg, "f.yaml:6:"), "%s", e.msg);

    str_clear(&s);
    for (uint32_t i = 0; i < YAML_MOST_DEPTH; i++)
        str_putc(&s, '[');
    for (uint32_t i = 0; i < YAML_MOST_DEPTH; i++)
        str_putc(&s, ']');
    CHECK("as deep as allowed", parse(s.text, &e), "%s", e.msg);
    CLEANUP(str_done) struct str deeper = {};
    str_printf(&deeper, "[%s]", s.text);
    CHECK("one deeper", !parse(deeper.text, &e) && e.code == ERR_LIMIT, "%s", e.msg);
}

static const struct {
    const char *text;
    bool number;
    double want;
} numbers[] = {
    {"1", true, 1},        {"1e3", true, 1000}, {"-0.5", true, -0.5}, {".5", true, 0.5},
    {"1_000", true, 1000}, {"nan", false, 0},   {".inf", false, 0},   {"0x10", false, 0},
    {"1 000", false, 0},   {"1e999", false, 0}, {"'1'", false, 0},    {"-", false, 0},
};

static void values(void)
{
    struct err e = {};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        double x = 99;
        const bool is = yaml_f64(parse(numbers[i].text, &e), &x);
        CHECK(numbers[i].text, is == numbers[i].number && x == (is ? numbers[i].want : 99), "%d %g",
              is, x);
    }
    uint64_t n = 0;
    CHECK("2^64-1 fits", yaml_u64(parse("18446744073709551615", &e), &n) && n == UINT64_MAX,
          "differs");
    CHECK("2^64 does not", !yaml_u64(parse("18446744073709551616", &e), &n), "fits");
    CHECK("-1 is not whole and positive", !yaml_u64(parse("-1", &e), &n), "is");
    bool flag = false;
    CHECK("yes", yaml_bool(parse("Yes", &e), &flag) && flag, "no");
    CHECK("off", yaml_bool(parse("off", &e), &flag) && !flag, "no");
    CHECK("maybe", !yaml_bool(parse("maybe", &e), &flag), "is");
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    arena = a;
    errors();
    tree();
    bounds();
    values();
    return test_done();
}
