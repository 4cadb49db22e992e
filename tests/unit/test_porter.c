/* want: NLTK's PorterStemmer in both modes, tests/fixtures/text/porter_vectors.json (its README
 * says by what they were made).
 */
#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"
#include "test.h"
#include "text/code_points.h"
#include "text/porter.h"

#include <stdlib.h>

static bool stems_to(const char *word, enum porter_mode mode, const char *want)
{
    char buf[100];
    const size_t n = strlen(word);
    memcpy(buf, word, n);
    const size_t got = porter_stem(buf, n, mode);
    const bool same = got == strlen(want) && memcmp(buf, want, got) == 0;
    if (!same)
        printf("# %s: got %.*s, want %s\n", word, (int)got, buf, want);
    return same;
}

static void check_vectors(struct arena *a)
{
    struct err e = {};
    const struct json *file = nullptr;
    const char *const path =
        arena_printf(a, "%s/fixtures/text/porter_vectors.json", getenv("CHIMERA_TESTS"));
    if (json_read_file(path, a, &file, &e)) {
        CHECK("the vectors are there", false, "%s", e.msg);
        return;
    }
    size_t n = 0, nltk = 0, original = 0;
    const char *word = nullptr;
    const struct json *row;
    for (struct json_iter it = json_iter(json_get(file, "words")); (row = json_next(&it, &word));
         n++) {
        nltk += stems_to(word, PORTER_NLTK, json_str(json_get(row, "nltk"), "?"));
        original += stems_to(word, PORTER_ORIGINAL, json_str(json_get(row, "original"), "?"));
    }
    CHECK("every word as NLTK stems it", n > 50 && nltk == n, "%zu of %zu", nltk, n);
    CHECK("every word by the algorithm of 1980", n > 50 && original == n, "%zu of %zu", original,
          n);
}

/* want: the definition of UTF-8, RFC 3629, table in section 4. */
static const struct {
    const char *why, *bytes;
    size_t n_points, bad; /* bad = SIZE_MAX: every byte is good */
    uint32_t last;
} texts[] = {
    {"nothing", "", 0, SIZE_MAX, 0},
    {"ASCII", "az", 2, SIZE_MAX, 'z'},
    {"two, three and four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 3, SIZE_MAX, 0x1F600},
    {"the last code point", "\xf4\x8f\xbf\xbf", 1, SIZE_MAX, 0x10FFFF},
    {"above the last", "a\xf4\x90\x80\x80", 1, 1, 'a'},
    {"a surrogate", "\xed\xa0\x80", 0, 0, 0},
    {"an overlong slash", "ab\xc0\xaf", 2, 2, 'b'},
    {"a cut sequence", "x\xe2\x82", 1, 1, 'x'},
    {"a lone continuation", "\x80", 0, 0, 0},
};

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(16U << 20);
    check_vectors(a);
    CLEANUP(code_points_done) struct code_points c = {};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        size_t bad = SIZE_MAX;
        const bool good = code_points_decode(texts[i].bytes, strlen(texts[i].bytes), &c, &bad);
        CHECK(texts[i].why,
              good == (texts[i].bad == SIZE_MAX) && bad == texts[i].bad &&
                  c.n == texts[i].n_points && (c.n == 0 || c.at[c.n - 1] == texts[i].last),
              "good %d, bad at %zu, %zu code points", good, bad, c.n);
    }
    return test_done();
}
