#include "cli/quality_print.h"

#include "base/arena.h"
#include "base/str.h"
#include "io/jsonw.h"
#include "report/number.h"
#include "report/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_corpus(const struct text_score_series *s)
{
    return s->kind != TEXT_SCORE_MEAN;
}

static const char *signature(const struct quality_result *r, const struct text_score_series *s,
                             const struct text_score_options *o, struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    const bool resampled = r->systems[0].scores.n_lines >= TEXT_RESAMPLE_LEAST;
    const struct bleu_run run = {.n_refs = r->n_refs,
                                 .n_bootstrap = resampled ? r->plan.resamples : 0,
                                 .seed = r->plan.seed};
    if (s->kind == TEXT_SCORE_BLEU)
        bleu_signature(&o->bleu_options, &run, &out);
    else if (s->kind == TEXT_SCORE_CHRF)
        chrf_signature(&o->chrf_options, &run, &out);
    else
        return nullptr;
    return arena_strdup(a, str_text(&out));
}

/* ---- the table ---- */

enum { METRIC, VALUE, INTERVAL, DIFFERENCE, DIFFERENCE_INTERVAL, P, N_COLUMNS };

static const struct table_column columns[N_COLUMNS] = {
    [METRIC] = {"metric", false},
    [VALUE] = {"value", true},
    [INTERVAL] = {"95 % interval", true},
    [DIFFERENCE] = {"difference", true},
    [DIFFERENCE_INTERVAL] = {"95 % interval of it", true},
    [P] = {"p", true},
};

static const char *number(double x, struct arena *a)
{
    return isnan(x) ? nullptr : arena_printf(a, "%.4f", x);
}

static const char *interval(double lo, double hi, struct arena *a)
{
    return isnan(lo) ? nullptr : arena_printf(a, "%.4f to %.4f", lo, hi);
}

static double p_of(const struct quality_result *r, const struct text_resample_difference *d)
{
    return r->by_bootstrap ? d->p_bootstrap : d->p_randomisation;
}

static void add_row(const struct quality_result *r, const struct quality_system *s, size_t k,
                    struct table *t, struct arena *a)
{
    const struct text_score_series *const series = &s->scores.series[k];
    struct table_cell row[N_COLUMNS] = {
        [METRIC] = {series->lower_is_better ? arena_printf(a, "%s (lower is better)", series->name)
                                            : series->name},
        [VALUE] = {number(text_score_value(&s->scores, k, nullptr), a)},
        [INTERVAL] = {interval(s->intervals[k].lo, s->intervals[k].hi, a)},
    };
    if (s->against) {
        const struct text_resample_difference *const d = &s->against[k];
        row[DIFFERENCE].text =
            isnan(d->difference) ? nullptr : arena_printf(a, "%+.4f", d->difference);
        row[DIFFERENCE_INTERVAL].text = interval(d->lo, d->hi, a);
        row[P].text = isnan(p_of(r, d)) ? nullptr : arena_printf(a, "%.4f", p_of(r, d));
    }
    table_add(t, row);
}

void quality_print_text(const struct quality_result *r, bool verbose, bool colour, struct arena *a,
                        struct str *out)
{
    struct table t;
    table_init(&t, a, columns, N_COLUMNS);
    const struct text_scores *const first = &r->systems[0].scores;
    for (size_t i = 0; i < r->n_systems; i++) {
        table_heading(&t, r->systems[i].file.path);
        for (size_t k = 0; k < first->n_series; k++)
            if (verbose || !first->series[k].minor)
                add_row(r, &r->systems[i], k, &t, a);
    }
    table_print(&t, colour, out);
    str_printf(out, "\n%zu line%s, %zu reference%s\n", first->n_lines,
               first->n_lines == 1 ? "" : "s", r->n_refs, r->n_refs == 1 ? "" : "s");
    for (size_t k = 0; k < first->n_series; k++)
        if (is_corpus(&first->series[k]))
            str_printf(out, "%s: %s\n", first->series[k].name,
                       signature(r, &first->series[k], &first->options, a));
    if (r->semantic.why)
        str_printf(out, "semantic: not computed: %s\n", r->semantic.why);
    else if (r->semantic.about)
        str_printf(out, "semantic: %s\n", r->semantic.about);
    if (r->plan.resamples && first->n_lines < TEXT_RESAMPLE_LEAST)
        str_printf(out, "no intervals: fewer than %zu lines\n", TEXT_RESAMPLE_LEAST);
    else if (r->plan.resamples)
        str_printf(out,
                   "intervals: percentile bootstrap over lines, %" PRIu32
                   " resamples, seed %" PRIu64 "\n",
                   r->plan.resamples, r->plan.seed);
    if (r->n_systems > 1 && first->n_lines >= TEXT_RESAMPLE_LEAST)
        str_printf(out, "difference: less '%s'; p: %s\n", r->systems[0].file.path,
                   r->by_bootstrap ? "paired bootstrap" : "approximate randomisation");
}

/* ---- JSON ---- */

static void json_file(struct jsonw *w, const struct quality_file *f)
{
    jsonw_object(w);
    jsonw_kstr(w, "path", f->path);
    jsonw_kstr(w, "sha256", f->digest);
    jsonw_end_object(w);
}

