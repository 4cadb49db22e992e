#include "text/tokenize.h"

#include "base/arena.h"
#include "base/defs.h"
#include "text/character.h"
#include "text/scratch.h"

#include <string.h>

/* A word is read in pieces of 16 bytes, so that many may be read after the text's end. */
constexpr size_t PIECE = 16;
constexpr uint32_t ASCII = 128;

struct word {
    uint32_t at, n; /* bytes of tokenize.text */
};

struct key {
    uint64_t head[2]; /* of a word of up to 16 bytes: the word; of a longer one its first 16 */
    uint64_t hash;
};

struct slot {
    struct key key;
    struct word word;
    uint32_t stamp, id;
};

struct tokenize {
    struct arena *arena;
    struct tokenize_options options;
    char *text; /* all lines of the set, as they were cut */
    size_t n_text, text_room;
    struct word *words;
    uint32_t *ids;
    size_t n_words, words_room, ids_room;
    struct slot *slots;
    size_t slots_room;
    uint32_t *marks; /* places of a line that words may end at */
    size_t marks_room;
    uint32_t stamp, n_ids;
    unsigned bits;
    uint8_t kinds[256]; /* enum cut_kind of a byte */
};

/* What a character is to the cutting; the tables of the tokenisers are written in these. */
enum cut_kind : uint8_t {
    CUT_OTHER,
    CUT_NUMBER,
    CUT_SPACE,
    CUT_ALONE, /* a word of its own, always */
    CUT_POINT, /* a word of its own unless between numbers */
    CUT_DASH,  /* a word of its own after a number */
    CUT_WIDE,  /* not ASCII: to be decoded */
};

const char *tokenize_name(enum tokenize_kind kind)
{
    switch (kind) {
    case TOKENIZE_13A:
        return "13a";
    case TOKENIZE_INTL:
        return "intl";
    case TOKENIZE_CHAR:
        return "char";
    case TOKENIZE_NONE:
        return "none";
    case TOKENIZE_CHRF:
        return nullptr;
    }
    return nullptr;
}

