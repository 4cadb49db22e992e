#include "import/record.h"

#include "base/defs.h"
#include "base/plain.h"
#include "base/str.h"
#include "import/literal.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

constexpr size_t LONGEST_NAME = 200; /* bytes: it becomes a folder's name */
constexpr double MOST_WHOLE = 1e15;  /* a double holds every whole number up to here */
constexpr unsigned LEAST_FRACTION =
    3; /* digits of a second from which on an instant orders samples */

void record_clear(struct record *r)
{
    r->place = 0;
    r->known = 0;
    r->phase = PHASE_MEASURED;
    r->status = STATUS_OK;
    r->submitted_ns = INT64_MIN;
    r->own_clock = false;
    r->reason = r->stop = nullptr;
    r->token_ns = nullptr;
    r->n_tokens = 0;
}

static void keep(struct record *r, enum field f, struct record_value v)
{
    r->values[f] = v;
    r->known |= record_bit(f);
}

void record_set_text(struct record *r, enum field f, const char *text)
{
    if (text)
        keep(r, f, (struct record_value){text, strlen(text), NOT_MEASURED});
}

void record_set_number(struct record *r, enum field f, double x)
{
    if (!isnan(x))
        keep(r, f, (struct record_value){.number = x});
}

double record_number(const struct record *r, enum field f)
{
    if (!record_has(r, f))
        return NOT_MEASURED;
    const struct record_value *const v = &r->values[f];
    return v->text ? strtod(v->text, nullptr) : v->number;
}

static bool wrong(struct str *why, enum field f, const char *text, size_t n, const char *what)
{
    str_printf(why, "%s: '%.*s%s' %s", field_table[f].name, (int)(n < 60 ? n : 60), text,
               n > 60 ? "..." : "", what);
    return false;
}

/* ---- words ---- */

static bool take_name(struct record *r, enum field f, const char *text, size_t n, struct str *why)
{
    if (n > LONGEST_NAME)
        return wrong(why, f, text, n, "is too long for a name: over 200 bytes");
    char plain[LONGEST_NAME + 1];
    memcpy(plain, text, n);
    plain[n] = '\0';
    plain_line(plain);
    if (memcmp(plain, text, n) != 0)
        return wrong(why, f, text, n, "holds what no name does: a control character, or no UTF-8");
    keep(r, f, (struct record_value){text, n, NOT_MEASURED});
    return true;
}

struct word {
    const char *text;
    uint8_t means;
};

/* Most rows say the same word: no search for it. */
static bool is_word(const char *text, size_t n, const char *word, size_t length)
{
    return n == length && memcmp(text, word, n) == 0;
}

static bool find_word(const struct word *words, size_t n_words, const char *text, size_t n,
                      uint8_t *ret)
{
    for (size_t i = 0; i < n_words; i++)
        if (strlen(words[i].text) == n && strncasecmp(words[i].text, text, n) == 0) {
            *ret = words[i].means;
            return true;
        }
    return false;
}

static bool take_phase(struct record *r, const char *text, size_t n, struct str *why)
{
    static const struct word words[] = {{"cold", PHASE_COLD},         {"warmup", PHASE_WARMUP},
                                        {"warm-up", PHASE_WARMUP},    {"warm_up", PHASE_WARMUP},
                                        {"measured", PHASE_MEASURED}, {"measure", PHASE_MEASURED},
                                        {"true", PHASE_WARMUP},       {"false", PHASE_MEASURED}};
    uint8_t x = PHASE_MEASURED;
    if (!is_word(text, n, "measured", 8) && !find_word(words, COUNT_OF(words), text, n, &x))
        return wrong(why, FIELD_PHASE, text, n, "is none of cold, warmup, measured");
    r->phase = (enum phase)x;
    keep(r, FIELD_PHASE, (struct record_value){text, n, NOT_MEASURED});
    return true;
}

/* "200", "503": the answer of an HTTP server. */
static bool is_http(const char *text, size_t n, uint8_t *ret)
{
    constexpr char ANY[] = "0123456789";
    if (n != 3 || strspn(text, ANY) < n || !strchr("245", *text))
        return false;
    const bool late = strncmp(text, "408", n) == 0 || strncmp(text, "504", n) == 0;
    *ret = *text == '2' ? STATUS_OK : late ? STATUS_TIMEOUT : STATUS_ERROR;
    return true;
}

