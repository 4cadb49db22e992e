/* base/parallel: every chunk once, workers apart, the same sum for any number of threads. */
#include "base/parallel.h"
#include "base/rng.h"
#include "test.h"

#include <sched.h>
#include <stdatomic.h>

constexpr size_t CHUNKS = 10'000;
constexpr size_t WIDEST = 16;

struct tally {
    atomic_uint seen[CHUNKS];
    atomic_uint inside[WIDEST]; /* of a worker at this moment */
    atomic_bool shared, outside;
    size_t width;
    double value[CHUNKS];
};

static void count(void *context, size_t chunk, size_t worker)
{
    struct tally *const t = context;
    atomic_fetch_add(&t->seen[chunk], 1);
    if (worker >= t->width) {
        atomic_store(&t->outside, true);
        return;
    }
    if (atomic_fetch_add(&t->inside[worker], 1) != 0)
        atomic_store(&t->shared, true);
    struct rng r;
    rng_init(&r, rng_derive(7, chunk));
    t->value[chunk] = rng_normal(&r);
    atomic_fetch_sub(&t->inside[worker], 1);
}

static struct tally tallies[2];

static void check_threads(size_t most)
{
    struct tally *const t = &tallies[1];
    memset(t, 0, sizeof *t);
    t->width = parallel_width(CHUNKS, most);
    parallel_run(CHUNKS, most, count, t);
    size_t wrong = 0;
    for (size_t i = 0; i < CHUNKS; i++)
        wrong += atomic_load(&t->seen[i]) != 1;
    CHECK("each chunk once", wrong == 0, "%zu threads: %zu wrong", most, wrong);
    CHECK("a worker is below the width", !atomic_load(&t->outside), "%zu threads", most);
    CHECK("no two chunks at once for a worker", !atomic_load(&t->shared), "%zu threads", most);
    CHECK("the same values", memcmp(t->value, tallies[0].value, sizeof t->value) == 0,
          "%zu threads", most);
}

static void check_width(void)
{
    CHECK("no more workers than chunks", parallel_width(3, 8) == 3, "%zu", parallel_width(3, 8));
    CHECK("no chunks: one worker", parallel_width(0, 8) == 1, "%zu", parallel_width(0, 8));
    CHECK("as asked", parallel_width(100, 5) == 5, "%zu", parallel_width(100, 5));
    cpu_set_t before, one;
    CHECK("affinity is there", sched_getaffinity(0, sizeof before, &before) == 0, "no");
    CHECK("CPUs are those allowed", parallel_cpus() == (size_t)CPU_COUNT(&before), "%zu",
          parallel_cpus());
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    CHECK("bound to one CPU", sched_setaffinity(0, sizeof one, &one) == 0, "no");
    CHECK("one worker then", parallel_width(100, 0) == 1, "%zu", parallel_width(100, 0));
    (void)sched_setaffinity(0, sizeof before, &before);
}

int main(void)
{
    tallies[0].width = 1;
    for (size_t i = 0; i < CHUNKS; i++)
        count(&tallies[0], i, 0);
    for (size_t most = 0; most <= WIDEST; most = most ? 2 * most : 1)
        if (parallel_width(CHUNKS, most) <= WIDEST)
            check_threads(most);
    parallel_run(0, 4, count, &tallies[1]);
    check_width();
    return test_done();
}
