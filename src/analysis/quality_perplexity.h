/* quality_perplexity.h - perplexity, its difference from the baseline's, and the gate on it, from
 * the windows of a perplexity log (store/perplexity_log.h).
 *
 * Units are tokens (or bytes); what is independent are at best the clusters, contiguous blocks of
 * windows: intervals are cluster-robust (num/cluster.h), at 95 %. Both engines scored the same
 * tokens, so the difference is paired, token by token, and summed within clusters.
 */
#pragma once

#include "num/cluster.h"
#include "store/perplexity_log.h"

struct jsonw;

constexpr double QUALITY_PERPLEXITY_ALPHA = 0.05;
constexpr double QUALITY_PERPLEXITY_POWER = 0.8;

enum quality_perplexity_verdict : uint8_t {
    QUALITY_PERPLEXITY_NO_GATE, /* nothing to decide, or by nothing */
    QUALITY_PERPLEXITY_PASS,    /* the whole interval is at or below the limit */
    QUALITY_PERPLEXITY_FAIL,    /* the whole interval is above it */
    QUALITY_PERPLEXITY_CANNOT_TELL,
};

struct quality_perplexity { /* numbers are NOT_MEASURED where unknown, each with its reason */
    const char *reason;     /* why there is no perplexity; nullptr: there is */
    uint64_t tokens;        /* scored */
    int64_t bytes;          /* -1: see bytes_reason */
    uint32_t windows, clusters;
    struct cluster_mean nll;           /* nats per token */
    double value, lo, hi;              /* exp of it */
    struct cluster_mean bits_per_byte; /* of the text's bytes */
    const char *bytes_reason;
    const char *interval_reason; /* why there are no intervals; nullptr: there are */

    const char *compared_reason;               /* why nothing below is there; nullptr: it is */
    double baseline_value;                     /* the baseline's perplexity on the same tokens */
    struct cluster_mean delta;                 /* nats per token, this less the baseline */
    double increase, increase_lo, increase_hi; /* exp(delta) - 1: relative, of the perplexity */
    double detectable;            /* the smallest relative increase that would have been seen:
                                   * two-sided at ALPHA, with POWER */
    struct cluster_mean kl;       /* nats per token, KL(baseline || this) */
    double kl_p99, kl_max;        /* over tokens; p99 NOT_MEASURED below 100 tokens */
    struct cluster_mean same_top; /* share of tokens */

    double limit; /* of the relative increase; NOT_MEASURED: no gate */
    enum quality_perplexity_verdict verdict;
    const char *verdict_reason; /* nullptr where it passes */
};

/* The gate of a precision: fp32 0.001, fp16 and bf16 0.005, int8 0.020; NOT_MEASURED: none. */
[[nodiscard]] double quality_perplexity_limit(const char *precision);

/* log may hold nothing. Text is borrowed from log or belongs to a. */
void quality_perplexity_of(const struct perplexity_log *log, double limit, struct arena *a,
                           struct quality_perplexity *ret);

const char *quality_perplexity_verdict_name(enum quality_perplexity_verdict v);

/* The keys perplexity, difference, kl, same_top and gate of an open object, each with its reason.
 */
void quality_perplexity_json(const struct quality_perplexity *q, struct jsonw *w);
