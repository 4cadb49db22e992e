#include "model/byte_level.h"

static bool is_printable(unsigned b)
{
    return (b >= 33 && b <= 126) || (b >= 161 && b != 173);
}

/* How many bytes below b are not printable: its place after U+0100. */
static uint32_t rank_of(unsigned b)
{
    return b < 33 ? b : b < 161 ? b - 94 : 67;
}

uint32_t byte_level_char(uint8_t byte)
{
    return is_printable(byte) ? byte : 256 + rank_of(byte);
}

int byte_level_byte(uint32_t character)
{
    if (character < 256)
        return is_printable(character) ? (int)character : -1;
    if (character < 256 + 33)
        return (int)(character - 256);
    if (character < 256 + 67)
        return (int)(character - 256 + 94);
    return character == 256 + 67 ? 173 : -1;
}

uint8_t byte_level_nth(uint32_t id)
{
    if (id < 94)
        return (uint8_t)(id + 33);
    if (id < 94 + 12)
        return (uint8_t)(id - 94 + 161);
    if (id < 188)
        return (uint8_t)(id - 94 - 12 + 174);
    return (uint8_t)byte_level_byte(256 + id - 188);
}
