/* want: sacreBLEU at f615c7286d4d (2026-01-12, its version 2.6.0),
 * tests/fixtures/text/sacrebleu_vectors.json. Signatures: printed by sacreBLEU 2.6.0 for those
 * options, with our mark behind its version.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/json.h"
#include "test.h"
#include "text/bleu.h"
#include "text/chrf.h"

#include <stdlib.h>

constexpr size_t SEGMENTS = 64;
constexpr size_t REFS = 4;

struct corpus {
    const char *name;
    size_t n, n_refs;
    struct line hyps[SEGMENTS], refs[SEGMENTS][REFS];
};

static struct line line_of(const struct json *v)
{
    return (struct line){json_str(v, ""), json_len(v)};
}

static struct corpus read_corpus(const char *name, const struct json *v)
{
    struct corpus c = {.name = name};
    const struct json *const hyps = json_get(v, "hyps"), *const refs = json_get(v, "refs");
    c.n = json_len(hyps);
    c.n_refs = json_len(refs);
    for (size_t i = 0; i < c.n && i < SEGMENTS; i++) {
        c.hyps[i] = line_of(json_at(hyps, i));
        for (size_t r = 0; r < c.n_refs && r < REFS; r++)
            c.refs[i][r] = line_of(json_at(json_at(refs, r), i));
    }
    return c;
}

/* ---- BLEU ---- */

static struct bleu_options options_of(const struct json *row)
{
    struct bleu_options o = bleu_default();
    const char *const tok = json_str(json_get(row, "tok"), "");
    const char *const smooth = json_str(json_get(row, "smooth"), "");
    while (strcmp(tokenize_name(o.words.kind), tok) != 0)
        o.words.kind++;
    while (strcmp(bleu_smooth_name(o.smooth), smooth) != 0)
        o.smooth++;
    o.words.lowercase = json_bool(json_get(row, "lowercase"), false);
    o.smooth_value = json_f64(json_get(row, "value"), NOT_MEASURED);
    return o;
}

static struct bleu_score corpus_bleu(struct arena *a, const struct corpus *c,
                                     const struct bleu_options *o)
{
    struct bleu *const b = bleu_new(a, o->words);
    int64_t sum[BLEU_WIDTH] = {};
    for (size_t i = 0; i < c->n; i++) {
        uint32_t s[BLEU_WIDTH];
        bleu_segment(b, c->hyps[i], c->refs[i], c->n_refs, s);
        for (size_t k = 0; k < BLEU_WIDTH; k++)
            sum[k] += s[k];
    }
    return bleu_score(sum, o);
}

static bool same(double got, const struct json *want)
{
    return test_near(got, json_f64(want, -1), 1e-12);
}

static bool is_row(const struct bleu_score *s, const struct json *row)
{
    bool ok = same(s->score, json_get(row, "score")) && same(s->bp, json_get(row, "bp")) &&
              s->hyp_len == json_i64(json_get(row, "sys_len"), -1) &&
              s->ref_len == json_i64(json_get(row, "ref_len"), -1);
    for (size_t n = 0; n < BLEU_ORDER; n++)
        ok = ok && same(s->precisions[n], json_at(json_get(row, "precisions"), n)) &&
             same(s->matches[n], json_at(json_get(row, "counts"), n)) &&
             same(s->totals[n], json_at(json_get(row, "totals"), n));
    if (!ok)
        printf("# got %.17g, want %.17g (%s, %s)\n", s->score, json_f64(json_get(row, "score"), -1),
               json_str(json_get(row, "tok"), ""), json_str(json_get(row, "smooth"), ""));
    return ok;
}

static void check_bleu(struct arena *a, const struct corpus *c, const struct json *v)
{
    const struct json *row;
    size_t n = 0, good = 0;
    for (struct json_iter it = json_iter(json_get(v, "bleu")); (row = json_next(&it, nullptr));
         n++) {
        const struct bleu_options o = options_of(row);
        const struct bleu_score s = corpus_bleu(a, c, &o);
        good += is_row(&s, row);
    }
    CHECK(c->name, n >= 32 && good == n, "BLEU: %zu of %zu rows", good, n);

    struct bleu_options o = bleu_default();
    o.effective_order = true;
    struct bleu *const b = bleu_new(a, o.words);
    good = 0;
    for (size_t i = 0; i < c->n; i++) {
        uint32_t s[BLEU_WIDTH];
        int64_t sum[BLEU_WIDTH];
        bleu_segment(b, c->hyps[i], c->refs[i], c->n_refs, s);
        for (size_t k = 0; k < BLEU_WIDTH; k++)
            sum[k] = s[k];
        good += same(bleu_score(sum, &o).score, json_at(json_get(v, "sentence_bleu"), i));
    }
    CHECK(c->name, c->n > 0 && good == c->n, "sentence BLEU: %zu of %zu", good, c->n);
}

/* ---- chrF ---- */

static double corpus_chrf(struct arena *a, const struct corpus *c, const struct chrf_options *o)
{
    struct chrf *const f = chrf_new(a, *o);
    int64_t sum[CHRF_WIDTH_MAX] = {};
    for (size_t i = 0; i < c->n; i++) {
        uint32_t s[CHRF_WIDTH_MAX];
        chrf_segment(f, c->hyps[i], c->refs[i], c->n_refs, s);
        for (size_t k = 0; k < chrf_width(o); k++)
            sum[k] += s[k];
    }
    return chrf_score(sum, o);
}