static enum cut_kind kind_13a(uint32_t c)
{
    if (character_class(c) == CHARACTER_SPACE)
        return CUT_SPACE;
    if (c >= '0' && c <= '9')
        return CUT_NUMBER;
    if (c == '.' || c == ',')
        return CUT_POINT;
    if (c == '-')
        return CUT_DASH;
    const bool alone = (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
                       (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
    return alone ? CUT_ALONE : CUT_OTHER;
}

static enum cut_kind kind_intl(uint32_t c)
{
    switch (character_class(c)) {
    case CHARACTER_SPACE:
        return CUT_SPACE;
    case CHARACTER_PUNCTUATION:
        return CUT_POINT;
    case CHARACTER_SYMBOL:
        return CUT_ALONE;
    case CHARACTER_NUMBER:
        return CUT_NUMBER;
    case CHARACTER_OTHER:
        break;
    }
    return CUT_OTHER;
}

static enum cut_kind kind_of(enum tokenize_kind tokenizer, uint32_t c)
{
    switch (tokenizer) {
    case TOKENIZE_13A:
        return kind_13a(c);
    case TOKENIZE_INTL:
        return kind_intl(c);
    case TOKENIZE_CHAR:
        return character_class(c) == CHARACTER_SPACE ? CUT_SPACE : CUT_ALONE;
    case TOKENIZE_NONE:
    case TOKENIZE_CHRF:
        break;
    }
    return character_class(c) == CHARACTER_SPACE ? CUT_SPACE : CUT_OTHER;
}

struct tokenize *tokenize_new(struct arena *a, struct tokenize_options options)
{
    struct tokenize *const t = ARENA_ARRAY(a, struct tokenize, 1);
    t->arena = a;
    t->options = options;
    for (uint32_t c = 0; c < COUNT_OF(t->kinds); c++)
        t->kinds[c] = c < ASCII ? kind_of(options.kind, c) : CUT_WIDE;
    tokenize_reset(t);
    return t;
}

void tokenize_reset(struct tokenize *t)
{
    t->n_text = t->n_words = t->n_ids = 0;
    if (++t->stamp != 0)
        return;
    if (t->slots)
        memset(t->slots, 0, t->slots_room * sizeof *t->slots);
    t->stamp = 1;
}

const uint32_t *tokenize_words(const struct tokenize *t)
{
    return t->ids;
}

struct line tokenize_text(const struct tokenize *t, size_t word)
{
    return (struct line){t->text + t->words[word].at, t->words[word].n};
}

/* ---- the numbering ---- */

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the last bytes are the highest");

/* Of 16 bytes the first n, n = 0 to 16. A table, because how long a word is cannot be guessed. */
static const uint64_t only[PIECE + 1][2] = {
    {0x0, 0x0},
    {0xFF, 0x0},
    {0xFFFF, 0x0},
    {0xFFFFFF, 0x0},
    {0xFFFFFFFF, 0x0},
    {0xFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFFFFFF, 0x0},
    {0xFFFFFFFFFFFFFFFF, 0xFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF},
    {0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF},
};

/* The first 16 bytes of text[0..n), zeroes behind its end; 16 can be read wherever that is. */
static inline void read_piece(const char *text, size_t n, uint64_t ret[static 2])
{
    const uint64_t *const mask = only[n < PIECE ? n : PIECE];
    memcpy(ret, text, PIECE);
    ret[0] &= mask[0];
    ret[1] &= mask[1];
}

static inline uint64_t mix(uint64_t h, const uint64_t x[static 2])
{
    h = (h ^ x[0] ^ (x[1] << 23 | x[1] >> 41)) * 0x9E3779B97F4A7C15U;
    return h ^ h >> 32;
}

static inline struct key key_of(const char *text, size_t n)
{
    struct key k;
    read_piece(text, n, k.head);
    k.hash = mix(n, k.head);
    for (size_t at = PIECE; at < n; at += PIECE) {
        uint64_t more[2];
        read_piece(text + at, n - at, more);
        k.hash = mix(k.hash, more);
    }
    return k;
}

static inline bool same(const struct tokenize *t, const struct slot *s, const struct key *k,
                        struct word w)
{
    const bool heads =
        (s->key.head[0] == k->head[0]) & (s->key.head[1] == k->head[1]) & (s->word.n == w.n);
    return heads && (w.n <= PIECE || memcmp(t->text + s->word.at, t->text + w.at, w.n) == 0);
}

static inline struct slot *find(const struct tokenize *t, const struct key *k, struct word w)
{
    const size_t mask = ((size_t)1 << t->bits) - 1;
    size_t i = k->hash & mask;
    while (t->slots[i].stamp == t->stamp && !same(t, &t->slots[i], k, w))
        i = (i + 1) & mask;
    return &t->slots[i];
}

static uint32_t number(struct tokenize *t, struct word w)
{
    const struct key k = key_of(t->text + w.at, w.n);
    struct slot *const s = find(t, &k, w);
    if (s->stamp != t->stamp)
        *s = (struct slot){k, w, t->stamp, t->n_ids++};
    return s->id;
}

/* Twice the slots, or as many as `words` need; what the set has seen is put in again. */
static void reserve_slots(struct tokenize *t, size_t words)
{
    if (t->bits > 0 && 2 * words <= (size_t)1 << t->bits)
        return;
    const struct slot *const old = t->slots;
    const size_t n = t->bits > 0 ? (size_t)1 << t->bits : 0;
    t->bits = t->bits > 6 ? t->bits : 6;
    while ((size_t)1 << t->bits < 4 * words)
        t->bits++;
    t->slots_room = (size_t)1 << t->bits;
    t->slots = ARENA_ARRAY(t->arena, struct slot, t->slots_room);
    for (size_t i = 0; i < n; i++)
        if (old[i].stamp == t->stamp)
            *find(t, &old[i].key, old[i].word) = old[i];
}

static void number_words(struct tokenize *t, size_t first)
{
    reserve_slots(t, t->n_words);
    t->ids = scratch_grow(t->arena, t->ids, first, &t->ids_room, t->n_words, sizeof *t->ids);
    for (size_t i = first; i < t->n_words; i++)
        t->ids[i] = number(t, t->words[i]);
}

/* ---- the cutting ---- */

struct cut {
    struct tokenize *t;
    const char *text; /* t->text */
    size_t at, end;
    size_t begin; /* of the word that is being read; == at: none is */
    enum cut_kind before;
};

static bool is_ascii_punctuation(char c)
{
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

static void put(struct tokenize *t, size_t at, size_t end)
{
    if (end > at)
        t->words[t->n_words++] = (struct word){(uint32_t)at, (uint32_t)(end - at)};
}

/* chrF cuts at white space only, and then what it found: "(hi)" becomes "(hi" and ")". */
static void put_word(struct tokenize *t, size_t at, size_t end)
{
    size_t middle = at;
    if (t->options.kind == TOKENIZE_CHRF && end - at > 1) {
        if (is_ascii_punctuation(t->text[end - 1]))
            middle = end - 1;
        else if (is_ascii_punctuation(t->text[at]))
            middle = at + 1;
    }
    put(t, at, middle);
    put(t, middle, end);
}

static enum cut_kind next_kind(const struct cut *c, size_t at, size_t *ret_bytes)
{
    const unsigned char byte = (unsigned char)c->text[at];
    *ret_bytes = 1;
    if (byte < ASCII)
        return (enum cut_kind)c->t->kinds[byte];
    const uint32_t wide = character_next(c->text + at, c->end - at, ret_bytes);
    return kind_of(c->t->options.kind, wide);
}

/* The word that was being read ends here, and [at, end) is one of its own. */
static void alone(struct cut *c, size_t at, size_t end)
{
    put(c->t, c->begin, at);
    put(c->t, at, end);
    c->begin = end;
}

/* A run of k points, the first at c->at, `bytes` long.
 *
 * The reference substitutes "point after a non-number" first and "point before a non-number" then,
 * each from left to right without overlap. The first takes every second point of a run: the odd
 * ones where a non-number stands before the run, else the even ones, since each needs a character
 * before it that no point before it has used. The second takes every other point that a blank or a
 * non-number follows. What is left: a single point between numbers stays inside its word, and the
 * last point of a run, when the first did not take it and a number follows, begins that number's
 * word. 13a puts a blank before and after the line, intl does not, so that intl's line ends as if a
 * number stood there.
 */
static void points(struct cut *c, size_t bytes)
{
    const bool bare_ends = c->t->options.kind == TOKENIZE_INTL;
    const size_t start = c->at;
    size_t k = 1, last = start, end = start + bytes, more = 0;
    enum cut_kind after = CUT_SPACE;
    while (end < c->end && (after = next_kind(c, end, &more)) == CUT_POINT) {
        last = end;
        end += more;
        k++;
    }
    const bool number_after = end < c->end ? after == CUT_NUMBER : bare_ends;
    const bool number_before = c->before == CUT_NUMBER;
    const bool first_takes_last = (k % 2 == 1) != number_before;
    const bool last_is_free = number_after && !first_takes_last;
    c->at = end;
    c->before = CUT_POINT;
    if (k == 1 && last_is_free)
        return;
    put(c->t, c->begin, start);
    const size_t stop = last_is_free ? last : end;
    for (size_t at = start, step; at < stop; at += step) {
        (void)next_kind(c, at, &step);
        put(c->t, at, at + step);
    }
    c->begin = stop;
}

/* The places of all that is no ASCII letter or digit, without a branch: where words end cannot be
 * guessed. */
static size_t mark(struct tokenize *t, size_t begin, size_t end)
{
    t->marks =
        scratch_grow(t->arena, t->marks, 0, &t->marks_room, end - begin + 1, sizeof *t->marks);
    const char *const text = t->text;
    uint32_t *const marks = t->marks;
    size_t n = 0;
    for (size_t at = begin; at < end; at++) {
        marks[n] = (uint32_t)at;
        n += t->kinds[(unsigned char)text[at]] > CUT_NUMBER;
    }
    return n;
}

static void cut_line(struct tokenize *t, size_t begin, size_t end)
{
    struct cut c = {.t = t, .text = t->text, .at = begin, .end = end, .begin = begin};
    c.before = t->options.kind == TOKENIZE_INTL ? CUT_NUMBER : CUT_SPACE;
    const size_t n = mark(t, begin, end);
    for (size_t i = 0, bytes; i < n; i++) {
        const size_t at = t->marks[i];
        if (at < c.at) /* inside of what was cut already */
            continue;
        if (at > c.at)
            c.before = (enum cut_kind)t->kinds[(unsigned char)c.text[at - 1]];
        c.at = at;
        const enum cut_kind kind = next_kind(&c, at, &bytes);
        if (kind == CUT_POINT) {
            points(&c, bytes);
            continue;
        }
        if (kind == CUT_SPACE) {
            put_word(t, c.begin, at);
            c.begin = at + bytes;
        } else if (kind == CUT_ALONE || (kind == CUT_DASH && c.before == CUT_NUMBER)) {
            alone(&c, at, at + bytes);
        }
        c.before = kind;
        c.at = at + bytes;
    }
    put_word(t, c.begin, end);
}

/* ---- what comes before the cutting ---- */

/* str.replace() of text[0..n) in place, by one character or by none ('\0'). Returns the new length.
 */
static size_t replace(char *text, size_t n, const char *from, char to)
{
    const size_t n_from = strlen(from);
    size_t out = 0, at = 0;
    const char *hit;
    while (n - at >= n_from && (hit = memmem(text + at, n - at, from, n_from))) {
        const size_t before = (size_t)(hit - text) - at;
        memmove(text + out, text + at, before);
        out += before;
        text[out] = to;
        out += to != '\0';
        at += before + n_from;
    }
    memmove(text + out, text + at, n - at);
    return out + n - at;
}

/* The language-independent part of mteval-v13a, in its order: "&amp;lt;" ends as "<". */
static size_t unescape(char *text, size_t n)
{
    static const struct {
        const char *from;
        char to;
    } rules[] = {{"<skipped>", '\0'}, {"-\n", '\0'}, {"\n", ' '},  {"&quot;", '"'},
                 {"&amp;", '&'},      {"&lt;", '<'}, {"&gt;", '>'}};
    if (!memchr(text, '&', n) && !memchr(text, '\n', n) && !memchr(text, '<', n))
        return n;
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        n = replace(text, n, rules[i].from, rules[i].to);
    return n;
}

/* The line's bytes as they are cut, at the end of t->text. Returns how many. */
static size_t take(struct tokenize *t, struct line line)
{
    const size_t most = (t->options.lowercase ? 2 : 1) * line.n;
    t->text = scratch_grow(t->arena, t->text, t->n_text, &t->text_room, t->n_text + most + PIECE,
                           sizeof *t->text);
    char *const text = t->text + t->n_text;
    size_t n = line.n;
    if (t->options.lowercase)
        n = character_lower(line.text, line.n, text);
    else if (n > 0)
        memcpy(text, line.text, n);
    n = character_rstrip(text, n);
    return t->options.kind == TOKENIZE_13A ? unescape(text, n) : n;
}

struct tokenize_words tokenize_line(struct tokenize *t, struct line line)
{
    const size_t n = take(t, line), first = t->n_words;
    t->words = scratch_grow(t->arena, t->words, first, &t->words_room, first + n, sizeof *t->words);
    cut_line(t, t->n_text, t->n_text + n);
    t->n_text += n;
    number_words(t, first);
    return (struct tokenize_words){first, t->n_words - first};
}
