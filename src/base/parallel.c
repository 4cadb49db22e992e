#include "base/parallel.h"

#include "base/defs.h"
#include "base/mem.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

constexpr size_t MOST_WORKERS = 1024;
constexpr int MOST_CPUS = 1 << 16; /* that a mask is tried for */

struct team {
    parallel_work *work;
    void *context;
    size_t chunks;
    atomic_size_t next;
};

struct member {
    struct team *team;
    size_t worker;
    pthread_t thread;
};

size_t parallel_cpus(void)
{
    /* The kernel refuses a mask that is shorter than its own. */
    for (int room = CPU_SETSIZE; room <= MOST_CPUS; room *= 4) {
        cpu_set_t *const set = CPU_ALLOC((size_t)room);
        if (!set)
            return 1;
        const size_t bytes = CPU_ALLOC_SIZE((size_t)room);
        const int found = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (found > 0)
            return (size_t)found;
    }
    return 1;
}

size_t parallel_width(size_t chunks, size_t most)
{
    size_t width = most ? most : parallel_cpus();
    if (width > chunks)
        width = chunks;
    if (width > MOST_WORKERS)
        width = MOST_WORKERS;
    return width ? width : 1;
}

static void take_chunks(struct team *team, size_t worker)
{
    size_t chunk;
    while ((chunk = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed)) < team->chunks)
        team->work(team->context, chunk, worker);
}

static void *member_main(void *argument)
{
    struct member *const m = argument;
    take_chunks(m->team, m->worker);
    return nullptr;
}

void parallel_run(size_t chunks, size_t most, parallel_work *work, void *context)
{
    struct team team = {.work = work, .context = context, .chunks = chunks};
    const size_t width = parallel_width(chunks, most);
    CLEANUP(mem_free) struct member *members = width > 1 ? calloc(width, sizeof *members) : nullptr;
    size_t started = 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (members && started + 1 < width) {
        struct member *const m = &members[started];
        *m = (struct member){.team = &team, .worker = started + 1};
        if (pthread_create(&m->thread, nullptr, member_main, m) != 0)
            break;
        started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    take_chunks(&team, 0);
    for (size_t i = 0; i < started; i++)
        pthread_join(members[i].thread, nullptr);
}
