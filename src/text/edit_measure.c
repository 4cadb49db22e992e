#include "text/edit_measure.h"

#include "base/defs.h"

#include <string.h>

void edit_measure_done(struct edit_measure_scratch *s)
{
    fuzz_ratio_done(&s->fuzz);
    jaro_done(&s->jaro);
}

static size_t longer(const struct edit_pair *p)
{
    return p->na > p->nb ? p->na : p->nb;
}

static double similarity(size_t distance, size_t most)
{
    return most ? 1.0 - (double)distance / (double)most : 1.0;
}

#define MEASURE(name) static double name(struct edit_measure_scratch *s, struct edit_pair p)

MEASURE(levenshtein)
{
    return (double)edit_levenshtein(&s->fuzz.edit, p);
}
MEASURE(levenshtein_similarity)
{
    return similarity(edit_levenshtein(&s->fuzz.edit, p), longer(&p));
}
MEASURE(indel)
{
    return (double)edit_indel(&s->fuzz.edit, p);
}
MEASURE(indel_similarity)
{
    return similarity(edit_indel(&s->fuzz.edit, p), p.na + p.nb);
}
MEASURE(lcs)
{
    return (double)edit_lcs(&s->fuzz.edit, p);
}
MEASURE(lcs_similarity)
{
    return similarity(longer(&p) - edit_lcs(&s->fuzz.edit, p), longer(&p));
}
MEASURE(osa)
{
    return (double)edit_osa(&s->fuzz.edit, p);
}
MEASURE(osa_similarity)
{
    return similarity(edit_osa(&s->fuzz.edit, p), longer(&p));
}
MEASURE(damerau)
{
    return (double)edit_damerau(&s->fuzz.edit, p);
}
MEASURE(damerau_similarity)
{
    return similarity(edit_damerau(&s->fuzz.edit, p), longer(&p));
}
MEASURE(hamming)
{
    (void)s;
    const size_t d = edit_hamming(p);
    return d == SIZE_MAX ? NOT_MEASURED : (double)d;
}
MEASURE(hamming_similarity)
{
    (void)s;
    const size_t d = edit_hamming(p);
    return d == SIZE_MAX ? NOT_MEASURED : similarity(d, p.na);
}
MEASURE(prefix)
{
    (void)s;
    return (double)edit_prefix(p);
}
MEASURE(postfix)
{
    (void)s;
    return (double)edit_postfix(p);
}
MEASURE(jaro)
{
    return jaro_similarity(&s->jaro, p);
}
MEASURE(winkler)
{
    return jaro_winkler(&s->jaro, p);
}
MEASURE(ratio)
{
    return fuzz_ratio(&s->fuzz, p);
}
MEASURE(quick)
{
    return fuzz_ratio_quick(&s->fuzz, p);
}
MEASURE(partial)
{
    return fuzz_ratio_partial(&s->fuzz, p);
}
MEASURE(token_sort)
{
    return fuzz_ratio_token_sort(&s->fuzz, p);
}
MEASURE(token_set)
{
    return fuzz_ratio_token_set(&s->fuzz, p);
}
MEASURE(token)
{
    return fuzz_ratio_token(&s->fuzz, p);
}
MEASURE(partial_token_sort)
{
    return fuzz_ratio_partial_token_sort(&s->fuzz, p);
}
MEASURE(partial_token_set)
{
    return fuzz_ratio_partial_token_set(&s->fuzz, p);
}
MEASURE(partial_token)
{
    return fuzz_ratio_partial_token(&s->fuzz, p);
}
MEASURE(weighted)
{
    return fuzz_ratio_weighted(&s->fuzz, p);
}

static const struct {
    const char *name;
    double (*of)(struct edit_measure_scratch *s, struct edit_pair p);
    enum edit_measure_kind kind;
} measures[] = {
    {"levenshtein", levenshtein, EDIT_MEASURE_COUNT},
    {"levenshtein_similarity", levenshtein_similarity, EDIT_MEASURE_FRACTION},
    {"ratio", ratio, EDIT_MEASURE_PERCENT},
    {"indel", indel, EDIT_MEASURE_COUNT},
    {"indel_similarity", indel_similarity, EDIT_MEASURE_FRACTION},
    {"lcs", lcs, EDIT_MEASURE_COUNT},
    {"lcs_similarity", lcs_similarity, EDIT_MEASURE_FRACTION},
    {"osa", osa, EDIT_MEASURE_COUNT},
    {"osa_similarity", osa_similarity, EDIT_MEASURE_FRACTION},
    {"damerau", damerau, EDIT_MEASURE_COUNT},
    {"damerau_similarity", damerau_similarity, EDIT_MEASURE_FRACTION},
    {"hamming", hamming, EDIT_MEASURE_COUNT},
    {"hamming_similarity", hamming_similarity, EDIT_MEASURE_FRACTION},
    {"prefix", prefix, EDIT_MEASURE_COUNT},
    {"postfix", postfix, EDIT_MEASURE_COUNT},
    {"jaro", jaro, EDIT_MEASURE_FRACTION},
    {"jaro_winkler", winkler, EDIT_MEASURE_FRACTION},
    {"partial_ratio", partial, EDIT_MEASURE_PERCENT},
    {"token_sort_ratio", token_sort, EDIT_MEASURE_PERCENT},
    {"token_set_ratio", token_set, EDIT_MEASURE_PERCENT},
    {"token_ratio", token, EDIT_MEASURE_PERCENT},
    {"partial_token_sort_ratio", partial_token_sort, EDIT_MEASURE_PERCENT},
    {"partial_token_set_ratio", partial_token_set, EDIT_MEASURE_PERCENT},
    {"partial_token_ratio", partial_token, EDIT_MEASURE_PERCENT},
    {"wratio", weighted, EDIT_MEASURE_PERCENT},
    {"qratio", quick, EDIT_MEASURE_PERCENT},
};

size_t edit_measure_count(void)
{
    return COUNT_OF(measures);
}

const char *edit_measure_name(size_t which)
{
    return measures[which].name;
}

enum edit_measure_kind edit_measure_kind(size_t which)
{
    return measures[which].kind;
}

size_t edit_measure_find(const char *name)
{
    size_t i = 0;
    while (i < COUNT_OF(measures) && strcmp(measures[i].name, name) != 0)
        i++;
    return i;
}

double edit_measure(struct edit_measure_scratch *s, size_t which, struct edit_pair p)
{
    return measures[which].of(s, p);
}
