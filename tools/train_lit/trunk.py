"""EfficientNet-Lite in PyTorch: the frozen trunk whose features the heads are trained on."""

import torch
import torch.nn.functional as F

NORM_EPSILON = 1e-3
MEAN, DEVIATION = 127 / 255, 128 / 255
STRIDES = {"efficientnet-lite0": [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]}
for name in ("efficientnet-lite1", "efficientnet-lite2"):
    STRIDES[name] = [1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1]


class Trunk:
    """`weights`: the tensors of the well-known PyTorch port, by their names."""

    def __init__(self, weights, strides):
        self.weights, self.strides = weights, strides
        self.stem = self._folded("_conv_stem", "_bn0")
        self.head = self._folded("_conv_head", "_bn1")
        self.blocks = []
        for at in range(len(strides)):
            p = f"_blocks.{at}."
            expand = self._folded(p + "_expand_conv", p + "_bn0") if p + "_expand_conv.weight" in weights else None
            self.blocks.append((expand, self._folded(p + "_depthwise_conv", p + "_bn1"),
                                self._folded(p + "_project_conv", p + "_bn2")))

    def _folded(self, convolution, norm):
        """Weight and bias of a convolution with the batch norm behind it."""
        w = self.weights
        scale = w[norm + ".weight"] / torch.sqrt(w[norm + ".running_var"] + NORM_EPSILON)
        weight = w[convolution + ".weight"] * scale.view(-1, 1, 1, 1)
        return weight.contiguous(memory_format=torch.channels_last), w[norm + ".bias"] - w[norm + ".running_mean"] * scale

    @staticmethod
    def _convolve(x, convolution, stride=1, groups=1):
        """Padded as TensorFlow's "same" does: what is odd goes right and below. Sides are multiples of 32."""
        weight, bias = convolution
        total = weight.shape[2] - stride
        if total % 2 or stride > 1:
            x = F.pad(x, (total // 2, total - total // 2) * 2)
            return F.conv2d(x, weight, bias, stride, 0, 1, groups)
        return F.conv2d(x, weight, bias, stride, total // 2, 1, groups)

    def maps(self, images, taps):
        """Feature maps behind the blocks `taps`, and behind the last convolution. Images are 0..1."""
        x = ((images - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)
        x = self._convolve(x, self.stem, 2).clamp(0, 6)
        found = []
        for at, (expand, depthwise, project) in enumerate(self.blocks):
            y = self._convolve(x, expand).clamp(0, 6) if expand else x
            y = self._convolve(y, depthwise, self.strides[at], y.shape[1]).clamp(0, 6)
            y = self._convolve(y, project)
            x = x + y if self.strides[at] == 1 and x.shape == y.shape else y
            if at in taps:
                found.append(x)
        return found + [self._convolve(x, self.head).clamp(0, 6)]


def statistics(feature_map):
    """Mean and deviation of each channel over the picture."""
    variance, mean = torch.var_mean(feature_map, dim=(2, 3), unbiased=False)
    return torch.cat([mean, torch.sqrt(variance + 1e-5)], 1)


def pooled(maps):
    """One row of numbers for each depth: statistics of the early ones, means of the last."""
    return [statistics(m) for m in maps[:-1]] + [maps[-1].mean((2, 3))]


def load(path, name="efficientnet-lite0"):
    return Trunk(torch.load(path, map_location="cpu"), STRIDES[name])
