/* chimera compare: what changed between two results, and where over many. */
#include "analysis/env_diff.h"
#include "analysis/significance.h"
#include "base/arena.h"
#include "base/nearest.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/command_all.h"
#include "cli/compare_table.h"
#include "cli/measured.h"
#include "io/digest.h"
#include "io/jsonw.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

constexpr size_t MEMORY = (size_t)16 << 30;

struct compare_args {
    double margin; /* percent */
    const char *fail_on;
    bool history;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_F64,  0, "margin",  "PERCENT", "5",     "a smaller difference changes no decision: inside it two cells are the same",
     FIELD_OF(struct compare_args, margin, double), .min = 0.01, .max = 99},
    {OPT_STR,  0, "fail-on", "WORDS",   nullptr, "exit 1 on any of: slower, faster, lost, cannot-tell (a list, with commas)",
     FIELD_OF(struct compare_args, fail_on, const char *)},
    {OPT_FLAG, 0, "history", nullptr,   nullptr, "the DIRs are runs in the order of time: where did a cell's level change?",
     FIELD_OF(struct compare_args, history, bool)},
    {},
};
/* clang-format on */

static const char *const fail_words[] = {"slower", "faster", "lost", "cannot-tell"};
enum { FAIL_SLOWER = 1, FAIL_FASTER = 2, FAIL_LOST = 4, FAIL_CANNOT_TELL = 8 };

