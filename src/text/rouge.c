#include "text/rouge.h"

#include "text/intern.h"
#include "text/lcs.h"
#include "text/porter.h"
#include "text/regrow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct words { /* of one text, stemmed if asked for */
    char *letters;
    size_t *end;    /* of word i in letters; it begins where the last one ended */
    size_t *lines;  /* words before the end of line i */
    uint32_t *ids;  /* within the reference that is being compared; 0: not in it */
    uint32_t *gram; /* of the n words from place i, likewise */
    size_t n, n_lines, room_letters, room_end, room_lines, room_ids, room_gram;
};

/* The same words come again: their stems are kept, where word and stem are short, one in each
 * place. */
constexpr size_t STEMS = 4096;
constexpr size_t STEM_BYTES = 16;

struct stem {
    char word[STEM_BYTES], stem[STEM_BYTES]; /* NUL-padded */
    uint8_t n;                               /* of stem */
};

struct rouge {
    struct words target, prediction;
    struct intern ids;
    struct lcs lcs;
    uint32_t *count; /* by id; all zero between uses */
    bool *marked;
    size_t room_count, room_marked;
    struct stem *stems; /* STEMS of them; nullptr: words are not stemmed */
    char letter[256];   /* of a byte that is a letter or a digit, in lower case; else 0 */
};

struct rouge *rouge_new(bool stem)
{
    struct rouge *r = nullptr;
    size_t room = 0;
    r = regrow(r, &room, 1, sizeof *r);
    room = 0;
    if (stem)
        r->stems = regrow(r->stems, &room, STEMS, sizeof *r->stems);
    for (unsigned c = 0; c < 128; c++) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            r->letter[c] = (char)(upper ? c | 0x20 : c);
    }
    return r;
}

static void words_done(struct words *w)
{
    free(w->letters);
    free(w->end);
    free(w->lines);
    free(w->ids);
    free(w->gram);
}

struct rouge *rouge_free(struct rouge *r)
{
    if (!r)
        return nullptr;
    words_done(&r->target);
    words_done(&r->prediction);
    intern_done(&r->ids);
    lcs_done(&r->lcs);
    free(r->count);
    free(r->marked);
    free(r->stems);
    free(r);
    return nullptr;
}

void rouge_freep(struct rouge **r)
{
    *r = rouge_free(*r);
}

static const char *const names[ROUGE_TYPES] = {
    [1] = "rouge1",
    [2] = "rouge2",
    [3] = "rouge3",
    [4] = "rouge4",
    [5] = "rouge5",
    [6] = "rouge6",
    [7] = "rouge7",
    [8] = "rouge8",
    [9] = "rouge9",
    [ROUGE_L] = "rougeL",
    [ROUGE_LSUM] = "rougeLsum",
};

unsigned rouge_type_of(const char *name)
{
    for (unsigned t = 1; t < ROUGE_TYPES; t++)
        if (strcmp(names[t], name) == 0)
            return t;
    return 0;
}

const char *rouge_name(unsigned type)
{
    return type > 0 && type < ROUGE_TYPES ? names[type] : nullptr;
}

/* ---- words ---- */

/* Two characters that are not ASCII are ASCII letters in lower case: U+212A KELVIN SIGN is k,
 * U+0130 is i and a combining dot. Takes the bytes behind text[i] that belong to it.
 */
static char wide_letter(const uint8_t *text, size_t n, size_t *i, bool *ret_ends_word)
{
    if (text[*i] == 0xe2 && n - *i > 2 && text[*i + 1] == 0x84 && text[*i + 2] == 0xaa) {
        *i += 2;
        return 'k';
    }
    if (text[*i] == 0xc4 && n - *i > 1 && text[*i + 1] == 0xb0) {
        *i += 1;
        *ret_ends_word = true;
        return 'i';
    }
    return 0;
}

