#include "correlation.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "reverie/cpu.h"

namespace reverie::raft {

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

/// Correlations of each place of the first picture in a row, level behind level. Every refinement looks up a
/// small part, so gradients are added up in place here rather than by autograd, which would add volumes that
/// are mostly 0.
struct Correlation::Volume : torch::CustomClassHolder {
  at::Tensor values;    // [N, h w, all levels]
  at::Tensor gradient;  // undefined before the first is known
};

namespace {

/// The second picture's features of all levels, one behind the other: [N, C, all levels].
at::Tensor pyramid(const at::Tensor& features) {
  std::vector<at::Tensor> levels;
  for (at::Tensor x = features; levels.size() < kLevels; x = at::avg_pool2d(x, {2, 2}))
    levels.push_back(x.flatten(2));
  return at::cat(levels, 2);
}

template <typename Volume>
struct Products : torch::autograd::Function<Products<Volume>> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& from,
                            const at::Tensor& to, const c10::intrusive_ptr<Volume>& volume) {
    volume->values = at::bmm(from, to);
    context->save_for_backward({from, to});
    context->saved_data["volume"] = at::IValue::make_capsule(volume);
    return at::zeros({}, from.options());
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list) {
    const auto volume = c10::static_intrusive_pointer_cast<Volume>(context->saved_data["volume"].toCapsule());
    const auto saved = context->get_saved_variables();
    const at::Tensor gradient = std::exchange(volume->gradient, at::Tensor());
    if (!gradient.defined()) return {at::Tensor(), at::Tensor(), at::Tensor()};
    at::Tensor of_from, of_to;
    if (context->needs_input_grad(0)) of_from = at::bmm(gradient, saved[1].transpose(1, 2));
    if (context->needs_input_grad(1)) of_to = at::bmm(saved[0].transpose(1, 2), gradient);
    return {of_from, of_to, at::Tensor()};
  }
};

/// The same by the operators for cards. The levels are offset, height and width of each.
template <typename Volume>
struct LookUpOnCard : torch::autograd::Function<LookUpOnCard<Volume>> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& token,
                            const at::Tensor& places, const c10::intrusive_ptr<Volume>& volume,
                            const std::vector<std::int64_t>& levels, std::int64_t radius,
                            at::ScalarType dtype) {
    static const auto op =
        card_operator<at::Tensor(const at::Tensor&, const at::Tensor&, at::IntArrayRef, std::int64_t)>(
            "reverie::raft_look_up");
    const at::Tensor planes = places.detach().to(at::kFloat).flatten(2).contiguous();
    const at::Tensor result = op.call(volume->values, planes, levels, radius);
    if (token.requires_grad()) {
      context->save_for_backward({planes});
      context->saved_data["volume"] = at::IValue::make_capsule(volume);
      context->saved_data["radius"] = radius;
      context->saved_data["levels"] = levels;
    }
    return result.transpose(1, 2)
        .reshape({result.size(0), result.size(2), places.size(2), places.size(3)})
        .to(dtype);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    static const auto op =
        card_operator<void(at::Tensor&, const at::Tensor&, const at::Tensor&, at::IntArrayRef, std::int64_t)>(
            "reverie::raft_look_up_backward");
    const auto volume = c10::static_intrusive_pointer_cast<Volume>(context->saved_data["volume"].toCapsule());
    if (!volume->gradient.defined()) volume->gradient = at::zeros_like(volume->values);
    const at::Tensor planes = context->get_saved_variables()[0],
                     given = gradients[0].flatten(2).transpose(1, 2).to(at::kFloat).contiguous();
    op.call(volume->gradient, planes, given, context->saved_data["levels"].toIntVector(),
            context->saved_data["radius"].toInt());
    const at::Tensor none;
    return {at::zeros({}, planes.options()), none, none, none, none, none};
  }
};

constexpr std::int64_t kGrain = 64;  // places that one thread looks up at least

