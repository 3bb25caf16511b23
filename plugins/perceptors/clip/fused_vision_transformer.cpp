#include "fused_vision_transformer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "linear.h"

namespace reverie::clip {
namespace {

template <typename T = void>
T* data(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

/// Rows a thread takes at least: below, sharing the work costs more than it saves.
constexpr std::int64_t kGrain = 16;

}  // namespace

FusedVisionTransformer::FusedVisionTransformer(const Shape& shape, const TensorSource& get,
                                               Activation activation, const Normalisation& normalisation,
                                               at::ScalarType dtype)
    : shape_(shape),
      quick_(activation == Activation::quick_gelu),
      dtype_(dtype),
      index_(dtype == at::kFloat ? 0 : 1) {
  const std::int64_t width = shape.vision_width;
  const auto rounded = [&](const at::Tensor& weight, const at::Tensor& bias) {
    return Linear{weight.to(dtype_).contiguous(), bias.to(dtype_).contiguous()};
  };
  // W (z w + b) + c = (W w) z + (W b + c): the norm before a layer leaves only its z to compute.
  const auto behind_norm = [&](const std::string& norm, const at::Tensor& weight, const at::Tensor& bias) {
    const at::Tensor shift = at::mv(weight, get(norm + ".bias")).add_(bias);
    return std::pair(weight * get(norm + ".weight"), shift);
  };
  for (std::int64_t i = 0; i < shape.vision_layers[0]; ++i) {
    const std::string p = "visual.transformer.resblocks." + std::to_string(i) + ".";
    auto [in, in_bias] =
        behind_norm(p + "ln_1", get(p + "attn.in_proj_weight"), get(p + "attn.in_proj_bias"));
    const double scale = std::pow(static_cast<double>(width / shape.vision_heads), -0.5);
    in.narrow(0, 0, width).mul_(scale);
    in_bias.narrow(0, 0, width).mul_(scale);
    const auto [fc, fc_bias] = behind_norm(p + "ln_2", get(p + "mlp.c_fc.weight"), get(p + "mlp.c_fc.bias"));
    blocks_.push_back(
        {rounded(in, in_bias), rounded(get(p + "attn.out_proj.weight"), get(p + "attn.out_proj.bias")),
         rounded(fc, fc_bias), rounded(get(p + "mlp.c_proj.weight"), get(p + "mlp.c_proj.bias"))});
  }
  const auto channels = [](const std::array<double, 3>& values) {
    return at::tensor({values[0], values[1], values[2]}, at::kFloat).view({1, 3, 1, 1});
  };
  const at::Tensor kernel = get("visual.conv1.weight") / channels(normalisation.deviation);
  patches_ = rounded(kernel.flatten(1), -(kernel * channels(normalisation.mean)).sum({1, 2, 3}));
  const at::Tensor position = get("visual.positional_embedding");
  class_ = get("visual.class_embedding") + position[0];
  // Copies: one small tensor would keep the whole file mapped.
  position_ = position.narrow(0, 1, position.size(0) - 1).clone();
  pre_weight_ = get("visual.ln_pre.weight").clone();
  pre_bias_ = get("visual.ln_pre.bias").clone();
  const at::Tensor projection = get("visual.proj");
  projection_ = projection * get("visual.ln_post.weight").unsqueeze(1);
  shift_ = at::matmul(get("visual.ln_post.bias"), projection);
}

at::Tensor FusedVisionTransformer::to_patches(const at::Tensor& images) const {
  const std::int64_t side = shape_.image_size, patch = shape_.patch, grid = side / patch;
  const at::Tensor pictures = images.contiguous();
  at::Tensor patches =
      at::empty({images.size(0), grid * grid, 3 * patch * patch}, images.options().dtype(dtype_));
  at::parallel_for(0, images.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n)
      kernels().to_patches[index_](grid, patch, data<float>(pictures) + n * pictures.stride(0),
                                   data<char>(patches) + n * patches.stride(0) * patches.element_size());
  });
  return patches;
}

at::Tensor FusedVisionTransformer::from_patches(const at::Tensor& patches) const {
  const std::int64_t side = shape_.image_size, patch = shape_.patch, grid = side / patch;
  at::Tensor pictures = at::empty({patches.size(0), 3, side, side}, at::kFloat);
  at::parallel_for(0, patches.size(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n)
      kernels().from_patches[index_](grid, patch,
                                     data<char>(patches) + n * patches.stride(0) * patches.element_size(),
                                     data<float>(pictures) + n * pictures.stride(0));
  });
  return pictures;
}

