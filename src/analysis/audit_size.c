#include "analysis/audit_size.h"

#include "analysis/cell.h"
#include "base/arena.h"
#include "base/defs.h"
#include "store/evidence.h"
#include "store/results.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAME, NAMED, LEAST_BLOCK, MOST_BLOCK, VOCABULARY, LIMITS };
static const struct audit_limit limits[LIMITS] = {
    [SAME] = {"same", 0.05, "of the larger: one size, with embeddings counted or not"},
    [NAMED] = {"named", 2, "times what the name says: names round, and leave out embeddings"},
    [LEAST_BLOCK] = {"least_block", 1.5,
                     "parameters of a layer over the square of the width: half of what attention "
                     "alone has with the fewest heads"},
    [MOST_BLOCK] = {"most_block", 60,
                    "the same: twice the widest dense layers there are (16 times the width)"},
    [VOCABULARY] = {"vocabulary", 6e5,
                    "rows of the width outside the layers: two tables of the largest vocabularies"},
};

struct size { /* of a model, where first stated */
    double params, layers, width;
};

static struct size size_of(const struct audit_cell *c)
{
    struct size s = {NOT_MEASURED, NOT_MEASURED, NOT_MEASURED};
    for (size_t i = 0; i < c->n_stated && isnan(s.params); i++) {
        const struct results_row *const r = &c->stated[i];
        s = (struct size){1e6 * r->params_millions, r->n_layers, r->d_model};
    }
    for (size_t i = 0; i < c->n_evidence && isnan(s.params); i++)
        s = (struct size){c->evidence[i]->n_params, c->evidence[i]->n_layers,
                          c->evidence[i]->d_model};
    return s;
}

static void report(const struct audit_cell *c, enum audit_severity severity,
                   const struct audit_fact *facts, size_t n, const char *message, struct audit *out)
{
    const struct audit_subject subject = {
        .model = c->key->model, .replicate = -1, .invocation = -1};
    audit_add(out,
              &(struct audit_finding){
                  .check = "model-size",
                  .severity = severity,
                  .subject = subject,
                  .facts = facts,
                  .n_facts = n,
                  .message = message,
                  .advice = "count the parameters in the model's file (chimera model inspect), "
                            "and state whether embeddings are among them",
                  .blocks = AUDIT_FIT});
}

/* A mixture of experts has layers of any size. */
static bool may_be_sparse(const char *model)
{
    static const char *const words[] = {"moe", "MoE", "MOE",     "ixtral", "eepseek", "eepSeek",
                                        "A3B", "a3b", "gpt-oss", "rok",    "averick", "scout"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strstr(model, words[i]))
            return true;
    return false;
}

static bool look_at_shape(const struct audit_cell *c, const struct size *s, struct audit *out)
{
    const double square = s->layers * s->width * s->width;
    if (!(square > 0) || isnan(s->params) || may_be_sparse(c->key->model))
        return false;
    const double least = limits[LEAST_BLOCK].value * square;
    const double most = limits[MOST_BLOCK].value * square + limits[VOCABULARY].value * s->width;
    if (s->params >= least && s->params <= most)
        return false;
    const struct audit_fact facts[] = {
        audit_number("params_millions", s->params / 1e6), audit_number("n_layers", s->layers),
        audit_number("d_model", s->width), audit_number("least_millions", least / 1e6),
        audit_number("most_millions", most / 1e6)};
    report(c, AUDIT_FAIL, facts, COUNT_OF(facts),
           audit_text(out,
                      "%s cannot have %.4g million parameters: %.0f layers of width %.0f have %.3g "
                      "to %.3g million",
                      c->key->model, s->params / 1e6, s->layers, s->width, least / 1e6, most / 1e6),
           out);
    return true;
}

/* "7b" in "qwen2.5:7b", "270m" in "gemma3:270m": a number and b or m, with nothing of a word on
 * either side. NOT_MEASURED: the name has none. */
static double size_in_name(const char *name)
{
    for (const char *at = name; *at; at++) {
        if (!isdigit((unsigned char)*at) ||
            (at > name && (isalnum((unsigned char)at[-1]) || at[-1] == '.')))
            continue;
        char *end;
        const double x = strtod(at, &end);
        const int unit = tolower((unsigned char)*end);
        if ((unit == 'b' || unit == 'm') && !isalnum((unsigned char)end[1]))
            return x * (unit == 'b' ? 1e9 : 1e6);
        while (isdigit((unsigned char)at[1]))
            at++;
    }
    return NOT_MEASURED;
}

static void look_at_name(const struct audit_cell *c, const struct size *s, struct audit *out)
{
    const double named = size_in_name(c->key->model), off = s->params / named;
    if (!(off > limits[NAMED].value || off < 1 / limits[NAMED].value))
        return;
    const struct audit_fact facts[] = {audit_number("params_millions", s->params / 1e6),
                                       audit_number("named_millions", named / 1e6),
                                       audit_number("times", off)};
    report(c, AUDIT_WARN, facts, COUNT_OF(facts),
           audit_text(out, "%s has %.4g million parameters, %.3g times what its name says",
                      c->key->model, s->params / 1e6, off),
           out);
}

static void look_at_others(const struct audit_whole *w, size_t cell, const struct size *s,
                           struct audit *out)
{
    const struct audit_cell *const c = &w->cells[cell];
    for (size_t k = cell + 1; k < w->n_cells; k++) {
        const struct size other = size_of(&w->cells[k]);
        if (strcmp(w->cells[k].key->model, c->key->model) != 0 || isnan(other.params) ||
            fabs(other.params - s->params) <= limits[SAME].value * fmax(other.params, s->params))
            continue;
        const struct audit_fact facts[] = {
            audit_number("params_millions", s->params / 1e6),
            audit_number("other_params_millions", other.params / 1e6),
            audit_word("of", audit_label(out, c)),
            audit_word("other_of", audit_label(out, &w->cells[k]))};
        report(c, AUDIT_WARN, facts, COUNT_OF(facts),
               audit_text(out, "%s has %.4g million parameters in %s and %.4g million in %s",
                          c->key->model, s->params / 1e6, facts[2].text, other.params / 1e6,
                          facts[3].text),
               out);
        return;
    }
}

static void look(const struct audit_whole *w, struct audit *out)
{
    bool known = false;
    for (size_t i = 0; i < w->n_cells; i++) {
        const struct size s = size_of(&w->cells[i]);
        bool seen = isnan(s.params);
        for (size_t k = 0; !seen && k < i; k++)
            seen = strcmp(w->cells[k].key->model, w->cells[i].key->model) == 0 &&
                   !isnan(size_of(&w->cells[k]).params);
        if (seen)
            continue;
        known = true;
        if (!look_at_shape(&w->cells[i], &s, out))
            look_at_name(&w->cells[i], &s, out);
        look_at_others(w, i, &s, out);
    }
    if (!known)
        audit_not_run(out, "model-size", nullptr,
                      "no model's number of parameters is stated or was counted");
}

const struct audit_check audit_size_checks[] = {
    {.name = "model-size",
     .rule = "fail: a number of parameters that no dense model of the stated layers and width has; "
             "warn: over `named` times, or under a part of, the size in the model's name; two "
             "sizes of one model",
     .evidence = "params_millions n_layers d_model least_millions most_millions named_millions "
                 "times other_params_millions of other_of",
     .blocks = AUDIT_FIT,
     .limits = limits,
     .n_limits = LIMITS,
     .whole = look},
    {},
};