template <typename Volume>
struct LookUp : torch::autograd::Function<LookUp<Volume>> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& token,
                            const at::Tensor& places, const c10::intrusive_ptr<Volume>& volume,
                            const std::vector<Level>& levels, std::int64_t radius, at::ScalarType dtype) {
    const at::Tensor planes = places.detach().contiguous(), &values = volume->values;
    const std::int64_t pictures = values.size(0), rows = values.size(1), stride = values.size(2),
                       width = kLevels * (2 * radius + 1) * (2 * radius + 1);
    const at::Tensor result = at::empty({pictures, rows, width}, values.options().dtype(dtype));
    const std::size_t kernel = dtype == at::kFloat ? 0 : 1;
    for (std::int64_t n = 0; n < pictures; ++n) {
      const float* x = planes.const_data_ptr<float>() + n * 2 * rows;
      const float* v = values.const_data_ptr<float>() + n * rows * stride;
      char* r = static_cast<char*>(result[n].mutable_data_ptr());
      const std::int64_t bytes = width * static_cast<std::int64_t>(result.element_size());
      at::parallel_for(0, rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
        kernels().look_up[kernel](end - begin, static_cast<int>(radius), x + begin, x + rows + begin,
                                  v + begin * stride, stride, levels.data(), r + begin * bytes);
      });
    }
    if (token.requires_grad()) {
      context->save_for_backward({planes});
      context->saved_data["volume"] = at::IValue::make_capsule(volume);
      context->saved_data["radius"] = radius;
      std::vector<std::int64_t> numbers;
      for (const Level& level : levels)
        numbers.insert(numbers.end(), {level.offset, level.height, level.width});
      context->saved_data["levels"] = numbers;
    }
    return result.transpose(1, 2).view({pictures, width, places.size(2), places.size(3)});
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto volume = c10::static_intrusive_pointer_cast<Volume>(context->saved_data["volume"].toCapsule());
    const at::Tensor planes = context->get_saved_variables()[0];
    const int radius = static_cast<int>(context->saved_data["radius"].toInt());
    std::vector<Level> levels;
    const std::vector<std::int64_t> numbers = context->saved_data["levels"].toIntVector();
    for (std::size_t i = 0; i < numbers.size(); i += 3)
      levels.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
    if (!volume->gradient.defined()) volume->gradient = at::zeros_like(volume->values);
    const at::Tensor given = gradients[0].flatten(2).transpose(1, 2).contiguous();
    const std::int64_t rows = given.size(1), stride = volume->values.size(2);
    const std::size_t kernel = given.scalar_type() == at::kFloat ? 0 : 1;
    for (std::int64_t n = 0; n < given.size(0); ++n) {
      const float* x = planes.const_data_ptr<float>() + n * 2 * rows;
      float* v = volume->gradient.template mutable_data_ptr<float>() + n * rows * stride;
      const char* g = static_cast<const char*>(given[n].const_data_ptr());
      const std::int64_t bytes = given.size(2) * static_cast<std::int64_t>(given.element_size());
      at::parallel_for(0, rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
        kernels().look_up_backward[kernel](end - begin, radius, x + begin, x + rows + begin,
                                           g + begin * bytes, stride, levels.data(), v + begin * stride);
      });
    }
    const at::Tensor none;
    return {at::zeros({}, planes.options()), none, none, none, none, none};
  }
};

}  // namespace

Correlation::Correlation(const at::Tensor& from, const at::Tensor& to, std::int64_t radius, By by)
    : radius_(radius), volume_(c10::make_intrusive<Volume>()) {
  std::int64_t height = from.size(2), width = from.size(3), offset = 0;
  for (std::int64_t i = 0; i < kLevels; ++i, height /= 2, width /= 2) {
    levels_.push_back({offset, height, width});
    offset += height * width;
  }
  const double scale = 1 / std::sqrt(static_cast<double>(from.size(1)));
  const at::Tensor one = (from * scale).flatten(2).transpose(1, 2), other = pyramid(to);
  // The kernels know floats.
  const bool chooses = by == By::choose && from.scalar_type() == at::kFloat;
  by_card_kernels_ = by == By::card_kernels ||
                     (chooses && !from.is_cpu() && look_up_kernels_for_cards().usable(from.device()));
  if (by_card_kernels_ || (chooses && from.is_cpu())) {
    token_ = Products<Volume>::apply(one, other, volume_);
    return;
  }
  const at::Tensor all = at::bmm(one, other);
  for (const Level& level : levels_)
    maps_.push_back(
        all.narrow(2, level.offset, level.height * level.width).reshape({-1, 1, level.height, level.width}));
}

