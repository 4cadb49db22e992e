/* rng: the words of numpy.random.PCG64(42), printed by NumPy 2.4 (see ../shared design notes, 1.4):
 * c621fbcd16d92688, 705a5661a791ffc1, dbcd12c26eda1624. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "base/opt.h"
#include "base/plain.h"
#include "base/rng.h"
#include "base/str.h"
#include "test.h"

static void rng_is_numpys(void)
{
    struct rng r;
    rng_init(&r, 42);
    CHECK("first word of PCG64(42)", rng_u64(&r) == 0xc621fbcd16d92688U, "differs");
    CHECK("second word", rng_u64(&r) == 0x705a5661a791ffc1U, "differs");
    CHECK("third word", rng_u64(&r) == 0xdbcd12c26eda1624U, "differs");
    rng_init(&r, 7);
    uint32_t seen = 0;
    for (int i = 0; i < 1000; i++)
        seen |= 1U << rng_below(&r, 5);
    CHECK("below 5 are 0..4, all of them", seen == 31, "mask %u", seen);
}

static void nearest(void)
{
    const char *const words[] = {"repetitions", "scenarios", "models", "run"};
    const char *got = nearest_word("repetitons", words, COUNT_OF(words));
    CHECK("a letter missing", got == words[0], "got %s", got ? got : "none");
    got = nearest_word("nur", words, COUNT_OF(words));
    CHECK("two of three letters wrong is another word", got == nullptr, "got %s", got ? got : "");
    got = nearest_word("rnu", words, COUNT_OF(words));
    CHECK("letters swapped", got == words[3], "got %s", got ? got : "none");
}

/* Which bytes are UTF-8: RFC 3629, the table of section 4, its borders and one beyond each. */
static void plain(void)
{
    static const struct {
        const char *label, *text, *want;
    } rows[] = {
        {"text stays", "a\u00e9\u20ac\U0001f600", "a\u00e9\u20ac\U0001f600"},
        {"control characters", "\x1b[2J\a\r\t\x7f", "?[2J????"},
        {"a new line", "a\nb", "a b"},
        {"C1 in UTF-8",
         "\xc2\x9b"
         "1m\xc2\xa0",
         "??1m\xc2\xa0"},
        {"a tail without a head", "\x80 \xbf", "? ?"},
        {"overlong", "\xc0\x80 \xe0\x9f\x80 \xf0\x8f\x80\x80", "?? ??? ????"},
        {"the first of each length", "\xc2\xa0\xe0\xa0\x80\xf0\x90\x80\x80",
         "\xc2\xa0\xe0\xa0\x80\xf0\x90\x80\x80"},
        {"surrogates", "\xed\x9f\xbf \xed\xa0\x80", "\xed\x9f\xbf ???"},
        {"the last one and beyond", "\xf4\x8f\xbf\xbf \xf4\x90\x80\x80", "\xf4\x8f\xbf\xbf ????"},
        {"cut short", "a\xf0\x9f\x98", "a???"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "%s", rows[i].text);
        plain_line(text);
        CHECK(rows[i].label, strcmp(text, rows[i].want) == 0, "got '%s'", text);
    }
    struct err e = {};
    CHECK("an error is one line",
          err_set(&e, ERR_PARSE, "tensor '%s'", "\x1b\n") == ERR_PARSE &&
              strcmp(e.msg, "tensor '? '") == 0,
          "%s", e.msg);
    CHECK("or several where that is meant",
          err_set_lines(&e, ERR_USAGE, "a\nb\x1b") == ERR_USAGE && strcmp(e.msg, "a\nb?") == 0,
          "%s", e.msg);
}

struct args {
    const char *out;
    uint32_t n;
    bool flag;
    struct opt_list only;
};

static void options(void)
{
    static const struct opt table[] = {
        {OPT_STR, 'o', "output", "DIR", nullptr, "where", FIELD_OF(struct args, out, const char *)},
        {OPT_U32, 'n', "number", "N", "7", "how many", FIELD_OF(struct args, n, uint32_t), .min = 1,
         .max = 9},
        {OPT_FLAG, 'f', "flag", nullptr, nullptr, "set", FIELD_OF(struct args, flag, bool)},
        {OPT_LIST, 0, "only", "K=G", nullptr, "pick", FIELD_OF(struct args, only, struct opt_list)},
        {},
    };
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 20);
    struct args got = {};
    struct err e = {};
    struct opt_list rest = {};
    const struct opt_set set = {table, &got};
    char *argv[] = {"x.yaml", "-oDIR", "--only=a=b", "--only", "c", "-f", "--", "-y"};
    enum err_code code = opt_parse(&set, 1, COUNT_OF(argv), argv, &rest, a, &e);
    CHECK("options and operands in any order",
          code == ERR_OK && strcmp(got.out, "DIR") == 0 && got.n == 7 && got.flag &&
              got.only.n == 2 && rest.n == 2 && strcmp(rest.items[1], "-y") == 0,
          "%s", e.msg);
    char *bad[] = {"--numbr", "3"};
    code = opt_parse(&set, 1, COUNT_OF(bad), bad, &rest, a, &e);
    CHECK("a mistyped option names the right one", code == ERR_USAGE && strstr(e.msg, "--number"),
          "%s", e.msg);
    char *bound[] = {"-n", "10"};
    code = opt_parse(&set, 1, COUNT_OF(bound), bound, &rest, a, &e);
    CHECK("a bound is kept and said", code == ERR_USAGE && strstr(e.msg, "1..9"), "%s", e.msg);
}

/* By date -u -d @SECONDS +%FT%T. */
static void instants(void)
{
    static const struct {
        nsec_t ns;
        unsigned decimals;
        const char *want;
    } rows[] = {
        {0, 3, "1970-01-01T00:00:00.000Z"},
        {1'769'860'800'123'456'789, 3, "2026-01-31T12:00:00.123Z"},
        {1'769'860'800'123'456'789, 6, "2026-01-31T12:00:00.123456Z"},
        {1'769'860'800'123'456'789, 9, "2026-01-31T12:00:00.123456789Z"},
        {1'769'860'800'000'001'000, 6, "2026-01-31T12:00:00.000001Z"},
        {-1, 6, "1969-12-31T23:59:59.999999Z"},
        {-86'400'000'000'000, 1, "1969-12-31T00:00:00.0Z"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[32];
        clock_utc(rows[i].ns, rows[i].decimals, text);
        CHECK(rows[i].want, strcmp(text, rows[i].want) == 0, "%s", text);
    }
}

int main(void)
{
    instants();
    rng_is_numpys();
    nearest();
    plain();
    options();
    return test_done();
}
