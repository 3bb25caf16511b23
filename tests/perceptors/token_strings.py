#!/usr/bin/env python3
"""Writes 10,000 strings with the ids that open_clip's tokenizer gives them, one JSON object a line:

    token_strings.py OUT.jsonl

and prints the path of the vocabulary that it used. Each object has `text`, `ids` and `repaired`: whether ftfy's guess
at wrongly decoded text changed it, which the tokenizer under test leaves out on purpose. For those, as for all others,
`ids` are what open_clip gives when that guess is switched off; for all others it makes no difference.
"""
import functools
import json
import random
import sys
import unicodedata

import ftfy
import open_clip.tokenizer as oc
import regex
from html.entities import html5

COUNT = 10_000
rng = random.Random(20260101)

SYLLABLES = "ba con di es fra gla hy in jo ka lu mi no or pre qua ra st ti un ver wo xy za ing ed ly tion er".split()
CURATED = (
    "hello world|a diagram|a photo of a cat|The quick brown fox's 42 jumps!!|pytti-tools, v0.1|I can't they'll|"
    "café ☃ 日本語|DON'T WE'VE I'M YOU'RE HE'D IT'S THEY'LL|'s't're've'm'll'd|it'ſ|ſtreet|<ſtart_of_text>|ŉ|don’t “quote”|"
    "ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ ΣΑΣ Σ Σ. ΑΣ'Α|İstanbul IĞDIR|STRASSE ẞ|K Å Ω|ǅungla Ǆ ǆ|ﬁﬂﬃ ﬅ ﬆ|ＬＯＵＤ　ＮＯＩＳＥＳ！|Ｕﾀｰﾝ ｶﾞ|"
    "&lt;b&gt; &amp;amp; &amp;amp;amp; &eacute; &EACUTE; &SZLIG; &FRAC12;|<b>&amp;</b>|line &amp; one\n< line &amp; two\nthree &amp;|"
    "&notit; &notin; &not &copy2026 &#x41; &#65 &#xZZ; &#0; &#133; &#x2019;s &#1114112; &#55296; &#59; &#38;lt; &CounterClockwiseContourIntegral;|"
    "&#99999999999999999999; &bogus; & & &; &#; &#x; &nbsp;x&ensp;y|½ ¾ ⅷ Ⅻ ② ³ ٣٤ ४२ ৭ 〇 一 二|1,234.56 007 3.14159|"
    "\x1b[31mred\x1b[0m \x1b[1;2;3Kx \x1b[x|a\x00b\x07c\x7fd\ufeffe\u206af\ufffcg|a\u0085b\u0080c\u2028d\u2029e\r\nf\rg|"
    "e\u0301 A\u030a o\u0323\u0302 \u1e69 s\u0323\u0307 \u0345 α\u0345β ᾳ ῼ|👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷 👍🏽 ❤️ #️⃣|नमस्ते दुनिया|مرحبا بالعالم ١٢٣|Привет, мир!|"
    "<|startoftext|>a<|endoftext|> <start_of_text>b<end_of_text> <|STARTOFTEXT|> <End_Of_Text> x<end_of_text>y !<end_of_text>|"
    "\u200b\u200c\u200d\u2060 a\u00a0b\u3000c\u1680d\u202fe\u205ff|\t\n\x0b\x0c\r |____--__ a_b-c|"
    "!!!'s '''s 's' ''ll x'ss|ʼn ʼs ‘s ’LL ‛t|Â£ Ã© cafÃ© â€œquoteâ€\x9d|𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙 𝓐|\U000e0067\U000e007f \U0001d173|\ue000 \ufffe\uffff \U0010ffff|"
).split("|")
# '|' separates the items above but is part of OpenAI's names for the special tokens.
CURATED = [s for s in CURATED if s] + ["", "<|startoftext|>a<|endoftext|> <|ENDOFTEXT|>x <|endoftext|", "a" * 300, "1" * 300]


def known(c):
    """Unassigned in Python's Unicode but known to the newer one of `regex`: the versions, not the code, would differ."""
    return unicodedata.category(c) != "Cn" or regex.match(r"\p{Cn}", c)


def scalar(first=0, last=0x10FFFF):
    while True:
        c = chr(rng.randint(first, last))
        if not 0xD800 <= ord(c) <= 0xDFFF and known(c):
            return c


def word():
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.randint(1, 4)))


def cased(text):
    return rng.choice([str.lower, str.lower, str.upper, str.title, str.swapcase])(text)


def letters(*ranges, most=8):
    return "".join(scalar(*rng.choice(ranges)) for _ in range(rng.randint(1, most)))


