#include "analysis/audit_work.h"

#include "analysis/cell.h"
#include "analysis/pair.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/results.h"

#include <math.h>
#include <string.h>

enum { DIFFERENCE, LARGE, ERRORS, EARLY, SHORTER, LEAST_FULL, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [DIFFERENCE] = {"difference", PAIR_WORK,
                    "of the larger count: the length guard of comparisons"},
    [LARGE] = {"large", 0.1, "of the larger count: no longer a comparison of one work"},
    [ERRORS] = {"standard_errors", 4,
                "where lengths vary from sample to sample, means differ by chance"},
    [EARLY] = {"early", 0.05, "of the samples: enough to move a mean or a percentile"},
    [SHORTER] = {"shorter", 0.9,
                 "of the longest answer to a prompt: cut off, not merely worded "
                 "otherwise by a token or two"},
    [LEAST_FULL] = {"least_full", 3, "cells that end at one number of tokens: it is a limit"},
};

/* ---- unequal-work ---- */

struct work {           /* of one cell, per sample */
    double mean, error; /* standard error of the mean */
};

typedef struct work measure(const struct audit_cell *c);

static double error_of(double sd, size_t n)
{
    return sd > 0 ? sd / sqrt((double)n) : 0;
}

static struct work generated(const struct audit_cell *c)
{
    const struct audit_kept *const k = c->kept;
    if (k->n > 0 && k->with_generated == k->n)
        return (struct work){k->generated_mean, error_of(k->generated_sd, k->n)};
    return (struct work){c->n_stated ? c->stated[0].generated_tokens : NOT_MEASURED, 0};
}

static struct work prompt(const struct audit_cell *c)
{
    const struct audit_kept *const k = c->kept;
    if (k->n > 0 && k->with_prompt_tokens == k->n)
        return (struct work){k->prompt_tokens_mean, 0}; /* the prompts are given, not drawn */
    return (struct work){c->n_stated ? c->stated[0].prompt_tokens : NOT_MEASURED, 0};
}

static struct work prompts(const struct audit_cell *c)
{
    const struct audit_kept *const k = c->kept;
    return (struct work){k->n > 0 && k->prompts[0].index >= 0 ? (double)k->n_prompts : NOT_MEASURED,
                         0};
}

static struct work tokens(const struct audit_cell *c)
{
    return (struct work){c->n_stated ? c->stated[0].tokens : NOT_MEASURED, 0};
}

static bool compare_work(const struct audit_group *g, measure *of, const char *what,
                         struct audit *out)
{
    const struct audit_cell *least = nullptr, *most = nullptr;
    size_t known = 0;
    for (size_t i = 0; i < g->n; i++) {
        const double x = of(&g->cells[i]).mean;
        if (isnan(x))
            continue;
        known++;
        least = !least || x < of(least).mean ? &g->cells[i] : least;
        most = !most || x > of(most).mean ? &g->cells[i] : most;
    }
    if (known < 2)
        return false;
    const struct work a = of(least), b = of(most);
    const double share = (b.mean - a.mean) / b.mean;
    if (!(share > limits[DIFFERENCE].value) ||
        b.mean - a.mean <= limits[ERRORS].value * hypot(a.error, b.error))
        return true;
    const struct audit_fact facts[] = {audit_word("what", what),
                                       audit_number("least", a.mean),
                                       audit_word("least_of", audit_label(out, least)),
                                       audit_number("most", b.mean),
                                       audit_word("most_of", audit_label(out, most)),
                                       audit_number("difference_share", share),
                                       audit_number("cells", (double)known)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "unequal-work",
                  .severity = share > limits[LARGE].value ? AUDIT_FAIL : AUDIT_WARN,
                  .subject = audit_subject_of_group(g),
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out, "%s: %.4g in %s, %.4g in %s", what, a.mean,
                                        audit_label(out, least), b.mean, audit_label(out, most)),
                  .advice = "compare time per token, or make all generate the same number "
                            "(stop_on_eos: false) from the same prompts",
                  .blocks = AUDIT_COMPARISON | AUDIT_WINNER});
    return true;
}

