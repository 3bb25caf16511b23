"""Byte-level byte-pair merges in the format of OpenAI's CLIP tokenizer."""

import heapq
import re
from collections import Counter, defaultdict

# CLIP's pattern for text that is ASCII letters, digits and punctuation.
WORD = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\s\w]|_)+")


def byte_symbols():
    """GPT-2's printable stand-in for each byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    symbols = {byte: chr(byte) for byte in printable}
    symbols.update({byte: chr(256 + at) for at, byte in enumerate(others)})
    return symbols


def split_words(text):
    return WORD.findall(text.lower())


def _spell(word, symbols):
    spelt = [symbols[byte] for byte in word.encode("utf-8")]
    return spelt[:-1] + [spelt[-1] + "</w>"]


def learn_merges(word_counts, wanted):
    """The `wanted` most frequent merges, ties broken by the pair's own order."""
    symbols = byte_symbols()
    words = [_spell(word, symbols) for word, _ in sorted(word_counts.items())]
    counts = [count for _, count in sorted(word_counts.items())]
    pair_counts, places = Counter(), defaultdict(set)
    for at, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pair_counts[pair] += counts[at]
            places[pair].add(at)
    heap = [(-count, pair) for pair, count in pair_counts.items()]
    heapq.heapify(heap)
    merges = []
    while len(merges) < wanted and heap:
        count, pair = heapq.heappop(heap)
        if pair_counts[pair] != -count or not count:
            continue  # an entry from before the pair's count changed
        merges.append(pair)
        changed = set()
        for at in sorted(places[pair]):
            word = words[at]
            for old in zip(word, word[1:]):
                pair_counts[old] -= counts[at]
                changed.add(old)
            words[at] = _merge(word, pair)
            for new in zip(words[at], words[at][1:]):
                pair_counts[new] += counts[at]
                places[new].add(at)
                changed.add(new)
        for one in changed:
            if pair_counts[one] > 0:
                heapq.heappush(heap, (-pair_counts[one], one))
    if len(merges) < wanted:
        raise SystemExit(f"the captions give only {len(merges)} merges, {wanted} are wanted")
    return merges


def _merge(word, pair):
    merged, at = [], 0
    while at < len(word):
        if tuple(word[at:at + 2]) == pair:
            merged.append(word[at] + word[at + 1])
            at += 2
        else:
            merged.append(word[at])
            at += 1
    return merged
