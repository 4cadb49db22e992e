#include "probe/memory.h"

#include "base/arena.h"
#include "base/defs.h"
#include "probe/facts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

constexpr size_t ARENA_BYTES = 8 << 20;
/* cgroup v1 writes "no limit" as the largest multiple of a page in 63 bits. */
constexpr double NO_LIMIT = 0x1p62;

static void from_meminfo(const char *text, const char *key, const char *name, struct facts *f)
{
    const char *const kb = text ? facts_line(f, text, key) : nullptr;
    if (kb)
        facts_number(f, name, strtod(kb, nullptr) * 1024);
    else
        facts_unknown(f, name, "/proc/meminfo has no %s", key);
}

/* The path of this process in the hierarchy whose controllers are `which` ("" is version 2). */
static const char *group_path(const char *root, const char *which, struct facts *f)
{
    const char *at = facts_file(f, root, "/proc/self/cgroup");
    while (at && *at) {
        const size_t line = strcspn(at, "\n");
        const char *const controllers = memchr(at, ':', line);
        const char *const path =
            controllers ? memchr(controllers + 1, ':', line - (size_t)(controllers + 1 - at))
                        : nullptr;
        if (path && (size_t)(path - controllers - 1) == strlen(which) &&
            strncmp(controllers + 1, which, strlen(which)) == 0)
            return arena_strndup(f->arena, path + 1, line - (size_t)(path + 1 - at));
        at += line + (at[line] == '\n');
    }
    return "/";
}

static void limit(const char *root, struct facts *f)
{
    const char *const v2 = group_path(root, "", f), *const v1 = group_path(root, "memory", f);
    const char *const tried[] = {
        arena_printf(f->arena, "/sys/fs/cgroup%s/memory.max", v2), "/sys/fs/cgroup/memory.max",
        arena_printf(f->arena, "/sys/fs/cgroup/memory%s/memory.limit_in_bytes", v1),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes"};
    bool seen = false;
    double least = NO_LIMIT;
    for (size_t i = 0; i < COUNT_OF(tried); i++) {
        const char *const text = facts_file(f, root, tried[i]);
        if (!text)
            continue;
        seen = true;
        const double x = strcmp(text, "max") == 0 ? NO_LIMIT : strtod(text, nullptr);
        least = x < least ? x : least;
    }
    if (least < NO_LIMIT)
        facts_number(f, "cgroup_limit_bytes", least);
    else
        facts_unknown(f, "cgroup_limit_bytes", "%s",
                      seen ? "no limit is set" : "no cgroup is visible here");
}

static void own_limits(struct facts *f)
{
    static const struct {
        const char *name;
        __rlimit_resource_t what;
    } known[] = {{"limit_address_space_bytes", RLIMIT_AS},
                 {"limit_open_files", RLIMIT_NOFILE},
                 {"limit_locked_bytes", RLIMIT_MEMLOCK}};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct rlimit r;
        if (getrlimit(known[i].what, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
            facts_number(f, known[i].name, (double)r.rlim_cur);
        else
            facts_unknown(f, known[i].name, "no limit is set");
    }
}

void memory_facts(const char *root, struct facts *f)
{
    f->group = "memory";
    const char *const text = facts_file(f, root, "/proc/meminfo");
    from_meminfo(text, "MemTotal", "total_bytes", f);
    from_meminfo(text, "MemAvailable", "available_bytes", f);
    from_meminfo(text, "SwapTotal", "swap_bytes", f);
    from_meminfo(text, "SwapFree", "swap_free_bytes", f);
    limit(root, f);
    if (*root == '\0')
        own_limits(f);
}

int64_t memory_available(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(ARENA_BYTES);
    struct facts f = {.arena = a};
    memory_facts("", &f);
    const struct fact *const free = facts_find(&f, "memory", "available_bytes");
    const struct fact *const most = facts_find(&f, "memory", "cgroup_limit_bytes");
    if (!free || free->kind != FACT_NUMBER)
        return -1;
    const bool limited = most && most->kind == FACT_NUMBER && most->number < free->number;
    return (int64_t)(limited ? most->number : free->number);
}
