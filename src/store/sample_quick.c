#include "store/sample_quick.h"

#include "base/defs.h"
#include "domain/status.h"
#include "store/sample_keys.h"
#include "store/sample_line.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_FIELDS = 64;               /* of a line whose next one is compared with it */
constexpr size_t LONGEST_LINE = (size_t)1 << 20; /* that is kept for it */
constexpr size_t LONGEST_WORD = 256; /* of text that is kept; a longer one is the JSON reader's */
constexpr unsigned DEEPEST = 4;      /* of arrays and objects that are passed over */

struct kept { /* of a key: its words repeat from line to line */
    char text[LONGEST_WORD];
    size_t n;
    char joined[LONGEST_WORD];     /* of a list of words */
    int32_t value, n_all, n_early; /* of one of the contract's words; of a list */
};

struct field {     /* a key with its value and what ends it, a comma or the last bracket */
    uint32_t n;    /* bytes */
    uint16_t name; /* of them up to the value */
    uint16_t key;  /* SAMPLE_KEYS: of no interest */
};

/* The line before. The next one has the same keys in the same order and most of its values, nearly
 * always: what is the same bytes up to a comma needs no second reading. */
struct sample_quick {
    struct kept kept[SAMPLE_KEYS];
    struct sample_line line; /* what it said */
    char *text;
    size_t n, room;
    struct field fields[MOST_FIELDS];
    size_t n_fields; /* 0: it cannot be compared with */
};

static uint64_t load(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return le64toh(x);
}

struct sample_quick *sample_quick_new(void)
{
    struct sample_quick *const q = calloc(1, sizeof *q);
    if (!q)
        abort(); /* as an arena does */
    for (size_t k = 0; k < SAMPLE_KEYS; k++)
        q->kept[k].n = SIZE_MAX;
    return q;
}

void sample_quick_freep(struct sample_quick **q)
{
    if (*q)
        free((*q)->text);
    free(*q);
    *q = nullptr;
}

/* ---- parts of JSON: each gives where it ends, nullptr where it is not sure ---- */

/* Of the bytes that end plain text, a quote, a backslash, a control character or one beyond ASCII,
 * the first one's highest bit; behind it more may be set. */