def entity():
    name = rng.choice(sorted_names)
    return rng.choice([
        lambda: "&" + name, lambda: "&" + name.rstrip(";"), lambda: "&" + name.upper(), lambda: "&" + name[:-2] + word(),
        lambda: f"&#{rng.randint(0, 0x11FFFF)};", lambda: f"&#x{rng.randint(0, 0x2FFF):x}", lambda: f"&#X{rng.randint(0, 300):X};",
        lambda: f"&#{rng.randint(0, 300)}", lambda: "&amp;" + name, lambda: "&amp;amp;" + name, lambda: "&#38;" + name,
        lambda: "&" + word() + ";",
    ])()


sorted_names = sorted(html5)
EMOJI = "😀 🐱 🚀 🌈 ❤ ❤️ ☃ ✨ 👩 👨 👧 💻 🏳 🏴 ☠ 🇩 🇪 🇯 🇵".split()
PARTS = [
    lambda: cased(word()), lambda: cased(word()), lambda: cased(word()),
    lambda: cased(word()) + rng.choice(["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "’s", "’LL", "'x", "''s"]),
    lambda: str(rng.randint(0, 10 ** rng.randint(1, 20))),
    lambda: letters((0x30, 0x39), (0x660, 0x669), (0x966, 0x96F), (0xBC, 0xBE), (0x2150, 0x2189), (0x2460, 0x2473), (0xFF10, 0xFF19)),
    lambda: rng.choice(["‍", "", " "]).join(rng.choice(EMOJI) + rng.choice(["", "", "\ufe0f", "🏽"]) for _ in range(rng.randint(1, 5))),
    lambda: letters((0x4E00, 0x9FFF), (0x3041, 0x3096), (0x30A1, 0x30FA), (0xAC00, 0xD7A3)),
    lambda: letters((0x600, 0x6FF), (0x590, 0x5FF)), lambda: letters((0x900, 0x97F), (0xE00, 0xE7F)),
    lambda: cased(letters((0x391, 0x3A9), (0x3B1, 0x3C9))) + rng.choice(["Σ", "σ", "ς", "Σ.", "Σ'", "Σ́"]),
    lambda: cased(letters((0x400, 0x52F))), lambda: cased(letters((0xC0, 0x24F), (0x1E00, 0x1FFF))),
    lambda: unicodedata.normalize("NFD", cased(letters((0xC0, 0x17F), (0x1E00, 0x1EFF), (0xAC00, 0xAC80)))),
    lambda: cased(word()) + letters((0x300, 0x36F), most=3),
    entity, entity, lambda: letters((0, 0x1F), (0x7F, 0x9F), most=3), lambda: letters((0x2000, 0x206F), (0xFEFF, 0xFEFF), most=3),
    lambda: letters((0xFF01, 0xFFEF)), lambda: letters((0xFB00, 0xFB06), (0x132, 0x133), (0x1C4, 0x1CC), (0x1F1, 0x1F3), most=3),
    lambda: rng.choice("‘’‚‛“”„‟«»ʼ\"'`") + word() + rng.choice("‘’‚‛“”„‟«»ʼ\"'`"),
    lambda: cased(rng.choice(["<|startoftext|>", "<|endoftext|>", "<start_of_text>", "<end_of_text>", "<|", "|>", "<"])),
    lambda: letters((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)), lambda: letters((0xA0, 0xFF)),
    lambda: letters((0, 0x10FFFF), most=4), lambda: letters((0, 0xFFFF), most=4), lambda: "\x1b[" + rng.choice(["0m", "1;31m", "٣K", ";;H", "?25h"]),
]
JOINTS = [" ", " ", " ", "", "", ", ", "\n", "\t", "  ", "\u00a0", "-", "\r\n", "\u3000"]


def text():
    result = ""
    for _ in range(rng.randint(1, 8)):
        result += rng.choice(PARTS)() + rng.choice(JOINTS)
    return result


def reference():
    """open_clip's tokenizer, to which OpenAI's own names of the special tokens are added."""
    tokenizer = oc.SimpleTokenizer()
    for name, as_open_clip in (("<|startoftext|>", "<start_of_text>"), ("<|endoftext|>", "<end_of_text>")):
        tokenizer.cache[name] = name
        tokenizer.encoder[name] = tokenizer.encoder[as_open_clip]
    tokenizer.pat = regex.compile(r"<\|startoftext\|>|<\|endoftext\|>|" + tokenizer.pat.pattern, regex.IGNORECASE)
    return tokenizer


def main():
    tokenizer = reference()
    whole_fix = ftfy.fix_text
    fix = functools.partial(whole_fix, config=ftfy.TextFixerConfig(fix_encoding=False, explain=False))
    texts = CURATED + [text() for _ in range(COUNT - len(CURATED))]
    with open(sys.argv[1], "w", encoding="ascii") as out:
        for t in texts:
            ftfy.fix_text = whole_fix
            full = tokenizer.encode(t)
            ftfy.fix_text = fix
            ids = tokenizer.encode(t)
            repaired = whole_fix(t) != fix(t)
            assert repaired or ids == full
            print(json.dumps({"text": t, "ids": ids, "repaired": repaired}), file=out)
    print(oc.default_bpe())


main()
