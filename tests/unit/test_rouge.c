/* want: tests/fixtures/text/rouge_vectors.json; its README says by what they were made. */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/json.h"
#include "test.h"
#include "text/lcs.h"
#include "text/rouge.h"

#include <stdlib.h>

static struct line text_of(const struct json *v)
{
    return (struct line){json_str(v, ""), json_len(v)};
}

static bool close_to(double got, double want)
{
    return fabs(got - want) <= 1e-9;
}

static size_t wrong_scores(const struct json *row, const struct rouge_score *got)
{
    size_t wrong = 0;
    const char *name = nullptr;
    const struct json *want;
    for (struct json_iter it = json_iter(json_get(row, "scores"));
         (want = json_next(&it, &name));) {
        const struct rouge_score *const s = &got[rouge_type_of(name) - 1];
        const bool same = rouge_type_of(name) &&
                          close_to(s->precision, json_f64(json_get(want, "p"), -1)) &&
                          close_to(s->recall, json_f64(json_get(want, "r"), -1)) &&
                          close_to(s->f, json_f64(json_get(want, "f"), -1));
        if (!same)
            printf("# %s of '%s': got %.12g %.12g %.12g\n", name,
                   json_str(json_get(row, "prediction"), "?"), s->precision, s->recall, s->f);
        wrong += !same;
    }
    return wrong;
}

static void check_vectors(struct arena *a)
{
    struct err e = {};
    const struct json *rows = nullptr, *row;
    if (json_read_file(
            arena_printf(a, "%s/fixtures/text/rouge_vectors.json", getenv("CHIMERA_TESTS")), a,
            &rows, &e)) {
        CHECK("the vectors are there", false, "%s", e.msg);
        return;
    }
    CLEANUP(rouge_freep) struct rouge *plain = rouge_new(false);
    CLEANUP(rouge_freep) struct rouge *stemmed = rouge_new(true);
    uint8_t types[ROUGE_TYPES - 1];
    for (unsigned t = 1; t < ROUGE_TYPES; t++)
        types[t - 1] = (uint8_t)t;
    size_t n = 0, wrong = 0;
    for (struct json_iter it = json_iter(rows); (row = json_next(&it, nullptr)); n++) {
        struct rouge_score got[ROUGE_TYPES] = {};
        const struct line target = text_of(json_get(row, "target")),
                          prediction = text_of(json_get(row, "prediction"));
        rouge_compute(json_bool(json_get(row, "stem"), false) ? stemmed : plain, &prediction,
                      &target, 1, types, COUNT_OF(types), got);
        wrong += wrong_scores(row, got);
    }
    CHECK("every score of every pair to 1e-9", n > 10 && wrong == 0, "%zu rows, %zu wrong", n,
          wrong);
}

/* want: by hand. */
static const struct {
    const char *why, *prediction, *references[2];
    unsigned type;
    double p, r;
} rows[] = {
    {"the reference with the larger F", "a b", {"a x y z", "a b c"}, 1, 1, 2 / 3.0},
    {"of equal ones the first", "a b", {"a x", "b x y z"}, 1, 0.5, 0.5},
    {"the Kelvin sign is a k", "\xe2\x84\xaa", {"k"}, 1, 1, 1},
    {"a capital I with a dot is an i, and a blank", "\xc4\xb0z", {"i z"}, 2, 1, 1},
    {"other letters part words", "na\xc3\xafve", {"na ve"}, 2, 1, 1},
    {"a word of over eight letters is not its beginning", "abcdefgh", {"abcdefghi"}, 1, 0, 0},
};

static void check_rows(void)
{
    CLEANUP(rouge_freep) struct rouge *r = rouge_new(false);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct line references[2] = {};
        size_t n = 0;
        for (; n < 2 && rows[i].references[n]; n++)
            references[n] = (struct line){rows[i].references[n], strlen(rows[i].references[n])};
        const struct line prediction = {rows[i].prediction, strlen(rows[i].prediction)};
        struct rouge_score got = {};
        rouge_compute(r, &prediction, references, n, (const uint8_t[]){(uint8_t)rows[i].type}, 1,
                      &got);
        CHECK(rows[i].why, close_to(got.precision, rows[i].p) && close_to(got.recall, rows[i].r),
              "got p %.12g, r %.12g", got.precision, got.recall);
    }
}

/* want: the table of rouge_score's _lcs_table, and its walk back, done in full. */
constexpr size_t LONG = 700;
constexpr size_t SHORT = 300;

static void table_fill(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, uint32_t *t)
{
    for (size_t i = 0; i <= na; i++)
        for (size_t j = 0; j <= nb; j++) {
            uint32_t *const row = t + i * (nb + 1), *const above = row - (nb + 1);
            if (i == 0 || j == 0)
                row[j] = 0;
            else if (a[i - 1] == b[j - 1])
                row[j] = above[j - 1] + 1;
            else
                row[j] = above[j] > row[j - 1] ? above[j] : row[j - 1];
        }
}

static void check_lcs(size_t na, size_t nb, uint32_t letters)
{
    static uint32_t a[LONG], b[LONG], t[(LONG + 1) * (LONG + 1)];
    static bool got[LONG], want[LONG];
    uint32_t state = 12345;
    for (size_t i = 0; i < na + nb; i++) {
        state = state * 1664525 + 1013904223;
        *(i < na ? &a[i] : &b[i - na]) = (state >> 16) % letters + (i < na);
    }
    table_fill(a, na, b, nb, t);
    memset(got, 0, sizeof got);
    memset(want, 0, sizeof want);
    for (size_t i = na, j = nb; i > 0 && j > 0;) {
        if (a[i - 1] == b[j - 1]) {
            want[i - 1] = true;
            i--, j--;
        } else if (t[i * (nb + 1) + j - 1] > t[(i - 1) * (nb + 1) + j]) {
            j--;
        } else {
            i--;
        }
    }
    CLEANUP(lcs_done) struct lcs l = {};
    const struct lcs_pair pair = {a, b, na, nb, letters};
    lcs_mark(&l, &pair, got);
    const size_t length = lcs_length(&l, &pair);
    char label[80];
    (void)snprintf(label, sizeof label, "the same subsequence: %zu against %zu of %u", na, nb,
                   letters);
    CHECK(label, memcmp(got, want, sizeof got) == 0 && length == t[na * (nb + 1) + nb],
          "length %zu, want %u", length, t[na * (nb + 1) + nb]);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    check_vectors(a);
    check_rows();
    check_lcs(1, 1, 2);
    check_lcs(64, 200, 3);
    check_lcs(65, 64, 5);
    check_lcs(LONG, SHORT, 4);
    check_lcs(SHORT, LONG, 50);
    return test_done();
}
