#include "norm_swish.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels.h"
#include "reverie/cpu.h"

namespace reverie::vqgan {

extern const Kernels kernels_baseline;

const Kernels& kernels() {
#if defined(__x86_64__)
  extern const Kernels kernels_avx2, kernels_avx512;
  static const Kernels& chosen = choose_kernels(kernels_baseline, kernels_avx2, kernels_avx512);
  return chosen;
#else
  return kernels_baseline;
#endif
}

namespace {

constexpr std::int64_t kBlock = 1024;  // rows that one call of a kernel handles

/// How many pixels make a row of the kernels, whose width is a multiple of 16.
std::int64_t pixels_of_row(const at::Tensor& x) { return 16 / std::gcd(x.size(1), std::int64_t{16}); }

/// What is said of each channel, again for each pixel of a row.
std::vector<float> repeated(const float* values, std::int64_t channels, std::int64_t pixels) {
  std::vector<float> result;
  for (std::int64_t i = 0; i < pixels; ++i) result.insert(result.end(), values, values + channels);
  return result;
}

/// Pictures in the channels-last layout as the kernels see them.
struct Rows {
  explicit Rows(const at::Tensor& x)
      : pixels(pixels_of_row(x)),
        count(x.size(2) * x.size(3) / pixels),
        channels(x.size(1)),
        width(channels * pixels),
        kernel(x.scalar_type() == at::kFloat ? 0 : 1),
        bytes(static_cast<std::int64_t>(x.element_size())) {}
  std::int64_t pixels, count, channels, width;
  std::size_t kernel;
  std::int64_t bytes;  // of one value

  const char* at(const at::Tensor& x, std::int64_t picture, std::int64_t row) const {
    return static_cast<const char*>(x.const_data_ptr()) + (picture * count + row) * width * bytes;
  }
  char* writable(const at::Tensor& x, std::int64_t picture, std::int64_t row) const {
    return static_cast<char*>(x.mutable_data_ptr()) + (picture * count + row) * width * bytes;
  }

  /// f(number of the block, its first row, its rows), the blocks shared among the threads.
  template <typename F>
  void each_block(const F& f) const {
    at::parallel_for(0, blocks(), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block)
        f(block, block * kBlock, std::min(kBlock, count - block * kBlock));
    });
  }
  std::int64_t blocks() const { return (count + kBlock - 1) / kBlock; }

  /// Two sums by channel: f(first row, rows, first sums, second sums) gives a block's. Blocks are added in
  /// double and always in the same order.
  template <typename F>
  std::pair<std::vector<double>, std::vector<double>> sums(const F& f) const {
    const auto wide = static_cast<std::size_t>(width);
    std::vector<float> parts(static_cast<std::size_t>(blocks()) * 2 * wide);
    each_block([&](std::int64_t block, std::int64_t row, std::int64_t rows) {
      float* part = parts.data() + block * 2 * width;
      f(row, rows, part, part + width);
    });
    const auto own = static_cast<std::size_t>(channels);
    std::pair<std::vector<double>, std::vector<double>> result{std::vector<double>(own),
                                                               std::vector<double>(own)};
    for (std::size_t i = 0; i < parts.size(); i += 2 * wide)
      for (std::size_t c = 0; c < wide; ++c) {
        result.first[c % own] += parts[i + c];
        result.second[c % own] += parts[i + wide + c];
      }
    return result;
  }
};

/// What turns x into the argument of swish: x * scale + shift.
struct Affine {
  Affine(const at::Tensor& weight, const at::Tensor& bias, const float* mean, const float* inverse,
         std::int64_t pixels) {
    const float *w = weight.const_data_ptr<float>(), *b = bias.const_data_ptr<float>();
    for (std::int64_t i = 0; i < pixels; ++i)
      for (std::int64_t c = 0; c < weight.numel(); ++c) {
        scale.push_back(inverse[c] * w[c]);
        shift.push_back(b[c] - mean[c] * scale.back());
      }
  }
  std::vector<float> scale, shift;
};

}  // namespace

bool fits_norm_swish(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.numel() > 0 &&
         x.size(2) * x.size(3) % pixels_of_row(x) == 0;
}

