#!/usr/bin/env python3
"""Makes src/model/unicode_normal_later.h: the characters that libutf8proc decomposes or reorders and Hugging Face
tokenizers does not, because its tables are older. usage: make-unicode-later.py >src/model/unicode_normal_later.h"""
import ctypes
import ctypes.util
import unicodedata

import tokenizers

lib = ctypes.CDLL(ctypes.util.find_library("utf8proc"))
lib.utf8proc_unicode_version.restype = ctypes.c_char_p
lib.utf8proc_get_property.restype = ctypes.POINTER(ctypes.c_int16)  # category, combining class, ...
lib.utf8proc_decompose_char.restype = ctypes.c_ssize_t
nfd, nfkd = tokenizers.normalizers.NFD(), tokenizers.normalizers.NFKD()
room, boundary = (ctypes.c_int32 * 32)(), ctypes.c_int(0)
DECOMPOSE, COMPAT = 1 << 4, 1 << 2


def decomposed(c, options):
    n = lib.utf8proc_decompose_char(c, room, 32, options, ctypes.byref(boundary))
    return "".join(map(chr, room[:n]))


def is_later(c):
    x = chr(c)
    if decomposed(c, DECOMPOSE) != nfd.normalize_str(x) or decomposed(c, DECOMPOSE | COMPAT) != nfkd.normalize_str(x):
        return True
    if lib.utf8proc_get_property(c)[1] == 0 or len(decomposed(c, DECOMPOSE)) > 1:
        return False
    # A mark goes before U+0345 (class 240) and after U+0334 (class 1), or is one of theirs.
    return nfd.normalize_str("a\u0345" + x) == "a\u0345" + x and nfd.normalize_str("a" + x + "\u0334") == "a" + x + "\u0334"


ranges = []
for c in range(0x110000):
    if 0xd800 <= c < 0xe000 or not is_later(c):
        continue
    if ranges and ranges[-1][1] == c - 1:
        ranges[-1][1] = c
    else:
        ranges.append([c, c])
print(f"""/* unicode_normal_later.h - made by tools/make-unicode-later.py; not for editing.
 *
 * What libutf8proc (Unicode {lib.utf8proc_unicode_version().decode()}) decomposes or reorders and tokenizers {tokenizers.__version__} does not. Included by
 * unicode_normal.c alone. */
/* clang-format off */
static const struct range later[] = {{""")
line = "   "
for first, last in ranges:
    cell = f" {{0x{first:x}, 0x{last:x}}},"
    if len(line + cell) > 99:
        print(line)
        line = "   "
    line += cell
print(line + "\n};\n/* clang-format on */")