void FusedVisionTransformer::add_norm(at::Tensor& x, const at::Tensor& y, at::Tensor& z,
                                      at::Tensor& scale) const {
  const std::int64_t width = x.size(-1), rows = x.numel() / width;
  z = at::empty(x.sizes(), x.options().dtype(dtype_));
  scale = at::empty({rows}, x.options());
  const std::int64_t item = z.element_size();
  at::parallel_for(0, rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    const auto at_row = [&](const at::Tensor& t) { return data<char>(t) + begin * width * item; };
    kernels().add_norm[index_](end - begin, width, data<float>(x) + begin * width,
                               y.defined() ? at_row(y) : nullptr, at_row(z), data<float>(scale) + begin,
                               kNormEpsilon);
  });
}

void FusedVisionTransformer::norm_backward(const at::Tensor& dz, const at::Tensor& z, const at::Tensor& scale,
                                           at::Tensor& g, at::Tensor& low) const {
  const std::int64_t width = g.size(-1), rows = g.numel() / width;
  low = at::empty(g.sizes(), g.options().dtype(dtype_));
  const std::int64_t item = low.element_size();
  at::parallel_for(0, rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    const auto at_row = [&](const at::Tensor& t) { return data<char>(t) + begin * width * item; };
    kernels().norm_backward[index_](end - begin, width, at_row(dz), at_row(z), data<float>(scale) + begin,
                                    data<float>(g) + begin * width, at_row(low));
  });
}

at::Tensor FusedVisionTransformer::activate(const at::Tensor& h) const {
  at::Tensor a = at::empty_like(h);
  const std::int64_t item = h.element_size();
  at::parallel_for(0, h.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    kernels().activation[index_](end - begin, quick_, data<char>(h) + begin * item,
                                 data<char>(a) + begin * item);
  });
  return a;
}

void FusedVisionTransformer::activate_backward(const at::Tensor& h, at::Tensor& da) const {
  const std::int64_t item = h.element_size();
  at::parallel_for(0, h.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    kernels().activation_backward[index_](end - begin, quick_, data<char>(h) + begin * item,
                                          data<char>(da) + begin * item);
  });
}

/// q [N, queries, W] and kv [N, keys, 2W], whose rows may lie apart.
Attention FusedVisionTransformer::attention(const at::Tensor& q, const at::Tensor& kv) const {
  return {shape_.vision_heads, shape_.vision_width / shape_.vision_heads,
          q.size(1),           kv.size(1),
          q.stride(1),         q.stride(0),
          kv.stride(1),        kv.stride(0)};
}

at::Tensor FusedVisionTransformer::attend(const at::Tensor& q, const at::Tensor& kv) const {
  const Attention shape = attention(q, kv);
  const std::int64_t width = shape_.vision_width, heads = shape_.vision_heads;
  at::Tensor out = at::empty({q.size(0), q.size(1), width}, q.options());
  const std::int64_t item = q.element_size();
  at::parallel_for(0, q.size(0) * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::Tensor scratch = at::empty({kernels().attention_scratch(shape)}, at::kFloat);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t n = i / heads, head = i % heads * shape.head_width;
      const char* key = data<char>(kv) + (n * shape.key_batch + head) * item;
      kernels().attend[index_](shape, data<char>(q) + (n * shape.query_batch + head) * item, key,
                               key + width * item, data<char>(out) + (n * q.size(1) * width + head) * item,
                               width, data<float>(scratch));
    }
  });
  return out;
}

/// Fills dq and dkv, which have the strides of the trace's q and kv.
void FusedVisionTransformer::attend_backward(const Trace& trace, const at::Tensor& d_out, at::Tensor& dq,
                                             at::Tensor& dkv) const {
  const Attention shape = attention(trace.q, trace.kv);
  const std::int64_t width = shape_.vision_width, heads = shape_.vision_heads;
  const std::int64_t item = d_out.element_size();
  at::parallel_for(0, trace.q.size(0) * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::Tensor scratch = at::empty({kernels().attention_scratch(shape)}, at::kFloat);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t n = i / heads, head = i % heads * shape.head_width;
      const std::int64_t query = (n * shape.query_batch + head) * item;
      const std::int64_t key = (n * shape.key_batch + head) * item, value = key + width * item;
      kernels().attend_backward[index_](
          shape, data<char>(trace.q) + query, data<char>(trace.kv) + key, data<char>(trace.kv) + value,
          data<char>(d_out) + (n * trace.q.size(1) * width + head) * item, width, data<char>(dq) + query,
          data<char>(dkv) + key, data<char>(dkv) + value, data<float>(scratch));
    }
  });
}

