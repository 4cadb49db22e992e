/* Intervals and paired tests of text metrics. want: by enumeration, by hand, and by simulation. */
#include "analysis/text_resample.h"

#include "base/arena.h"
#include "base/rng.h"
#include "test.h"

constexpr size_t LINES = 10;

static struct text_scores scores_of(const char *const *lines, const char *const *refs, size_t n,
                                    struct arena *a)
{
    struct line *const p = ARENA_ARRAY(a, struct line, n), *const r =
                                                               ARENA_ARRAY(a, struct line, n);
    for (size_t i = 0; i < n; i++) {
        p[i] = (struct line){lines[i], strlen(lines[i])};
        r[i] = (struct line){refs[i], strlen(refs[i])};
    }
    struct text_score_options o = text_score_default();
    o.exact = o.bleu = o.chrf = true;
    return text_score_compute(p, r, 1, n, &o, a);
}

/* want: all lines equal but k of them, each the same way. Exchanging the outputs of equal lines
 * changes nothing; of 2^k exchanges of the others two reach the whole difference: p = 2 / 2^k.
 */
static void check_randomisation(struct arena *a)
{
    const char *const refs[LINES] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    const char *const worse[LINES] = {"-", "-", "-", "-", "e", "f", "g", "h", "i", "j"};
    const struct text_scores x = scores_of(worse, refs, LINES, a),
                             y = scores_of(refs, refs, LINES, a);
    const size_t k = text_score_find(&x, "exact_match");
    const struct text_resample_plan plan = {
        .resamples = 2000, .trials = 20000, .seed = 1, .confidence = TEXT_RESAMPLE_CONFIDENCE};
    struct text_resample_difference *const d =
        ARENA_ARRAY(a, struct text_resample_difference, x.n_series);
    text_resample_paired(&x, &y, &plan, a, d);
    CHECK_NEAR("the difference", d[k].difference, 0.4, 1e-12);
    CHECK("p by enumeration: 1/8", fabs(d[k].p_randomisation - 0.125) < 0.01, "%.4f",
          d[k].p_randomisation);
    /* Bin(10, 0.4): P(<= 0) = 0.006, P(<= 1) = 0.046; P(<= 6) = 0.945, P(<= 7) = 0.988 */
    CHECK("its interval by the binomial", fabs(d[k].lo - 0.1) < 1e-9 && fabs(d[k].hi - 0.7) < 1e-9,
          "%.3f to %.3f", d[k].lo, d[k].hi);
    const uint32_t all_one[LINES] = {};
    struct text_resample_plan one = plan;
    one.cluster = all_one;
    one.n_clusters = 1;
    text_resample_paired(&x, &y, &one, a, d);
    CHECK("one cluster says nothing", isnan(d[k].p_randomisation) && isnan(d[k].lo), "%.3f",
          d[k].p_randomisation);
    text_resample_paired(&x, &x, &plan, a, d);
    CHECK("a system against itself", d[k].difference == 0 && d[k].p_randomisation == 1, "%.3f",
          d[k].p_randomisation);
}

/* want: a resample of a corpus score is the score of the corpus that it makes: lines taken twice
 * are lines that stand twice. */
static void check_weights(struct arena *a)
{
    const char *const p[] = {"the cat sat on a mat", "a dog ran far away now", "x y z"};
    const char *const r[] = {"the cat sat on the mat", "the dog ran away from here", "x z y"};
    const char *const p2[] = {p[0], p[0], p[2]}, *const r2[] = {r[0], r[0], r[2]};
    const struct text_scores once = scores_of(p, r, 3, a), twice = scores_of(p2, r2, 3, a);
    const uint32_t weights[] = {2, 0, 1};
    for (size_t k = 0; k < once.n_series; k++)
        CHECK_NEAR(once.series[k].name, text_score_value(&once, k, weights),
                   text_score_value(&twice, k, nullptr), 1e-12);
}

/* Ten lines of one cluster are one observation: the interval over clusters must be the wider one.
 */
static void check_clusters(struct arena *a)
{
    const char *lines[80], *refs[80];
    uint32_t cluster[80];
    struct rng rng;
    rng_init(&rng, 3);
    for (size_t i = 0; i < 80; i++) {
        cluster[i] = (uint32_t)(i / 10);
        refs[i] = "a";
        lines[i] = i % 10 ? lines[i - 1] : rng_below(&rng, 2) ? "a" : "b";
    }
    const struct text_scores s = scores_of(lines, refs, 80, a);
    const size_t k = text_score_find(&s, "exact_match");
    struct text_resample_plan plan = {.resamples = 500, .seed = 1, .confidence = 0.95};
    struct text_resample_interval *const by_line = ARENA_ARRAY(a, struct text_resample_interval,
                                                               s.n_series),
                                         *const by_cluster = ARENA_ARRAY(
                                             a, struct text_resample_interval, s.n_series);
    text_resample_intervals(&s, &plan, a, by_line);
    plan.cluster = cluster;
    plan.n_clusters = 8;
    text_resample_intervals(&s, &plan, a, by_cluster);
    const double narrow = by_line[k].hi - by_line[k].lo, wide = by_cluster[k].hi - by_cluster[k].lo;
    CHECK("clusters are what is drawn", wide > 2 * narrow, "%.3f and %.3f", wide, narrow);
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    check_randomisation(a);
    check_weights(a);
    check_clusters(a);
    CHECK("trials are bounded",
          text_resample_trials(100) == 10'000 && text_resample_trials(1'000'000) == 1000, "%u",
          text_resample_trials(100));
    return test_done();
}
