"""Writes a head in one of LAION's layouts with random weights, and prints what PyTorch says of an embedding:

    aesthetic_reference.py linear|several|relu FILE.pth NUMBER ...

The embedding is brought to unit length first, as the predictors' own scripts do."""

import sys

import torch
from torch import nn

torch.manual_seed(1)
layout, path, embedding = sys.argv[1], sys.argv[2], torch.tensor([float(word) for word in sys.argv[3:]])
size = embedding.numel()
if layout == "linear":
    head = nn.Linear(size, 1)
    torch.save(head.state_dict(), path)
else:

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            parts = [nn.Linear(size, 10), nn.Dropout(0.2), nn.Linear(10, 8), nn.Dropout(0.2), nn.Linear(8, 6), nn.Dropout(0.1),
                     nn.Linear(6, 4), nn.Linear(4, 1)]
            if layout == "relu":
                parts = [nn.Linear(size, 10), nn.ReLU(), nn.Dropout(0.2), nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1)]
            self.layers = nn.Sequential(*parts)

        def forward(self, x):
            return self.layers(x)

    head = Head().eval()
    torch.save(head.state_dict(), path)
head.eval()
with torch.no_grad():
    print(head(embedding / embedding.norm()).item())
