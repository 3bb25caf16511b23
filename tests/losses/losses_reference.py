"""The specification's image losses by PyTorch's and kornia's own operators. Reads {"image", "target": [3][H][W],
"mask": [h][w]} from standard input and prints {loss: {"value", "gradient": [3 * H * W]}}, and the same under
"<loss> masked"."""

import json
import sys

import kornia
import torch
import torch.nn.functional as F

given = {name: torch.tensor(rows, dtype=torch.float64) for name, rows in json.load(sys.stdin).items()}
target = given["target"].unsqueeze(0)


def resized(mask, like):
    return F.interpolate(mask[None, None], like.shape[-2:], mode="bilinear", antialias=True)


def mse(features, image, mask):
    """Of image's and target's features, both times the mask."""
    a, b = features(image), features(target)
    if mask is None:
        return F.mse_loss(a, b)
    return F.mse_loss(a * resized(mask, a), b * resized(mask, b))


def colours(x):
    return torch.cat([x, kornia.color.rgb_to_hsv(x)[:, 1:]], 1)


def edges(x):
    return kornia.filters.spatial_gradient(kornia.color.rgb_to_grayscale(x), "sobel", normalized=True)[:, 0]


def latent(image, mask):
    return mse(lambda x: F.avg_pool2d(x, 4), image, mask) / 2 + mse(lambda x: x, image, mask) / 10


def smoothing(image, mask):
    weight = torch.ones_like(image) if mask is None else resized(mask, image)
    across, down = torch.diff(image, dim=3), torch.diff(image, dim=2)
    return (across * weight[..., :-1]).pow(2).mean() + (down * weight[..., :-1, :]).pow(2).mean()


losses = {
    "direct": lambda image, mask: mse(colours, image, mask),
    "edge": lambda image, mask: mse(edges, image, mask),
    "latent": latent,
    "smoothing": smoothing,
}
result = {}
for suffix, mask in (("", None), (" masked", given["mask"])):
    for name, loss in losses.items():
        image = given["image"].unsqueeze(0).requires_grad_()
        value = loss(image, mask)
        (gradient,) = torch.autograd.grad(value, image)
        result[name + suffix] = {"value": value.item(), "gradient": gradient.flatten().tolist()}
json.dump(result, sys.stdout)
