#include "base/arena.h"
#include "base/nearest.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/quality_print.h"
#include "text/edit_measure.h"

#include <stdio.h>
#include <string.h>

/* Texts, and the lists and counts of them: some twenty times their size. */
constexpr size_t MEMORY = (size_t)64 << 30;

struct quality_args {
    struct opt_list pred, ref, metric;
    const char *rouge_types, *edit_types, *delimiter, *embed_model, *embed_url, *embed_name;
    unsigned tokenize, smooth, exact_normalize, unicode, paired;
    double smooth_value;
    uint32_t chrf_char_order, chrf_word_order, chrf_beta;
    uint32_t bootstrap, trials, embed_threads;
    double embed_timeout_s;
    uint64_t seed;
    bool stem, lowercase, chrf_lowercase, chrf_whitespace, chrf_eps_smoothing, per_line;
};

static const char *const tokenisers[] = {"13a", "intl", "char", "none", nullptr};
static const char *const smooths[] = {"exp", "floor", "add-k", "none", nullptr};
static const char *const kinds[] = {"none", "squad", nullptr};
static const char *const forms[] = {"none", "nfc", "nfkc", nullptr};
static const char *const tests[] = {"ar", "bs", nullptr};
static const char *const metrics[] = {"rouge", "bleu", "chrf", "edit", "exact", "semantic"};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_LIST, 'p', "pred", "FILE", nullptr,
     "predictions, a text each line; again for a second system, which is compared with the first",
     FIELD_OF(struct quality_args, pred, struct opt_list)},
    {OPT_LIST, 'r', "ref", "FILE", nullptr,
     "references, a text each line; again for a second reference of each text",
     FIELD_OF(struct quality_args, ref, struct opt_list)},
    {OPT_LIST, 'm', "metric", "NAME,...", nullptr,
     "rouge, bleu, chrf, edit, exact, semantic [all but semantic]",
     FIELD_OF(struct quality_args, metric, struct opt_list)},
    {OPT_STR, 0, "rouge-types", "NAME,...", "rouge1,rouge2,rougeL,rougeLsum",
     "rouge1 to rouge9, rougeL, rougeLsum",
     FIELD_OF(struct quality_args, rouge_types, const char *)},
    {OPT_FLAG, 0, "stem", nullptr, nullptr, "ROUGE compares stems (Porter's, as NLTK has them)",
     FIELD_OF(struct quality_args, stem, bool)},
    {OPT_CHOICE, 0, "tokenize", "NAME", "13a", "BLEU's tokeniser",
     FIELD_OF(struct quality_args, tokenize, unsigned), .choice = tokenisers},
    {OPT_CHOICE, 0, "smooth", "METHOD", "exp", "BLEU's smoothing",
     FIELD_OF(struct quality_args, smooth, unsigned), .choice = smooths},
    {OPT_F64, 0, "smooth-value", "X", nullptr, "of floor [0.1] and add-k [1]",
     FIELD_OF(struct quality_args, smooth_value, double), .min = 1e-9, .max = 1000},
    {OPT_FLAG, 0, "lowercase", nullptr, nullptr, "BLEU without case",
     FIELD_OF(struct quality_args, lowercase, bool)},
    {OPT_U32, 0, "chrf-char-order", "N", "6", "chrF's longest n-gram of characters",
     FIELD_OF(struct quality_args, chrf_char_order, uint32_t), .min = 1, .max = 12},
    {OPT_U32, 0, "chrf-word-order", "N", "0", "chrF's longest n-gram of words; 2 is chrF++",
     FIELD_OF(struct quality_args, chrf_word_order, uint32_t), .min = 0, .max = 4},
    {OPT_U32, 0, "chrf-beta", "N", "2", "how many times as much as precision chrF weighs recall",
     FIELD_OF(struct quality_args, chrf_beta, uint32_t), .min = 1, .max = 100},
    {OPT_FLAG, 0, "chrf-whitespace", nullptr, nullptr, "chrF counts blanks too",
     FIELD_OF(struct quality_args, chrf_whitespace, bool)},
    {OPT_FLAG, 0, "chrf-lowercase", nullptr, nullptr, "chrF without case",
     FIELD_OF(struct quality_args, chrf_lowercase, bool)},
    {OPT_FLAG, 0, "chrf-eps-smoothing", nullptr, nullptr, "chrF smoothed as chrF++.py does",
     FIELD_OF(struct quality_args, chrf_eps_smoothing, bool)},
    {OPT_STR, 0, "edit-types", "NAME,...", "levenshtein,levenshtein_similarity,ratio",
     "edit measures, with RapidFuzz's names; 'all' for every one",
     FIELD_OF(struct quality_args, edit_types, const char *)},
    {OPT_CHOICE, 0, "exact-normalize", "HOW", "none",
     "before texts are compared: nothing, or as SQuAD does (case, punctuation, articles, blanks)",
     FIELD_OF(struct quality_args, exact_normalize, unsigned), .choice = kinds},
    {OPT_CHOICE, 0, "unicode", "FORM", "none", "normal form in which exact compares",
     FIELD_OF(struct quality_args, unicode, unsigned), .choice = forms},
    {OPT_STR, 0, "embed-model", "PATH", nullptr,
     "semantic's embedding model: a folder of sentence-transformers' kind, or a .gguf",
     FIELD_OF(struct quality_args, embed_model, const char *)},
    {OPT_STR, 0, "embed-url", "URL", nullptr,
     "instead: a server with OpenAI's /v1/embeddings; its key from $CHIMERA_EMBED_KEY",
     FIELD_OF(struct quality_args, embed_url, const char *)},
    {OPT_STR, 0, "embed-name", "NAME", nullptr, "the server's model, where it has several",
     FIELD_OF(struct quality_args, embed_name, const char *)},
    {OPT_U32, 0, "embed-threads", "N", "2", "threads of its engine",
     FIELD_OF(struct quality_args, embed_threads, uint32_t), .min = 1, .max = 1024},
    {OPT_F64, 0, "embed-timeout", "S", "600", "seconds for it to load, and for one answer",
     FIELD_OF(struct quality_args, embed_timeout_s, double), .min = 1, .max = 86400},
    {OPT_CHOICE, 0, "paired", "TEST", "ar",
     "test of two systems: ar, approximate randomisation; bs, paired bootstrap",
     FIELD_OF(struct quality_args, paired, unsigned), .choice = tests},
    {OPT_U32, 0, "bootstrap", "N", "1000", "resamples behind an interval; 0 for none",
     FIELD_OF(struct quality_args, bootstrap, uint32_t), .min = 0, .max = 1e6},
    {OPT_U32, 0, "trials", "N", "0", "of approximate randomisation; 0: 10000, fewer above 10000 lines",
     FIELD_OF(struct quality_args, trials, uint32_t), .min = 0, .max = 1e7},
    {OPT_U64, 0, "seed", "N", "12345", "of intervals and tests",
     FIELD_OF(struct quality_args, seed, uint64_t)},
    {OPT_FLAG, 'l', "per-line", nullptr, nullptr, "the value of every line too (with --json)",
     FIELD_OF(struct quality_args, per_line, bool)},
    {OPT_STR, 0, "delimiter", "TEXT", "\\n",
     "what parts the texts of a file; \\n \\t \\r \\0 are understood",
     FIELD_OF(struct quality_args, delimiter, const char *)},
    {},
};
/* clang-format on */

