/* A header's length in front of it would make nearly every mutation a truncated file: three times
 * out of four it is set right again. For the fuzzer only. */
#include "fuzz.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t most, unsigned seed)
{
    uint64_t header = 0;
    if (n >= sizeof header)
        memcpy(&header, data, sizeof header);
    if (n < sizeof header || data[0] == '{' || header > n - sizeof header || seed % 4 == 0)
        return LLVMFuzzerMutate(data, n, most);

    const size_t tail = n - sizeof header - (size_t)header; /* the tensors' bytes stay behind it */
    if (seed % 16 == 1)
        return n - tail + LLVMFuzzerMutate(data + n - tail, tail, most - (n - tail));
    uint8_t kept[4096];
    const size_t keep = tail < sizeof kept ? tail : sizeof kept;
    memcpy(kept, data + n - tail, keep);
    const size_t room = most - sizeof header - keep;
    header =
        LLVMFuzzerMutate(data + sizeof header, (size_t)header < room ? (size_t)header : room, room);
    memcpy(data, &header, sizeof header);
    memcpy(data + sizeof header + header, kept, keep);
    return sizeof header + (size_t)header + keep;
}
