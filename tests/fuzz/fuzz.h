/* fuzz.h - what the harnesses share. A harness is one function that takes any bytes as its format's
 * file and ends in an abort() where the parser breaks a promise; the fuzzer calls it (./dev fuzz),
 * and so does replay.c, with every file of corpus/, in the test suite. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* No parser needs more than this for a file of at most 64 KiB; one that asks for more finds the
 * arena at its end. */
constexpr size_t FUZZ_MEMORY = (size_t)16 << 20;

/* libFuzzer's name for it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Writes data[0..n) as a file of that name (a literal) into the harness's own folder, over what was
 * there. Returns its path. */
const char *fuzz_file(const char *name, const void *data, size_t n);
const char *fuzz_folder(void);

/* To be called once for each input, with what the parser said of it. Aborts unless a refusal comes
 * with one clear line of text: not empty, no control characters, UTF-8. */
void fuzz_verdict(enum err_code code, const struct err *e);

/* Of the last fuzz_verdict(); nullptr: it was accepted. */
const char *fuzz_refusal(void);

/* abort() with a reason. */
#define FUZZ_CHECK(cond) ((cond) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #cond))
[[noreturn]] void fuzz_broken(const char *file, int line, const char *what);
