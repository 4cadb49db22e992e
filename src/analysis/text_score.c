#include "analysis/text_score.h"

#include "base/arena.h"
#include "text/code_points.h"
#include "text/edit_measure.h"

#include <math.h>
#include <string.h>

struct text_score_options text_score_default(void)
{
    static const char *const rouge[] = {"rouge1", "rouge2", "rougeL", "rougeLsum"};
    static const char *const edit[] = {"levenshtein", "levenshtein_similarity", "ratio"};
    struct text_score_options o = {.bleu_options = bleu_default(), .chrf_options = chrf_default()};
    for (size_t i = 0; i < COUNT_OF(rouge); i++)
        o.rouge_types[o.n_rouge_types++] = (uint8_t)rouge_type_of(rouge[i]);
    for (size_t i = 0; i < COUNT_OF(edit); i++)
        o.edit_measures[o.n_edit_measures++] = (uint8_t)edit_measure_find(edit[i]);
    return o;
}

struct job {
    const struct line *predictions, *refs;
    struct text_scores *s;
    struct arena *arena;
};

static double *add(struct job *j, struct text_score_series series)
{
    double *const x = ARENA_ARRAY(j->arena, double, j->s->n_lines);
    series.x = x;
    j->s->series[j->s->n_series++] = series;
    return x;
}

static void score_rouge(struct job *j)
{
    const struct text_score_options *const o = &j->s->options;
    const size_t n = j->s->n_lines, k = j->s->n_refs;
    CLEANUP(rouge_freep) struct rouge *r = rouge_new(o->stem);
    double *f[ROUGE_TYPES], *precision[ROUGE_TYPES], *recall[ROUGE_TYPES];
    for (size_t t = 0; t < o->n_rouge_types; t++) {
        const char *const name = rouge_name(o->rouge_types[t]);
        f[t] = add(j, (struct text_score_series){.metric = "rouge", .name = name});
        precision[t] =
            add(j, (struct text_score_series){.metric = "rouge",
                                              .name = arena_printf(j->arena, "%s_precision", name),
                                              .minor = true});
        recall[t] =
            add(j, (struct text_score_series){.metric = "rouge",
                                              .name = arena_printf(j->arena, "%s_recall", name),
                                              .minor = true});
    }
    for (size_t i = 0; i < n; i++) {
        struct rouge_score got[ROUGE_TYPES];
        rouge_compute(r, &j->predictions[i], &j->refs[i * k], k, o->rouge_types, o->n_rouge_types,
                      got);
        for (size_t t = 0; t < o->n_rouge_types; t++) {
            f[t][i] = got[t].f;
            precision[t][i] = got[t].precision;
            recall[t][i] = got[t].recall;
        }
    }
}

static void score_bleu(struct job *j)
{
    const size_t n = j->s->n_lines, k = j->s->n_refs;
    struct bleu_options alone = j->s->options.bleu_options;
    alone.effective_order = true;
    struct bleu *const b = bleu_new(j->arena, alone.words);
    uint32_t *const counts = ARENA_ARRAY(j->arena, uint32_t, n *BLEU_WIDTH);
    double *const x = add(j, (struct text_score_series){.metric = "bleu",
                                                        .name = "bleu",
                                                        .kind = TEXT_SCORE_BLEU,
                                                        .percent = true,
                                                        .counts = counts,
                                                        .width = BLEU_WIDTH});
    double *const mean =
        add(j, (struct text_score_series){
                   .metric = "bleu", .name = "bleu_sentence_mean", .minor = true, .percent = true});
    for (size_t i = 0; i < n; i++) {
        bleu_segment(b, j->predictions[i], &j->refs[i * k], k, counts + i * BLEU_WIDTH);
        int64_t sum[BLEU_WIDTH];
        for (size_t c = 0; c < BLEU_WIDTH; c++)
            sum[c] = counts[i * BLEU_WIDTH + c];
        x[i] = mean[i] = bleu_score(sum, &alone).score;
    }
}

static void score_chrf(struct job *j)
{
    const struct chrf_options *const o = &j->s->options.chrf_options;
    const size_t n = j->s->n_lines, k = j->s->n_refs, width = chrf_width(o);
    struct chrf *const c = chrf_new(j->arena, *o);
    uint32_t *const counts = ARENA_ARRAY(j->arena, uint32_t, n *width);
    double *const x = add(j, (struct text_score_series){.metric = "chrf",
                                                        .name = "chrf",
                                                        .kind = TEXT_SCORE_CHRF,
                                                        .percent = true,
                                                        .counts = counts,
                                                        .width = width});
    double *const mean =
        add(j, (struct text_score_series){
                   .metric = "chrf", .name = "chrf_sentence_mean", .minor = true, .percent = true});
    for (size_t i = 0; i < n; i++) {
        chrf_segment(c, j->predictions[i], &j->refs[i * k], k, counts + i * width);
        int64_t sum[CHRF_WIDTH_MAX];
        for (size_t w = 0; w < width; w++)
            sum[w] = counts[i * width + w];
        x[i] = mean[i] = chrf_score(sum, o);
    }
}

