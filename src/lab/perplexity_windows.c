#include "lab/perplexity_windows.h"

uint32_t perplexity_windows_count(const struct perplexity_windows *w)
{
    if (w->tokens < 2)
        return 0;
    return w->tokens <= w->window ? 1 : 1 + (w->tokens - w->window - 1) / w->stride + 1;
}

static uint32_t end_of(const struct perplexity_windows *w, uint32_t i)
{
    const uint64_t end = (uint64_t)i * w->stride + w->window;
    return end < w->tokens ? (uint32_t)end : w->tokens;
}

struct perplexity_windows_one perplexity_windows_at(const struct perplexity_windows *w, uint32_t i)
{
    return (struct perplexity_windows_one){
        .begin = i * w->stride,
        .end = end_of(w, i),
        .first = i ? end_of(w, i - 1) : 1,
    };
}

uint32_t perplexity_windows_clusters(uint32_t n_windows)
{
    return n_windows < PERPLEXITY_WINDOWS_CLUSTERS ? n_windows : PERPLEXITY_WINDOWS_CLUSTERS;
}

uint32_t perplexity_windows_cluster(uint32_t i, uint32_t n_windows)
{
    return (uint32_t)((uint64_t)i * perplexity_windows_clusters(n_windows) / n_windows);
}