static void json_bleu(struct jsonw *w, const struct text_scores *s, size_t k)
{
    const struct bleu_score b = text_score_bleu(s, k);
    jsonw_karray(w, "precisions");
    for (size_t n = 0; n < BLEU_ORDER; n++)
        jsonw_f64(w, b.precisions[n]);
    jsonw_end_array(w);
    jsonw_karray(w, "counts");
    for (size_t n = 0; n < BLEU_ORDER; n++)
        jsonw_f64(w, b.matches[n]);
    jsonw_end_array(w);
    jsonw_karray(w, "totals");
    for (size_t n = 0; n < BLEU_ORDER; n++)
        jsonw_f64(w, b.totals[n]);
    jsonw_end_array(w);
    jsonw_kf64(w, "bp", b.bp);
    jsonw_ki64(w, "sys_len", b.hyp_len);
    jsonw_ki64(w, "ref_len", b.ref_len);
}

static void json_difference(struct jsonw *w, const struct quality_result *r,
                            const struct text_resample_difference *d)
{
    jsonw_kobject(w, "against_first");
    jsonw_kf64(w, "difference", d->difference);
    jsonw_kf64(w, "ci_95_lower", d->lo);
    jsonw_kf64(w, "ci_95_upper", d->hi);
    jsonw_kf64(w, "p_value", p_of(r, d));
    jsonw_end_object(w);
}

static void json_series(struct jsonw *w, const struct quality_result *r,
                        const struct quality_system *s, size_t k, struct arena *a)
{
    const struct text_score_series *const series = &s->scores.series[k];
    jsonw_kobject(w, series->name);
    jsonw_kstr(w, "metric", series->metric);
    jsonw_kf64(w, "value", text_score_value(&s->scores, k, nullptr));
    jsonw_kf64(w, "ci_95_lower", s->intervals[k].lo);
    jsonw_kf64(w, "ci_95_upper", s->intervals[k].hi);
    if (isnan(s->intervals[k].lo))
        jsonw_kstr(w, "ci_95_reason",
                   r->plan.resamples ? "too few lines, or lines without a value" : "not asked for");
    jsonw_kstr(w, "scale",
               strcmp(series->metric, "semantic") == 0 ? "-1 to 1"
               : series->percent                       ? "0 to 100"
               : strcmp(series->metric, "edit")        ? "0 to 1"
                                                       : nullptr);
    if (is_corpus(series))
        jsonw_kstr(w, "signature", signature(r, series, &s->scores.options, a));
    if (strcmp(series->metric, "semantic") == 0) {
        jsonw_kstr(w, "model", r->semantic.about);
        jsonw_ki64(w, "texts_cut", (int64_t)r->semantic.cut);
    }
    if (series->kind == TEXT_SCORE_BLEU)
        json_bleu(w, &s->scores, k);
    if (s->against)
        json_difference(w, r, &s->against[k]);
    if (r->per_line) {
        jsonw_karray(w, "lines");
        for (size_t i = 0; i < s->scores.n_lines; i++)
            jsonw_f64(w, series->x[i]);
        jsonw_end_array(w);
    }
    jsonw_end_object(w);
}

static void json_options(struct jsonw *w, const struct quality_result *r)
{
    static const char *const kinds[] = {"none", "squad"}, *const forms[] = {"none", "nfc", "nfkc"};
    const struct text_score_options *const o = &r->systems[0].scores.options;
    jsonw_kobject(w, "options");
    jsonw_kbool(w, "stem", o->stem);
    jsonw_kstr(w, "exact_normalize", kinds[o->exact_kind]);
    jsonw_kstr(w, "unicode", forms[o->exact_form]);
    jsonw_ki64(w, "resamples", r->plan.resamples);
    jsonw_kstr(w, "paired_test",
               r->by_bootstrap ? "paired bootstrap" : "approximate randomisation");
    jsonw_ki64(w, "trials", r->by_bootstrap ? r->plan.resamples : r->plan.trials);
    jsonw_key(w, "seed");
    jsonw_u64(w, r->plan.seed);
    jsonw_end_object(w);
}

void quality_print_json(const struct quality_result *r, struct arena *a, struct str *out)
{
    struct jsonw w = {.out = out, .pretty = !r->per_line};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.quality/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_karray(&w, "predictions");
    for (size_t i = 0; i < r->n_systems; i++)
        json_file(&w, &r->systems[i].file);
    jsonw_end_array(&w);
    jsonw_karray(&w, "references");
    for (size_t i = 0; i < r->n_refs; i++)
        json_file(&w, &r->refs[i]);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    jsonw_ki64(&w, "lines", (int64_t)r->systems[0].scores.n_lines);
    json_options(&w, r);
    jsonw_karray(&w, "systems");
    for (size_t i = 0; i < r->n_systems; i++) {
        jsonw_object(&w);
        jsonw_kstr(&w, "prediction", r->systems[i].file.path);
        jsonw_kobject(&w, "scores");
        for (size_t k = 0; k < r->systems[i].scores.n_series; k++)
            json_series(&w, r, &r->systems[i], k, a);
        if (r->semantic.why) {
            jsonw_kobject(&w, "semantic");
            jsonw_kstr(&w, "metric", "semantic");
            jsonw_kf64(&w, "value", NOT_MEASURED);
            jsonw_kstr(&w, "reason", r->semantic.why);
            jsonw_end_object(&w);
        }
        jsonw_end_object(&w);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}
