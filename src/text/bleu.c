#include "text/bleu.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "text/ngram.h"
#include "text/scratch.h"

#include <inttypes.h>
#include <math.h>

struct bleu {
    struct arena *arena;
    struct tokenize *words;
    struct ngram *ngrams;
    struct tokenize_words *spans;
    struct ngram_symbols *refs;
    size_t spans_room, refs_room;
};

static const struct {
    const char *name;
    double value; /* by default; NOT_MEASURED: the method has none */
} smooths[] = {
    [BLEU_SMOOTH_EXP] = {"exp", NOT_MEASURED},
    [BLEU_SMOOTH_FLOOR] = {"floor", 0.1},
    [BLEU_SMOOTH_ADD_K] = {"add-k", 1.0},
    [BLEU_SMOOTH_NONE] = {"none", NOT_MEASURED},
};

const char *bleu_smooth_name(enum bleu_smooth s)
{
    return smooths[s].name;
}

static double smooth_value(const struct bleu_options *o)
{
    return isnan(o->smooth_value) ? smooths[o->smooth].value : o->smooth_value;
}

struct bleu_options bleu_default(void)
{
    return (struct bleu_options){.smooth_value = NOT_MEASURED};
}

struct bleu *bleu_new(struct arena *a, struct tokenize_options words)
{
    struct bleu *const b = ARENA_ARRAY(a, struct bleu, 1);
    b->arena = a;
    b->words = tokenize_new(a, words);
    b->ngrams = ngram_new(a);
    return b;
}

static size_t distance(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

static size_t closest(size_t hyp, const struct ngram_symbols *refs, size_t n_refs)
{
    size_t best = refs[0].n;
    for (size_t r = 1; r < n_refs; r++) {
        const size_t d = distance(hyp, refs[r].n), least = distance(hyp, best);
        if (d < least || (d == least && refs[r].n < best))
            best = refs[r].n;
    }
    return best;
}

void bleu_segment(struct bleu *b, struct line hyp, const struct line *refs, size_t n_refs,
                  uint32_t ret[static BLEU_WIDTH])
{
    b->spans = scratch_grow(b->arena, b->spans, 0, &b->spans_room, n_refs, sizeof *b->spans);
    b->refs = scratch_grow(b->arena, b->refs, 0, &b->refs_room, n_refs, sizeof *b->refs);
    tokenize_reset(b->words);
    for (size_t r = 0; r < n_refs; r++)
        b->spans[r] = tokenize_line(b->words, refs[r]);
    const struct tokenize_words span = tokenize_line(b->words, hyp);
    const uint32_t *const words = tokenize_words(b->words);
    for (size_t r = 0; r < n_refs; r++)
        b->refs[r] = (struct ngram_symbols){words + b->spans[r].first, b->spans[r].n};
    const struct ngram_symbols h = {words + span.first, span.n};
    ret[0] = (uint32_t)h.n;
    ret[1] = (uint32_t)closest(h.n, b->refs, n_refs);
    ngram_match(b->ngrams, h, b->refs, n_refs, BLEU_ORDER, ret + 2);
    for (size_t n = 1; n <= BLEU_ORDER; n++)
        ret[1 + BLEU_ORDER + n] = ngram_total(h.n, n);
}

/* Returns the highest order that counts. */
static size_t set_precisions(struct bleu_score *s, const struct bleu_options *o)
{
    const double value = smooth_value(o);
    double halves = 1;
    size_t effective = BLEU_ORDER;
    for (size_t n = 0; n < BLEU_ORDER; n++) {
        if (o->smooth == BLEU_SMOOTH_ADD_K && n > 0) {
            s->matches[n] += value;
            s->totals[n] += value;
        }
        if (s->totals[n] == 0)
            break;
        if (o->effective_order)
            effective = n + 1;
        if (s->matches[n] != 0) {
            s->precisions[n] = 100 * s->matches[n] / s->totals[n];
        } else if (o->smooth == BLEU_SMOOTH_EXP) {
            halves *= 2;
            s->precisions[n] = 100 / (halves * s->totals[n]);
        } else if (o->smooth == BLEU_SMOOTH_FLOOR) {
            s->precisions[n] = 100 * value / s->totals[n];
        }
    }
    return effective;
}

struct bleu_score bleu_score(const int64_t sum[static BLEU_WIDTH], const struct bleu_options *o)
{
    struct bleu_score s = {.bp = 1, .hyp_len = sum[0], .ref_len = sum[1]};
    bool any = false;
    for (size_t n = 0; n < BLEU_ORDER; n++) {
        s.matches[n] = (double)sum[2 + n];
        s.totals[n] = (double)sum[2 + BLEU_ORDER + n];
        any = any || sum[2 + n] != 0;
    }
    if (s.ref_len > 0)
        s.ratio = (double)s.hyp_len / (double)s.ref_len;
    if (s.hyp_len < s.ref_len)
        s.bp = s.hyp_len > 0 ? exp(1 - (double)s.ref_len / (double)s.hyp_len) : 0;
    if (!any)
        return s;
    const size_t orders = set_precisions(&s, o);
    double logs = 0;
    for (size_t n = 0; n < orders; n++)
        logs += s.precisions[n] == 0 ? -9999999999.0 : log(s.precisions[n]);
    s.score = s.bp * exp(logs / (double)orders);
    return s;
}

void bleu_verbose(const struct bleu_score *s, struct str *ret)
{
    for (size_t n = 0; n < BLEU_ORDER; n++)
        str_printf(ret, "%s%.1f", n > 0 ? "/" : "", s->precisions[n]);
    str_printf(ret, " (BP = %.3f ratio = %.3f hyp_len = %" PRId64 " ref_len = %" PRId64 ")", s->bp,
               s->ratio, s->hyp_len, s->ref_len);
}

void bleu_signature_begin(const struct bleu_run *run, struct str *ret)
{
    str_puts(ret, run->is_short ? "#:" : "nrefs:");
    if (run->n_refs > 0)
        str_printf(ret, "%zu|", run->n_refs);
    else
        str_puts(ret, "var|");
    if (run->n_bootstrap > 0)
        str_printf(ret, run->is_short ? "bs:%zu|rs:%" PRIu64 "|" : "bs:%zu|seed:%" PRIu64 "|",
                   run->n_bootstrap, run->seed);
}

void bleu_signature_end(const struct bleu_run *run, struct str *ret)
{
    str_printf(ret, "%s:" BLEU_EQUALS "-chimera-" CHIMERA_VERSION, run->is_short ? "v" : "version");
}

void bleu_signature(const struct bleu_options *o, const struct bleu_run *run, struct str *ret)
{
    bleu_signature_begin(run, ret);
    str_printf(ret, run->is_short ? "c:%s|e:%s|tok:%s|s:%s" : "case:%s|eff:%s|tok:%s|smooth:%s",
               o->words.lowercase ? "lc" : "mixed", o->effective_order ? "yes" : "no",
               tokenize_name(o->words.kind), bleu_smooth_name(o->smooth));
    if (!isnan(smooths[o->smooth].value))
        str_printf(ret, "[%.2f]", smooth_value(o));
    str_putc(ret, '|');
    bleu_signature_end(run, ret);
}
