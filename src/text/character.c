#include "text/character.h"

#include "base/defs.h"

#include <utf8proc.h>

constexpr uint32_t ESCAPED = 0xDC00;
constexpr uint32_t SIGMA = 0x3A3;
constexpr uint32_t FINAL_SIGMA = 0x3C2;
constexpr uint32_t DOTTED_I = 0x130;
constexpr uint32_t DOT_ABOVE = 0x307;

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

uint32_t character_next(const char *text, size_t n, size_t *ret_bytes)
{
    const unsigned char *const b = (const unsigned char *)text;
    *ret_bytes = 1;
    if (b[0] < 0x80)
        return b[0];
    if (b[0] >= 0xC2 && b[0] < 0xE0 && n > 1 && continues(b[1])) {
        *ret_bytes = 2;
        return (b[0] & 0x1FU) << 6 | (b[1] & 0x3FU);
    }
    if (b[0] >= 0xE0 && b[0] < 0xF0 && n > 2 && continues(b[1]) && continues(b[2])) {
        const uint32_t c = (b[0] & 0xFU) << 12 | (b[1] & 0x3FU) << 6 | (b[2] & 0x3FU);
        if (c >= 0x800 && (c < 0xD800 || c > 0xDFFF)) {
            *ret_bytes = 3;
            return c;
        }
    }
    if (b[0] >= 0xF0 && b[0] < 0xF5 && n > 3 && continues(b[1]) && continues(b[2]) &&
        continues(b[3])) {
        const uint32_t c =
            (b[0] & 7U) << 18 | (b[1] & 0x3FU) << 12 | (b[2] & 0x3FU) << 6 | (b[3] & 0x3FU);
        if (c >= 0x10000 && c < 0x110000) {
            *ret_bytes = 4;
            return c;
        }
    }
    return ESCAPED + b[0];
}

size_t character_encode(uint32_t c, char ret[static 4])
{
    if (c < 0x80) {
        ret[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        ret[0] = (char)(0xC0 | c >> 6);
        ret[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c >= ESCAPED + 0x80 && c <= ESCAPED + 0xFF) {
        ret[0] = (char)(c - ESCAPED);
        return 1;
    }
    if (c < 0x10000) {
        ret[0] = (char)(0xE0 | c >> 12);
        ret[1] = (char)(0x80 | (c >> 6 & 0x3F));
        ret[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    ret[0] = (char)(0xF0 | c >> 18);
    ret[1] = (char)(0x80 | (c >> 12 & 0x3F));
    ret[2] = (char)(0x80 | (c >> 6 & 0x3F));
    ret[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Zs and the characters whose bidirectional class is WS, B or S: Python's Objects/unicodetype_db.
 */
bool character_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 0x9 && c <= 0xD) || (c >= 0x1C && c <= 0x1F);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

enum character_class character_class(uint32_t c)
{
    if (character_is_space(c))
        return CHARACTER_SPACE;
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO)
        return CHARACTER_PUNCTUATION;
    if (category >= UTF8PROC_CATEGORY_SM && category <= UTF8PROC_CATEGORY_SO)
        return CHARACTER_SYMBOL;
    if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO)
        return CHARACTER_NUMBER;
    return CHARACTER_OTHER;
}

size_t character_space(const char *text, size_t n)
{
    size_t bytes;
    const uint32_t c = character_next(text, n, &bytes);
    return character_is_space(c) ? bytes : 0;
}

size_t character_rstrip(const char *text, size_t n)
{
    while (n > 0) {
        size_t at = n - 1, bytes;
        while (at > 0 && n - at < 4 && continues((unsigned char)text[at]))
            at--;
        if (!character_is_space(character_next(text + at, n - at, &bytes)) || at + bytes != n)
            break;
        n = at;
    }
    return n;
}

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n && ranges[i].first <= c; i++)
        if (c <= ranges[i].last)
            return true;
    return false;
}

/* Unicode's Cased, D135: Lu, Ll, Lt, Other_Lowercase, Other_Uppercase (PropList.txt). */
static bool is_cased(uint32_t c)
{
    static const struct range other[] = {
        {0xAA, 0xAA},       {0xBA, 0xBA},       {0x2B0, 0x2B8},     {0x2C0, 0x2C1},
        {0x2E0, 0x2E4},     {0x345, 0x345},     {0x37A, 0x37A},     {0x10FC, 0x10FC},
        {0x1D2C, 0x1D6A},   {0x1D78, 0x1D78},   {0x1D9B, 0x1DBF},   {0x2071, 0x2071},
        {0x207F, 0x207F},   {0x2090, 0x209C},   {0x2160, 0x217F},   {0x24B6, 0x24E9},
        {0x2C7C, 0x2C7D},   {0xA69C, 0xA69D},   {0xA770, 0xA770},   {0xA7F1, 0xA7F4},
        {0xA7F8, 0xA7F9},   {0xAB5C, 0xAB5F},   {0xAB69, 0xAB69},   {0x10780, 0x10780},
        {0x10783, 0x10785}, {0x10787, 0x107B0}, {0x107B2, 0x107BA}, {0x1E030, 0x1E06D},
        {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189},
    };
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LT) ||
           is_in(other, COUNT_OF(other), c);
}

/* Unicode's Case_Ignorable, D136: Mn, Me, Cf, Lm, Sk, and the Word_Break values MidLetter,
 * MidNumLet and Single_Quote. */
static bool is_ignorable(uint32_t c)
{
    static const struct range mid[] = {
        {0x27, 0x27},     {0x2E, 0x2E},     {0x3A, 0x3A},     {0xB7, 0xB7},
        {0x387, 0x387},   {0x55F, 0x55F},   {0x5F4, 0x5F4},   {0x2018, 0x2019},
        {0x2024, 0x2024}, {0x2027, 0x2027}, {0xFE13, 0xFE13}, {0xFE52, 0xFE52},
        {0xFE55, 0xFE55}, {0xFF07, 0xFF07}, {0xFF0E, 0xFF0E}, {0xFF1A, 0xFF1A},
    };
    const utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME ||
           category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_LM ||
           category == UTF8PROC_CATEGORY_SK || is_in(mid, COUNT_OF(mid), c);
}

/* Whether the first character of text[0..n) that is not ignorable is cased. */
static bool cased_follows(const char *text, size_t n)
{
    for (size_t at = 0, bytes; at < n; at += bytes) {
        const uint32_t c = character_next(text + at, n - at, &bytes);
        if (!is_ignorable(c))
            return is_cased(c);
    }
    return false;
}

size_t character_lower(const char *text, size_t n, char *ret)
{
    size_t out = 0;
    bool cased_before = false; /* the last character that is not ignorable */
    for (size_t at = 0, bytes; at < n; at += bytes) {
        const uint32_t c = character_next(text + at, n - at, &bytes);
        if (c < 0x80) {
            ret[out++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        } else if (c == DOTTED_I) {
            ret[out++] = 'i';
            out += character_encode(DOT_ABOVE, ret + out);
        } else if (c == SIGMA) {
            const bool last = cased_before && !cased_follows(text + at + bytes, n - at - bytes);
            out += character_encode(last ? FINAL_SIGMA : 0x3C3, ret + out);
        } else {
            out += character_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)c), ret + out);
        }
        if (!is_ignorable(c))
            cased_before = is_cased(c);
    }
    return out;
}