/* ---- words ---- */

/* The next word of a list with commas; nullptr at its end. */
static const char *next_word(const char **at, struct arena *a)
{
    while (**at == ',' || **at == ' ')
        ++*at;
    const size_t n = strcspn(*at, ",");
    if (n == 0)
        return nullptr;
    const char *const word = arena_strndup(a, *at, n);
    *at += n;
    return word;
}

static enum err_code unknown(const char *option, const char *word, const char *const *words,
                             size_t n, struct err *e)
{
    const char *const near = nearest_word(word, words, n);
    CLEANUP(str_done) struct str all = {};
    for (size_t i = 0; i < n; i++)
        str_printf(&all, "%s%s", i ? " " : "", words[i]);
    return near ? err_set(e, ERR_USAGE, "--%s: no such name '%s'; did you mean '%s'?", option, word,
                          near)
                : err_set(e, ERR_USAGE, "--%s: no such name '%s' (%s)", option, word,
                          str_text(&all));
}

static enum err_code choose_metric(const char *word, struct text_score_options *o, bool *semantic,
                                   struct err *e)
{
    bool *const chosen[] = {&o->rouge, &o->bleu, &o->chrf, &o->edit, &o->exact, semantic};
    for (size_t i = 0; i < COUNT_OF(metrics); i++)
        if (strcmp(metrics[i], word) == 0) {
            *chosen[i] = true;
            return ERR_OK;
        }
    return unknown("metric", word, metrics, COUNT_OF(metrics), e);
}

