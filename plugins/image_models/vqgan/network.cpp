#include "network.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <optional>

#include "layers.h"

namespace reverie::vqgan {
namespace {

/// The blocks of one resolution, each with attention behind it if the level has any.
struct Level {
  std::vector<ResidualBlock> blocks;
  std::vector<Attention> attention;
  Convolution resample;  // undefined at the last level of either network

  at::Tensor operator()(at::Tensor x) const {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      x = blocks[i](x);
      if (!attention.empty()) x = attention[i](x);
    }
    return x;
  }
};

struct Middle {
  ResidualBlock block1, block2;
  std::optional<Attention> attention;

  at::Tensor operator()(at::Tensor x) const {
    x = block1(x);
    if (attention) x = (*attention)(x);
    return block2(x);
  }
};

/// Encoder or decoder: both have a convolution, levels, a middle and an end, in another order.
struct Half {
  Convolution conv_in, conv_out;
  std::vector<Level> levels;  // level 0 has the full resolution
  Middle middle;
  Norm norm_out;
};

Level take_level(LayerSource& source, const Shape& shape, const std::string& name, std::size_t level,
                 std::int64_t blocks, std::int64_t in) {
  const std::int64_t out = shape.channels * shape.multipliers[level];
  Level result;
  for (std::int64_t i = 0; i < blocks; ++i) {
    const std::string number = std::to_string(i);
    result.blocks.push_back(source.residual_block(name + "block." + number, i == 0 ? in : out, out));
    if (shape.attention[level]) result.attention.push_back(source.attention(name + "attn." + number, out));
  }
  return result;
}

Middle take_middle(LayerSource& source, const Shape& shape, const std::string& name) {
  const std::int64_t width = shape.channels * shape.multipliers.back();
  Middle result{source.residual_block(name + "block_1", width, width),
                source.residual_block(name + "block_2", width, width), std::nullopt};
  if (shape.middle_attention) result.attention = source.attention(name + "attn_1", width);
  return result;
}

Half take_encoder(LayerSource& source, const Shape& shape) {
  const std::size_t levels = shape.multipliers.size();
  Half half;
  half.conv_in = source.convolution("encoder.conv_in", 3, shape.channels, 3);
  std::int64_t width = shape.channels;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::string name = "encoder.down." + std::to_string(level) + ".";
    half.levels.push_back(take_level(source, shape, name, level, shape.blocks, width));
    width = shape.channels * shape.multipliers[level];
    if (level + 1 < levels)
      half.levels.back().resample = source.convolution(name + "downsample.conv", width, width, 3);
  }
  half.middle = take_middle(source, shape, "encoder.mid.");
  half.norm_out = source.norm("encoder.norm_out", width);
  half.conv_out = source.convolution("encoder.conv_out", width, shape.latent_channels, 3);
  return half;
}

Half take_decoder(LayerSource& source, const Shape& shape) {
  const std::size_t levels = shape.multipliers.size();
  Half half;
  std::int64_t width = shape.channels * shape.multipliers.back();
  half.conv_in = source.convolution("decoder.conv_in", shape.latent_channels, width, 3);
  half.middle = take_middle(source, shape, "decoder.mid.");
  half.levels.resize(levels);
  for (std::size_t level = levels; level-- > 0;) {
    const std::string name = "decoder.up." + std::to_string(level) + ".";
    half.levels[level] = take_level(source, shape, name, level, shape.blocks + 1, width);
    width = shape.channels * shape.multipliers[level];
    if (level > 0) half.levels[level].resample = source.convolution(name + "upsample.conv", width, width, 3);
  }
  half.norm_out = source.norm("decoder.norm_out", width);
  half.conv_out = source.convolution("decoder.conv_out", width, 3, 3);
  return half;
}

/// [N, C, h, w] as one row of C a position: [N * h * w, C].
at::Tensor rows(const at::Tensor& z) { return z.permute({0, 2, 3, 1}).reshape({-1, z.size(1)}); }

