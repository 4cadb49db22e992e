#include "base/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

constexpr size_t LONGEST = 63;

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t m = a < b ? a : b;
    return m < c ? m : c;
}

static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                tolower((unsigned char)a[i - 2]) == y && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *const spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[m];
}

/* A word that a longer one begins with was not finished: "q4_k" is rather q4_k_m than q6_k. */
static bool begins(const char *longer, const char *word, size_t length)
{
    return length >= 3 && strncasecmp(longer, word, length) == 0;
}

const char *nearest_word(const char *word, const char *const *words, size_t n)
{
    const size_t length = strlen(word);
    if (length == 0 || length > LONGEST)
        return nullptr;
    const char *best = nullptr;
    size_t least_distance = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const size_t m = strlen(words[i]);
        if (m > LONGEST)
            continue;
        const size_t d = distance(word, length, words[i], m);
        const size_t longer = m > length ? m : length;
        const size_t allowed = longer / 3 > 1 ? longer / 3 : 1;
        const size_t rank = begins(words[i], word, length) ? 0 : d;
        if (d <= allowed && rank < least_distance) {
            best = words[i];
            least_distance = rank;
        }
    }
    return best;
}