static enum err_code choose_metrics(const struct quality_args *args, struct arena *a,
                                    struct text_score_options *o, bool *semantic, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < args->metric.n; i++) {
        const char *at = args->metric.items[i], *word;
        for (; (word = next_word(&at, a)); n++)
            if (choose_metric(word, o, semantic, e))
                return e->code;
    }
    if (args->metric.n && n == 0)
        return err_set(e, ERR_USAGE, "--metric: it is empty");
    if (n == 0)
        o->rouge = o->bleu = o->chrf = o->edit = o->exact = true;
    return ERR_OK;
}

static enum err_code choose_rouge(const char *list, struct arena *a, struct text_score_options *o,
                                  struct err *e)
{
    const char *names[ROUGE_TYPES];
    for (unsigned t = 1; t < ROUGE_TYPES; t++)
        names[t - 1] = rouge_name(t);
    o->n_rouge_types = 0;
    for (const char *word; (word = next_word(&list, a));) {
        const unsigned type = rouge_type_of(word);
        bool twice = false;
        for (size_t i = 0; i < o->n_rouge_types; i++)
            twice = twice || o->rouge_types[i] == type;
        if (type == 0)
            return unknown("rouge-types", word, names, ROUGE_TYPES - 1, e);
        if (!twice)
            o->rouge_types[o->n_rouge_types++] = (uint8_t)type;
    }
    return o->n_rouge_types ? ERR_OK : err_set(e, ERR_USAGE, "--rouge-types: it is empty");
}

static enum err_code choose_edit(const char *list, struct arena *a, struct text_score_options *o,
                                 struct err *e)
{
    const size_t n = edit_measure_count();
    const char *names[TEXT_SCORE_EDIT_MOST];
    bool chosen[TEXT_SCORE_EDIT_MOST] = {};
    o->n_edit_measures = 0;
    for (size_t i = 0; i < n; i++)
        names[i] = edit_measure_name(i);
    const bool all = strcmp(list, "all") == 0;
    for (size_t i = 0; all && i < n; i++)
        o->edit_measures[o->n_edit_measures++] = (uint8_t)i;
    for (const char *word; !all && (word = next_word(&list, a));) {
        const size_t i = edit_measure_find(word);
        if (i == n)
            return unknown("edit-types", word, names, n, e);
        if (!chosen[i])
            o->edit_measures[o->n_edit_measures++] = (uint8_t)i;
        chosen[i] = true;
    }
    return o->n_edit_measures ? ERR_OK : err_set(e, ERR_USAGE, "--edit-types: it is empty");
}

