#include "instance_norm.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels.h"

namespace reverie::raft {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr std::int64_t kBlock = 1024;  // rows that one call of a kernel handles
constexpr auto kLayout = at::MemoryFormat::ChannelsLast;

/// Pictures in the channels-last layout as the kernels see them.
struct Rows {
  explicit Rows(const at::Tensor& x)
      : count(x.size(2) * x.size(3)),
        width(x.size(1)),
        kernel(x.scalar_type() == at::kFloat ? 0 : 1),
        bytes(static_cast<std::int64_t>(x.element_size())) {}
  std::int64_t count, width;
  std::size_t kernel;
  std::int64_t bytes;  // of one value

  const char* at(const at::Tensor& x, std::int64_t picture, std::int64_t row) const {
    return static_cast<const char*>(x.const_data_ptr()) + (picture * count + row) * width * bytes;
  }
  char* writable(const at::Tensor& x, std::int64_t picture, std::int64_t row) const {
    return static_cast<char*>(x.mutable_data_ptr()) + (picture * count + row) * width * bytes;
  }
  std::int64_t blocks() const { return (count + kBlock - 1) / kBlock; }

  /// f(number of the block, its first row, its rows), the blocks shared among the threads.
  template <typename F>
  void each_block(const F& f) const {
    at::parallel_for(0, blocks(), 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block)
        f(block, block * kBlock, std::min(kBlock, count - block * kBlock));
    });
  }

  /// Two means by channel: f(first row, rows, first sums, second sums) gives a block's sums. Blocks are added
  /// in double and always in the same order.
  template <typename F>
  std::pair<std::vector<double>, std::vector<double>> means(const F& f) const {
    const auto wide = static_cast<std::size_t>(width);
    std::vector<float> parts(static_cast<std::size_t>(blocks()) * 2 * wide);
    each_block([&](std::int64_t block, std::int64_t row, std::int64_t rows) {
      float* part = parts.data() + block * 2 * width;
      f(row, rows, part, part + width);
    });
    std::pair<std::vector<double>, std::vector<double>> result{std::vector<double>(wide),
                                                               std::vector<double>(wide)};
    const double share = 1 / static_cast<double>(count);
    for (std::size_t i = 0; i < parts.size(); i += 2 * wide)
      for (std::size_t c = 0; c < wide; ++c) {
        result.first[c] += parts[i + c] * share;
        result.second[c] += parts[i + wide + c] * share;
      }
    return result;
  }
};

float least(bool relu) { return relu ? 0.0f : -std::numeric_limits<float>::infinity(); }

struct Fused : torch::autograd::Function<Fused> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input, bool relu) {
    const at::Tensor x = input.contiguous(kLayout), y = at::empty_like(x);
    const Rows rows(x);
    const auto wide = static_cast<std::size_t>(rows.width);
    // What turns x into its norm, by picture: x * scale + shift; and the mean.
    const at::Tensor statistics = at::empty({x.size(0), 3, rows.width}, at::kFloat);
    for (std::int64_t n = 0; n < x.size(0); ++n) {
      const at::Tensor origin = x[n].select(1, 0).select(1, 0).to(at::kFloat).contiguous();
      const float* first = origin.const_data_ptr<float>();
      const auto [off, squares] = rows.means([&](std::int64_t row, std::int64_t some, float* a, float* b) {
        kernels().moments[rows.kernel](some, rows.width, rows.at(x, n, row), first, a, b);
      });
      float* scale = statistics[n].mutable_data_ptr<float>();
      float *shift = scale + wide, *mean = shift + wide;
      for (std::size_t c = 0; c < wide; ++c) {
        const double variance = std::max(squares[c] - off[c] * off[c], 0.0);
        const double inverse = 1 / std::sqrt(variance + kEpsilon), middle = first[c] + off[c];
        scale[c] = static_cast<float>(inverse);
        shift[c] = static_cast<float>(-middle * inverse);
        mean[c] = static_cast<float>(middle);
      }
      rows.each_block([&](std::int64_t, std::int64_t row, std::int64_t some) {
        kernels().affine[rows.kernel](some, rows.width, rows.at(x, n, row), scale, shift, least(relu),
                                      rows.writable(y, n, row));
      });
    }
    context->save_for_backward({x, statistics});
    context->saved_data["relu"] = relu;
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &statistics = saved[1];
    const float floor = least(context->saved_data["relu"].toBool());
    const at::Tensor dy = gradients[0].to(x.scalar_type()).contiguous(kLayout), dx = at::empty_like(x);
    const Rows rows(x);
    const auto wide = static_cast<std::size_t>(rows.width);
    for (std::int64_t n = 0; n < x.size(0); ++n) {
      const float* scale = statistics[n].const_data_ptr<float>();
      const float *shift = scale + wide, *mean = shift + wide;
      const auto [sums, products] = rows.means([&](std::int64_t row, std::int64_t some, float* a, float* b) {
        kernels().affine_moments[rows.kernel](some, rows.width, rows.at(dy, n, row), rows.at(x, n, row),
                                              scale, shift, floor, mean, a, b);
      });
      // dx = scale * (du - mean(du) - norm * mean(du * norm)), norm = (x - mean) * scale.
      std::vector<float> slope(wide), constant(wide);
      for (std::size_t c = 0; c < wide; ++c) {
        const double s = scale[c], steep = -s * s * s * products[c];
        slope[c] = static_cast<float>(steep);
        constant[c] = static_cast<float>(-s * sums[c] - steep * mean[c]);
      }
      rows.each_block([&](std::int64_t, std::int64_t row, std::int64_t some) {
        kernels().affine_backward[rows.kernel](some, rows.width, rows.at(dy, n, row), rows.at(x, n, row),
                                               scale, shift, floor, slope.data(), constant.data(),
                                               rows.writable(dx, n, row));
      });
    }
    return {dx, at::Tensor()};
  }
};

}  // namespace

at::Tensor instance_norm(const at::Tensor& x, bool relu) {
  if (x.is_cpu() && x.size(1) % 16 == 0 &&
      (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16))
    return Fused::apply(x, relu);
  const at::ScalarType dtype = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const auto [variance, mean] =
      at::var_mean(x.to(dtype), at::IntArrayRef{2, 3}, /*correction=*/at::Scalar(0), /*keepdim=*/true);
  const at::Tensor y = (x.to(dtype) - mean) * (variance + kEpsilon).rsqrt();
  return (relu ? at::relu(y) : y).to(x.scalar_type());
}

}  // namespace reverie::raft