at::Tensor norm_swish(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                      std::int64_t groups, double epsilon, NormStatistics& statistics) {
  const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor y = at::empty_like(x);
  const Rows rows(x);
  const std::int64_t members = rows.channels / groups;
  const double count = static_cast<double>(rows.count * rows.pixels),
               elements = count * static_cast<double>(members);
  statistics.mean = at::empty({x.size(0), rows.channels}, at::kFloat);
  statistics.inverse = at::empty_like(statistics.mean);
  for (std::int64_t n = 0; n < x.size(0); ++n) {
    const at::Tensor first = x[n].select(1, 0).select(1, 0).to(at::kFloat).contiguous();
    const std::vector<float> origin = repeated(first.const_data_ptr<float>(), rows.channels, rows.pixels);
    const auto [sums, squares] = rows.sums([&](std::int64_t row, std::int64_t some, float* a, float* b) {
      kernels().moments[rows.kernel](some, rows.width, rows.at(x, n, row), origin.data(), a, b);
    });
    float* mean = statistics.mean.mutable_data_ptr<float>() + n * rows.channels;
    float* inverse = statistics.inverse.mutable_data_ptr<float>() + n * rows.channels;
    for (std::int64_t group = 0; group < rows.channels; group += members) {
      double middle = 0, variance = 0;
      for (std::int64_t c = group; c < group + members; ++c)
        middle +=
            (origin[static_cast<std::size_t>(c)] * count + sums[static_cast<std::size_t>(c)]) / elements;
      for (std::int64_t c = group; c < group + members; ++c) {
        const double off = middle - origin[static_cast<std::size_t>(c)];
        variance += (squares[static_cast<std::size_t>(c)] - 2 * off * sums[static_cast<std::size_t>(c)] +
                     off * off * count) /
                    elements;
      }
      std::fill_n(mean + group, members, static_cast<float>(middle));
      std::fill_n(inverse + group, members,
                  static_cast<float>(1 / std::sqrt(std::max(variance, 0.0) + epsilon)));
    }
    const Affine affine(weight, bias, mean, inverse, rows.pixels);
    rows.each_block([&](std::int64_t, std::int64_t row, std::int64_t some) {
      kernels().swish[rows.kernel](some, rows.width, rows.at(x, n, row), affine.scale.data(),
                                   affine.shift.data(), rows.writable(y, n, row));
    });
  }
  return y;
}

at::Tensor norm_swish_backward(const at::Tensor& gradient, const at::Tensor& input, const at::Tensor& weight,
                               const at::Tensor& bias, std::int64_t groups,
                               const NormStatistics& statistics) {
  const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor dy = gradient.to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor dx = at::empty_like(x);
  const Rows rows(x);
  const std::int64_t members = rows.channels / groups;
  const double elements = static_cast<double>(rows.count * rows.pixels * members);
  const float* w = weight.const_data_ptr<float>();
  for (std::int64_t n = 0; n < x.size(0); ++n) {
    const float* mean = statistics.mean.const_data_ptr<float>() + n * rows.channels;
    const float* inverse = statistics.inverse.const_data_ptr<float>() + n * rows.channels;
    const Affine affine(weight, bias, mean, inverse, rows.pixels);
    const std::vector<float> means = repeated(mean, rows.channels, rows.pixels);
    const auto [sums, products] = rows.sums([&](std::int64_t row, std::int64_t some, float* a, float* b) {
      kernels().swish_moments[rows.kernel](some, rows.width, rows.at(dy, n, row), rows.at(x, n, row),
                                           affine.scale.data(), affine.shift.data(), means.data(), a, b);
    });
    // dx = inverse * (w du - mean(w du) - xhat * mean(w du xhat)) over the group, xhat = (x - mean) *
    // inverse.
    std::vector<float> slope, constant;
    for (std::int64_t group = 0; group < rows.channels; group += members) {
      double du = 0, product = 0;
      const double inv = inverse[group];
      for (std::int64_t c = group; c < group + members; ++c) {
        du += w[c] * sums[static_cast<std::size_t>(c)] / elements;
        product += w[c] * products[static_cast<std::size_t>(c)] * inv / elements;
      }
      const auto size = static_cast<std::size_t>(members);
      slope.insert(slope.end(), size, static_cast<float>(-inv * inv * product));
      constant.insert(constant.end(), size, static_cast<float>(inv * inv * product * mean[group] - inv * du));
    }
    slope = repeated(slope.data(), rows.channels, rows.pixels);
    constant = repeated(constant.data(), rows.channels, rows.pixels);
    rows.each_block([&](std::int64_t, std::int64_t row, std::int64_t some) {
      kernels().swish_backward[rows.kernel](some, rows.width, rows.at(dy, n, row), rows.at(x, n, row),
                                            affine.scale.data(), affine.shift.data(), slope.data(),
                                            constant.data(), rows.writable(dx, n, row));
    });
  }
  return dx;
}

}  // namespace reverie::vqgan
