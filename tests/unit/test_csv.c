/* io/csv.c and import/literal.c. Expected rows: RFC 4180 and, for what it allows, Python's csv
 * module with strict=True; instants: date -u +%s. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "folder.h"
#include "import/literal.h"
#include "io/csv.h"
#include "io/file.h"
#include "test.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *path;

/* The whole table as text: fields in <>, rows ended by /, a malformed one is !, a failure is X. */
static const char *read_all(const char *text, size_t n, char delimiter, struct arena *a)
{
    CLEANUP(csv_closep) struct csv *c = nullptr;
    CLEANUP(str_done) struct str out = {};
    struct err e = {};
    struct csv_row row;
    if (file_write(path, text, n, &e) || csv_open(path, delimiter, a, &c, &e))
        return arena_printf(a, "no: %s", e.msg);
    size_t names;
    const char *const *const name = csv_names(c, &names);
    for (size_t i = 0; i < names; i++)
        str_printf(&out, "<%s>", name[i]);
    str_putc(&out, '/');
    for (;;) {
        const enum csv_result result = csv_next(c, &row, &e);
        if (result == CSV_END)
            return arena_strdup(a, out.text);
        if (result == CSV_FAILED)
            return arena_printf(a, "%sX", out.text);
        for (size_t i = 0; result == CSV_ROW && i < row.n; i++)
            str_printf(&out, "<%s>", row.fields[i].text);
        str_puts(&out, result == CSV_ROW ? "/" : "!");
    }
}