static size_t stem(struct rouge *r, char *word, size_t n)
{
    if (n >= STEM_BYTES)
        return porter_stem(word, n, PORTER_NLTK);
    char padded[STEM_BYTES] = {};
    memcpy(padded, word, n);
    uint64_t half[2];
    memcpy(half, padded, sizeof half);
    const uint64_t mixed = (half[0] ^ half[1] * 0x9e3779b97f4a7c15ULL) * 0xd6e8feb86659fd93ULL;
    struct stem *const kept = &r->stems[mixed >> 52 & (STEMS - 1)];
    if (memcmp(kept->word, padded, STEM_BYTES) != 0) {
        memcpy(kept->word, padded, STEM_BYTES);
        memcpy(kept->stem, padded, STEM_BYTES);
        kept->n = (uint8_t)porter_stem(kept->stem, n, PORTER_NLTK);
    }
    memcpy(word, kept->stem, kept->n);
    return kept->n;
}

/* letters[begin..end) is a word; returns where its stem ends. */
static size_t finish(struct rouge *r, struct words *w, size_t begin, size_t end)
{
    if (end - begin > 3 && r->stems)
        end = begin + stem(r, w->letters + begin, end - begin);
    if (end > begin)
        w->end[w->n++] = end;
    return end;
}

static void add_line(struct words *w)
{
    REGROW(w->lines, w->room_lines, w->n_lines + 1);
    w->lines[w->n_lines++] = w->n;
}

static void split(struct rouge *r, const struct line *text, struct words *w)
{
    const uint8_t *const bytes = (const uint8_t *)text->text;
    w->n = w->n_lines = 0;
    REGROW(w->letters, w->room_letters, text->n + 1);
    REGROW(w->end, w->room_end, text->n + 1);
    size_t begin = 0, at = 0;
    for (size_t i = 0; i < text->n; i++) {
        const uint8_t byte = bytes[i];
        bool ends_word = false;
        const char letter =
            byte < 0x80 ? r->letter[byte] : wide_letter(bytes, text->n, &i, &ends_word);
        if (letter)
            w->letters[at++] = letter;
        if (letter && !ends_word)
            continue;
        if (at > begin)
            begin = at = finish(r, w, begin, at);
        if (byte == '\n')
            add_line(w);
    }
    if (at > begin)
        (void)finish(r, w, begin, at);
    add_line(w);
    REGROW(w->ids, w->room_ids, w->n + 1);
    REGROW(w->gram, w->room_gram, w->n + 1);
}

static void number_target(struct rouge *r)
{
    struct words *const w = &r->target;
    size_t begin = 0;
    intern_clear(&r->ids);
    for (size_t i = 0; i < w->n; begin = w->end[i++])
        w->ids[i] = intern_bytes_add(&r->ids, w->letters + begin, w->end[i] - begin);
}

static void number_prediction(struct rouge *r)
{
    struct words *const w = &r->prediction;
    size_t begin = 0;
    for (size_t i = 0; i < w->n; begin = w->end[i++])
        w->ids[i] = intern_bytes_find(&r->ids, w->letters + begin, w->end[i] - begin);
}

/* ---- scores ---- */

static struct rouge_score score_of(size_t hits, size_t n_target, size_t n_prediction)
{
    const double p = (double)hits / (double)(n_prediction ? n_prediction : 1);
    const double r = (double)hits / (double)(n_target ? n_target : 1);
    return (struct rouge_score){p, r, p + r > 0 ? 2 * p * r / (p + r) : 0};
}

/* Keeps the keys of n-grams apart from those of words. */
constexpr uint64_t GRAM = UINT64_C(1) << 63;

static void grams_grow(struct rouge *r, unsigned n)
{
    struct words *const t = &r->target, *const p = &r->prediction;
    for (size_t i = 0; i + n <= t->n; i++)
        t->gram[i] = intern_add(&r->ids, GRAM | t->gram[i], t->ids[i + n - 1]);
    for (size_t i = 0; i + n <= p->n; i++)
        p->gram[i] = p->gram[i] && p->ids[i + n - 1]
                         ? intern_find(&r->ids, GRAM | p->gram[i], p->ids[i + n - 1])
                         : 0;
}