static enum err_code choose(const struct quality_args *args, struct arena *a,
                            struct text_score_options *o, bool *semantic, struct err *e)
{
    *o = text_score_default();
    if (args->pred.n == 0 || args->ref.n == 0)
        return err_set(e, ERR_USAGE, "quality: needs --%s FILE", args->pred.n ? "ref" : "pred");
    for (size_t i = 0; i < args->pred.n + args->ref.n; i++)
        if (command_check_file(
                i < args->pred.n ? args->pred.items[i] : args->ref.items[i - args->pred.n], e))
            return e->code;
    if (choose_metrics(args, a, o, semantic, e) || choose_rouge(args->rouge_types, a, o, e) ||
        choose_edit(args->edit_types, a, o, e))
        return e->code;
    o->stem = args->stem;
    o->bleu_options.words.kind = (enum tokenize_kind)args->tokenize;
    o->bleu_options.words.lowercase = args->lowercase;
    o->bleu_options.smooth = (enum bleu_smooth)args->smooth;
    if (args->smooth_value > 0) {
        if (args->smooth != BLEU_SMOOTH_FLOOR && args->smooth != BLEU_SMOOTH_ADD_K)
            return err_set(e, ERR_USAGE, "--smooth-value: '%s' takes none; floor and add-k do",
                           smooths[args->smooth]);
        o->bleu_options.smooth_value = args->smooth_value;
    }
    o->chrf_options = (struct chrf_options){.char_order = args->chrf_char_order,
                                            .word_order = args->chrf_word_order,
                                            .beta = args->chrf_beta,
                                            .lowercase = args->chrf_lowercase,
                                            .whitespace = args->chrf_whitespace,
                                            .eps_smoothing = args->chrf_eps_smoothing};
    o->exact_kind = (enum exact_kind)args->exact_normalize;
    o->exact_form = (enum exact_form)args->unicode;
    return ERR_OK;
}

/* ---- the work ---- */

static enum err_code read_all(const struct quality_args *args, struct arena *a,
                              struct quality_result *r, struct err *e)
{
    const char *delimiter = nullptr;
    size_t n = 0, n_files = 0;
    if (quality_input_delimiter(args->delimiter, a, &delimiter, &n, e))
        return e->code;
    struct quality_file *const refs = ARENA_ARRAY(a, struct quality_file, args->ref.n);
    const struct quality_file **const files =
        ARENA_ARRAY(a, const struct quality_file *, args->pred.n + args->ref.n);
    r->systems = ARENA_ARRAY(a, struct quality_system, args->pred.n);
    r->n_systems = args->pred.n;
    r->refs = refs;
    r->n_refs = args->ref.n;
    for (size_t i = 0; i < r->n_systems; i++) {
        if (quality_input_read(args->pred.items[i], delimiter, n, a, &r->systems[i].file, e))
            return e->code;
        files[n_files++] = &r->systems[i].file;
    }
    for (size_t i = 0; i < r->n_refs; i++) {
        if (quality_input_read(args->ref.items[i], delimiter, n, a, &refs[i], e))
            return e->code;
        files[n_files++] = &refs[i];
    }
    return quality_input_check(files, n_files, e);
}

static const struct line *interleave(const struct quality_result *r, struct arena *a)
{
    const size_t n = r->systems[0].file.n;
    struct line *const refs = ARENA_ARRAY(a, struct line, n * r->n_refs);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < r->n_refs; k++)
            refs[i * r->n_refs + k] = r->refs[k].lines[i];
    return refs;
}

static enum err_code embed(const struct quality_args *args, const struct line *refs,
                           struct quality_result *r, struct arena *a, struct err *e)
{
    const struct line **const systems = ARENA_ARRAY(a, const struct line *, r->n_systems);
    for (size_t i = 0; i < r->n_systems; i++)
        systems[i] = r->systems[i].file.lines;
    const struct quality_semantic_spec spec = {.model = {.path = args->embed_model,
                                                         .url = args->embed_url,
                                                         .name = args->embed_name,
                                                         .threads = args->embed_threads,
                                                         .timeout_s = args->embed_timeout_s},
                                               .systems = systems,
                                               .n_systems = r->n_systems,
                                               .n = r->systems[0].file.n,
                                               .refs = refs,
                                               .n_refs = r->n_refs};
    return quality_semantic_compute(&spec, a, &r->semantic, e);
}