static void look_at_work(const struct audit_group *g, struct audit *out)
{
    const struct audit_subject subject = audit_subject_of_group(g);
    bool looked = compare_work(g, generated, "generated tokens per sample", out);
    looked = compare_work(g, prompt, "prompt tokens per sample", out) || looked;
    looked = compare_work(g, prompts, "prompts", out) || looked;
    looked = compare_work(g, tokens, "tokens", out) || looked;
    if (!looked)
        audit_not_run(out, "unequal-work", &subject,
                      "no two cells of one scenario and model with token counts");
}

/* ---- early-stop ---- */

/* Samples of the cell that are shorter than the longest to any prompt; only where most reach that
 * length to the token, because then it is a limit and not chance. */
static double short_share(const struct audit_cell *c)
{
    const struct audit_kept *const k = c->kept;
    size_t shorter = 0, full = 0;
    for (size_t i = 0; i < c->stats->n; i++) {
        const double x = (double)c->samples->generated_tokens[c->rows[i]];
        shorter += x < limits[SHORTER].value * k->generated_max;
        full += x == k->generated_max;
    }
    return full >= shorter ? (double)shorter / (double)c->stats->n : NOT_MEASURED;
}

static void early_finding(const struct audit_subject *subject, const struct audit_fact *facts,
                          size_t n, unsigned blocks, const char *message, struct audit *out)
{
    audit_add(out, &(struct audit_finding){
                       .check = "early-stop",
                       .severity = AUDIT_WARN,
                       .subject = *subject,
                       .facts = facts,
                       .n_facts = n,
                       .message = message,
                       .advice = "look at time per token, keep short answers apart from full ones, "
                                 "or set stop_on_eos: false",
                       .blocks = blocks});
}

static void look_at_stops(const struct audit_cell *c, struct audit *out)
{
    const struct audit_kept *const k = c->kept;
    const struct audit_subject subject = audit_subject_of(c);
    if (k->n == 0 || (k->sequences == 0 && k->with_generated < k->n)) {
        audit_not_run(out, "early-stop", &subject,
                      "nothing says why generation stopped, nor how many tokens there were");
        return;
    }
    const double share = k->sequences > 0 ? k->early / k->sequences : short_share(c);
    if (!(share >= limits[EARLY].value && share <= 1 - limits[EARLY].value) ||
        k->generated_min >= limits[SHORTER].value * k->generated_max)
        return;
    const struct audit_fact facts[] = {
        audit_number("early_share", share), audit_number("fewest_tokens", k->generated_min),
        audit_number("most_tokens", k->generated_max), audit_number("samples", (double)k->n)};
    early_finding(&subject, facts, COUNT_OF(facts), AUDIT_LATENCY | AUDIT_COMPARISON,
                  audit_text(out,
                             "%.0f %% of the answers stopped early (%.0f to %.0f tokens): their "
                             "latencies are averaged with those of full length",
                             100 * share, k->generated_min, k->generated_max),
                  out);
}

static void compare_stops(const struct audit_group *g, struct audit *out)
{
    const struct audit_cell *least = nullptr, *most = nullptr;
    for (size_t i = 0; i < g->n; i++) {
        const struct audit_cell *const c = &g->cells[i];
        if (!(c->kept->sequences > 0))
            continue;
        const double x = c->kept->early / c->kept->sequences;
        least = !least || x < least->kept->early / least->kept->sequences ? c : least;
        most = !most || x > most->kept->early / most->kept->sequences ? c : most;
    }
    if (!least)
        return;
    const double a = least->kept->early / least->kept->sequences,
                 b = most->kept->early / most->kept->sequences;
    if (b - a < limits[EARLY].value || !(least->kept->generated_mean > most->kept->generated_mean))
        return;
    const struct audit_subject subject = audit_subject_of_group(g);
    const struct audit_fact facts[] = {
        audit_number("early_share_least", a), audit_word("least_of", audit_label(out, least)),
        audit_number("early_share_most", b), audit_word("most_of", audit_label(out, most))};
    early_finding(&subject, facts, COUNT_OF(facts), AUDIT_COMPARISON | AUDIT_WINNER,
                  audit_text(out,
                             "%.0f %% of the answers of %s stopped early, %.0f %% of those of %s",
                             100 * b, audit_label(out, most), 100 * a, audit_label(out, least)),
                  out);
}

