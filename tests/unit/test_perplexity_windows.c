#include "base/defs.h"
#include "lab/perplexity_windows.h"
#include "test.h"

/* The loop of "Perplexity of fixed-length models" (Hugging Face transformers, docs), run in Python:
 * (begin, end, first scored), the first of all being token 1. */
static const struct {
    const char *name;
    struct perplexity_windows w;
    uint32_t n;
    struct perplexity_windows_one want[4];
} rows[] = {
    {"10 tokens, 4 by 2", {10, 4, 2}, 4, {{0, 4, 1}, {2, 6, 4}, {4, 8, 6}, {6, 10, 8}}},
    {"11 tokens, 4 by 3", {11, 4, 3}, 4, {{0, 4, 1}, {3, 7, 4}, {6, 10, 7}, {9, 11, 10}}},
    {"9 tokens, 4 by 2: a short last one",
     {9, 4, 2},
     4,
     {{0, 4, 1}, {2, 6, 4}, {4, 8, 6}, {6, 9, 8}}},
    {"5 tokens, 4 by 1", {5, 4, 1}, 2, {{0, 4, 1}, {1, 5, 4}}},
    {"4 tokens, one window", {4, 4, 2}, 1, {{0, 4, 1}}},
    {"2 tokens, one window", {2, 512, 256}, 1, {{0, 2, 1}}},
    {"1 token: nothing to score", {1, 4, 2}, 0, {}},
};

static void test_windows(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const uint32_t n = perplexity_windows_count(&rows[i].w);
        CHECK(rows[i].name, n == rows[i].n, "%u windows, want %u", n, rows[i].n);
        for (uint32_t k = 0; k < n && k < rows[i].n; k++) {
            const struct perplexity_windows_one got = perplexity_windows_at(&rows[i].w, k),
                                                want = rows[i].want[k];
            CHECK(rows[i].name,
                  got.begin == want.begin && got.end == want.end && got.first == want.first,
                  "window %u: %u..%u from %u", k, got.begin, got.end, got.first);
        }
    }
}

/* Whatever the shape: each token but the first exactly once, with window - stride before it. */
static void test_every_token_once(void)
{
    bool once = true, context = true;
    for (uint32_t tokens = 2; tokens < 60; tokens++)
        for (uint32_t window = 2; window < 20; window++)
            for (uint32_t stride = 1; stride < window; stride++) {
                const struct perplexity_windows w = {tokens, window, stride};
                uint32_t next = 1;
                for (uint32_t i = 0; i < perplexity_windows_count(&w); i++) {
                    const struct perplexity_windows_one x = perplexity_windows_at(&w, i);
                    once = once && x.first == next && x.end > x.first && x.end - x.begin <= window;
                    context = context && (i == 0 || x.first - x.begin >= window - stride);
                    next = x.end;
                }
                once = once && next == tokens;
            }
    CHECK("each token is scored once, no window is empty or too long", once, "not so");
    CHECK("with at least window - stride tokens before it", context, "less");
}

static void test_clusters(void)
{
    uint32_t size[PERPLEXITY_WINDOWS_CLUSTERS] = {}, last = 0;
    bool ascending = true;
    for (uint32_t i = 0; i < 34; i++) {
        const uint32_t g = perplexity_windows_cluster(i, 34);
        ascending = ascending && (g == last || g == last + 1) && g < PERPLEXITY_WINDOWS_CLUSTERS;
        size[g]++;
        last = g;
    }
    uint32_t least = 100, most = 0;
    for (uint32_t g = 0; g < PERPLEXITY_WINDOWS_CLUSTERS; g++) {
        least = size[g] < least ? size[g] : least;
        most = size[g] > most ? size[g] : most;
    }
    CHECK("blocks are contiguous", ascending, "not so");
    CHECK("34 windows in 10 blocks of 3 or 4", least == 3 && most == 4, "%u to %u", least, most);
    CHECK("few windows are a block each",
          perplexity_windows_clusters(7) == 7 && perplexity_windows_cluster(6, 7) == 6, "not so");
}

int main(void)
{
    test_windows();
    test_every_token_once();
    test_clusters();
    return test_done();
}