static bool take_status(struct record *r, const char *text, size_t n, struct str *why)
{
    static const struct word others[] = {
        {"success", STATUS_OK},        {"successful", STATUS_OK},
        {"succeeded", STATUS_OK},      {"completed", STATUS_OK},
        {"complete", STATUS_OK},       {"true", STATUS_OK},
        {"failed", STATUS_ERROR},      {"fail", STATUS_ERROR},
        {"failure", STATUS_ERROR},     {"errored", STATUS_ERROR},
        {"false", STATUS_ERROR},       {"incomplete", STATUS_ERROR},
        {"cancelled", STATUS_ERROR},   {"timed_out", STATUS_TIMEOUT},
        {"out_of_memory", STATUS_OOM}, {"baseline_error", STATUS_ERROR},
    };
    struct word words[STATUS_COUNT];
    uint8_t x;
    if (is_word(text, n, "ok", 2)) {
        r->status = STATUS_OK;
        keep(r, FIELD_STATUS, (struct record_value){text, n, NOT_MEASURED});
        return true;
    }
    for (uint8_t s = 0; s < STATUS_COUNT; s++)
        words[s] = (struct word){status_name((enum status)s), s};
    if (!find_word(words, STATUS_COUNT, text, n, &x) &&
        !find_word(others, COUNT_OF(others), text, n, &x) && !is_http(text, n, &x))
        return wrong(why, FIELD_STATUS, text, n,
                     "is no status: ok, error, timeout, crashed, oom, degraded, fail_accuracy, "
                     "skipped, unavailable, incompatible");
    r->status = (enum status)x;
    keep(r, FIELD_STATUS, (struct record_value){text, n, NOT_MEASURED});
    return true;
}

/* ---- numbers ---- */

/* A unit that its size suggests is not taken by itself: a clock may begin anywhere. */
static const char *without_unit(double x)
{
    constexpr double YEAR_2001 = 1e9;
    constexpr double YEAR_2096 = 4e9; /* in seconds since 1970 */
    static const char *const texts[] = {
        "is a number without its unit: --map started_at=COLUMN:s, where it is in seconds since "
        "1970, as its size suggests",
        "is a number without its unit: --map started_at=COLUMN:ms, where it is in milliseconds "
        "since 1970, as its size suggests",
        "is a number without its unit: --map started_at=COLUMN:us, where it is in microseconds "
        "since 1970, as its size suggests",
        "is a number without its unit: --map started_at=COLUMN:ns, where it is in nanoseconds "
        "since 1970, as its size suggests"};
    for (size_t i = 0; i < COUNT_OF(texts); i++, x /= 1e3)
        if (x >= YEAR_2001 && x < YEAR_2096)
            return texts[i];
    return "is a number without its unit: --map started_at=COLUMN:s, ms, us or ns";
}

bool record_take_number(struct record *r, enum field f, double x, const struct field_unit *unit,
                        double times, struct str *why)
{
    const enum field_kind kind = field_table[f].kind;
    char shown[32];
    if (isnan(x))
        return true;
    (void)snprintf(shown, sizeof shown, "%.15g", x);
    if (kind == FIELD_KIND_STATUS)
        return take_status(r, shown, strlen(shown), why);
    if (kind == FIELD_KIND_TIME && !unit)
        return wrong(why, f, shown, strlen(shown), without_unit(x));
    if (unit)
        x = x * unit->times / unit->by;
    x *= times;
    if (!isfinite(x))
        return wrong(why, f, shown, strlen(shown), "is not finite");
    if (kind == FIELD_KIND_TIME) {
        if (x < 0 || x > 9.2e18)
            return wrong(why, f, shown, strlen(shown), "is no instant since 1970");
        r->submitted_ns = (int64_t)x;
        return true;
    }
    if (kind != FIELD_KIND_NUMBER && x < 0)
        return wrong(why, f, shown, strlen(shown), "is negative");
    if ((kind == FIELD_KIND_WHOLE || kind == FIELD_KIND_ID) && (x != floor(x) || x > MOST_WHOLE))
        return wrong(why, f, shown, strlen(shown), "is no whole number");
    if (kind != FIELD_KIND_WHOLE && kind != FIELD_KIND_ID && kind != FIELD_KIND_AMOUNT &&
        kind != FIELD_KIND_NUMBER)
        return wrong(why, f, shown, strlen(shown), "is a number; a word was expected");
    keep(r, f, (struct record_value){.number = x});
    return true;
}