static bool is_distance(size_t measure)
{
    static const char *const distances[] = {"levenshtein", "indel", "osa", "damerau", "hamming"};
    for (size_t i = 0; i < COUNT_OF(distances); i++)
        if (strcmp(edit_measure_name(measure), distances[i]) == 0)
            return true;
    return false;
}

static double better(double a, double b, bool lower)
{
    return lower ? fmin(a, b) : fmax(a, b); /* of a number and no number, the number */
}

static void score_edit(struct job *j)
{
    const struct text_score_options *const o = &j->s->options;
    const size_t n = j->s->n_lines, k = j->s->n_refs;
    CLEANUP(edit_measure_done) struct edit_measure_scratch s = {};
    CLEANUP(code_points_done) struct code_points p = {};
    CLEANUP(code_points_done) struct code_points r = {};
    double *x[TEXT_SCORE_EDIT_MOST];
    for (size_t m = 0; m < o->n_edit_measures; m++) {
        const size_t measure = o->edit_measures[m];
        x[m] = add(j, (struct text_score_series){.metric = "edit",
                                                 .name = edit_measure_name(measure),
                                                 .lower_is_better = is_distance(measure),
                                                 .percent = edit_measure_kind(measure) ==
                                                            EDIT_MEASURE_PERCENT});
    }
    size_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        (void)!code_points_decode(j->predictions[i].text, j->predictions[i].n, &p, &bad);
        for (size_t q = 0; q < k; q++) {
            const struct line *const ref = &j->refs[i * k + q];
            (void)!code_points_decode(ref->text, ref->n, &r, &bad);
            const struct edit_pair pair = {r.at, p.at, r.n, p.n};
            for (size_t m = 0; m < o->n_edit_measures; m++) {
                const double got = edit_measure(&s, o->edit_measures[m], pair);
                x[m][i] = q ? better(x[m][i], got, is_distance(o->edit_measures[m])) : got;
            }
        }
    }
}

static void score_exact(struct job *j)
{
    const struct text_score_options *const o = &j->s->options;
    const size_t n = j->s->n_lines, k = j->s->n_refs;
    CLEANUP(exact_done) struct exact s = {};
    double *const x = add(j, (struct text_score_series){.metric = "exact", .name = "exact_match"});
    for (size_t i = 0; i < n; i++)
        for (size_t q = 0; q < k && x[i] == 0; q++)
            x[i] = exact_match(&s, j->predictions[i], j->refs[i * k + q], o->exact_kind,
                               o->exact_form);
}

struct text_scores text_score_compute(const struct line *predictions, const struct line *refs,
                                      size_t n_refs, size_t n_lines,
                                      const struct text_score_options *options, struct arena *a)
{
    struct text_scores s = {.options = *options, .n_lines = n_lines, .n_refs = n_refs};
    s.series = ARENA_ARRAY(a, struct text_score_series, 3 * ROUGE_TYPES + TEXT_SCORE_EDIT_MOST + 8);
    struct job j = {predictions, refs, &s, a};
    if (options->rouge)
        score_rouge(&j);
    if (options->bleu)
        score_bleu(&j);
    if (options->chrf)
        score_chrf(&j);
    if (options->edit)
        score_edit(&j);
    if (options->exact)
        score_exact(&j);
    return s;
}

void text_score_append(struct text_scores *s, const struct text_score_series *series)
{
    s->series[s->n_series++] = *series;
}

static double weighted_mean(const struct text_scores *s, const double *x, const uint32_t *weights)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < s->n_lines; i++) {
        const double w = weights ? weights[i] : 1;
        if (isnan(x[i]))
            continue;
        sum += w * x[i];
        n += w;
    }
    return n > 0 ? sum / n : NOT_MEASURED;
}

static void add_up(const struct text_scores *s, const struct text_score_series *of,
                   const uint32_t *weights, int64_t *sum)
{
    memset(sum, 0, of->width * sizeof *sum);
    for (size_t i = 0; i < s->n_lines; i++) {
        const int64_t w = weights ? weights[i] : 1;
        for (size_t c = 0; w && c < of->width; c++)
            sum[c] += w * of->counts[i * of->width + c];
    }
}

double text_score_value(const struct text_scores *s, size_t series, const uint32_t *weights)
{
    const struct text_score_series *const of = &s->series[series];
    int64_t sum[CHRF_WIDTH_MAX];
    if (s->n_lines == 0)
        return NOT_MEASURED;
    switch (of->kind) {
    case TEXT_SCORE_MEAN:
        return weighted_mean(s, of->x, weights);
    case TEXT_SCORE_BLEU:
        add_up(s, of, weights, sum);
        return bleu_score(sum, &s->options.bleu_options).score;
    case TEXT_SCORE_CHRF:
        add_up(s, of, weights, sum);
        return chrf_score(sum, &s->options.chrf_options);
    }
    unreachable();
}

struct bleu_score text_score_bleu(const struct text_scores *s, size_t series)
{
    int64_t sum[BLEU_WIDTH];
    add_up(s, &s->series[series], nullptr, sum);
    return bleu_score(sum, &s->options.bleu_options);
}

size_t text_score_find(const struct text_scores *s, const char *name)
{
    size_t i = 0;
    while (i < s->n_series && strcmp(s->series[i].name, name) != 0)
        i++;
    return i;
}