void FusedVisionTransformer::forward_block(const Block& block, bool last, at::Tensor& x, Trace& trace) const {
  const std::int64_t width = shape_.vision_width;
  add_norm(x, {}, trace.z1, trace.scale1);
  if (last) {
    // Only the class token goes on: it alone asks, and the rest of the block is its alone.
    trace.q = fixed_linear(trace.z1.narrow(1, 0, 1).contiguous(), block.in.weight.narrow(0, 0, width),
                           block.in.bias.narrow(0, 0, width));
    trace.kv = fixed_linear(trace.z1, block.in.weight.narrow(0, width, 2 * width),
                            block.in.bias.narrow(0, width, 2 * width));
    x = x.narrow(1, 0, 1).contiguous();
  } else {
    const at::Tensor qkv = fixed_linear(trace.z1, block.in.weight, block.in.bias);
    trace.q = qkv.narrow(2, 0, width);
    trace.kv = qkv.narrow(2, width, 2 * width);
  }
  add_norm(x, fixed_linear(attend(trace.q, trace.kv), block.out.weight, block.out.bias), trace.z2,
           trace.scale2);
  trace.h = fixed_linear(trace.z2, block.fc.weight, block.fc.bias);
  x.add_(fixed_linear(activate(trace.h), block.proj.weight, block.proj.bias));
}

/// `g` is the gradient of the block's output and becomes that of its input; `low` is g in the operands'
/// dtype.
void FusedVisionTransformer::backward_block(const Block& block, bool last, const Trace& trace, at::Tensor& g,
                                            at::Tensor& low) const {
  const std::int64_t width = shape_.vision_width;
  at::Tensor da = fixed_linear(low, block.proj.weight.t(), {});
  activate_backward(trace.h, da);
  norm_backward(fixed_linear(da, block.fc.weight.t(), {}), trace.z2, trace.scale2, g, low);
  const at::Tensor d_out = fixed_linear(low, block.out.weight.t(), {});
  at::Tensor dz;
  if (last) {
    at::Tensor dq = at::empty_like(trace.q), dkv = at::empty_like(trace.kv);
    attend_backward(trace, d_out, dq, dkv);
    dz = fixed_linear(dkv, block.in.weight.narrow(0, width, 2 * width).t(), {});
    dz.narrow(1, 0, 1).add_(fixed_linear(dq, block.in.weight.narrow(0, 0, width).t(), {}));
    const at::Tensor of_class = g;
    g = at::zeros(trace.z1.sizes(), g.options());
    g.narrow(1, 0, 1).copy_(of_class);
  } else {
    const at::Tensor dqkv = at::empty({trace.q.size(0), trace.q.size(1), 3 * width}, d_out.options());
    at::Tensor dq = dqkv.narrow(2, 0, width), dkv = dqkv.narrow(2, width, 2 * width);
    attend_backward(trace, d_out, dq, dkv);
    dz = fixed_linear(dqkv, block.in.weight.t(), {});
  }
  norm_backward(dz, trace.z1, trace.scale1, g, low);
}