static enum err_code parse_fail_on(const char *text, struct arena *a, unsigned *ret, struct err *e)
{
    *ret = 0;
    while (text && *text) {
        const size_t n = strcspn(text, ",");
        const char *const word = arena_printf(a, "%.*s", (int)n, text);
        unsigned bit = 0;
        for (unsigned i = 0; i < COUNT_OF(fail_words); i++)
            bit |= strcmp(word, fail_words[i]) == 0 ? 1U << i : 0;
        if (bit == 0) {
            const char *const near = nearest_word(word, fail_words, COUNT_OF(fail_words));
            return err_set(
                e, ERR_USAGE, "--fail-on: '%s' is none of slower, faster, lost, cannot-tell%s%s%s",
                word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
        *ret |= bit;
        text += n + (text[n] == ',');
    }
    return ERR_OK;
}

/* ---- two results ---- */

struct two {
    struct measured base, new;
    struct comparison *cells;
    size_t n;
    struct env_diff *env;
    size_t n_env;
    const char *why_no_env;
};

static void two_done(struct two *t)
{
    measured_done(&t->base);
    measured_done(&t->new);
}

static bool fails(const struct comparison *c, unsigned on)
{
    return ((on & FAIL_SLOWER) && c->word == COMPARISON_SLOWER) ||
           ((on & FAIL_FASTER) && c->word == COMPARISON_FASTER) || ((on & FAIL_LOST) && c->lost) ||
           ((on & FAIL_CANNOT_TELL) && c->word == COMPARISON_CANNOT_TELL && c->base && c->new);
}

static void print_env(const struct two *t)
{
    if (t->why_no_env) {
        fprintf(stderr, "chimera: %s\n", t->why_no_env);
        return;
    }
    if (t->n_env)
        puts("\nnot the same machine or software: a difference may be theirs");
    for (size_t i = 0; i < t->n_env; i++)
        printf("  %s: %s, now %s\n", t->env[i].key, t->env[i].base ? t->env[i].base : "unknown",
               t->env[i].new ? t->env[i].new : "unknown");
}

static void print_counts(const struct comparison *c, size_t n)
{
    size_t words[COMPARISON_CANNOT_TELL + 1] = {}, lost = 0;
    for (size_t i = 0; i < n; i++) {
        words[c[i].word]++;
        lost += c[i].lost;
    }
    printf("%zu cell%s: %zu faster, %zu slower, %zu same, %zu cannot tell", n, n == 1 ? "" : "s",
           words[COMPARISON_FASTER], words[COMPARISON_SLOWER], words[COMPARISON_SAME],
           words[COMPARISON_CANNOT_TELL]);
    if (lost)
        printf(" (%zu ran in BASE and not in NEW)", lost);
    puts("");
}

static void two_json(const struct two *t, double margin, size_t failed, struct arena *a)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    significance_header(&t->new.results, "chimera.compare/1", &w);
    jsonw_kobject(&w, "method");
    jsonw_kf64(&w, "margin", margin);
    jsonw_kstr(&w, "test",
               "Welch on the logs at the level named in rests_on, Holm over all cells; "
               "same: two one-sided tests within the margin, Holm too");
    jsonw_kstr(&w, "not_in_it", "what one run differs from another by: compare --history has it");
    jsonw_end_object(&w);
    comparison_json(t->cells, t->n, a, &w);
    jsonw_karray(&w, "environment");
    for (size_t i = 0; i < t->n_env; i++) {
        jsonw_object(&w);
        jsonw_kstr(&w, "key", t->env[i].key);
        jsonw_kstr(&w, "base", t->env[i].base);
        jsonw_kstr(&w, "new", t->env[i].new);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_kstr(&w, "environment_reason", t->why_no_env);
    jsonw_ki64(&w, "failed", (int64_t)failed);
    jsonw_end_object(&w);
    puts(str_text(&text));
}

static enum err_code run_two(struct cli *cli, const struct compare_args *args, unsigned fail_on,
                             const char *const *dirs, int *ret_exit, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(two_done) struct two t = {};
    const double margin = args->margin / 100;
    if (measured_read(&dirs[0], 1, nullptr, nullptr, a, &t.base, e) ||
        measured_read(&dirs[1], 1, nullptr, nullptr, a, &t.new, e))
        return e->code;
    env_diff_read(dirs[0], dirs[1], a, &t.env, &t.n_env, &t.why_no_env);
    t.cells = ARENA_ARRAY(a, struct comparison, t.base.results.n_cells + t.new.results.n_cells);
    comparison_compute(t.base.cells, t.base.results.n_cells, t.new.cells, t.new.results.n_cells,
                       margin, a, t.cells, &t.n);
    measured_tell_problems(&t.base);
    measured_tell_problems(&t.new);
    size_t failed = 0, shared = 0;
    for (size_t i = 0; i < t.n; i++) {
        failed += (size_t)fails(&t.cells[i], fail_on);
        shared += (size_t)(t.cells[i].base && t.cells[i].new);
    }
    if (shared == 0)
        return err_set(e, ERR_USAGE,
                       "'%s' and '%s' have no cell in common: scenario, backend, "
                       "precision and model must be the same",
                       dirs[0], dirs[1]);
    *ret_exit = failed ? 1 : 0;
    if (cli->json) {
        two_json(&t, margin, failed, a);
        return ERR_OK;
    }
    CLEANUP(str_done) struct str text = {};
    compare_table(t.cells, t.n, command_wants_colour(cli), a, &text);
    fputs(str_text(&text), stdout);
    print_counts(t.cells, t.n);
    print_env(&t);
    return ERR_OK;
}

/* ---- many ---- */

struct line { /* a cell, and its level in each run */
    struct folder_key key;
    double *y;
};

struct lines {
    struct line *items;
    size_t n, room;
    char (*digests)[DIGEST_HEX]; /* of each run: of the digests of what was read of it */
};

static char *copy(struct arena *a, const char *text)
{
    return arena_strdup(a, text);
}

static struct line *line_of(struct lines *l, const struct folder_key *k, size_t runs,
                            struct arena *a)
{
    for (size_t i = 0; i < l->n; i++)
        if (folder_key_same(&l->items[i].key, k))
            return &l->items[i];
    if (l->n == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        struct line *const more = ARENA_ARRAY(a, struct line, l->room);
        for (size_t i = 0; i < l->n; i++)
            more[i] = l->items[i];
        l->items = more;
    }
    struct line *const new = &l->items[l->n++];
    new->key = (struct folder_key){copy(a, k->scenario), copy(a, k->backend), copy(a, k->precision),
                                   copy(a, k->model)};
    new->y = ARENA_ARRAY(a, double, runs);
    for (size_t i = 0; i < runs; i++)
        new->y[i] = NOT_MEASURED;
    return new;
}

/* Each run in an arena of its own: a history may be long. */
static enum err_code add_run(const char *dir, size_t place, size_t runs, struct lines *l,
                             struct arena *a, struct err *e)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(MEMORY);
    CLEANUP(measured_done) struct measured m = {};
    if (measured_read(&dir, 1, nullptr, nullptr, scratch, &m, e))
        return e->code;
    measured_tell_problems(&m);
    CLEANUP(str_done) struct str inputs = {};
    for (size_t i = 0; i < m.results.n_inputs; i++)
        str_printf(&inputs, "%s %s\n", m.results.inputs[i].sha256, m.results.inputs[i].relative);
    digest_of(str_text(&inputs), inputs.n, l->digests[place]);
    for (size_t i = 0; i < m.results.n_cells; i++)
        line_of(l, &m.cells[i].cell->key, runs, a)->y[place] = m.cells[i].level.mean;
    return ERR_OK;
}

static void history_json(const struct history *h, size_t n, const struct opt_list *dirs,
                         const struct lines *lines, double margin)
{
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.history/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_karray(&w, "folders");
    for (size_t i = 0; i < dirs->n; i++)
        jsonw_str(&w, dirs->items[i]);
    jsonw_end_array(&w);
    jsonw_karray(&w, "sha256"); /* of the lines "<sha256> <file>" of all that was read of each */
    for (size_t i = 0; i < dirs->n; i++)
        jsonw_str(&w, lines->digests[i]);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    jsonw_kf64(&w, "margin", margin);
    jsonw_kf64(&w, "alpha", HISTORY_ALPHA);
    jsonw_karray(&w, "cells");
    for (size_t i = 0; i < n; i++) {
        jsonw_object(&w);
        jsonw_kstr(&w, "scenario", h[i].key->scenario);
        jsonw_kstr(&w, "backend", h[i].key->backend);
        jsonw_kstr(&w, "precision", h[i].key->precision);
        jsonw_kstr(&w, "model", h[i].key->model);
        jsonw_karray(&w, "level_ms");
        for (size_t k = 0; k < h[i].n; k++)
            jsonw_f64(&w, exp(h[i].y[k]));
        jsonw_end_array(&w);
        jsonw_kf64(&w, "run_to_run_sd", h[i].scatter);
        jsonw_kf64(&w, "smallest_detectable", h[i].detectable);
        jsonw_kstr(&w, "reason", h[i].reason);
        jsonw_karray(&w, "changes");
        for (size_t k = 0; k < h[i].n_changes; k++) {
            const struct history_change *const c = &h[i].changes[k];
            jsonw_object(&w);
            jsonw_ki64(&w, "at", (int64_t)c->at);
            jsonw_kstr(&w, "folder", dirs->items[c->at]);
            jsonw_kf64(&w, "ratio", c->ratio);
            jsonw_kf64(&w, "ratio_ci_95_lower", c->lo);
            jsonw_kf64(&w, "ratio_ci_95_upper", c->hi);
            jsonw_kf64(&w, "p_adjusted", c->p);
            jsonw_end_object(&w);
        }
        jsonw_end_array(&w);
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    puts(str_text(&text));
}

static enum err_code run_history(struct cli *cli, const struct compare_args *args, unsigned fail_on,
                                 const struct opt_list *dirs, int *ret_exit, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct lines lines = {.digests = arena_alloc(a, dirs->n, DIGEST_HEX)};
    for (size_t i = 0; i < dirs->n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(dirs->items[i], dirs->items[k]) == 0)
                return err_set(e, ERR_USAGE, "'%s' is given twice: a run stands once in a history",
                               dirs->items[i]);
    for (size_t i = 0; i < dirs->n; i++)
        if (add_run(dirs->items[i], i, dirs->n, &lines, a, e))
            return e->code;
    struct history *const h = ARENA_ARRAY(a, struct history, lines.n);
    const double margin = args->margin / 100;
    for (size_t i = 0; i < lines.n; i++) {
        h[i] = history_of(&lines.items[i].key, lines.items[i].y, dirs->n, margin, a);
        for (size_t k = 0; k < h[i].n_changes; k++) /* the last level is what stands now */
            if (k + 1 == h[i].n_changes &&
                ((h[i].changes[k].ratio > 1 && (fail_on & FAIL_SLOWER)) ||
                 (h[i].changes[k].ratio < 1 && (fail_on & FAIL_FASTER))))
                *ret_exit = 1;
    }
    if (cli->json) {
        history_json(h, lines.n, dirs, &lines, margin);
        return ERR_OK;
    }
    CLEANUP(str_done) struct str text = {};
    compare_table_history(h, lines.n, dirs->items, command_wants_colour(cli), a, &text);
    fputs(str_text(&text), stdout);
    return ERR_OK;
}

static enum err_code run(struct cli *cli, const void *args_, const struct opt_list *operands,
                         int *ret_exit, struct err *e)
{
    const struct compare_args *const args = args_;
    unsigned fail_on = 0;
    if (parse_fail_on(args->fail_on, cli->arena, &fail_on, e))
        return e->code;
    if (!args->history && operands->n != 2)
        return err_set(e, ERR_USAGE,
                       "compare takes BASE and NEW, %zu were given; many runs in the order of time "
                       "are compare --history",
                       operands->n);
    const enum err_code code = args->history
                                   ? run_history(cli, args, fail_on, operands, ret_exit, e)
                                   : run_two(cli, args, fail_on, operands->items, ret_exit, e);
    if (code && command_exit_code(code) == 1) /* 1 is a regression, and a full disk is none */
        e->code = ERR_UNAVAILABLE;
    return code ? e->code : ERR_OK;
}

const struct command cmd_compare = {
    .name = "compare",
    .operands = "BASE NEW",
    .summary = "the same cells in two results: faster, slower, same, or cannot tell",
    .about =
        "Looks at every cell (scenario, backend, precision, model) that both results have. The\n"
        "verdict rests on the level at which a cell varies: invocations where there are two or\n"
        "more, else the repetitions of the one. faster and slower: Welch's test on the logs, "
        "after\n"
        "Holm's correction over all cells. same: shown to be within the margin, by two one-sided\n"
        "tests. Everything else is 'cannot tell', with the number of runs that would decide it.\n"
        "Cells that generated different numbers of tokens are not compared.\n\n"
        "What one run differs from another by is not in the interval of two runs. With --history\n"
        "the DIRs (five or more) are runs in the order of time, and a change is judged by how "
        "much\n"
        "they scatter: where a cell's level changed, by how much, with an interval.\n\n"
        "The exit status is 1 where --fail-on says so and only there; with --history it looks at "
        "the\n"
        "last change.",
    .examples = "  chimera compare results/monday results/tuesday\n"
                "  chimera compare results/monday results/tuesday --fail-on slower,lost\n"
                "  chimera compare --history results/2026-*",
    .opts = opts,
    .args_bytes = sizeof(struct compare_args),
    .min_operands = 2,
    .max_operands = UINT_MAX,
    .run = run,
};
