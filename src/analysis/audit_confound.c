#include "analysis/audit_confound.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "store/results.h"

#include <ctype.h>
#include <string.h>

constexpr size_t SCRATCH = (size_t)1 << 28;
static constexpr unsigned BLOCKS = AUDIT_COMPARISON | AUDIT_WINNER;
static const struct audit_subject nobody = {.replicate = -1, .invocation = -1};

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ---- mixture: columns that were not mapped ---- */

static void look_at_splits(const struct audit_whole *w, struct audit *out)
{
    for (size_t i = 0; i < w->results->n_splits; i++) {
        const struct folder_split *const s = &w->results->splits[i];
        const struct audit_fact facts[] = {
            audit_word("workloads_by", s->column),
            audit_number("workloads", s->words),
            audit_word("fastest", s->fast),
            audit_number("fastest_ms", s->fast_ms),
            audit_word("slowest", s->slow),
            audit_number("slowest_ms", s->slow_ms),
            audit_number("cells", s->cells),
            audit_number("variance_between_share", s->variance_share),
            audit_number("p_value", s->p_value),
            audit_number("n", s->samples)};
        audit_add(
            out,
            &(struct audit_finding){
                .check = "mixture",
                .severity = AUDIT_WARN,
                .subject = nobody,
                .facts = facts,
                .n_facts = COUNT_OF(facts),
                .message = audit_text(
                    out,
                    "%.0f cell%s pool%s what the source's column '%s' tells apart (%s "
                    "%.4g ms, %s %.4g ms): %.0f %% of the variance within them lies between "
                    "its %.0f words",
                    s->cells, s->cells == 1 ? "" : "s", s->cells == 1 ? "s" : "", s->column,
                    s->fast, s->fast_ms, s->slow, s->slow_ms, 100 * s->variance_share, s->words),
                .advice = audit_text(out,
                                     "import it again with that column mapped (--map "
                                     "scenario=%s, or model, precision, phase, invocation)",
                                     s->column),
                .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COMPARISON});
    }
}

/* ---- confound: backends that ran different models ---- */

struct sets { /* backends, joined where they ran a model in common */
    const char **backends;
    size_t *set; /* of each: the number of its first backend */
    size_t n;
};

static size_t backend_index(struct sets *s, const char *backend)
{
    for (size_t i = 0; i < s->n; i++)
        if (same(s->backends[i], backend))
            return i;
    s->backends[s->n] = backend;
    s->set[s->n] = s->n;
    return s->n++;
}

static bool has_figures(const struct audit_cell *c)
{
    return c->stats->n > 0 || (c->n_stated > 0 && c->stats->cell->status == STATUS_OK);
}

static void join(struct sets *s, size_t a, size_t b)
{
    const size_t from = s->set[a] > s->set[b] ? s->set[a] : s->set[b],
                 to = s->set[a] > s->set[b] ? s->set[b] : s->set[a];
    for (size_t i = 0; i < s->n; i++)
        if (s->set[i] == from)
            s->set[i] = to;
}

static struct sets sets_of(const struct audit_whole *w, struct arena *a)
{
    struct sets s = {ARENA_ARRAY(a, const char *, w->n_cells + 1),
                     ARENA_ARRAY(a, size_t, w->n_cells + 1), 0};
    for (size_t i = 0; i < w->n_groups; i++) {
        size_t first = SIZE_MAX;
        for (size_t k = 0; k < w->groups[i].n; k++) {
            if (!has_figures(&w->groups[i].cells[k]))
                continue;
            const size_t b = backend_index(&s, w->groups[i].cells[k].key->backend);
            if (first == SIZE_MAX)
                first = b;
            join(&s, first, b);
        }
    }
    return s;
}

static const char *members(const struct sets *s, size_t set, struct audit *out)
{
    CLEANUP(str_done) struct str text = {};
    for (size_t i = 0; i < s->n; i++)
        if (s->set[i] == set)
            str_printf(&text, "%s%s", text.n ? ", " : "", s->backends[i]);
    return audit_text(out, "%s", str_text(&text));
}

static const char *models_of(const struct audit_whole *w, const struct sets *s, size_t set,
                             double *ret_n, struct audit *out)
{
    CLEANUP(str_done) struct str text = {};
    constexpr size_t SHOWN = 160;
    *ret_n = 0;
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct folder_key *const key = w->cells[i].key;
        bool mine = false, before = false;
        for (size_t b = 0; b < s->n && has_figures(&w->cells[i]); b++)
            mine = mine || (s->set[b] == set && same(s->backends[b], key->backend));
        for (size_t k = 0; k < i && mine; k++)
            before =
                before || (has_figures(&w->cells[k]) && same(w->cells[k].key->model, key->model));
        if (!mine || before)
            continue;
        (*ret_n)++;
        if (text.n < SHOWN)
            str_printf(&text, "%s%s", text.n ? ", " : "", key->model);
    }
    return audit_text(out, "%s%s", str_text(&text), text.n >= SHOWN ? ", ..." : "");
}

