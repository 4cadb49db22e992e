/* want: tests/fixtures/text/rapidfuzz_vectors.json; its README says by what they were made. Longer
 * texts against the tables of the definitions, filled in full here.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "io/json.h"
#include "test.h"
#include "text/code_points.h"
#include "text/edit_measure.h"

#include <stdlib.h>

static const struct {
    const char *key, *measure;
} keys[] = {
    {"ratio", "ratio"},
    {"partial_ratio", "partial_ratio"},
    {"token_sort_ratio", "token_sort_ratio"},
    {"token_set_ratio", "token_set_ratio"},
    {"partial_token_sort_ratio", "partial_token_sort_ratio"},
    {"WRatio", "wratio"},
    {"QRatio", "qratio"},
    {"lev", "levenshtein"},
    {"lev_w112", "indel"},
    {"lev_norm_sim", "levenshtein_similarity"},
    {"indel", "indel"},
    {"indel_norm_sim", "indel_similarity"},
    {"lcs", "lcs"},
    {"osa", "osa"},
    {"damerau", "damerau"},
    {"jaro", "jaro"},
    {"jaro_winkler", "jaro_winkler"},
    {"prefix", "prefix"},
    {"postfix", "postfix"},
    {"hamming", "hamming"},
};

static size_t wrong_of(const struct json *row, struct edit_measure_scratch *s,
                       struct code_points *a, struct code_points *b)
{
    const struct json *const va = json_get(row, "a"), *const vb = json_get(row, "b");
    size_t bad = 0, wrong = 0;
    if (!code_points_decode(json_str(va, ""), json_len(va), a, &bad) ||
        !code_points_decode(json_str(vb, ""), json_len(vb), b, &bad))
        return 1;
    const struct edit_pair pair = {a->at, b->at, a->n, b->n};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const double want = json_f64(json_get(row, keys[i].key), NOT_MEASURED);
        const double got = edit_measure(s, edit_measure_find(keys[i].measure), pair);
        if (got == want || (isnan(got) && isnan(want)))
            continue;
        wrong++;
        printf("# %s of '%s' and '%s': got %.17g, want %.17g\n", keys[i].key, json_str(va, ""),
               json_str(vb, ""), got, want);
    }
    return wrong;
}

static void check_vectors(struct arena *arena)
{
    struct err e = {};
    const struct json *file = nullptr, *row;
    if (json_read_file(
            arena_printf(arena, "%s/fixtures/text/rapidfuzz_vectors.json", getenv("CHIMERA_TESTS")),
            arena, &file, &e)) {
        CHECK("the vectors are there", false, "%s", e.msg);
        return;
    }
    CLEANUP(edit_measure_done) struct edit_measure_scratch s = {};
    CLEANUP(code_points_done) struct code_points a = {};
    CLEANUP(code_points_done) struct code_points b = {};
    size_t n = 0, wrong = 0;
    for (struct json_iter it = json_iter(json_get(file, "rows")); (row = json_next(&it, nullptr));
         n++)
        wrong += wrong_of(row, &s, &a, &b);
    CHECK("every value of every pair, to the last bit", n > 10 && wrong == 0, "%zu rows, %zu wrong",
          n, wrong);
}

constexpr size_t MOST = 400;

struct table {
    size_t at[MOST + 1][MOST + 1];
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t by_table(struct table *t, struct edit_pair p, size_t replace, bool swaps)
{
    for (size_t i = 0; i <= p.na; i++)
        for (size_t j = 0; j <= p.nb; j++) {
            if (i == 0 || j == 0) {
                t->at[i][j] = i + j;
                continue;
            }
            const bool equal = p.a[i - 1] == p.b[j - 1];
            size_t best = least(t->at[i - 1][j], t->at[i][j - 1]) + 1;
            best = least(best, t->at[i - 1][j - 1] + (equal ? 0 : replace));
            if (swaps && i > 1 && j > 1 && p.a[i - 1] == p.b[j - 2] && p.a[i - 2] == p.b[j - 1])
                best = least(best, t->at[i - 2][j - 2] + 1);
            t->at[i][j] = best;
        }
    return t->at[p.na][p.nb];
}

static void check_tables(void)
{
    static struct table t;
    static uint32_t a[MOST], b[MOST];
    CLEANUP(edit_done) struct edit d = {};
    struct rng r;
    rng_init(&r, 7);
    size_t wrong = 0, wrong_osa = 0, wrong_indel = 0;
    for (size_t k = 0; k < 300; k++) {
        const struct edit_pair p = {a, b, (size_t)rng_below(&r, k < 250 ? 150 : MOST),
                                    (size_t)rng_below(&r, k < 250 ? 150 : MOST)};
        const uint64_t letters = 2 + rng_below(&r, 12);
        for (size_t i = 0; i < p.na; i++)
            a[i] = (uint32_t)(rng_below(&r, letters) * 0x1111);
        for (size_t i = 0; i < p.nb;
             i++) /* mostly a with changes, so that there is something to find */
            b[i] =
                i < p.na && rng_below(&r, 4) ? a[i] : (uint32_t)(rng_below(&r, letters) * 0x1111);
        for (size_t i = 1; i < p.nb; i += 5) {
            const uint32_t turn = b[i];
            b[i] = b[i - 1];
            b[i - 1] = turn;
        }
        wrong += edit_levenshtein(&d, p) != by_table(&t, p, 1, false);
        wrong_osa += edit_osa(&d, p) != by_table(&t, p, 1, true);
        wrong_indel += edit_indel(&d, p) != by_table(&t, p, 2, false);
    }
    CHECK("Levenshtein by its table, up to seven blocks", wrong == 0, "%zu of 300 wrong", wrong);
    CHECK("with transpositions", wrong_osa == 0, "%zu of 300 wrong", wrong_osa);
    CHECK("insertions and deletions alone", wrong_indel == 0, "%zu of 300 wrong", wrong_indel);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    check_vectors(a);
    check_tables();
    CHECK("no such measure", edit_measure_find("levenstein") == edit_measure_count(), "found");
    return test_done();
}
