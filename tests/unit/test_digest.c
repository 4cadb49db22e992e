/* want: FIPS 180-2, appendix B, and sha256sum of nothing. */
#include "base/defs.h"
#include "io/digest.h"
#include "test.h"

int main(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char hex[DIGEST_HEX];
        digest_of(rows[i].text, strlen(rows[i].text), hex);
        CHECK(rows[i].text, strcmp(hex, rows[i].want) == 0, "%s", hex);
    }
    CLEANUP(digest_freep) struct digest *d = digest_new();
    char hex[DIGEST_HEX];
    for (int round = 0; round < 2; round++) {
        digest_add(d, "a", 1);
        digest_add(d, "bc", 2);
        digest_end(d, hex);
        CHECK("in parts, and again", strcmp(hex, rows[1].want) == 0, "%s", hex);
    }
    struct err e = {};
    CHECK("no such file", digest_file("/no/such", hex, &e) == ERR_IO, "%s", e.msg);
    return test_done();
}