static void tables(struct arena *a)
{
    static const struct {
        const char *label, *text, *want;
    } cases[] = {
        {"plain", "a,b\n1,2\n", "<a><b>/<1><2>/"},
        {"no end of the last line", "a,b\n1,2", "<a><b>/<1><2>/"},
        {"CRLF", "a,b\r\n1,2\r\n", "<a><b>/<1><2>/"},
        {"a BOM",
         "\xef\xbb\xbf"
         "a,b\n1,2\n",
         "<a><b>/<1><2>/"},
        {"empty fields", "a,b\n,\n\"\",\n", "<a><b>/<><>/<><>/"},
        {"quotes", "a,b\n\"1,\n\"\"x\"\"\",2\n", "<a><b>/<1,\n\"x\"><2>/"},
        {"a quoted last field", "a,b\n1,\"2\"", "<a><b>/<1><2>/"},
        {"empty lines", "\n\na,b\n\n1,2\r\n\r\n", "<a><b>/<1><2>/"},
        {"one column", "a\n1\n\n\"\"\n2\n", "<a>/<1>/<>/<>/<2>/"},
        {"a short row", "a,b\n1\n2,3\n", "<a><b>/!<2><3>/"},
        {"a long row", "a,b\n1,2,3\n2,3\n", "<a><b>/!<2><3>/"},
        {"a quote inside", "a,b\n1,x\"y\n2,3\n", "<a><b>/!<2><3>/"},
        {"text behind a quote", "a,b\n1,\"x\"y\n2,3\n", "<a><b>/!<2><3>/"},
        {"an open quote", "a,b\n1,\"x\n2,3\n", "<a><b>/X"},
        {"a lone carriage return", "a,b\n1,\r2\n2,3\n", "<a><b>/!<2><3>/"},
        {"semicolons", "a;b\n1,5;2\n", "<a><b>/<1,5><2>/"},
        {"tabs", "a\tb\n1\t2\n", "<a><b>/<1><2>/"},
        {"bars", "a|b\n1|2\n", "<a><b>/<1><2>/"},
        {"delimiters inside quotes do not count", "\"a;;\",b\n1,2\n", "<a;;><b>/<1><2>/"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const got = read_all(cases[i].text, strlen(cases[i].text), '\0', a);
        CHECK(cases[i].label, strcmp(got, cases[i].want) == 0, "got %s, want %s", got,
              cases[i].want);
    }
    CHECK("a given delimiter",
          strcmp(read_all("a;b,c\n1;2,3\n", 12, ';', a), "<a><b,c>/<1><2,3>/") == 0, "-");
    CHECK("two delimiters", strstr(read_all("a;b,c\n", 6, '\0', a), "--delimiter"), "-");
    CHECK("a NUL", strstr(read_all("a\n1\0\n", 5, '\0', a), "NUL"), "-");
    CHECK("UTF-16",
          strstr(read_all("\xff\xfe"
                          "a\0",
                          4, '\0', a),
                 "UTF-16"),
          "-");
    CHECK("empty", strstr(read_all("", 0, '\0', a), "is empty"), "-");
}

/* Rows across the borders of what is read at once, with line numbers and the digest of the whole.
 */
static void large(struct arena *a)
{
    CLEANUP(str_done) struct str text = {};
    CLEANUP(csv_closep) struct csv *c = nullptr;
    constexpr size_t ROWS = 300'000;
    str_puts(&text, "i,text\n");
    for (size_t i = 0; i < ROWS; i++)
        str_printf(&text, "%zu,\"a \"\"%zu\"\"\n%s\"\n", i, i, i % 1000 ? "x" : "a longer text");
    struct err e = {};
    struct csv_row row;
    char got[DIGEST_HEX], want[DIGEST_HEX], field[64];
    if (file_write(path, text.text, text.n, &e) || csv_open(path, '\0', a, &c, &e)) {
        CHECK("a large table", false, "%s", e.msg);
        return;
    }
    size_t rows = 0, right = 0;
    enum csv_result result;
    for (; (result = csv_next(c, &row, &e)) == CSV_ROW; rows++) {
        (void)snprintf(field, sizeof field, "a \"%zu\"\n%s", rows,
                       rows % 1000 ? "x" : "a longer text");
        right += (size_t)strtoul(row.fields[0].text, nullptr, 10) == rows &&
                 strcmp(row.fields[1].text, field) == 0 && row.line == 2 + 2 * rows;
    }
    CHECK("every row of a large table", result == CSV_END && rows == ROWS && right == ROWS,
          "%zu rows, %zu right", rows, right);
    csv_digest(c, got);
    digest_of(text.text, text.n, want);
    CHECK("its digest", strcmp(got, want) == 0 && csv_bytes(c) == text.n, "%s", got);
}

static void numbers(void)
{
    static const struct {
        const char *text, *why; /* why: a part of the refusal; nullptr: a number */
        bool json, negative, whole;
    } cases[] = {
        {"1", nullptr, true, false, true},
        {"-1.50", nullptr, true, true, false},
        {"0", nullptr, true, false, true},
        {"-0.0", nullptr, true, false, true},
        {"64.0", nullptr, true, false, true},
        {"+1", nullptr, false, false, true},
        {"007", nullptr, false, false, true},
        {".5", nullptr, false, false, false},
        {"5.", nullptr, false, false, true},
        {"1e3", nullptr, true, false, false},
        {"1E-3", nullptr, true, false, false},
        {"1e", "is no number", 0, 0, 0},
        {"e1", "is no number", 0, 0, 0},
        {".", "is no number", 0, 0, 0},
        {"-", "is no number", 0, 0, 0},
        {"0x10", "is no number", 0, 0, 0},
        {"1,5", "decimal comma", 0, 0, 0},
        {"1,500", "may be decimal", 0, 0, 0},
        {"1,500.5", "thousands", 0, 0, 0},
        {"1 500", "thousands", 0, 0, 0},
        {"1_500", "thousands", 0, 0, 0},
        {"1'500", "thousands", 0, 0, 0},
        {"inf", "not finite", 0, 0, 0},
        {"-Infinity", "not finite", 0, 0, 0},
        {"5 ms", "unit", 0, 0, 0},
        {"fast", "is no number", 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct literal_number x = {};
        const char *const why = literal_number(cases[i].text, strlen(cases[i].text), &x);
        const bool right = cases[i].why
                               ? why && strstr(why, cases[i].why)
                               : !why && x.json == cases[i].json &&
                                     x.negative == cases[i].negative && x.whole == cases[i].whole;
        CHECK(cases[i].text, right, "%s, json %d, negative %d, whole %d", why ? why : "a number",
              x.json, x.negative, x.whole);
    }
    CHECK("missing",
          literal_is_missing("", 0) && literal_is_missing("NaN", 3) &&
              literal_is_missing("n/a", 3) && literal_is_missing("None", 4) &&
              literal_is_missing("#N/A", 4) && literal_is_missing("-", 1) &&
              !literal_is_missing("0", 1) && !literal_is_missing("no", 2) &&
              !literal_is_missing("-1", 2) && !literal_is_missing("--", 2),
          "-");
}

static void forms(void)
{
    static const struct {
        const char *text, *want; /* nullptr: none of the form */
        char thousands, decimal;
    } cases[] = {
        {"1.234,5", "1234.5", '.', ','},
        {"12,5", "12.5", '.', ','},
        {"-1.234.567", "-1234567", '.', ','},
        {"1234567,25", "1234567.25", '.', ','},
        {"7", "7", '.', ','},
        {"12.5", nullptr, '.', ','},
        {"1.23,4", nullptr, '.', ','},
        {"1,2,3", nullptr, '.', ','},
        {",5", nullptr, '.', ','},
        {"1.2345,6", nullptr, '.', ','},
        {"1,234.5", "1234.5", ',', '.'},
        {"+1,234", "+1234", ',', '.'},
        {"1,234.5e3", nullptr, ',', '.'},
        {"1,234 ms", nullptr, ',', '.'},
        {"12345,678", nullptr, ',', '.'},
        {"", nullptr, ',', '.'},
        {"1.", "1.", ',', '.'},
        {"-", nullptr, ',', '.'},
        {"1,,234", nullptr, ',', '.'},
        {"1,234,", nullptr, ',', '.'},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[32];
        size_t n = strlen(cases[i].text);
        memcpy(text, cases[i].text, n + 1);
        const bool plain = literal_plain(text, &n, cases[i].thousands, cases[i].decimal);
        const char *const want = cases[i].want ? cases[i].want : cases[i].text;
        CHECK(cases[i].text,
              plain == (cases[i].want != nullptr) && strcmp(text, want) == 0 && n == strlen(want),
              "%d '%s'", plain, text);
    }
}

static void instants(void)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: none */
        unsigned fraction;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2026-01-31T12:00:00.123Z", 1769860800123000000, 3},
        {"2026-01-31 12:00:00,5", 1769860800500000000, 1},
        {"2026-01-31T14:00:00+02:00", 1769860800000000000, 0},
        {"2026-01-31T07:30:00.000001-0430", 1769860800000001000, 6},
        {"2000-02-29T23:59:59.999999999Z", 951868799999999999, 9},
        {"2026-01-31", -1, 0},
        {"2026-13-31T12:00:00Z", -1, 0},
        {"2026-01-31T12:00:00 CET", -1, 0},
        {"12:00:00", -1, 0},
        {"", -1, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ns = -1;
        unsigned fraction = 0;
        const bool is = literal_instant(cases[i].text, strlen(cases[i].text), &ns, &fraction);
        CHECK(cases[i].text,
              is == (cases[i].want >= 0) &&
                  (!is || (ns == cases[i].want && fraction == cases[i].fraction)),
              "%" PRId64 ", %u digits", ns, fraction);
    }
}

int main(void)
{
    char folder[] = "/tmp/test_csv_XXXXXX";
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    if (!mkdtemp(folder))
        return 1;
    path = file_join(a, folder, "table.csv");
    tables(a);
    large(a);
    numbers();
    forms();
    instants();
    folder_remove(folder);
    return test_done();
}
