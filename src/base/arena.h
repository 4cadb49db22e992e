/* arena.h - memory that dies together.
 *
 * One arena per lifetime: the command, the run, the scratch of one function. What an arena
 * hands out is zeroed, is never freed alone, and is gone after arena_free(). The limit is a
 * bound on bugs, not on users: reaching it ends the program (docs/adr/0003).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena;

[[nodiscard]] struct arena *arena_new(size_t limit_bytes);
/* One that dies with parent: for another thread, whose allocations parent does not see. */
[[nodiscard]] struct arena *arena_child(struct arena *parent, size_t limit_bytes);
struct arena *arena_free(struct arena *a); /* nullptr is fine; returns nullptr */
void arena_freep(struct arena **a);        /* for CLEANUP() */

/* Never nullptr. n * size is checked for overflow. */
[[nodiscard, gnu::malloc, gnu::returns_nonnull, gnu::alloc_size(2, 3)]]
void *arena_alloc(struct arena *a, size_t n, size_t size);

/* For sizes that come from a file or a peer: nullptr when it does not fit. */
[[nodiscard]] void *arena_try_alloc(struct arena *a, size_t n, size_t size);

#define ARENA_ARRAY(a, T, n) ((T *)arena_alloc((a), (n), sizeof(T)))

/* Copies; the result belongs to a. text[0..n) need not end in a NUL, the copy does. */
[[nodiscard, gnu::returns_nonnull]] char *arena_strndup(struct arena *a, const char *text,
                                                        size_t n);
[[nodiscard, gnu::returns_nonnull]] char *arena_strdup(struct arena *a, const char *text);
[[nodiscard, gnu::returns_nonnull, gnu::format(printf, 2, 3)]]
char *arena_printf(struct arena *a, const char *fmt, ...);
[[nodiscard, gnu::returns_nonnull, gnu::format(printf, 2, 0)]]
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);