static struct rouge_score count_grams(struct rouge *r, unsigned n)
{
    const struct words *const t = &r->target, *const p = &r->prediction;
    const size_t nt = t->n >= n ? t->n - n + 1 : 0, np = p->n >= n ? p->n - n + 1 : 0;
    REGROW(r->count, r->room_count, (size_t)r->ids.n + 1);
    size_t hits = 0;
    for (size_t i = 0; i < nt; i++)
        r->count[t->gram[i]]++;
    for (size_t i = 0; i < np; i++)
        if (r->count[p->gram[i]]) {
            r->count[p->gram[i]]--;
            hits++;
        }
    for (size_t i = 0; i < nt; i++)
        r->count[t->gram[i]] = 0;
    return score_of(hits, nt, np);
}

static struct rouge_score longest(struct rouge *r)
{
    const struct words *const t = &r->target, *const p = &r->prediction;
    const struct lcs_pair pair = {t->ids, p->ids, t->n, p->n, r->ids.n};
    return score_of(lcs_length(&r->lcs, &pair), t->n, p->n);
}

static struct rouge_score by_lines(struct rouge *r)
{
    const struct words *const t = &r->target, *const p = &r->prediction;
    REGROW(r->count, r->room_count, (size_t)r->ids.n + 1);
    REGROW(r->marked, r->room_marked, t->n);
    memset(r->marked, 0, t->n * sizeof *r->marked);
    size_t begin = 0;
    for (size_t i = 0; i < t->n_lines; begin = t->lines[i++]) {
        size_t other = 0;
        for (size_t k = 0; k < p->n_lines; other = p->lines[k++]) {
            const struct lcs_pair pair = {t->ids + begin, p->ids + other, t->lines[i] - begin,
                                          p->lines[k] - other, r->ids.n};
            lcs_mark(&r->lcs, &pair, r->marked + begin);
        }
    }
    size_t hits = 0;
    for (size_t i = 0; i < p->n; i++)
        r->count[p->ids[i]]++;
    for (size_t i = 0; i < t->n; i++)
        if (r->marked[i] && r->count[t->ids[i]]) {
            r->count[t->ids[i]]--;
            hits++;
        }
    for (size_t i = 0; i < p->n; i++)
        r->count[p->ids[i]] = 0;
    return score_of(hits, t->n, p->n);
}

static void score_grams(struct rouge *r, unsigned most, struct rouge_score *by_type)
{
    struct words *const t = &r->target, *const p = &r->prediction;
    memcpy(t->gram, t->ids, t->n * sizeof *t->ids);
    memcpy(p->gram, p->ids, p->n * sizeof *p->ids);
    for (unsigned n = 1; n <= most; n++) {
        if (n > 1)
            grams_grow(r, n);
        by_type[n] = count_grams(r, n);
    }
}

static void against(struct rouge *r, const struct line *reference, unsigned most_grams,
                    bool wants_l, bool wants_lsum, struct rouge_score *by_type)
{
    split(r, reference, &r->target);
    number_target(r);
    number_prediction(r);
    if (wants_l)
        by_type[ROUGE_L] = longest(r);
    if (wants_lsum) /* of one line each, the two are the same: no word can count twice */
        by_type[ROUGE_LSUM] = r->target.n_lines > 1 || r->prediction.n_lines > 1 ? by_lines(r)
                              : wants_l                                          ? by_type[ROUGE_L]
                                                                                 : longest(r);
    score_grams(r, most_grams, by_type);
}

void rouge_compute(struct rouge *r, const struct line *prediction, const struct line *references,
                   size_t n_references, const uint8_t *types, size_t n_types,
                   struct rouge_score *ret)
{
    unsigned most_grams = 0;
    bool wants_l = false, wants_lsum = false;
    for (size_t i = 0; i < n_types; i++) {
        wants_l = wants_l || types[i] == ROUGE_L;
        wants_lsum = wants_lsum || types[i] == ROUGE_LSUM;
        if (types[i] < ROUGE_L && types[i] > most_grams)
            most_grams = types[i];
    }
    split(r, prediction, &r->prediction);
    for (size_t k = 0; k < n_references; k++) {
        struct rouge_score by_type[ROUGE_TYPES] = {};
        against(r, &references[k], most_grams, wants_l, wants_lsum, by_type);
        for (size_t i = 0; i < n_types; i++)
            if (k == 0 || by_type[types[i]].f > ret[i].f)
                ret[i] = by_type[types[i]];
    }
}
