#include "import/literal.h"

#include "base/defs.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool literal_is_missing(const char *text, size_t n)
{
    static const char *const words[] = {"nan", "na", "n/a", "null", "none", "#n/a", "-"};
    if (n == 0)
        return true;
    if (n > 4 || (n > 1 ? *text != 'n' && *text != 'N' && *text != '#' : *text != '-'))
        return false;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strlen(words[i]) == n && strncasecmp(text, words[i], n) == 0)
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(const char *p, const char *end)
{
    const char *const from = p;
    while (p < end && is_digit(*p))
        p++;
    return (size_t)(p - from);
}

/* Not by the grammar: what else is it? */
static const char *why_no_number(const char *text, size_t n)
{
    const char *const end = text + n;
    const char *p = text;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (end - p >= 3 && strncasecmp(p, "inf", 3) == 0)
        return "is not finite";
    const size_t first = digits(p, end);
    p += first;
    if (first == 0)
        return "is no number";
    if (p + 1 < end && (*p == ',' || *p == ' ' || *p == '_' || *p == '\'') && is_digit(p[1])) {
        const char *const rest = p + 1;
        const size_t second = digits(rest, end);
        if (rest + second == end && *p == ',' && second != 3)
            return "has a decimal comma; write a point, or say --numbers 1.234,5 of a csv";
        if (rest + second == end && *p == ',')
            return "has a comma that may be decimal or for thousands; say --numbers 1.234,5 or "
                   "--numbers 1,234.5 of a csv";
        return "has thousands separators; write the digits alone, or say --numbers 1,234.5 of a "
               "csv";
    }
    return "is no number; a unit belongs behind the column's name in --map";
}

static bool in_threes(const char *p, const char *end, char thousands)
{
    size_t n = digits(p, end);
    if (n == 0 || n > 3)
        return n > 0 && p + n == end; /* no separators at all */
    for (p += n; p < end; p += 4)
        if (*p != thousands || digits(p + 1, end) != 3)
            return false;
    return true;
}

bool literal_plain(char *text, size_t *n, char thousands, char decimal)
{
    const bool sign = *n && (*text == '-' || *text == '+');
    const char *const point = memchr(text, decimal, *n), *const end = point ? point : text + *n;
    if (!in_threes(text + sign, end, thousands) ||
        (point && digits(point + 1, text + *n) != (size_t)(text + *n - point - 1)))
        return false;
    size_t to = 0;
    for (size_t i = 0; i < *n; i++)
        if (text[i] != thousands)
            text[to++] = text[i] == decimal ? '.' : text[i];
    text[to] = '\0';
    *n = to;
    return true;
}

const char *literal_number(const char *text, size_t n, struct literal_number *ret)
{
    const char *const end = text + n;
    const char *p = text;
    const bool minus = p < end && *p == '-', plus = p < end && *p == '+';
    p += minus || plus;
    const char *const whole = p;
    const size_t before = digits(p, end);
    p += before;
    size_t behind = 0, exponent = 0;
    bool point = false;
    if (p < end && *p == '.') {
        point = true;
        behind = digits(++p, end);
        p += behind;
    }
    if (before + behind > 0 && p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '-' || *p == '+');
        exponent = digits(p, end);
        if (exponent == 0)
            return why_no_number(text, n);
        p += exponent;
    }
    if (p != end || before + behind == 0)
        return why_no_number(text, n);
    bool zero = true, no_fraction = true;
    for (const char *q = whole; q < end && *q != 'e' && *q != 'E'; q++) {
        zero = zero && (*q == '0' || *q == '.');
        no_fraction = no_fraction && (q < whole + before || *q == '0' || *q == '.');
    }
    *ret = (struct literal_number){
        .json = !plus && before > 0 && (before == 1 || *whole != '0') && !(point && behind == 0),
        .negative = minus && !zero,
        .whole = exponent == 0 && no_fraction && before > 0,
        .huge = exponent > 2 || before > 300,
    };
    return nullptr;
}

/* Days since 1970-01-01 of the Gregorian calendar (Howard Hinnant, days_from_civil). */
static int64_t days(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    const int64_t era = (y >= 0 ? y : y - 399) / 400, year = y - era * 400;
    const int64_t day = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

/* n digits at *p, which then stands behind them; -1: they are not there. */
static int64_t take(const char **p, const char *end, size_t n)
{
    int64_t x = 0;
    if ((size_t)(end - *p) < n)
        return -1;
    for (size_t i = 0; i < n; i++, ++*p) {
        if (!is_digit(**p))
            return -1;
        x = 10 * x + (**p - '0');
    }
    return x;
}

static bool take_char(const char **p, const char *end, const char *one_of)
{
    if (*p == end || !strchr(one_of, **p))
        return false;
    ++*p;
    return true;
}

/* Z, +02:00, +0200 or nothing; seconds to subtract. */
static bool take_zone(const char **p, const char *end, int64_t *ret)
{
    *ret = 0;
    if (*p == end || take_char(p, end, "Zz"))
        return *p == end;
    const bool west = **p == '-';
    if (!take_char(p, end, "+-"))
        return false;
    const int64_t hours = take(p, end, 2);
    (void)take_char(p, end, ":");
    const int64_t minutes = take(p, end, 2);
    *ret = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && *p == end;
}

bool literal_instant(const char *text, size_t n, int64_t *ret, unsigned *ret_fraction)
{
    const char *p = text;
    const char *const end = text + n;
    const int64_t year = take(&p, end, 4);
    const bool dash1 = take_char(&p, end, "-");
    const int64_t month = take(&p, end, 2);
    const bool dash2 = take_char(&p, end, "-");
    const int64_t day = take(&p, end, 2);
    const bool t = take_char(&p, end, "Tt ");
    const int64_t hour = take(&p, end, 2);
    const bool colon1 = take_char(&p, end, ":");
    const int64_t minute = take(&p, end, 2);
    const bool colon2 = take_char(&p, end, ":");
    const int64_t second = take(&p, end, 2);
    if (!(dash1 && dash2 && t && colon1 && colon2) || year < 1970 || year > 2200 || month < 1 ||
        month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60)
        return false;
    int64_t ns = 0, unit = 100'000'000, zone;
    *ret_fraction = 0;
    if (take_char(&p, end, ".,"))
        for (; p < end && is_digit(*p); p++, unit /= 10, ++*ret_fraction)
            ns += (*p - '0') * unit;
    if (!take_zone(&p, end, &zone))
        return false;
    *ret = (days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - zone) *
               1'000'000'000 +
           ns;
    return true;
}