static enum err_code compute(const struct quality_args *args, struct quality_result *r,
                             const struct text_score_options *o, struct arena *a, struct err *e)
{
    const struct line *const refs = interleave(r, a);
    const size_t n = r->systems[0].file.n;
    struct text_resample_plan paired = r->plan;
    if (r->by_bootstrap)
        paired.trials = 0;
    if (r->wants_semantic && embed(args, refs, r, a, e))
        return e->code;
    for (size_t i = 0; i < r->n_systems; i++) {
        struct quality_system *const s = &r->systems[i];
        s->scores = text_score_compute(s->file.lines, refs, r->n_refs, n, o, a);
        if (r->semantic.x)
            text_score_append(&s->scores, &(struct text_score_series){.metric = "semantic",
                                                                      .name = "semantic",
                                                                      .x = r->semantic.x[i]});
        s->intervals = ARENA_ARRAY(a, struct text_resample_interval, s->scores.n_series);
        text_resample_intervals(&s->scores, &r->plan, a, s->intervals);
        if (i == 0)
            continue;
        s->against = ARENA_ARRAY(a, struct text_resample_difference, s->scores.n_series);
        text_resample_paired(&r->systems[0].scores, &s->scores, &paired, a, s->against);
    }
    return ERR_OK;
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands,
                         int *ret_exit, struct err *e)
{
    (void)operands;
    const struct quality_args *const args = given;
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(str_done) struct str out = {};
    struct text_score_options options;
    struct quality_result r = {.per_line = args->per_line, .by_bootstrap = args->paired == 1};
    if (choose(args, a, &options, &r.wants_semantic, e) || read_all(args, a, &r, e))
        return e->code;
    r.plan = (struct text_resample_plan){
        .resamples = args->bootstrap,
        .trials = args->trials ? args->trials : text_resample_trials(r.systems[0].file.n),
        .seed = args->seed,
        .confidence = TEXT_RESAMPLE_CONFIDENCE};
    if (compute(args, &r, &options, a, e))
        return e->code;
    if ((args->embed_model || args->embed_url) && r.semantic.why)
        *ret_exit = 1; /* what was asked for, and could have been had, is missing */
    if (cli->json)
        quality_print_json(&r, a, &out);
    else
        quality_print_text(&r, cli->verbose, command_wants_colour(cli), a, &out);
    fputs(str_text(&out), stdout);
    return ERR_OK;
}

const struct command cmd_quality = {
    .name = "quality",
    .operands = "",
    .summary = "text metrics of predictions against references",
    .about =
        "Each metric is the reference tool's, to 1e-9: ROUGE that of rouge_score, BLEU and chrF\n"
        "those of sacreBLEU (the signature is printed), edit distances and ratios those of\n"
        "RapidFuzz, over code points. Texts stand a line each; ROUGE's Lsum takes the lines of "
        "one\n"
        "text for sentences, for which the texts must be parted by something else (--delimiter).\n"
        "Against several references BLEU and chrF do what sacreBLEU does, the others take the\n"
        "best. BLEU and chrF are of the whole corpus, the others means over the texts; -v shows\n"
        "precision, recall and the means over texts of BLEU and chrF as well.\n"
        "A second --pred is compared with the first on the same lines: the difference, its\n"
        "interval, and the p value of a paired test.",
    .examples = "  chimera quality --pred out.txt --ref gold.txt\n"
                "  chimera quality --pred a.txt --pred b.txt --ref gold.txt --metric bleu,chrf\n"
                "  chimera quality --pred out.txt --ref gold.txt --metric rouge --stem --json\n"
                "  chimera quality --pred out.txt --ref gold.txt --metric semantic --embed-model "
                "all-MiniLM-L6-v2",
    .opts = opts,
    .args_bytes = sizeof(struct quality_args),
    .run = run,
};
