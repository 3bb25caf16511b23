#pragma once
// CLIP's encoders once more, in double and in plain loops, from the paper's and the weights' description
// alone.

#include <array>

#include "perceptors/toy_weights.h"

namespace reverie::test::naive {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;   ///< rows
using Picture = std::vector<Matrix>;  ///< channels of rows

/// Element access to a weight, in double.
class Values {
 public:
  explicit Values(const at::Tensor& tensor) : tensor_(tensor.to(at::kDouble).contiguous()) {}
  double operator()(std::int64_t i) const { return tensor_.data_ptr<double>()[i]; }
  double operator()(std::int64_t i, std::int64_t k) const { return (*this)(i * tensor_.size(1) + k); }
  double operator()(std::int64_t o, std::int64_t c, std::int64_t y, std::int64_t x) const {
    return (*this)(((o * tensor_.size(1) + c) * tensor_.size(2) + y) * tensor_.size(3) + x);
  }
  std::int64_t size(std::int64_t axis) const { return tensor_.size(axis); }

 private:
  at::Tensor tensor_;
};

inline std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }
inline std::int64_t count(const Matrix& m) { return static_cast<std::int64_t>(m.size()); }

/// y = W x + b, with rows `first` to `first + n` of W; all of them where n is 0.
inline Vector linear(const Vector& x, const Values& w, const Values& b, std::int64_t first = 0,
                     std::int64_t n = 0) {
  Vector y;
  for (std::int64_t o = first; o < (n ? first + n : w.size(0)); ++o) {
    double sum = b(o);
    for (std::size_t i = 0; i < x.size(); ++i) sum += w(o, static_cast<std::int64_t>(i)) * x[i];
    y.push_back(sum);
  }
  return y;
}

/// x P, the way CLIP applies its projections.
inline Vector project(const Vector& x, const Values& p) {
  Vector y(index(p.size(1)), 0.0);
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t k = 0; k < y.size(); ++k)
      y[k] += x[i] * p(static_cast<std::int64_t>(i), static_cast<std::int64_t>(k));
  return y;
}

inline Vector layer_norm(const Vector& x, const Weights& weights, const std::string& prefix) {
  const Values w(weights.tensor(prefix + ".weight")), b(weights.tensor(prefix + ".bias"));
  double mean = 0, variance = 0;
  for (const double v : x) mean += v / static_cast<double>(x.size());
  for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
  Vector y;
  for (std::size_t i = 0; i < x.size(); ++i)
    y.push_back((x[i] - mean) / std::sqrt(variance + 1e-5) * w(static_cast<std::int64_t>(i)) +
                b(static_cast<std::int64_t>(i)));
  return y;
}

/// Heads of 64: token `t` looks at the tokens that `visible` allows.
inline Vector attend(std::size_t t, const Matrix& queries, const Matrix& keys, const Matrix& values,
                     std::size_t visible) {
  Vector mixed(queries[t].size(), 0.0);
  for (std::size_t head = 0; head < mixed.size() / 64; ++head) {
    Vector scores;
    double total = 0;
    for (std::size_t s = 0; s < visible; ++s) {
      double dot = 0;
      for (std::size_t i = head * 64; i < head * 64 + 64; ++i) dot += queries[t][i] * keys[s][i];
      scores.push_back(std::exp(dot / 8));
      total += scores.back();
    }
    for (std::size_t s = 0; s < visible; ++s)
      for (std::size_t i = head * 64; i < head * 64 + 64; ++i) mixed[i] += scores[s] / total * values[s][i];
  }
  return mixed;
}

inline double activate(double x, bool gelu) {
  return gelu ? x * normal_cdf(x) : x / (1 + std::exp(-1.702 * x));
}