Correlation::~Correlation() = default;

at::Tensor Correlation::look_up(const at::Tensor& places, at::ScalarType dtype) const {
  if (by_card_kernels_) {
    std::vector<std::int64_t> numbers;
    for (const Level& level : levels_)
      numbers.insert(numbers.end(), {level.offset, level.height, level.width});
    return LookUpOnCard<Volume>::apply(token_, places, volume_, numbers, radius_, dtype);
  }
  if (token_.defined() && (dtype == at::kFloat || dtype == at::kBFloat16))
    return LookUp<Volume>::apply(token_, places, volume_, levels_, radius_, dtype);
  return look_up_by_operators(places.detach()).to(dtype);
}

at::Tensor Correlation::look_up_by_operators(const at::Tensor& places) const {
  const std::int64_t pictures = places.size(0), height = places.size(2), width = places.size(3),
                     side = 2 * radius_ + 1;
  const at::Tensor steps = at::arange(-radius_, radius_ + 1, places.options());
  const at::Tensor around = at::stack(at::meshgrid({steps, steps}, "ij"), -1);  // in x outside of those in y
  const at::Tensor centres = places.permute({0, 2, 3, 1}).reshape({-1, 1, 1, 2});
  std::vector<at::Tensor> result;
  double scale = 1;
  for (const at::Tensor& map : maps_) {
    const at::Tensor last = at::tensor({map.size(3) - 1, map.size(2) - 1}, places.options());
    const at::Tensor found = at::grid_sampler(map, (centres * scale + around) * 2 / last - 1,
                                              /*bilinear*/ 0, /*zeros*/ 0, /*align_corners=*/true);
    result.push_back(found.view({pictures, height, width, side * side}));
    scale /= 2;
  }
  return at::cat(result, 3).permute({0, 3, 1, 2});
}

bool look_up_kernels_agree(c10::Device device) {
  const at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{1});
  const auto normal = [&](at::IntArrayRef sizes) { return at::randn(sizes, generator).to(device); };
  constexpr std::int64_t kHeight = 16, kWidth = 19;
  const at::Tensor from = normal({2, 16, kHeight, kWidth}), to = normal({2, 16, kHeight, kWidth});
  const std::vector<at::Tensor> places = {normal({2, 2, kHeight, kWidth}) * 8 + 8,
                                          normal({2, 2, kHeight, kWidth}) * 100};
  for (const std::int64_t radius : {3, 4}) {
    const at::Tensor mix = normal({2, kLevels * (2 * radius + 1) * (2 * radius + 1), kHeight, kWidth});
    const auto look = [&](Correlation::By by) {
      const at::Tensor a = from.clone().set_requires_grad(true), b = to.clone().set_requires_grad(true);
      const Correlation correlation(a, b, radius, by);
      std::vector<at::Tensor> results;
      at::Tensor sum = at::zeros({}, from.options());
      for (const at::Tensor& place : places) {
        results.push_back(correlation.look_up(place, at::kFloat).detach());
        sum = sum + (correlation.look_up(place, at::kFloat) * mix).sum();
      }
      sum.backward();
      results.insert(results.end(), {a.grad(), b.grad()});
      return results;
    };
    const auto one = look(Correlation::By::card_kernels), other = look(Correlation::By::operators);
    for (std::size_t i = 0; i < one.size(); ++i)
      if (!((one[i] - other[i]).norm().item<double>() <= 1e-3 * other[i].norm().item<double>())) return false;
  }
  return true;
}

CardKernels& look_up_kernels_for_cards() {
  static CardKernels kernels("looking up RAFT's correlations",
                             {"reverie::raft_look_up", "reverie::raft_look_up_backward"},
                             &look_up_kernels_agree);
  return kernels;
}

}  // namespace reverie::raft