/// Distances to all codes at once would be gigabytes for a large picture.
constexpr std::int64_t kDistancesAtOnce = std::int64_t{1} << 24;

}  // namespace

struct Network::Parts {
  Half encoder, decoder;
  Convolution quant_conv, post_quant_conv;
  Convolution logits;  // Gumbel only
};

Network::Network(const Weights& weights, c10::Device device, at::ScalarType dtype, bool fixed)
    : shape_(Shape::from_weights(weights)), dtype_(dtype) {
  LayerSource source(weights, shape_.prefix, device, dtype, fixed);
  auto parts = std::make_unique<Parts>();
  parts->encoder = take_encoder(source, shape_);
  parts->decoder = take_decoder(source, shape_);
  parts->quant_conv = source.convolution("quant_conv", shape_.latent_channels, shape_.embedding, 1);
  parts->post_quant_conv = source.convolution("post_quant_conv", shape_.embedding, shape_.latent_channels, 1);
  if (shape_.gumbel) parts->logits = source.convolution("quantize.proj", shape_.embedding, shape_.codes, 1);
  codebook_ = source.tensor(shape_.gumbel ? "quantize.embed.weight" : "quantize.embedding.weight",
                            {shape_.codes, shape_.embedding}, dtype == at::kDouble ? dtype : at::kFloat);
  for (const char* part : {"encoder.", "decoder.", "quant_conv.", "post_quant_conv."})
    source.expect_all_taken(part);
  parts_ = std::move(parts);
}

Network::~Network() = default;

at::Tensor Network::encode(const at::Tensor& image) const {
  const Half& half = parts_->encoder;
  at::Tensor x = half.conv_in(image.to(dtype_).contiguous(at::MemoryFormat::ChannelsLast));
  for (const Level& level : half.levels) {
    x = level(x);
    if (level.resample.weight.defined()) x = downsample(x, level.resample);
  }
  x = activated(half.middle(x), half.norm_out, half.conv_out);
  return parts_->quant_conv(x).to(codebook_.scalar_type());
}

at::Tensor Network::decode(const at::Tensor& quantised) const {
  const Half& half = parts_->decoder;
  at::Tensor x = quantised.to(dtype_).contiguous(at::MemoryFormat::ChannelsLast);
  x = half.middle(half.conv_in(parts_->post_quant_conv(x)));
  for (std::size_t i = half.levels.size(); i-- > 0;) {
    const Level& level = half.levels[i];
    x = level(x);
    if (level.resample.weight.defined()) x = upsample(x, level.resample);
  }
  return activated(x, half.norm_out, half.conv_out).to(codebook_.scalar_type());
}

at::Tensor Network::nearest_codes(const at::Tensor& z) const {
  at::NoGradGuard no_grad;
  // |z - e|^2 without |z|^2, which is the same for every code.
  const at::Tensor points = rows(z), squares = codebook_.square().sum(1), codes = codebook_.t();
  const std::int64_t step = std::max<std::int64_t>(1, kDistancesAtOnce / shape_.codes);
  std::vector<at::Tensor> nearest;
  for (std::int64_t i = 0; i < points.size(0); i += step)
    nearest.push_back(at::addmm(squares, points.narrow(0, i, std::min(step, points.size(0) - i)), codes,
                                /*beta=*/1, /*alpha=*/-2)
                          .argmin(1));
  return at::cat(nearest).view({z.size(0), z.size(2), z.size(3)});
}

at::Tensor Network::logits(const at::Tensor& encoded) const {
  if (!shape_.gumbel) throw Error(ErrorKind::model, "only Gumbel VQGANs choose their codes by logits");
  return parts_->logits(encoded.to(dtype_)).to(codebook_.scalar_type());
}

at::Tensor Network::choose_codes(const at::Tensor& encoded) const {
  if (!shape_.gumbel) return nearest_codes(encoded);
  at::NoGradGuard no_grad;
  return logits(encoded).argmax(1);
}

at::Tensor Network::embed(const at::Tensor& codes) const {
  return at::embedding(codebook_, codes).permute({0, 3, 1, 2});
}

}  // namespace reverie::vqgan