/// Everything that the backward pass needs. Kept outside of autograd's own list so that each block's part can
/// be freed as soon as it has been used.
struct FusedVisionTransformer::Run : torch::autograd::Function<Run> {
  struct Traces : torch::CustomClassHolder {
    at::Tensor tokens, mean, scale;  // of the norm before the blocks
    std::vector<Trace> blocks;
    at::Tensor last, last_mean, last_scale;  // of the one behind them
  };

  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& images,
                            const FusedVisionTransformer* self) {
    const std::int64_t count = images.size(0), grid = self->shape_.image_size / self->shape_.patch;
    const std::int64_t width = self->shape_.vision_width;
    auto traces = c10::make_intrusive<Traces>();
    traces->tokens = at::empty({count, grid * grid + 1, width}, images.options());
    traces->tokens.select(1, 0).copy_(self->class_);
    traces->tokens.narrow(1, 1, grid * grid)
        .copy_(fixed_linear(self->to_patches(images), self->patches_.weight, self->patches_.bias))
        .add_(self->position_);
    at::Tensor x;
    std::tie(x, traces->mean, traces->scale) =
        at::native_layer_norm(traces->tokens, {width}, self->pre_weight_, self->pre_bias_, kNormEpsilon);
    const bool needed = images.requires_grad();
    for (std::size_t i = 0; i < self->blocks_.size(); ++i) {
      Trace trace;
      self->forward_block(self->blocks_[i], i + 1 == self->blocks_.size(), x, trace);
      if (needed) traces->blocks.push_back(std::move(trace));
    }
    traces->last = x.select(1, 0);
    at::Tensor z;
    std::tie(z, traces->last_mean, traces->last_scale) =
        at::native_layer_norm(traces->last, {width}, {}, {}, kNormEpsilon);
    if (needed) {
      context->saved_data["traces"] = at::IValue::make_capsule(traces);
      context->saved_data["self"] = reinterpret_cast<std::int64_t>(self);
    }
    return at::addmm(self->shift_, z, self->projection_);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    // The tower outlives the graphs made with it.
    const auto* self = reinterpret_cast<const FusedVisionTransformer*>(context->saved_data["self"].toInt());
    const auto traces = c10::static_intrusive_pointer_cast<Traces>(context->saved_data["traces"].toCapsule());
    TORCH_CHECK(traces->blocks.size() == self->blocks_.size(), "the graph was already used");
    const std::int64_t width = self->shape_.vision_width;
    at::Tensor g = std::get<0>(at::native_layer_norm_backward(
                                   at::mm(gradients[0], self->projection_.t()), traces->last, {width},
                                   traces->last_mean, traces->last_scale, {}, {}, {true, false, false}))
                       .unsqueeze(1);
    at::Tensor low = g.to(self->dtype_);
    for (std::size_t i = self->blocks_.size(); i-- > 0;) {
      self->backward_block(self->blocks_[i], i + 1 == self->blocks_.size(), traces->blocks.back(), g, low);
      traces->blocks.pop_back();
    }
    low.reset();
    g = std::get<0>(at::native_layer_norm_backward(g, traces->tokens, {width}, traces->mean, traces->scale,
                                                   self->pre_weight_, self->pre_bias_, {true, false, false}));
    const at::Tensor of_patches = g.narrow(1, 1, g.size(1) - 1).to(self->dtype_).contiguous();
    return {self->from_patches(fixed_linear(of_patches, self->patches_.weight.t(), {})), at::Tensor()};
  }
};

at::Tensor FusedVisionTransformer::operator()(const at::Tensor& images) const {
  return Run::apply(images, this);
}

std::vector<at::Tensor> FusedVisionTransformer::features(const at::Tensor& images) const {
  const std::int64_t width = shape_.vision_width, heads = shape_.vision_heads, patch = shape_.patch;
  const auto linear = [&](const at::Tensor& x, const Linear& layer) {
    return at::linear(x.to(dtype_), layer.weight, layer.bias);
  };
  const auto norm = [&](const at::Tensor& x) { return at::layer_norm(x, {width}, {}, {}, kNormEpsilon); };
  const at::Tensor grid = at::conv2d(images.to(dtype_), patches_.weight.view({width, 3, patch, patch}),
                                     patches_.bias, patch);  // [N, W, g, g]
  const at::Tensor patches = grid.flatten(2).transpose(1, 2).to(at::kFloat) + position_;
  at::Tensor x = at::layer_norm(at::cat({class_.expand({images.size(0), 1, -1}), patches}, 1), {width},
                                pre_weight_, pre_bias_, kNormEpsilon);
  const Activation activation = quick_ ? Activation::quick_gelu : Activation::gelu;
  std::vector<at::Tensor> maps;
  for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    // [N, L, 3W] to 3 x [N, heads, L, head width]
    const at::Tensor qkv =
        linear(norm(x), block.in).unflatten(2, {3, heads, width / heads}).permute({2, 0, 3, 1, 4});
    const at::Tensor mixed =
        at::matmul(at::softmax(at::matmul(qkv[0], qkv[1].transpose(-1, -2)), -1), qkv[2]);
    x = x + linear(mixed.transpose(1, 2).flatten(2), block.out);
    x = x + linear(clip::activate(linear(norm(x), block.fc), activation), block.proj);
    maps.push_back(patch_map(x, 1));
  }
  return maps;
}

}  // namespace reverie::clip