static bool take_instant(struct record *r, const char *text, size_t n,
                         const struct field_unit *unit, struct str *why)
{
    struct literal_number number;
    unsigned fraction;
    int64_t ns;
    if (!literal_number(text, n, &number))
        return record_take_number(r, FIELD_STARTED_AT, strtod(text, nullptr), unit, 1, why);
    if (!literal_instant(text, n, &ns, &fraction))
        return wrong(why, FIELD_STARTED_AT, text, n,
                     "is no instant: 2026-01-31T12:00:00.123Z, or a number with its unit in --map");
    keep(r, FIELD_STARTED_AT, (struct record_value){text, n, NOT_MEASURED});
    if (fraction >= LEAST_FRACTION)
        r->submitted_ns = ns;
    return true;
}

static bool take_number(struct record *r, enum field f, const char *text, size_t n,
                        const struct field_unit *unit, double times, struct str *why)
{
    struct literal_number x;
    if (field_table[f].quantity == FIELD_MILLIONS && n > 1 && !literal_number(text, n - 1, &x)) {
        const char letter[] = {(char)toupper((unsigned char)text[n - 1]), '\0'}; /* "5.0M" */
        const struct field_unit *const own = field_unit_find(f, letter);
        if (own)
            return record_take_number(r, f, strtod(text, nullptr), own, 1, why);
    }
    const char *const no = literal_number(text, n, &x);
    if (no)
        return wrong(why, f, text, n, no);
    const enum field_kind kind = field_table[f].kind;
    const bool as_it_is = !unit && times == 1 && x.json && !x.huge &&
                          (!x.negative || kind == FIELD_KIND_NUMBER) &&
                          (kind == FIELD_KIND_AMOUNT || kind == FIELD_KIND_NUMBER);
    if (!as_it_is)
        return record_take_number(r, f, strtod(text, nullptr), unit, times, why);
    keep(r, f, (struct record_value){text, n, NOT_MEASURED});
    return true;
}

/* Short, and digits alone: most ids. */
static bool take_digits(struct record *r, enum field f, const char *text, size_t n)
{
    uint64_t x = 0;
    if (n == 0 || n > 15)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        x = 10 * x + (uint64_t)(text[i] - '0');
    }
    keep(r, f, (struct record_value){.number = (double)x});
    return true;
}

bool record_take(struct record *r, enum field f, const char *text, size_t n,
                 const struct field_unit *unit, double times, struct str *why)
{
    const enum field_kind kind = field_table[f].kind;
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    while (n > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        n--;
    }
    if (literal_is_missing(text, n))
        return true;
    switch (kind) {
    case FIELD_KIND_NAME:
        return take_name(r, f, text, n, why);
    case FIELD_KIND_ID: {
        struct literal_number x;
        if (take_digits(r, f, text, n))
            return true;
        if (!literal_number(text, n, &x) && x.whole && !x.negative)
            return record_take_number(r, f, strtod(text, nullptr), nullptr, 1, why);
        return take_name(r, f, text, n, why);
    }
    case FIELD_KIND_PHASE:
        return take_phase(r, text, n, why);
    case FIELD_KIND_STATUS:
        return take_status(r, text, n, why);
    case FIELD_KIND_TIME:
        return take_instant(r, text, n, unit, why);
    case FIELD_KIND_WHOLE:
        if (!unit && times == 1 && take_digits(r, f, text, n))
            return true;
        return take_number(r, f, text, n, unit, times, why);
    case FIELD_KIND_AMOUNT:
    case FIELD_KIND_NUMBER:
        return take_number(r, f, text, n, unit, times, why);
    }
    unreachable();
}
