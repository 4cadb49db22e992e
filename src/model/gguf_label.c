#include "model/gguf_label.h"

#include "domain/precision.h"
#include "model/gguf_read.h"

#include <stdio.h>
#include <string.h>

struct sums {
    double layers, all, named, layers_right, all_right;
};

static struct sums add_up(const struct gguf_read *g, const struct precision *p, bool by_products)
{
    struct sums s = {};
    for (uint32_t i = 0; i < g->n_types; i++) {
        const struct gguf_read_type *const t = &g->types[i];
        const double layers = (double)(by_products ? t->layers : t->elements);
        const double head = by_products ? (double)t->head : 0;
        const bool right = precision_names(p->layers, t->name);
        s.layers += layers;
        s.all += layers + head;
        s.named += strcmp(t->name, p->gguf) == 0 ? layers : 0;
        s.layers_right += right ? layers : 0;
        s.all_right +=
            (right ? layers : 0) + (right || precision_names(p->head, t->name) ? head : 0);
    }
    return s;
}

static const struct gguf_read_type *most_multiplied(const struct gguf_read *g)
{
    const struct gguf_read_type *most = &g->types[0];
    for (uint32_t i = 1; i < g->n_types; i++)
        if (g->types[i].layers + g->types[i].head > most->layers + most->head)
            most = &g->types[i];
    return most;
}

bool gguf_label_holds(const struct gguf_read *g, const char *precision, char *reason, size_t room)
{
    const struct precision *const p = precision_find(precision);
    reason[0] = '\0';
    if (!p || !p->gguf || g->n_types == 0) {
        (void)snprintf(reason, room, "%s is no type of a GGUF file", precision);
        return false;
    }
    struct sums s = add_up(g, p, true);
    if (s.layers == 0)
        s = add_up(g, p, false);
    const double least = p->bits == 32 ? 1 : p->bits == 16 ? 0.99 : 0.5;
    const double layers = s.layers_right / s.layers, all = s.all_right / s.all;
    if (s.named > 0 && (least < 1 ? layers > least && all > least : layers == 1 && all == 1))
        return true;
    const bool head = s.named > 0 && layers > least;
    (void)snprintf(
        reason, room, "labelled %s, but %.1f %% of the %s by weights are in %s; most are in %s",
        precision, 100 * (s.named > 0 ? head ? all : layers : 0.0),
        head ? "multiplications" : "layers' multiplications", p->layers, most_multiplied(g)->name);
    return false;
}
