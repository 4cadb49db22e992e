#include "io/digest.h"

#include "base/defs.h"
#include "io/file.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

/* libcrypto fails only where memory is out or SHA-256 was configured away; both end the program
 * like an arena does. */
static void must(int ok)
{
    if (ok != 1)
        abort();
}

static EVP_MD_CTX *context(struct digest *d)
{
    return (EVP_MD_CTX *)(void *)d;
}

struct digest *digest_new(void)
{
    EVP_MD_CTX *const c = EVP_MD_CTX_new();
    must(c && EVP_DigestInit_ex(c, EVP_sha256(), nullptr));
    return (struct digest *)(void *)c;
}

void digest_freep(struct digest **d)
{
    EVP_MD_CTX_free(context(*d));
    *d = nullptr;
}

void digest_add(struct digest *d, const void *bytes, size_t n)
{
    must(EVP_DigestUpdate(context(d), bytes, n));
}

void digest_end(struct digest *d, char hex[static DIGEST_HEX])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    must(EVP_DigestFinal_ex(context(d), raw, nullptr));
    must(EVP_DigestInit_ex(context(d), EVP_sha256(), nullptr));
    for (size_t i = 0; i < DIGEST_HEX / 2; i++) {
        hex[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    hex[DIGEST_HEX - 1] = '\0';
}

void digest_of(const void *bytes, size_t n, char hex[static DIGEST_HEX])
{
    CLEANUP(digest_freep) struct digest *d = digest_new();
    digest_add(d, bytes, n);
    digest_end(d, hex);
}

enum err_code digest_file(const char *path, char hex[static DIGEST_HEX], struct err *e)
{
    CLEANUP(file_closep) FILE *f = fopen(path, "re");
    if (!f)
        return err_sys(e, "'%s'", path);
    CLEANUP(digest_freep) struct digest *d = digest_new();
    unsigned char part[1 << 16];
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        digest_add(d, part, n);
    if (ferror(f))
        return err_set(e, ERR_IO, "'%s' cannot be read", path);
    digest_end(d, hex);
    return ERR_OK;
}
