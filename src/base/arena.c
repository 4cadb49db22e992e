#include "base/arena.h"

#include <stdalign.h>
#include <stdckdint.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks grow with use, so that a million small things cost a few dozen calls to the system, and
 * a small arena stays small.
 */
constexpr size_t FIRST_BLOCK = 4096;
constexpr size_t LARGEST_BLOCK = 1U << 20;

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct arena *children, *sibling;
    struct block *blocks; /* the first one is the one being filled */
    size_t left;
    size_t next_block;
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        abort();
    a->left = limit_bytes;
    a->next_block = FIRST_BLOCK;
    return a;
}

struct arena *arena_child(struct arena *parent, size_t limit_bytes)
{
    struct arena *const child = arena_new(limit_bytes);
    child->sibling = parent->children;
    parent->children = child;
    return child;
}

static void free_blocks(struct arena *a)
{
    while (a->blocks) {
        struct block *b = a->blocks;
        a->blocks = b->next;
        free(b);
    }
}

struct arena *arena_free(struct arena *a)
{
    while (a && a->children) {
        struct arena *const child = a->children;
        a->children = child->sibling;
        (void)arena_free(child);
    }
    if (a)
        free_blocks(a);
    free(a);
    return nullptr;
}

void arena_freep(struct arena **a)
{
    *a = arena_free(*a);
}

static struct block *block_new(size_t bytes)
{
    size_t total;
    if (ckd_add(&total, bytes, sizeof(struct block)))
        return nullptr;
    struct block *b = calloc(1, total);
    if (b)
        b->size = bytes;
    return b;
}

void *arena_try_alloc(struct arena *a, size_t n, size_t size)
{
    constexpr size_t align = alignof(max_align_t);
    size_t bytes;
    if (ckd_mul(&bytes, n, size) || ckd_add(&bytes, bytes, align - 1))
        return nullptr;
    bytes &= ~(align - 1);
    if (bytes > a->left)
        return nullptr;

    struct block *b = a->blocks;
    if (!b || b->size - b->used < bytes) {
        const bool large = bytes > a->next_block / 4;
        b = block_new(large ? bytes : a->next_block);
        if (!b)
            return nullptr;
        if (large && a->blocks) { /* a block of its own, behind the one being filled */
            b->next = a->blocks->next;
            a->blocks->next = b;
        } else {
            b->next = a->blocks;
            a->blocks = b;
        }
        if (!large && a->next_block < LARGEST_BLOCK)
            a->next_block *= 2;
    }
    void *const p = b->bytes + b->used;
    b->used += bytes;
    a->left -= bytes;
    return p;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
    void *p = arena_try_alloc(a, n, size);
    if (!p) {
        fprintf(stderr, "chimera: out of memory: %zu x %zu bytes\n", n, size);
        abort();
    }
    return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t n)
{
    char *const copy = arena_alloc(a, n + 1, 1);
    memcpy(copy, text, n);
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    const int n = vsnprintf(nullptr, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return arena_strdup(a, "");
    char *const text = arena_alloc(a, (size_t)n + 1, 1);
    (void)vsnprintf(text, (size_t)n + 1, fmt, ap);
    return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap);
    char *const text = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}