inline Matrix transformer(Matrix x, const Weights& weights, const std::string& prefix, int layers,
                          bool causal, bool gelu) {
  for (int layer = 0; layer < layers; ++layer) {
    const std::string p = prefix + "resblocks." + std::to_string(layer) + ".";
    const auto get = [&](const std::string& name) { return Values(weights.tensor(p + name)); };
    const Values in_w = get("attn.in_proj_weight"), in_b = get("attn.in_proj_bias");
    const std::int64_t width = static_cast<std::int64_t>(x[0].size());
    Matrix q, k, v;
    for (const Vector& row : x) {
      const Vector n = layer_norm(row, weights, p + "ln_1");
      q.push_back(linear(n, in_w, in_b, 0, width));
      k.push_back(linear(n, in_w, in_b, width, width));
      v.push_back(linear(n, in_w, in_b, 2 * width, width));
    }
    const Values out_w = get("attn.out_proj.weight"), out_b = get("attn.out_proj.bias");
    for (std::size_t t = 0; t < x.size(); ++t) {
      const Vector y = linear(attend(t, q, k, v, causal ? t + 1 : x.size()), out_w, out_b);
      for (std::size_t i = 0; i < y.size(); ++i) x[t][i] += y[i];
    }
    const Values fc_w = get("mlp.c_fc.weight"), fc_b = get("mlp.c_fc.bias");
    const Values proj_w = get("mlp.c_proj.weight"), proj_b = get("mlp.c_proj.bias");
    for (Vector& row : x) {
      Vector h = linear(layer_norm(row, weights, p + "ln_2"), fc_w, fc_b);
      for (double& value : h) value = activate(value, gelu);
      const Vector y = linear(h, proj_w, proj_b);
      for (std::size_t i = 0; i < y.size(); ++i) row[i] += y[i];
    }
  }
  return x;
}

inline Vector text(const std::vector<std::int64_t>& tokens, const Weights& weights, bool gelu) {
  const Values embedding(weights.tensor("token_embedding.weight")),
      position(weights.tensor("positional_embedding"));
  Matrix x;
  for (std::size_t t = 0; t < tokens.size(); ++t) {
    x.emplace_back();
    for (std::int64_t i = 0; i < kTextWidth; ++i)
      x.back().push_back(embedding(tokens[t], i) + position(static_cast<std::int64_t>(t), i));
  }
  x = transformer(x, weights, "transformer.", kTextLayers, true, gelu);
  const auto end = static_cast<std::size_t>(std::max_element(tokens.begin(), tokens.end()) - tokens.begin());
  return project(layer_norm(x[end], weights, "ln_final"), Values(weights.tensor("text_projection")));
}

/// `image` [3, side, side].
inline Vector vision_transformer(const at::Tensor& image, const Weights& weights, int layers, bool gelu) {
  const Values pixels(image.unsqueeze(0)), conv(weights.tensor("visual.conv1.weight"));
  const Values cls(weights.tensor("visual.class_embedding")),
      position(weights.tensor("visual.positional_embedding"));
  const std::int64_t patch = conv.size(2), grid = image.size(1) / patch, width = conv.size(0);
  Matrix x;
  for (std::int64_t token = -1; token < grid * grid; ++token) {
    Vector row;
    for (std::int64_t o = 0; o < width; ++o) {
      double sum = token < 0 ? cls(o) : 0;
      for (std::int64_t c = 0; token >= 0 && c < 3; ++c)
        for (std::int64_t dy = 0; dy < patch; ++dy)
          for (std::int64_t dx = 0; dx < patch; ++dx)
            sum += conv(o, c, dy, dx) * pixels(0, c, token / grid * patch + dy, token % grid * patch + dx);
      row.push_back(sum + position(token + 1, o));
    }
    x.push_back(layer_norm(row, weights, "visual.ln_pre"));
  }
  x = transformer(x, weights, "visual.transformer.", layers, false, gelu);
  return project(layer_norm(x[0], weights, "visual.ln_post"), Values(weights.tensor("visual.proj")));
}

inline Picture convolve(const Picture& x, const Values& w, std::int64_t stride) {
  const std::int64_t side = count(x[0]), k = w.size(2), pad = k / 2, out = (side + 2 * pad - k) / stride + 1;
  Picture y(index(w.size(0)), Matrix(index(out), Vector(index(out), 0.0)));
  for (std::int64_t o = 0; o < w.size(0); ++o)
    for (std::int64_t r = 0; r < out; ++r)
      for (std::int64_t s = 0; s < out; ++s)
        for (std::int64_t c = 0; c < w.size(1); ++c)
          for (std::int64_t dy = 0; dy < k; ++dy)
            for (std::int64_t dx = 0; dx < k; ++dx) {
              const std::int64_t py = r * stride + dy - pad, px = s * stride + dx - pad;
              if (py >= 0 && px >= 0 && py < side && px < side)
                y[index(o)][index(r)][index(s)] += w(o, c, dy, dx) * x[index(c)][index(py)][index(px)];
            }
  return y;
}