static uint64_t special(uint64_t x)
{
    constexpr uint64_t ones = 0x0101010101010101U;
    constexpr uint64_t high = 0x8080808080808080U;
    const uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');
    return (x | ((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
           high;
}

/* The first byte from at on that is not plain text; end where there is none. */
static const char *plain_end(const char *at, const char *end)
{
    for (; (size_t)(end - at) >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        const uint64_t found = special(load(at));
        if (found)
            return at + __builtin_ctzll(found) / 8;
    }
    for (; at < end; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x80 || *at == '"' || *at == '\\')
            return at;
    return end;
}

/* Of plain text, from behind its opening quote: where its closing one is. */
static const char *plain_text(const char *at, const char *end)
{
    const char *const quote = plain_end(at, end);
    return quote < end && *quote == '"' ? quote : nullptr;
}

/* A well-formed sequence beyond ASCII (Unicode 16, table 3-7). */
static const char *sequence(const char *at, const char *end)
{
    const unsigned char *const s = (const unsigned char *)at;
    const unsigned char c = s[0];
    const size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || (size_t)(end - at) < n)
        return nullptr;
    const unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return nullptr;
    for (size_t i = 2; i < n; i++)
        if (s[i] < 0x80 || s[i] > 0xbf)
            return nullptr;
    return at + n;
}

/* Text that nobody needs, from behind its opening quote to behind its closing one. */
static const char *skip_text(const char *at, const char *end)
{
    while ((at = plain_end(at, end)) < end) {
        if (*at == '"')
            return at + 1;
        if ((unsigned char)*at >= 0x80) {
            at = sequence(at, end);
            if (!at)
                return nullptr;
            continue;
        }
        /* \u is left to the JSON reader: its halves may not fit each other */
        if (*at != '\\' || end - at < 2 || !at[1] || !strchr("\"\\/bfnrt", at[1]))
            return nullptr;
        at += 2;
    }
    return nullptr;
}

/* How many of the first bytes are digits. */
static unsigned digits_in(uint64_t x)
{
    constexpr uint64_t high = 0xf0f0f0f0f0f0f0f0U;
    const uint64_t other =
        ((x & high) | (((x + 0x0606060606060606U) & high) >> 4)) ^ 0x3333333333333333U;
    return other ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* Of eight digits, or of zero bytes before them (Lemire, "Quickly parsing eight digits"). */
static uint64_t value_of(uint64_t x)
{
    x = (x & 0x0f0f0f0f0f0f0f0fU) * 2561 >> 8;
    x = (x & 0x00ff00ff00ff00ffU) * 6553601 >> 16;
    return (x & 0x0000ffff0000ffffU) * 42949672960001 >> 32;
}

struct number {
    uint64_t digits;      /* of all of it, the point left out */
    unsigned n, decimals; /* how many; 19 at most */
};

constexpr unsigned MOST_DIGITS = 19; /* of decimal ones, any so many fit 64 bits */

/* Eight at a time: numbers of different lengths take the same branches. */
static const char *digits(const char *at, const char *end, struct number *ret)
{
    static const uint32_t powers[] = {1,       10,        100,        1000,       10'000,
                                      100'000, 1'000'000, 10'000'000, 100'000'000};
    while ((size_t)(end - at) >= sizeof(uint64_t)) {
        const uint64_t word = load(at);
        const unsigned n = digits_in(word);
        ret->n += n;
        if (n == 0 || ret->n > MOST_DIGITS)
            return n == 0 ? at : nullptr;
        ret->digits = ret->digits * powers[n] + value_of(word << (64 - 8 * n));
        at += n;
        if (n < 8)
            return at;
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (++ret->n > MOST_DIGITS)
            return nullptr;
        ret->digits = ret->digits * 10 + (uint64_t)(*at - '0');
    }
    return at;
}

/* At least a digit, no zero before others, no sign, no exponent. */
static const char *number(const char *at, const char *end, struct number *ret)
{
    *ret = (struct number){};
    const char *const first = at;
    at = digits(at, end, ret);
    if (!at || at == first || (*first == '0' && at - first > 1))
        return nullptr;
    if (at < end && *at == '.') {
        const char *const point = at;
        const unsigned whole = ret->n;
        at = digits(at + 1, end, ret);
        if (!at || at == point + 1)
            return nullptr;
        ret->decimals = ret->n - whole;
    }
    return at < end && (*at == 'e' || *at == 'E') ? nullptr : at;
}

/* Where digits end. */
static const char *digits_end(const char *at, const char *end)
{
    for (unsigned n = 8; n == 8 && (size_t)(end - at) >= sizeof(uint64_t); at += n) {
        n = digits_in(load(at));
        if (n < 8)
            return at + n;
    }
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* The same of a number that nobody needs; of so many digits that any is one. */
static const char *skip_number(const char *at, const char *end)
{
    const char *const first = at;
    at = digits_end(at, end);
    if (at == first || (*first == '0' && at - first > 1) || at - first > MOST_DIGITS)
        return nullptr;
    if (at < end && *at == '.') {
        const char *const point = at;
        at = digits_end(at + 1, end);
        if (at == point + 1)
            return nullptr;
    }
    return at < end && (*at == 'e' || *at == 'E') ? nullptr : at;
}

static bool begins(const char *at, const char *end, const char *word, size_t n)
{
    return (size_t)(end - at) >= n && memcmp(at, word, n) == 0;
}

static const char *skip_value(const char *at, const char *end, unsigned depth, size_t *ret_n);

/* From behind a bracket to behind its partner; how many elements there were. */
static const char *skip_inside(const char *at, const char *end, char close, unsigned depth,
                               size_t *ret_n)
{
    size_t n = 0, unused;
    if (at < end && *at == close) {
        *ret_n = 0;
        return at + 1;
    }
    while (at < end) {
        if (close == '}') {
            at = *at == '"' ? skip_text(at + 1, end) : nullptr;
            if (!at || at >= end || *at != ':')
                return nullptr;
            at++;
        }
        at = *at >= '0' && *at <= '9' ? skip_number(at, end) : skip_value(at, end, depth, &unused);
        n++;
        if (!at || at >= end)
            return nullptr;
        if (*at == close) {
            *ret_n = n;
            return at + 1;
        }
        if (*at++ != ',')
            return nullptr;
    }
    return nullptr;
}

/* A whole value that nobody needs; of an array or an object how many elements it has. */
static const char *skip_value(const char *at, const char *end, unsigned depth, size_t *ret_n)
{
    if (at >= end)
        return nullptr;
    switch (*at) {
    case '"':
        return skip_text(at + 1, end);
    case '[':
    case '{':
        return depth == 0 ? nullptr
                          : skip_inside(at + 1, end, *at == '[' ? ']' : '}', depth - 1, ret_n);
    case 'n':
        return begins(at, end, "null", 4) ? at + 4 : nullptr;
    case 't':
        return begins(at, end, "true", 4) ? at + 4 : nullptr;
    case 'f':
        return begins(at, end, "false", 5) ? at + 5 : nullptr;
    default:
        return skip_number(at + (*at == '-'), end);
    }
}

/* ---- values that figures need ---- */

/* The text at[0..n) as the kept one; true: it was that already. */
static bool keep(struct kept *k, const char *at, size_t n)
{
    if (k->n == n && memcmp(k->text, at, n) == 0)
        return true;
    memcpy(k->text, at, n);
    k->text[n] = '\0';
    k->n = n;
    return false;
}

static const char *take_text(struct kept *k, const char *at, const char *end, const char **ret)
{
    const char *const quote = *at == '"' ? plain_text(at + 1, end) : nullptr;
    const size_t n = quote ? (size_t)(quote - at) - 1 : 0;
    if (!quote || n >= LONGEST_WORD)
        return nullptr;
    (void)keep(k, at + 1, n);
    *ret = k->text;
    return quote + 1;
}

static const char *take_word(struct kept *k, const char *at, const char *end,
                             enum sample_key_kind kind, int32_t *ret)
{
    enum status status;
    enum phase phase;
    const char *const quote = *at == '"' ? plain_text(at + 1, end) : nullptr;
    const size_t n = quote ? (size_t)(quote - at) - 1 : 0;
    if (!quote || n >= LONGEST_WORD)
        return nullptr;
    if (!keep(k, at + 1, n)) {
        k->value = INT32_MIN;
        if (kind == SAMPLE_KEY_STATUS && status_parse(k->text, &status))
            k->value = (int32_t)status;
        if (kind == SAMPLE_KEY_PHASE && status_phase_parse(k->text, &phase))
            k->value = (int32_t)phase;
    }
    *ret = k->value;
    return quote + 1;
}

/* The words of k->text, which is a list of nothing else; false: there is something else. */
static bool join(struct kept *k)
{
    const char *at = k->text + 1, *const end = k->text + k->n;
    char *to = k->joined;
    k->n_all = k->n_early = 0;
    while (*at == '"') {
        const char *const quote = plain_text(at + 1, end);
        if (!quote)
            return false;
        const size_t n = (size_t)(quote - at) - 1;
        if (to > k->joined)
            *to++ = '|';
        memcpy(to, at + 1, n);
        to += n;
        k->n_all++;
        k->n_early += n != 6 || memcmp(at + 1, "length", 6) != 0;
        at = quote + 1;
        if (*at == ',' && at[1] == '"')
            at++;
    }
    *to = '\0';
    return at + 1 == end && *at == ']';
}

static const char *take_stop(struct kept *k, const char *at, const char *end,
                             struct sample_line *ret)
{
    size_t unused;
    const char *const behind = *at == '[' ? skip_value(at, end, 1, &unused) : nullptr;
    const size_t n = behind ? (size_t)(behind - at) : 0;
    if (!behind || n >= LONGEST_WORD)
        return nullptr;
    if (!keep(k, at, n) && !join(k)) {
        k->n = SIZE_MAX;
        return nullptr;
    }
    ret->stop = k->joined;
    ret->n_stops = k->n_all;
    ret->n_early = k->n_early;
    return behind;
}

/* Both are exact, so that their quotient is the double nearest to the decimal number. */
static bool real_of(const struct number *x, double *ret)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
    if (x->digits > (uint64_t)1 << 53 || x->decimals >= COUNT_OF(powers))
        return false;
    *ret = (double)x->digits / powers[x->decimals];
    return true;
}

static const char *take_number(const char *at, const char *end, enum sample_key_kind kind, void *to)
{
    struct number x;
    at = number(at, end, &x);
    if (!at)
        return nullptr;
    if (kind == SAMPLE_KEY_F64)
        return real_of(&x, to) ? at : nullptr;
    if (x.decimals)
        return nullptr;
    if (kind == SAMPLE_KEY_I32)
        *(int32_t *)to = x.digits <= INT32_MAX ? (int32_t)x.digits : INT32_MIN;
    else if (kind == SAMPLE_KEY_I64)
        *(int64_t *)to = x.digits <= INT64_MAX ? (int64_t)x.digits : INT64_MIN;
    else
        *(uint64_t *)to = x.digits;
    return at;
}

static const char *take_list(const char *at, const char *end, enum sample_key_kind kind, void *to)
{
    size_t n;
    at = *at == '[' ? skip_value(at, end, DEEPEST, &n) : nullptr;
    if (at && kind == SAMPLE_KEY_COUNT)
        *(int32_t *)to = (int32_t)n;
    return at;
}

static const char *take_null(size_t k, const char *at, const char *end, struct sample_line *ret)
{
    const size_t to = sample_keys[k].at;
    switch (sample_keys[k].kind) {
    case SAMPLE_KEY_SKIP:
    case SAMPLE_KEY_ARRAY:
        break;
    case SAMPLE_KEY_STOP:
        ret->stop = nullptr;
        ret->n_stops = ret->n_early = INT32_MIN;
        break;
    case SAMPLE_KEY_I32:
    case SAMPLE_KEY_COUNT:
    case SAMPLE_KEY_PHASE:
    case SAMPLE_KEY_STATUS:
        memcpy((char *)ret + to, (const char *)&sample_keys_nothing + to, sizeof(int32_t));
        break;
    case SAMPLE_KEY_TEXT:
    case SAMPLE_KEY_I64:
    case SAMPLE_KEY_U64:
    case SAMPLE_KEY_F64:
        memcpy((char *)ret + to, (const char *)&sample_keys_nothing + to, sizeof(int64_t));
        break;
    }
    return begins(at, end, "null", 4) ? at + 4 : nullptr;
}

/* Whatever stood there before is overwritten. */
static const char *take(struct sample_quick *q, size_t k, const char *at, const char *end)
{
    size_t unused;
    if (at >= end)
        return nullptr;
    if (k == SAMPLE_KEYS)
        return skip_value(at, end, DEEPEST, &unused);
    if (*at == 'n')
        return take_null(k, at, end, &q->line);
    void *const to = (char *)&q->line + sample_keys[k].at;
    const enum sample_key_kind kind = sample_keys[k].kind;
    switch (kind) {
    case SAMPLE_KEY_TEXT:
        return take_text(&q->kept[k], at, end, to);
    case SAMPLE_KEY_PHASE:
    case SAMPLE_KEY_STATUS:
        return take_word(&q->kept[k], at, end, kind, to);
    case SAMPLE_KEY_STOP:
        return take_stop(&q->kept[k], at, end, &q->line);
    case SAMPLE_KEY_I32:
    case SAMPLE_KEY_I64:
    case SAMPLE_KEY_U64:
    case SAMPLE_KEY_F64:
        return take_number(at, end, kind, to);
    case SAMPLE_KEY_COUNT:
    case SAMPLE_KEY_ARRAY:
        return take_list(at, end, kind, to);
    case SAMPLE_KEY_SKIP:
        return skip_value(at, end, DEEPEST, &unused);
    }
    unreachable();
}

/* ---- the line ---- */

/* The key at `at`, and behind its colon; SAMPLE_KEYS: another one. */
static const char *key_at(const char *at, const char *end, size_t expected, size_t *ret)
{
    const char *const quote = at < end && *at == '"' ? plain_text(at + 1, end) : nullptr;
    if (!quote || end - quote < 2 || quote[1] != ':')
        return nullptr;
    *ret = sample_keys_find(at + 1, (size_t)(quote - at) - 1, expected);
    return quote + 2;
}

/* From its beginning to its end. */
static bool read_all(struct sample_quick *q, const char *text, size_t n)
{
    const char *at = text + 1, *const end = text + n - 1;
    uint64_t seen = 0;
    size_t expected = 0, fields = 0, widest = 0;
    q->line = sample_keys_nothing;
    do {
        size_t k;
        const char *const value = key_at(at, end, expected, &k);
        if (!value || (k < SAMPLE_KEYS && seen >> k & 1))
            return false;
        if (k < SAMPLE_KEYS) {
            seen |= (uint64_t)1 << k;
            expected = k + 1;
        }
        const char *const behind = take(q, k, value, end);
        if (!behind || (behind < end && *behind != ','))
            return false;
        const size_t name = (size_t)(value - at);
        widest = name > widest ? name : widest;
        if (fields < MOST_FIELDS)
            q->fields[fields] =
                (struct field){(uint32_t)(behind + 1 - at), (uint16_t)name, (uint16_t)k};
        fields++;
        at = behind + 1;
    } while (at <= end);
    q->n_fields = fields <= MOST_FIELDS && widest <= UINT16_MAX ? fields : 0;
    return true;
}

/* How many bytes are the same. */
static size_t same(const char *a, const char *b, size_t n)
{
    size_t i = 0;
    for (; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        const uint64_t other = load(a + i) ^ load(b + i);
        if (other)
            return i + (size_t)__builtin_ctzll(other) / 8;
    }
    while (i < n && a[i] == b[i])
        i++;
    return i;
}

/* What differs from the line before, which has the same keys; false: it has others. */
static bool read_rest(struct sample_quick *q, const char *text, size_t n)
{
    const char *const end = text + n - 1;
    size_t at = 1, before = 1; /* where field i begins in this line and in the one before */
    for (size_t i = 0; i < q->n_fields; i++) {
        const size_t left = n - at < q->n - before ? n - at : q->n - before;
        size_t alike = same(text + at, q->text + before, left);
        for (; i < q->n_fields && q->fields[i].n <= alike; i++) {
            at += q->fields[i].n;
            before += q->fields[i].n;
            alike -= q->fields[i].n;
        }
        if (i == q->n_fields)
            break;
        struct field *const f = &q->fields[i];
        if (f->name > alike)
            return false;
        const char *const behind = take(q, f->key, text + at + f->name, end);
        if (!behind || (i + 1 == q->n_fields ? behind != end : behind == end || *behind != ','))
            return false;
        before += f->n;
        f->n = (uint32_t)(behind + 1 - (text + at));
        at += f->n;
    }
    return at == n;
}

static void keep_line(struct sample_quick *q, const char *text, size_t n)
{
    if (n > q->room) {
        free(q->text);
        q->room = 2 * n;
        q->text = malloc(q->room);
        if (!q->text)
            abort();
    }
    memcpy(q->text, text, n);
    q->n = n;
}

bool sample_quick_parse(struct sample_quick *q, const char *text, size_t n, struct sample_line *ret)
{
    const bool whole = n >= 2 && text[0] == '{' && text[n - 1] == '}';
    const bool read = whole && ((q->n_fields > 0 && read_rest(q, text, n)) || read_all(q, text, n));
    if (!read || n > LONGEST_LINE)
        q->n_fields = 0;
    if (q->n_fields > 0)
        keep_line(q, text, n);
    if (read)
        *ret = q->line;
    return read;
}
