/* rng: the words of numpy.random.PCG64(42), printed by NumPy 2.4 (see ../shared design notes, 1.4):
 * c621fbcd16d92688, 705a5661a791ffc1, dbcd12c26eda1624. */
#include "base/arena.h"
#include "base/nearest.h"
#include "base/opt.h"
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

int main(void)
{
    rng_is_numpys();
    nearest();
    options();
    return test_done();
}