inline Picture batch_norm(Picture x, const Weights& weights, const std::string& prefix) {
  const Values w(weights.tensor(prefix + ".weight")), b(weights.tensor(prefix + ".bias"));
  const Values mean(weights.tensor(prefix + ".running_mean")),
      variance(weights.tensor(prefix + ".running_var"));
  for (std::size_t c = 0; c < x.size(); ++c)
    for (Vector& row : x[c])
      for (double& v : row) {
        const auto i = static_cast<std::int64_t>(c);
        v = (v - mean(i)) / std::sqrt(variance(i) + 1e-5) * w(i) + b(i);
      }
  return x;
}

inline Picture relu(Picture x) {
  for (Matrix& channel : x)
    for (Vector& row : channel)
      for (double& v : row) v = std::max(v, 0.0);
  return x;
}

inline Picture halve(const Picture& x) {
  Picture y;
  for (const Matrix& channel : x) {
    y.emplace_back();
    for (std::size_t r = 0; r + 1 < channel.size(); r += 2) {
      y.back().emplace_back();
      for (std::size_t c = 0; c + 1 < channel.size(); c += 2)
        y.back().back().push_back(
            (channel[r][c] + channel[r][c + 1] + channel[r + 1][c] + channel[r + 1][c + 1]) / 4);
    }
  }
  return y;
}

/// `features`, unless null, gets the picture behind each layer.
inline Vector resnet(const at::Tensor& image, const Weights& weights, const std::array<int, 4>& layers,
                     std::vector<Picture>* features = nullptr) {
  const auto conv = [&](const Picture& x, const std::string& name, std::int64_t stride = 1) {
    return convolve(x, Values(weights.tensor(name + ".weight")), stride);
  };
  const Values pixels(image.unsqueeze(0));
  Picture x(3, Matrix(index(image.size(1)), Vector(index(image.size(1)))));
  for (std::int64_t c = 0; c < 3; ++c)
    for (std::int64_t r = 0; r < image.size(1); ++r)
      for (std::int64_t s = 0; s < image.size(1); ++s) x[index(c)][index(r)][index(s)] = pixels(0, c, r, s);
  for (int i = 1; i <= 3; ++i) {
    const std::string n = std::to_string(i);
    x = relu(batch_norm(conv(x, "visual.conv" + n, i == 1 ? 2 : 1), weights, "visual.bn" + n));
  }
  x = halve(x);
  for (int layer = 1; layer <= 4; ++layer) {
    for (int block = 0; block < layers[index(layer - 1)]; ++block) {
      const std::string p = "visual.layer" + std::to_string(layer) + "." + std::to_string(block) + ".";
      Picture h = relu(batch_norm(conv(x, p + "conv1"), weights, p + "bn1"));
      h = relu(batch_norm(conv(h, p + "conv2"), weights, p + "bn2"));
      if (block == 0 && layer > 1) h = halve(h);
      h = batch_norm(conv(h, p + "conv3"), weights, p + "bn3");
      if (block == 0) {
        if (layer > 1) x = halve(x);
        x = batch_norm(conv(x, p + "downsample.0"), weights, p + "downsample.1");
      }
      for (std::size_t c = 0; c < h.size(); ++c)
        for (std::size_t r = 0; r < h[c].size(); ++r)
          for (std::size_t s = 0; s < h[c].size(); ++s) h[c][r][s] += x[c][r][s];
      x = relu(h);
    }
    if (features) features->push_back(x);
  }
  const std::string pool = "visual.attnpool.";
  const std::size_t side = x[0].size();
  Matrix tokens(1 + side * side, Vector(x.size(), 0.0));
  for (std::size_t c = 0; c < x.size(); ++c)
    for (std::size_t i = 0; i < side * side; ++i) {
      tokens[1 + i][c] = x[c][i / side][i % side];
      tokens[0][c] += tokens[1 + i][c] / static_cast<double>(side * side);
    }
  const Values position(weights.tensor(pool + "positional_embedding"));
  for (std::size_t t = 0; t < tokens.size(); ++t)
    for (std::size_t c = 0; c < x.size(); ++c)
      tokens[t][c] += position(static_cast<std::int64_t>(t), static_cast<std::int64_t>(c));
  const auto through = [&](const std::string& part) {
    const Values w(weights.tensor(pool + part + ".weight")), b(weights.tensor(pool + part + ".bias"));
    Matrix y;
    for (const Vector& token : tokens) y.push_back(linear(token, w, b));
    return y;
  };
  const Vector mixed = attend(0, through("q_proj"), through("k_proj"), through("v_proj"), tokens.size());
  return linear(mixed, Values(weights.tensor(pool + "c_proj.weight")),
                Values(weights.tensor(pool + "c_proj.bias")));
}

}  // namespace reverie::test::naive