static void check_chrf(struct arena *a, const struct corpus *c, const struct json *v)
{
    const struct json *row;
    size_t n = 0, good = 0;
    for (struct json_iter it = json_iter(json_get(v, "chrf")); (row = json_next(&it, nullptr));
         n++) {
        const struct chrf_options o = {
            .char_order = (uint32_t)json_i64(json_get(row, "char_order"), 0),
            .word_order = (uint32_t)json_i64(json_get(row, "word_order"), 0),
            .beta = (uint32_t)json_i64(json_get(row, "beta"), 0),
            .lowercase = json_bool(json_get(row, "lowercase"), false),
            .whitespace = json_bool(json_get(row, "whitespace"), false),
            .eps_smoothing = json_bool(json_get(row, "eps_smoothing"), false)};
        good += same(corpus_chrf(a, c, &o), json_get(row, "score"));
    }
    CHECK(c->name, n >= 6 && good == n, "chrF: %zu of %zu rows", good, n);
}

/* ---- tokenisers ---- */

static bool is_cut(struct arena *a, enum tokenize_kind kind, struct line in,
                   const struct json *want)
{
    CLEANUP(str_done) struct str got = {};
    struct tokenize *const t = tokenize_new(a, (struct tokenize_options){.kind = kind});
    const struct tokenize_words words = tokenize_line(t, in);
    for (size_t i = 0; i < words.n; i++) {
        const struct line w = tokenize_text(t, i);
        if (i > 0)
            str_putc(&got, ' ');
        str_add(&got, w.text, w.n);
    }
    const bool ok =
        got.n == json_len(want) && memcmp(str_text(&got), json_str(want, ""), got.n) == 0;
    if (!ok)
        printf("# got '%s', want '%s'\n", str_text(&got), json_str(want, "?"));
    return ok;
}

static void check_tokenizers(struct arena *a, const struct json *rows)
{
    const struct json *row;
    size_t n = 0, good = 0;
    for (struct json_iter it = json_iter(rows); (row = json_next(&it, nullptr)); n++)
        good += is_cut(a, TOKENIZE_13A, line_of(json_get(row, "in")), json_get(row, "13a")) &&
                is_cut(a, TOKENIZE_INTL, line_of(json_get(row, "in")), json_get(row, "intl"));
    CHECK("13a and intl cut as sacreBLEU does", n >= 5 && good == n, "%zu of %zu", good, n);
}

/* ---- what is printed ---- */

static void check_text(const char *label, const struct str *got, const char *want)
{
    CHECK(label, strcmp(str_text(got), want) == 0, "got '%s', want '%s'", str_text(got), want);
}

static void check_signatures(void)
{
    CLEANUP(str_done) struct str s = {};
    struct bleu_options o = bleu_default();
    bleu_signature(&o, &(struct bleu_run){.n_refs = 1}, &s);
    check_text(
        "BLEU's signature", &s,
        "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0-chimera-" CHIMERA_VERSION);
    str_clear(&s);
    o = (struct bleu_options){{TOKENIZE_INTL, true}, BLEU_SMOOTH_FLOOR, NOT_MEASURED, true};
    bleu_signature(&o, &(struct bleu_run){.n_bootstrap = 1000, .seed = 12345, .is_short = true},
                   &s);
    check_text("its short form, bootstrap, references that differ in number", &s,
               "#:var|bs:1000|rs:12345|c:lc|e:yes|tok:intl|s:floor[0.10]|v:2.6.0-"
               "chimera-" CHIMERA_VERSION);
    str_clear(&s);
    const struct chrf_options c = {.char_order = 6, .word_order = 2, .beta = 2, .whitespace = true};
    chrf_signature(&c, &(struct bleu_run){.n_refs = 2}, &s);
    check_text(
        "chrF++'s signature", &s,
        "nrefs:2|case:mixed|eff:yes|nc:6|nw:2|space:yes|version:2.6.0-chimera-" CHIMERA_VERSION);
    str_clear(&s);
    chrf_name(&c, &s);
    check_text("its name", &s, "chrF2++");
    str_clear(&s);
    const int64_t sum[BLEU_WIDTH] = {17, 18, 14, 7, 5, 3, 17, 14, 11, 8};
    const struct bleu_options plain = bleu_default();
    const struct bleu_score score = bleu_score(sum, &plain);
    bleu_verbose(&score, &s);
    check_text("the verbose part", &s,
               "82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)");
}

static void check_file(struct arena *a, const char *name)
{
    struct err e = {};
    const struct json *file = nullptr;
    const char *const path = arena_printf(a, "%s/fixtures/text/%s", getenv("CHIMERA_TESTS"), name);
    if (json_read_file(path, a, &file, &e)) {
        CHECK("the vectors are there", false, "%s", e.msg);
        return;
    }
    const struct json *v;
    const char *corpus;
    for (struct json_iter it = json_iter(json_get(file, "corpora"));
         (v = json_next(&it, &corpus));) {
        const struct corpus c = read_corpus(corpus, v);
        check_bleu(a, &c, v);
        check_chrf(a, &c, v);
    }
    check_tokenizers(a, json_get(file, "tokenizers"));
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(1U << 28);
    check_file(a, "sacrebleu_vectors.json");
    check_file(a, "sacrebleu_random.json");
    check_signatures();
    return test_done();
}
