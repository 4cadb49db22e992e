#include "text/chrf.h"

#include "base/arena.h"
#include "base/str.h"
#include "text/character.h"
#include "text/ngram.h"
#include "text/scratch.h"
#include "text/tokenize.h"

#include <string.h>

/* character_is_space() of ASCII, a bit each: every sixth character is one, and a branch on it is
 * guessed wrong. */
constexpr uint64_t BLANKS = (uint64_t)0x1F << 9 | (uint64_t)0xF << 28 | (uint64_t)1 << 32;

/* One line's characters. */
struct characters {
    uint32_t *at;
    size_t n, room;
};

struct chrf {
    struct arena *arena;
    struct chrf_options options;
    struct ngram *ngrams;
    struct tokenize *words;
    struct characters hyp, ref;
    char *lower;
    size_t lower_room;
};

struct chrf_options chrf_default(void)
{
    return (struct chrf_options){.char_order = 6, .beta = 2};
}

size_t chrf_width(const struct chrf_options *o)
{
    return 3 * ((size_t)o->char_order + o->word_order);
}

struct chrf *chrf_new(struct arena *a, struct chrf_options o)
{
    struct chrf *const c = ARENA_ARRAY(a, struct chrf, 1);
    c->arena = a;
    c->options = o;
    c->ngrams = ngram_new(a);
    c->words = tokenize_new(a, (struct tokenize_options){TOKENIZE_CHRF, o.lowercase});
    return c;
}

static void decode(struct chrf *c, struct line line, struct characters *ret)
{
    if (c->options.lowercase) {
        c->lower =
            scratch_grow(c->arena, c->lower, 0, &c->lower_room, 2 * line.n, sizeof *c->lower);
        line = (struct line){c->lower, character_lower(line.text, line.n, c->lower)};
    }
    ret->at = scratch_grow(c->arena, ret->at, 0, &ret->room, line.n + 1, sizeof *ret->at);
    ret->n = 0;
    const bool all = c->options.whitespace;
    for (size_t at = 0, bytes; at < line.n; at += bytes) {
        uint32_t x = (unsigned char)line.text[at];
        bytes = 1;
        bool blank = (BLANKS >> (x & 63) & 1) & (x < 64);
        if (x >= 0x80) {
            x = character_next(line.text + at, line.n - at, &bytes);
            blank = character_is_space(x);
        }
        ret->at[ret->n] = x;
        ret->n += all | !blank;
    }
}

/* The statistics of `orders` orders, from ret[0] on. */
static void count(struct chrf *c, struct ngram_symbols hyp, struct ngram_symbols ref, size_t orders,
                  uint32_t *ret)
{
    uint32_t matches[CHRF_ORDERS_MAX];
    ngram_match(c->ngrams, hyp, &ref, 1, orders, matches);
    for (size_t n = 1; n <= orders; n++, ret += 3) {
        ret[1] = ngram_total(ref.n, n);
        ret[0] = ret[1] > 0 ? ngram_total(hyp.n, n) : 0;
        ret[2] = matches[n - 1];
    }
}

static void count_words(struct chrf *c, struct line hyp, struct line ref, uint32_t *ret)
{
    tokenize_reset(c->words);
    const struct tokenize_words r = tokenize_line(c->words, ref), h = tokenize_line(c->words, hyp);
    const uint32_t *const words = tokenize_words(c->words);
    count(c, (struct ngram_symbols){words + h.first, h.n},
          (struct ngram_symbols){words + r.first, r.n}, c->options.word_order, ret);
}

static double score_segment(const uint32_t *statistics, const struct chrf_options *o)
{
    int64_t sum[CHRF_WIDTH_MAX];
    for (size_t i = 0; i < chrf_width(o); i++)
        sum[i] = statistics[i];
    return chrf_score(sum, o);
}

void chrf_segment(struct chrf *c, struct line hyp, const struct line *refs, size_t n_refs,
                  uint32_t *ret)
{
    const struct chrf_options *const o = &c->options;
    uint32_t statistics[CHRF_WIDTH_MAX];
    double best = -1;
    decode(c, hyp, &c->hyp);
    for (size_t r = 0; r < n_refs; r++) {
        decode(c, refs[r], &c->ref);
        count(c, (struct ngram_symbols){c->hyp.at, c->hyp.n},
              (struct ngram_symbols){c->ref.at, c->ref.n}, o->char_order, statistics);
        if (o->word_order > 0)
            count_words(c, hyp, refs[r], statistics + 3 * (size_t)o->char_order);
        const double score = n_refs > 1 ? score_segment(statistics, o) : 0;
        if (score > best) {
            best = score;
            memcpy(ret, statistics, chrf_width(o) * sizeof *ret);
        }
    }
}

double chrf_score(const int64_t *sum, const struct chrf_options *o)
{
    const double eps = 1e-16, factor = (double)o->beta * o->beta;
    const size_t orders = (size_t)o->char_order + o->word_order;
    double f = 0, precision = 0, recall = 0;
    size_t effective = 0;
    for (size_t i = 0; i < orders; i++) {
        const double hyp = (double)sum[3 * i], ref = (double)sum[3 * i + 1];
        const double match = (double)sum[3 * i + 2];
        const double p = hyp > 0 ? match / hyp : eps, r = ref > 0 ? match / ref : eps;
        const double below = factor * p + r;
        f += below > 0 ? (1 + factor) * p * r / below : eps;
        if (hyp > 0 && ref > 0) {
            precision += p;
            recall += r;
            effective++;
        }
    }
    if (o->eps_smoothing)
        return 100 * f / (double)orders;
    if (effective == 0 || precision + recall == 0)
        return 0;
    precision /= (double)effective;
    recall /= (double)effective;
    return 100 * ((1 + factor) * precision * recall / (factor * precision + recall));
}

void chrf_name(const struct chrf_options *o, struct str *ret)
{
    str_printf(ret, "chrF%u", o->beta);
    for (uint32_t i = 0; i < o->word_order; i++)
        str_putc(ret, '+');
}

void chrf_signature(const struct chrf_options *o, const struct bleu_run *run, struct str *ret)
{
    bleu_signature_begin(run, ret);
    str_printf(
        ret, run->is_short ? "c:%s|e:%s|nc:%u|nw:%u|s:%s|" : "case:%s|eff:%s|nc:%u|nw:%u|space:%s|",
        o->lowercase ? "lc" : "mixed", o->eps_smoothing ? "no" : "yes", o->char_order,
        o->word_order, o->whitespace ? "yes" : "no");
    bleu_signature_end(run, ret);
}
