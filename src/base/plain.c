#include "base/plain.h"

/* Bytes of the UTF-8 character at p (RFC 3629), 0 if there is none. A NUL ends every check. */
static unsigned character(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    const unsigned n = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
                       : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                       : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                     : 0;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    const bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    const bool surrogate = p[0] == 0xed && p[1] > 0x9f, beyond = p[0] == 0xf4 && p[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : n;
}

static void clean(char *text, char newline)
{
    for (unsigned char *p = (unsigned char *)text; *p;) {
        const unsigned n = character(p);
        const bool c1 = n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
        if (*p == '\n')
            *p = (unsigned char)newline;
        else if (n == 0 || *p < ' ' || *p == 0x7f)
            *p = '?';
        else if (c1)
            p[0] = p[1] = '?';
        p += n ? n : 1;
    }
}

void plain_line(char *text)
{
    clean(text, ' ');
}

void plain_lines(char *text)
{
    clean(text, '\n');
}
