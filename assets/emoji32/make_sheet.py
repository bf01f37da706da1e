"""Makes sheet.png and sheet.json out of NotoColorEmoji.ttf:  python make_sheet.py /path/to/NotoColorEmoji.ttf

Selection: every single code point from U+00A9 on that the font has a colour glyph for, in order, except the pieces that only mean something
in a sequence (combining keycap, regional indicators, skin tones, hair), except private use, and except glyphs whose picture equals an
earlier one in every byte.
Each glyph, a bitmap of 136 x 128, is laid on white in the middle of a square of 136 and resized to 32 x 32 by LANCZOS.
"""

import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE, COLUMNS, EDGE = 32, 40, 136
STRIKE = 109  # the one size that the font's bitmaps have
PIECES = {0x20E3, *range(0x1F1E6, 0x1F200), *range(0x1F3FB, 0x1F400), *range(0x1F9B0, 0x1F9B4)}


def pictures(font: ImageFont.FreeTypeFont) -> dict[int, Image.Image]:
    """Code point to picture, none twice."""
    found: dict[bytes, tuple[int, Image.Image]] = {}
    for code in range(0xA9, 0x20000):
        if code in PIECES or 0xD800 <= code < 0xF900:
            continue
        left, top, right, bottom = font.getbbox(chr(code))
        if right <= left or bottom <= top:
            continue
        picture = Image.new("RGBA", (EDGE, EDGE), "white")
        layer = Image.new("RGBA", (EDGE, EDGE))
        place = ((EDGE - right + left) // 2 - left, (EDGE - bottom + top) // 2 - top)
        ImageDraw.Draw(layer).text(place, chr(code), font=font, embedded_color=True)
        if layer.getbbox() is None:
            continue
        picture.alpha_composite(layer)
        small = picture.convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        found.setdefault(small.tobytes(), (code, small))
    return dict(found.values())


def main(path: str) -> None:
    """Write both files beside this one."""
    here = Path(__file__).resolve().parent
    found = pictures(ImageFont.truetype(path, STRIKE, layout_engine=ImageFont.Layout.BASIC))
    rows = -(-len(found) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * SIZE, rows * SIZE), "white")
    for i, picture in enumerate(found.values()):
        sheet.paste(picture, (i % COLUMNS * SIZE, i // COLUMNS * SIZE))
    sheet.save(here / "sheet.png", optimize=True)
    told = {"size": SIZE, "columns": COLUMNS, "codepoints": [f"{code:X}" for code in found]}
    (here / "sheet.json").write_text(json.dumps(told, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(found)} pictures")


if __name__ == "__main__":
    main(sys.argv[1])
