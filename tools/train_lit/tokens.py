"""The text tower's byte pairs, as CLIP's tokenizer in the program forms them (plugins/perceptors/clip/tokenizer.h)."""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from pictures import bpe  # noqa: E402

MERGES = 7678  # with 2 * 256 byte symbols and 2 marks this makes a vocabulary of 8192


class Tokenizer:
    def __init__(self, merges):
        symbols = bpe.byte_symbols()
        # The order of the ids: byte symbols by code point as GPT-2 lists them, the same at a word's end, merges, marks.
        listed = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
        listed += [byte for byte in range(256) if byte not in listed]
        singles = [symbols[byte] for byte in listed]
        self.texts = singles + [s + "</w>" for s in singles] + [a + b for a, b in merges]
        self.ids = {text: at for at, text in enumerate(self.texts)}
        self.ranks = {pair: at for at, pair in enumerate(merges)}
        self.symbols, self.known = symbols, {}
        self.start, self.end, self.size = len(self.texts), len(self.texts) + 1, len(self.texts) + 2

    def _word(self, word):
        if word not in self.known:
            parts = bpe._spell(word, self.symbols)
            while len(parts) > 1:
                best = min(zip(parts, parts[1:]), key=lambda pair: self.ranks.get(pair, 1 << 30))
                if best not in self.ranks:
                    break
                parts = bpe._merge(parts, best)
            self.known[word] = [self.ids[part] for part in parts]
        return self.known[word]

    def encode(self, text, longest):
        ids = [i for word in bpe.split_words(text) for i in self._word(word)][:longest - 2]
        return [self.start, *ids, self.end]

    def spelt(self, at):
        """What a token stands for, to be shown to a reader of texts; empty for bytes that are not a character."""
        if at >= len(self.texts):
            return ""
        back = {symbol: byte for byte, symbol in self.symbols.items()}
        return bytes(back[c] for c in self.texts[at].removesuffix("</w>")).decode("utf-8", "ignore")


def learn(texts):
    counts = Counter()
    for text in texts:
        counts.update(bpe.split_words(text))
    return bpe.learn_merges({word: n for word, n in counts.items() if n > 1}, MERGES)
