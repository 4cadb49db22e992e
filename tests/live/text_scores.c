/* text_scores - the text metrics behind a pipe, for tests/live/sacrebleu.py. Reads from standard
 * input
 *
 *   words TOKENIZER LOWER SEGMENTS
 *   bleu TOKENIZER LOWER SMOOTH VALUE|- EFFECTIVE SEGMENTS
 *   chrf CHAR_ORDER WORD_ORDER BETA LOWER WHITESPACE EPS SEGMENTS
 *
 * each with its segments after it: the number of references on a line, then the hypothesis and the
 * references, each as its length on a line and its bytes. Answers a line for the corpus (score, and
 * what is printed beside it), and a line for each segment; to words, the segment's words.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "text/bleu.h"
#include "text/chrf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t REFS = 8;

struct segment {
    struct line hyp, refs[REFS];
    size_t n_refs;
};

static void expect(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "text_scores: %s\n", what);
    exit(2);
}

static size_t read_number(void)
{
    size_t n;
    expect(scanf("%zu", &n) == 1 && getchar() == '\n', "a number on a line");
    return n;
}

static struct line read_line(struct arena *a)
{
    const size_t n = read_number();
    char *const text = ARENA_ARRAY(a, char, n + 1);
    expect(fread(text, 1, n, stdin) == n, "a text of that length");
    return (struct line){text, n};
}

static struct segment read_segment(struct arena *a)
{
    struct segment s = {.n_refs = read_number()};
    expect(s.n_refs <= REFS, "at most 8 references");
    s.hyp = read_line(a);
    for (size_t r = 0; r < s.n_refs; r++)
        s.refs[r] = read_line(a);
    return s;
}

/* Segments can differ in how many references they have; that is 0, sacreBLEU's "var". */
struct segments {
    struct segment *at;
    size_t n, n_refs;
};

static struct segments read_segments(struct arena *a)
{
    struct segments s = {.n = read_number()};
    s.at = ARENA_ARRAY(a, struct segment, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        s.at[i] = read_segment(a);
        s.n_refs = i == 0 || s.n_refs == s.at[i].n_refs ? s.at[i].n_refs : 0;
    }
    return s;
}

static struct tokenize_options read_words(void)
{
    char name[16];
    int lower;
    struct tokenize_options o = {};
    expect(scanf("%15s %d", name, &lower) == 2, "a tokeniser and 0 or 1");
    while (o.kind < TOKENIZE_CHRF && strcmp(tokenize_name(o.kind), name) != 0)
        o.kind++;
    o.lowercase = lower != 0;
    return o;
}

static void answer_words(struct arena *a)
{
    struct tokenize *const t = tokenize_new(a, read_words());
    const struct segments s = read_segments(a);
    for (size_t i = 0; i < s.n; i++) {
        tokenize_reset(t);
        const struct tokenize_words words = tokenize_line(t, s.at[i].hyp);
        for (size_t k = 0; k < words.n; k++) {
            const struct line w = tokenize_text(t, k);
            fwrite(w.text, 1, w.n, stdout);
            putchar(k + 1 < words.n ? ' ' : '\n');
        }
        if (words.n == 0)
            putchar('\n');
    }
}

static void answer_bleu(struct arena *a)
{
    struct bleu_options o = bleu_default();
    char smooth[16], value[32];
    int effective;
    o.words = read_words();
    expect(scanf("%15s %31s %d", smooth, value, &effective) == 3, "smoothing, value, 0 or 1");
    while (strcmp(bleu_smooth_name(o.smooth), smooth) != 0)
        o.smooth++;
    if (strcmp(value, "-") != 0)
        o.smooth_value = strtod(value, nullptr);
    o.effective_order = effective != 0;
    const struct segments s = read_segments(a);
    struct bleu *const b = bleu_new(a, o.words);
    uint32_t (*const of)[BLEU_WIDTH] = arena_alloc(a, s.n + 1, sizeof *of);
    int64_t sum[BLEU_WIDTH] = {};
    for (size_t i = 0; i < s.n; i++) {
        bleu_segment(b, s.at[i].hyp, s.at[i].refs, s.at[i].n_refs, of[i]);
        for (size_t k = 0; k < BLEU_WIDTH; k++)
            sum[k] += of[i][k];
    }
    const struct bleu_score score = bleu_score(sum, &o);
    CLEANUP(str_done) struct str text = {};
    bleu_verbose(&score, &text);
    str_putc(&text, '\t');
    bleu_signature(&o, &(struct bleu_run){.n_refs = s.n_refs}, &text);
    str_putc(&text, '\t');
    bleu_signature(&o, &(struct bleu_run){.n_refs = s.n_refs, .is_short = true}, &text);
    printf("%.17g\t%s\n", score.score, str_text(&text));
    o.effective_order = true;
    for (size_t i = 0; i < s.n; i++) {
        for (size_t k = 0; k < BLEU_WIDTH; k++)
            sum[k] = of[i][k];
        printf("%.17g\n", bleu_score(sum, &o).score);
    }
}

static void answer_chrf(struct arena *a)
{
    unsigned c, w, beta, lower, white, eps;
    expect(scanf("%u %u %u %u %u %u", &c, &w, &beta, &lower, &white, &eps) == 6, "six numbers");
    const struct chrf_options o = {c, w, beta, lower != 0, white != 0, eps != 0};
    const struct segments s = read_segments(a);
    struct chrf *const f = chrf_new(a, o);
    const size_t width = chrf_width(&o);
    uint32_t *const of = ARENA_ARRAY(a, uint32_t, (s.n + 1) * width);
    int64_t sum[CHRF_WIDTH_MAX] = {};
    for (size_t i = 0; i < s.n; i++) {
        chrf_segment(f, s.at[i].hyp, s.at[i].refs, s.at[i].n_refs, of + i * width);
        for (size_t k = 0; k < width; k++)
            sum[k] += of[i * width + k];
    }
    CLEANUP(str_done) struct str text = {};
    chrf_name(&o, &text);
    str_putc(&text, '\t');
    chrf_signature(&o, &(struct bleu_run){.n_refs = s.n_refs}, &text);
    str_putc(&text, '\t');
    chrf_signature(&o, &(struct bleu_run){.n_refs = s.n_refs, .is_short = true}, &text);
    printf("%.17g\t%s\n", chrf_score(sum, &o), str_text(&text));
    for (size_t i = 0; i < s.n; i++) {
        for (size_t k = 0; k < width; k++)
            sum[k] = of[i * width + k];
        printf("%.17g\n", chrf_score(sum, &o));
    }
}

int main(void)
{
    char metric[8];
    while (scanf("%7s", metric) == 1) {
        CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 32);
        if (strcmp(metric, "words") == 0)
            answer_words(a);
        else if (strcmp(metric, "bleu") == 0)
            answer_bleu(a);
        else if (strcmp(metric, "chrf") == 0)
            answer_chrf(a);
        else
            expect(false, "words, bleu or chrf");
        fflush(stdout);
    }
    return 0;
}