/* ---- the cells of a source, of which some reach the limit ---- */

static double tokens_of(const struct audit_cell *c)
{
    if (c->stats->n > 0)
        return c->kept->generated_mean;
    return c->n_stated ? c->stated[0].generated_tokens : NOT_MEASURED;
}

/* Scenarios of which a cell reaches the limit: it is theirs too. */
static const char **scenarios_at(const struct audit_whole *w, double limit, struct arena *a,
                                 size_t *ret_n)
{
    const char **const names = ARENA_ARRAY(a, const char *, w->n_cells);
    size_t n = 0;
    for (size_t i = 0; i < w->n_cells; i++)
        if (tokens_of(&w->cells[i]) == limit &&
            !audit_is_one_of(names, n, w->cells[i].key->scenario))
            names[n++] = w->cells[i].key->scenario;
    *ret_n = n;
    return names;
}

static void look_at_limit(const struct audit_whole *w, struct audit *out)
{
    double limit = 0, fewest = HUGE_VAL, most = 0;
    size_t full = 0, shorter = 0;
    for (size_t i = 0; i < w->n_cells; i++)
        if (w->cells[i].imported)
            limit = fmax(limit, tokens_of(&w->cells[i])); /* fmax() passes over NaN */
    for (size_t i = 0; i < w->n_cells; i++)
        full += tokens_of(&w->cells[i]) == limit;
    if ((double)full < limits[LEAST_FULL].value || limit <= 1)
        return;
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)1 << 30);
    size_t n_reached;
    const char **const reached = scenarios_at(w, limit, scratch, &n_reached);
    for (size_t i = 0; i < w->n_cells; i++) {
        const double n = tokens_of(&w->cells[i]);
        if (!(n < limits[SHORTER].value * limit) ||
            !audit_is_one_of(reached, n_reached, w->cells[i].key->scenario))
            continue;
        shorter++;
        fewest = fmin(fewest, n);
        most = fmax(most, n);
    }
    if (shorter == 0)
        return;
    const struct audit_subject subject = {.replicate = -1, .invocation = -1};
    const struct audit_fact facts[] = {
        audit_number("cells_at_the_limit", (double)full), audit_number("limit_tokens", limit),
        audit_number("cells_that_stop_early", (double)shorter),
        audit_number("fewest_tokens", fewest), audit_number("most_tokens", most)};
    early_finding(&subject, facts, COUNT_OF(facts), AUDIT_FIT | AUDIT_COMPARISON,
                  audit_text(out,
                             "%zu cells stop at %.0f to %.0f tokens, before the %.0f that %zu "
                             "others reach: their times are of other lengths, and a time rescaled "
                             "to %.0f tokens was not measured",
                             shorter, fewest, most, limit, full, limit),
                  out);
}

const struct audit_check audit_work_checks[] = {
    {.name = "unequal-work",
     .rule = "warn: mean generated tokens, mean prompt tokens or the number of prompts differ "
             "between cells of one scenario and model by more than difference, and by more than "
             "standard_errors where they vary; fail above large",
     .evidence = "what least least_of most most_of difference_share cells",
     .blocks = AUDIT_COMPARISON | AUDIT_WINNER,
     AUDIT_LIMITS(limits, DIFFERENCE, ERRORS),
     .group = look_at_work},
    {.name = "early-stop",
     .rule = "warn: between early and 1 - early of the answers of a cell stopped before max_tokens "
             "(where no stop is recorded: are shorter than `shorter` of the limit that most "
             "reach), so that its figures mix lengths; or that share differs between compared "
             "cells by more than early; or of a source's cells at least least_full end at the same "
             "most tokens, and others of their scenarios at fewer than `shorter` of it",
     .evidence = "early_share fewest_tokens most_tokens samples early_share_least least_of "
                 "early_share_most most_of cells_at_the_limit limit_tokens cells_that_stop_early",
     .blocks = AUDIT_LATENCY | AUDIT_COMPARISON | AUDIT_WINNER,
     AUDIT_LIMITS(limits, EARLY, LEAST_FULL),
     .cell = look_at_stops,
     .group = compare_stops,
     .whole = look_at_limit},
    {},
};
