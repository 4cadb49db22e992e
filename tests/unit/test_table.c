#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "report/number.h"
#include "report/table.h"
#include "test.h"

/* want: by eye */
static void test_print(struct arena *a)
{
    static const struct table_column columns[] = {{"name", false}, {"ms", true}, {"empty", true}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    table_heading(&t, "group");
    table_add(&t, (struct table_cell[]){{"größe"}, {"1.5"}, {nullptr}});
    table_add(&t, (struct table_cell[]){{"日本"}, {nullptr}, {nullptr}});
    table_add(&t, (struct table_cell[]){{"x", TABLE_BAD}, {"120"}, {nullptr}});
    CLEANUP(str_done) struct str out = {};
    table_print(&t, false, &out);
    const char want[] = "name    ms\n"
                        "group\n"
                        "größe  1.5\n"
                        "日本     -\n"
                        "x      120\n";
    CHECK("columns meet, an empty one is gone", strcmp(str_text(&out), want) == 0, "\n%s",
          str_text(&out));
    str_clear(&out);
    table_print(&t, true, &out);
    CHECK("colour changes no width", strstr(str_text(&out), "\033[31mx\033[0m      120\n"), "\n%s",
          str_text(&out));
}

/* want: by eye */
static void test_narrow(struct arena *a)
{
    static const struct table_column columns[] = {
        {"name", false}, {"ms", true}, {"empty", true}, {"tokens", true}, {"verdict", false}};
    struct table t;
    table_init(&t, a, columns, COUNT_OF(columns));
    table_add(&t, (struct table_cell[]){{"one"}, {"1.5"}, {nullptr}, {"12"}, {"a long word"}});
    table_add(&t, (struct table_cell[]){{"two"}, {"2"}, {nullptr}, {"9"}, {"fine"}});
    CLEANUP(str_done) struct str out = {}, whole = {};
    table_print_within(&t, 1, 17, false, &out);
    const char want[] = "name   ms  tokens\n"
                        "one   1.5      12\n"
                        "two     2       9\n"
                        "\n"
                        "name  verdict\n"
                        "one   a long word\n"
                        "two   fine\n";
    CHECK("what is too wide goes on below", strcmp(str_text(&out), want) == 0, "\n%s",
          str_text(&out));
    str_clear(&out);
    table_print_within(&t, 1, 1, false, &out);
    CHECK("a column at least", strstr(str_text(&out), "name  verdict\n"), "\n%s", str_text(&out));
    str_clear(&out);
    table_print_within(&t, 1, 0, false, &out);
    table_print(&t, false, &whole);
    CHECK("no end", strcmp(str_text(&out), str_text(&whole)) == 0, "\n%s", str_text(&out));
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    static const struct {
        const char *text;
        size_t want;
    } widths[] = {{"", 0}, {"abc", 3}, {"größe", 5}, {"日本", 4}, {"e\u0301", 1}, {"\xff", 1}};
    for (size_t i = 0; i < COUNT_OF(widths); i++)
        CHECK("width", table_width(widths[i].text) == widths[i].want, "'%s': %zu", widths[i].text,
              table_width(widths[i].text));
    static const struct {
        double x;
        const char *want;
    } numbers[] = {
        {0, "0.000"},      {0.0432, "0.043"}, {0.9996, "1.00"},    {9.996, "10.0"},
        {99.96, "100"},    {312.4, "312"},    {12400, "12 400"},   {1234567, "1 234 567"},
        {-5.314, "-5.31"}, {9999.9, "10000"}, {10007.2, "10 007"},
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        CHECK(numbers[i].want, strcmp(number_short(a, numbers[i].x), numbers[i].want) == 0, "%s",
              number_short(a, numbers[i].x));
    CHECK("no number, no text", number_short(a, NOT_MEASURED) == nullptr, "some");
    test_print(a);
    test_narrow(a);
    return test_done();
}