static void look_at_models(const struct audit_whole *w, struct audit *out)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(SCRATCH);
    const struct sets s = sets_of(w, a);
    size_t other = 0;
    while (other < s.n && s.set[other] == s.set[0])
        other++;
    if (s.n < 2 || other == s.n)
        return;
    double n_a, n_b;
    const char *const models_a = models_of(w, &s, s.set[0], &n_a, out), *const models_b = models_of(
                                                                            w, &s, s.set[other],
                                                                            &n_b, out);
    const struct audit_fact facts[] = {audit_word("what", "model"),
                                       audit_word("a", members(&s, s.set[0], out)),
                                       audit_word("of_a", models_a),
                                       audit_number("n_of_a", n_a),
                                       audit_word("b", members(&s, s.set[other], out)),
                                       audit_word("of_b", models_b),
                                       audit_number("n_of_b", n_b)};
    audit_add(out,
              &(struct audit_finding){
                  .check = "confound",
                  .severity = AUDIT_WARN,
                  .subject = nobody,
                  .facts = facts,
                  .n_facts = COUNT_OF(facts),
                  .message = audit_text(out,
                                        "%s ran %.0f model%s (%s) and %s %.0f other%s (%s), none "
                                        "of them in common in a scenario: a difference between "
                                        "them is that of the models too",
                                        facts[1].text, n_a, n_a == 1 ? "" : "s", models_a,
                                        facts[4].text, n_b, n_b == 1 ? "" : "s", models_b),
                  .advice = "name no winner between them: run one model on both",
                  .blocks = BLOCKS});
}

/* ---- columns that go with the backend ---- */

/* A word of the name, between characters that are no letters. */
static bool has_word(const char *name, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = name; *at; at++)
        if ((at == name || !isalpha((unsigned char)at[-1])) && strncasecmp(at, word, n) == 0 &&
            !isalpha((unsigned char)at[n]))
            return true;
    return false;
}

static bool names_a_machine(const char *column)
{
    static const char *const words[] = {"os",      "system", "platform", "host",   "hostname",
                                        "machine", "node",   "driver",   "kernel", "container",
                                        "region",  "distro", "instance"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (has_word(column, words[i]))
            return true;
    return false;
}

/* Or a value does, whatever the column is called. */
static bool is_of_machines(const struct folder_alias *x)
{
    static const char *const systems[] = {"linux",  "windows", "macos",  "darwin",
                                          "ubuntu", "debian",  "fedora", "wsl",
                                          "docker", "wddm",    "win"};
    bool found = names_a_machine(x->column);
    for (size_t i = 0; i < x->n && !found; i++)
        for (size_t k = 0; k < COUNT_OF(systems) && !found; k++)
            found = has_word(x->words[i], systems[k]);
    return found;
}

static const char *words_of(const struct folder_alias *x, struct audit *out)
{
    CLEANUP(str_done) struct str text = {};
    constexpr size_t SHOWN = 6;
    for (size_t i = 0; i < x->n && i < SHOWN; i++)
        str_printf(&text, "%s%s: %s", i ? ", " : "", x->backends[i], x->words[i]);
    return audit_text(out, "%s%s", str_text(&text), x->n > SHOWN ? ", ..." : "");
}

static size_t look_at_aliases(const struct audit_whole *w, bool machines, const char *check,
                              struct audit *out)
{
    size_t found = 0;
    for (size_t i = 0; i < w->results->n_aliases; i++) {
        const struct folder_alias *const x = &w->results->aliases[i];
        if (is_of_machines(x) != machines)
            continue;
        found++;
        const struct audit_fact facts[] = {audit_word("what", x->column),
                                           audit_number("backends", (double)x->n),
                                           audit_word("values", words_of(x, out))};
        audit_add(out, &(struct audit_finding){
                           .check = check,
                           .severity = machines ? AUDIT_WARN : AUDIT_INFO,
                           .subject = nobody,
                           .facts = facts,
                           .n_facts = COUNT_OF(facts),
                           .message = audit_text(out,
                                                 "the source's column '%s' goes with the backend "
                                                 "(%s): what it does cannot be told from what the "
                                                 "backend does",
                                                 x->column, facts[2].text),
                           .advice = machines ? "compare them on one system"
                                              : "say so beside a comparison, or run the missing "
                                                "combinations",
                           .blocks = machines ? BLOCKS : 0});
    }
    return found;
}

static void look_at_confounds(const struct audit_whole *w, struct audit *out)
{
    look_at_models(w, out);
    (void)look_at_aliases(w, false, "confound", out);
}

static void look_at_machine_columns(const struct audit_whole *w, struct audit *out)
{
    (void)look_at_aliases(w, true, "environment-mismatch", out);
}

const struct audit_check audit_confound_checks[] = {
    {.name = "mixture",
     .rule = "warn: a column of the source that was not imported explains at least half of the "
             "variance within cells (F test below 0.0001), its slowest word 1.25 times its fastest "
             "(3 times where it is the prompt itself)",
     .evidence = "workloads_by workloads fastest fastest_ms slowest slowest_ms cells "
                 "variance_between_share p_value n",
     .blocks = AUDIT_LATENCY | AUDIT_THROUGHPUT | AUDIT_COMPARISON,
     .whole = look_at_splits},
    {.name = "confound",
     .rule = "warn: backends that have no model in common in any scenario; info: a column of the "
             "source that was not imported has one value for each backend",
     .evidence = "what a of_a n_of_a b of_b n_of_b backends values",
     .blocks = BLOCKS,
     .whole = look_at_confounds},
    {.name = "environment-mismatch",
     .rule = "warn: a column of the source that was not imported names a system or driver, by its "
             "name or its values, and goes with the backend",
     .evidence = "what backends values",
     .blocks = BLOCKS,
     .whole = look_at_machine_columns},
    {},
};
