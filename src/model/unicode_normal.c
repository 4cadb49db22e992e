#include "model/unicode_normal.h"

#include "base/defs.h"
#include "base/str.h"
#include "model/unicode_class.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct range {
    int32_t first, last;
};

#include "model/unicode_normal_later.h"

constexpr size_t MOST_DECOMPOSED = 18; /* U+FDFA, the longest there is */
constexpr size_t FEW = 16;             /* marks that are sorted by insertion */

static bool is_later(int32_t c)
{
    size_t low = 0, high = COUNT_OF(later);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (c > later[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < COUNT_OF(later) && later[low].first <= c;
}

static unsigned combining_class(int32_t c)
{
    if (c < 0x300)
        return 0;
    const unsigned class = (unsigned)utf8proc_get_property(c)->combining_class;
    return class && is_later(c) ? 0 : class;
}

void unicode_normal_done(struct unicode_normal_room *r)
{
    free(r->characters);
    free(r->sorted);
    *r = (struct unicode_normal_room){};
}

static bool reserve(struct unicode_normal_room *r, size_t n)
{
    if (n <= r->room)
        return true;
    const size_t room = n < 256 ? 256 : 2 * n;
    free(r->sorted);
    r->sorted = malloc(room * sizeof *r->sorted);
    int32_t *const more = realloc(r->characters, room * sizeof *r->characters);
    if (more)
        r->characters = more;
    r->room = r->sorted && more ? room : 0;
    return r->room > 0;
}

/* Canonical order: marks by their class, equal ones as they stand. */
static void sort_marks(int32_t *marks, size_t n, int32_t *sorted)
{
    if (n <= FEW) {
        for (size_t i = 1; i < n; i++) {
            const int32_t c = marks[i];
            size_t j = i;
            for (; j > 0 && combining_class(marks[j - 1]) > combining_class(c); j--)
                marks[j] = marks[j - 1];
            marks[j] = c;
        }
        return;
    }
    size_t begins[257] = {};
    for (size_t i = 0; i < n; i++)
        begins[combining_class(marks[i]) + 1]++;
    for (size_t class = 0; class < 256; class ++)
        begins[class + 1] += begins[class];
    for (size_t i = 0; i < n; i++)
        sorted[begins[combining_class(marks[i])]++] = marks[i];
    memcpy(marks, sorted, n * sizeof *marks);
}

static void order(struct unicode_normal_room *r, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && combining_class(r->characters[end]) > 0)
            end++;
        if (end - i > 1)
            sort_marks(r->characters + i, end - i, r->sorted);
        i = end + 1;
    }
}

/* Between two characters that the library does not know, which compose with nothing. */
static size_t compose(int32_t *c, size_t n)
{
    size_t made = 0;
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && !is_later(c[end]))
            end++;
        if (end > i) {
            const utf8proc_ssize_t length = utf8proc_normalize_utf32(
                c + i, (utf8proc_ssize_t)(end - i), UTF8PROC_COMPOSE | UTF8PROC_STABLE);
            memmove(c + made, c + i, (size_t)length * sizeof *c);
            made += (size_t)length;
        }
        if (end < n)
            c[made++] = c[end];
        i = end + 1;
    }
    return made;
}

static bool decompose(bool compatible, const char *text, size_t n, struct unicode_normal_room *r,
                      size_t *ret_n)
{
    const utf8proc_option_t options = UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0);
    size_t made = 0, length;
    for (size_t i = 0; i < n; i += length) {
        const int32_t c = (int32_t)unicode_class_decode(text + i, n - i, &length);
        int boundary = 0;
        if (!reserve(r, made + MOST_DECOMPOSED))
            return false;
        if (c < 0x80 || is_later(c))
            r->characters[made++] = c;
        else
            made += (size_t)utf8proc_decompose_char(c, r->characters + made, MOST_DECOMPOSED,
                                                    options, &boundary);
    }
    *ret_n = made;
    return true;
}

static bool form_of(enum unicode_form form, const char *text, size_t n,
                    struct unicode_normal_room *r, struct str *out)
{
    size_t made = 0;
    if (!decompose(form == UNICODE_NFKC || form == UNICODE_NFKD, text, n, r, &made))
        return false;
    order(r, made);
    if (form == UNICODE_NFC || form == UNICODE_NFKC)
        made = compose(r->characters, made);
    for (size_t i = 0; i < made; i++) {
        utf8proc_uint8_t bytes[4];
        const utf8proc_ssize_t length = utf8proc_encode_char(r->characters[i], bytes);
        str_add(out, (const char *)bytes, (size_t)length);
    }
    return true;
}

bool unicode_normal(enum unicode_form form, const char *text, size_t n,
                    struct unicode_normal_room *r, struct str *out)
{
    /* Below it each character is its own form, and begins a new cluster. */
    static const uint32_t plain_below[] = {0x300, 0xc0, 0xa0, 0xa0};
    size_t from = 0, before = 0, length;
    for (size_t i = 0; i < n; before = i, i += length) {
        if (unicode_class_decode(text + i, n - i, &length) < plain_below[form])
            continue;
        size_t end = i + length, next;
        while (end < n && unicode_class_decode(text + end, n - end, &next) >= plain_below[form])
            end += next;
        const size_t begin = i == from ? from : before; /* a mark joins what stands before it */
        str_add(out, text + from, begin - from);
        if (!form_of(form, text + begin, end - begin, r, out))
            return false;
        from = end;
        length = end - i;
    }
    str_add(out, text + from, n - from);
    return true;
}
