"""all-MiniLM-L6-v2 in PyTorch: what texts mean, as far as the training is concerned."""

import json
import math
import struct
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

HEADS, LONGEST = 12, 128


def read_safetensors(path):
    data = Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    kinds = {"F32": torch.float32, "F16": torch.float16, "I64": torch.int64, "U8": torch.uint8}
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            part = bytearray(data[8 + length + begin:8 + length + end])
            tensors[name] = torch.frombuffer(part, dtype=kinds[entry["dtype"]]).view(entry["shape"])
    return tensors


class MiniLM:
    def __init__(self, folder):
        self.weights = {name: tensor.float() for name, tensor in read_safetensors(Path(folder) / "model.safetensors").items()
                        if tensor.is_floating_point()}
        self.tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
        self.tokenizer.enable_truncation(LONGEST)
        self.tokenizer.no_padding()
        self.layers = 1 + max(int(name.split(".")[2]) for name in self.weights if name.startswith("encoder.layer."))

    def _linear(self, x, name):
        w = self.weights
        return F.linear(x.bfloat16(), w[name + ".weight"].bfloat16(), w[name + ".bias"].bfloat16()).float()

    def _norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.weights[name + ".weight"], self.weights[name + ".bias"], 1e-12)

    @torch.no_grad()
    def _batch(self, rows):
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1.0] * len(row) + [0.0] * (longest - len(row)) for row in rows])
        w = self.weights
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:longest] + \
            w["embeddings.token_type_embeddings.weight"][0]
        x = self._norm(x, "embeddings.LayerNorm")
        n, t, width = x.shape
        hidden = (mask[:, None, None] - 1) * 1e4
        for layer in range(self.layers):
            p = f"encoder.layer.{layer}."
            q, k, v = (self._linear(x, p + f"attention.self.{part}").view(n, t, HEADS, -1).transpose(1, 2).bfloat16()
                       for part in ("query", "key", "value"))
            share = (q @ k.transpose(2, 3) / math.sqrt(width // HEADS)).float() + hidden
            y = (share.softmax(-1).bfloat16() @ v).float().transpose(1, 2).reshape(n, t, width)
            x = self._norm(x + self._linear(y, p + "attention.output.dense"), p + "attention.output.LayerNorm")
            y = F.gelu(self._linear(x, p + "intermediate.dense"))
            x = self._norm(x + self._linear(y, p + "output.dense"), p + "output.LayerNorm")
        return F.normalize((x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=1)

    def embed(self, texts, batch=128, report=None):
        """float16 [N, 384] of unit length. Texts of like length go together."""
        rows = [encoded.ids for encoded in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        result = torch.empty(len(rows), 384, dtype=torch.float16)
        for at in range(0, len(order), batch):
            part = order[at:at + batch]
            result[part] = self._batch([rows[i] for i in part]).half()
            if report and at // batch % 100 == 0:
                report(at)
        return result
