#include "model/rope.h"

#include <math.h>

constexpr double PI = 3.14159265358979323846;

const char *rope_kind_name(enum rope_kind k)
{
    static const char *const names[] = {[ROPE_DEFAULT] = "default",
                                        [ROPE_LINEAR] = "linear",
                                        [ROPE_DYNAMIC] = "dynamic",
                                        [ROPE_LLAMA3] = "llama3",
                                        [ROPE_YARN] = "yarn"};
    return names[k];
}

/* The base to the power of a pair's place; its inverse is the plain frequency. */
static float period(const struct rope *r, uint32_t head_dim, uint32_t i)
{
    return powf((float)r->theta, (float)(2 * i) / (float)head_dim);
}

static float llama3(const struct rope *r, float plain)
{
    const float wave = (float)(2 * PI) / plain;
    const double ctx = r->original_ctx;
    const float longest = (float)(ctx / r->low_freq_factor);
    const float shortest = (float)(ctx / r->high_freq_factor);
    const float factor = (float)r->factor;
    if (wave > longest)
        return plain / factor;
    if (wave < shortest)
        return plain;
    const float smooth = ((float)ctx / wave - (float)r->low_freq_factor) /
                         (float)(r->high_freq_factor - r->low_freq_factor);
    return (1 - smooth) * plain / factor + smooth * plain;
}

/* The pair that turns so many times over the original context. */
static double turning(const struct rope *r, double turns, uint32_t head_dim)
{
    return head_dim * log(r->original_ctx / (turns * 2 * PI)) / (2 * log(r->theta));
}

static float yarn(const struct rope *r, uint32_t head_dim, uint32_t i)
{
    double low = turning(r, r->beta_fast, head_dim), high = turning(r, r->beta_slow, head_dim);
    if (r->truncate) {
        low = floor(low);
        high = ceil(high);
    }
    low = fmax(low, 0);
    high = fmin(high, head_dim - 1.0);
    if (low == high)
        high += 0.001; /* transformers' own way out of a division by zero */
    const float ramp =
        fminf(fmaxf(((float)i - (float)low) / (float)(high - low), 0), 1); /* 0: as trained */
    const float base = period(r, head_dim, i);
    const float kept = 1 - ramp;
    return 1 / ((float)r->factor * base) * (1 - kept) + 1 / base * kept;
}

void rope_frequencies(const struct rope *r, uint32_t head_dim, float *ret)
{
    for (uint32_t i = 0; i < head_dim / 2; i++) {
        const float plain = 1 / period(r, head_dim, i);
        switch (r->kind) {
        case ROPE_DEFAULT:
        case ROPE_DYNAMIC:
            ret[i] = plain;
            break;
        case ROPE_LINEAR:
            ret[i] = plain / (float)r->factor;
            break;
        case ROPE_LLAMA3:
            ret[i] = llama3(r, plain);
            break;
        case ROPE_YARN:
            ret[i] = yarn(r, head_dim, i);
            break;
        }
    }
}

void rope_divisors(const struct rope *r, uint32_t head_dim, float *ret)
{
    rope_frequencies(r, head_dim, ret);
    for (uint32_t i = 0; i < head_dim / 2; i++)
        ret[i] = 1 / period(r, head_dim, i) / ret[i];
}

static double length(double factor, double mscale)
{
    return factor <= 1 ? 1 : 0.1 * mscale * log(factor) + 1;
}

double rope_yarn_attention(double factor, double mscale, double mscale_all_dim)
{
    if (mscale != 0 && mscale_all_dim != 0)
        return length(factor, mscale) / length(factor, mscale_all_dim);
    return length(factor, 1);
}
