#include "text/jaro.h"

#include "text/regrow.h"

#include <stdlib.h>
#include <string.h>

void jaro_done(struct jaro *j)
{
    free(j->first);
    free(j->next);
    free(j->taken_a);
    free(j->taken_b);
    *j = (struct jaro){};
}

static void list_places(struct jaro *j, const struct edit_pair *p)
{
    REGROW(j->first, j->n_first, edit_alphabet(*p));
    REGROW(j->next, j->n_next, p->nb + 1);
    for (size_t i = p->nb; i-- > 0;) {
        j->next[i + 1] = j->first[p->b[i]];
        j->first[p->b[i]] = (uint32_t)(i + 1);
    }
}

static size_t take_equals(struct jaro *j, const struct edit_pair *p)
{
    const size_t longer = p->na > p->nb ? p->na : p->nb, bound = longer / 2 - 1;
    size_t common = 0;
    for (size_t i = 0; i < p->na; i++) {
        uint32_t *const first = &j->first[p->a[i]];
        while (*first && (size_t)*first - 1 + bound < i)
            *first = j->next[*first];
        if (!*first || *first - 1 > i + bound)
            continue;
        j->taken_a[i] = j->taken_b[*first - 1] = 1;
        *first = j->next[*first];
        common++;
    }
    return common;
}

static size_t count_unequal(const struct jaro *j, const struct edit_pair *p)
{
    size_t k = 0, n = 0;
    for (size_t i = 0; i < p->na; i++) {
        if (!j->taken_a[i])
            continue;
        while (!j->taken_b[k])
            k++;
        n += p->a[i] != p->b[k++];
    }
    return n;
}

double jaro_similarity(struct jaro *j, struct edit_pair p)
{
    if (p.na == 0 || p.nb == 0)
        return p.na == p.nb;
    if (p.na == 1 && p.nb == 1)
        return p.a[0] == p.b[0];
    list_places(j, &p);
    REGROW(j->taken_a, j->n_taken_a, p.na);
    REGROW(j->taken_b, j->n_taken_b, p.nb);
    memset(j->taken_a, 0, p.na);
    memset(j->taken_b, 0, p.nb);
    const size_t common = take_equals(j, &p), swaps = count_unequal(j, &p) / 2;
    for (size_t i = 0; i < p.nb; i++)
        j->first[p.b[i]] = 0;
    if (common == 0)
        return 0;
    const double c = (double)common;
    return (c / (double)p.na + c / (double)p.nb + (double)(common - swaps) / c) / 3.0;
}

double jaro_winkler(struct jaro *j, struct edit_pair p)
{
    const double similarity = jaro_similarity(j, p);
    const size_t prefix = edit_prefix(p);
    if (similarity <= 0.7)
        return similarity;
    const double raised = similarity + (double)(prefix < 4 ? prefix : 4) * 0.1 * (1.0 - similarity);
    return raised < 1.0 ? raised : 1.0;
}
