// The plugins raft and gma, with random weights.

#include <ATen/ATen.h>

#include <algorithm>
#include <fstream>

#include "conformance/tensors.h"
#include "fixtures/plugins_under_test.h"
#include "flow_estimators/flow_cases.h"
#include "network.h"
#include "support/numbers.h"

namespace reverie::test {
namespace {

engine::HostServices::Options with_precision(const char* precision) {
  engine::HostServices::Options options = host_options();
  options.precision = precision;
  return options;
}

std::shared_ptr<FlowEstimator> pretrained(engine::HostServices& host, const std::string& plugin,
                                          const std::string& weights, double iterations = 2) {
  const PluginFile& file = plugins().find(FlowEstimator::kKind, plugin);
  Settings settings = params_with_weights(file, weights);
  set(settings, "flow_iterations", iterations);
  return create<FlowEstimator>(file, host, settings, {});
}

std::string plugin_of(const FlowCase& one) { return one.name == "gma" ? "gma" : "raft"; }

class PretrainedFlow : public testing::Test {
 protected:
  PretrainedFlow() : host_(with_precision("fp32")) {}
  std::shared_ptr<FlowEstimator> make(const FlowCase& one, double iterations = 2) {
    return pretrained(host_, plugin_of(one), one.checkpoint, iterations);
  }
  engine::HostServices host_;
};

TEST_F(PretrainedFlow, PicturesOfAnySize) {
  engine::HostServices rough(with_precision("bf16"));
  for (const FlowCase& one : {flow_case("raft_small"), flow_case("gma")})
    for (engine::HostServices* host : {&host_, &rough}) {
      const auto it = pretrained(*host, plugin_of(one), one.checkpoint, 1);
      for (const auto& [width, height] : {std::pair{1, 1}, {7, 5}, {1, 9}, {130, 66}, {201, 3}}) {
        const at::Tensor from = smooth_picture(width, height).set_requires_grad(true),
                         to = smooth_picture(width, height).flip({2, 3}).contiguous().set_requires_grad(true),
                         copy = from.detach().clone();
        const at::Tensor flow = it->estimate(from, to);
        EXPECT_TRUE(is_plane(flow.detach(), {1, 2, height, width}, -kUnbounded, kUnbounded))
            << width << "x" << height;
        EXPECT_TRUE(at::equal(from, copy)) << "the pictures are only read";
        EXPECT_TRUE(at::equal(flow, it->estimate(from, to))) << "deterministic";
        flow.square().sum().backward();
        for (const at::Tensor& picture : {from, to}) {
          ASSERT_TRUE(picture.grad().defined());
          EXPECT_TRUE(picture.grad().isfinite().all().item<bool>());
          EXPECT_GT(largest(picture.grad()), 0) << width << "x" << height;
        }
      }
    }
}

// What does not fit is continued on both sides by its outermost pixels.
TEST_F(PretrainedFlow, IsThatOfThePictureContinued) {
  const FlowCase& one = flow_case("raft_small");
  const raft::Network network(*one.weights, at::kCPU, at::kFloat);
  const at::Tensor from = at::rand({1, 3, 50, 133}, seeded(1)), to = at::rand({1, 3, 50, 133}, seeded(2));
  const at::NoGradGuard no_grad;
  const auto continued = [](const at::Tensor& picture) {
    const at::Tensor rows = (at::arange(128) - 39).clamp(0, 49),
                     columns = (at::arange(136) - 1).clamp(0, 132);
    return picture.index_select(2, rows).index_select(3, columns);
  };
  const at::Tensor all =
      network.flow(network.look_at(continued(from), true), network.look_at(continued(to), false), 2);
  EXPECT_TRUE(at::equal(make(one)->estimate(from, to), all.slice(2, 39, 89).slice(3, 1, 134)));
}

TEST_F(PretrainedFlow, FollowsItsIterations) {
  const FlowCase& one = flow_case("gma");
  const at::Tensor a = one.expected->tensor("one"), b = one.expected->tensor("other");
  ASSERT_EQ(one.expected->tensor("refinements").item<std::int64_t>(), 3);
  const at::Tensor expected = one.expected->tensor("flow");
  EXPECT_LT(relative_difference(make(one, 3)->estimate(a, b), expected), 1e-4);
  EXPECT_GT(relative_difference(make(one, 2)->estimate(a, b), expected), 1e-2);
}

TEST_F(PretrainedFlow, BothDirectionsAreTwoEstimates) {
  for (const FlowCase& one : {flow_case("raft_small"), flow_case("gma")}) {
    SCOPED_TRACE(one.name);
    const auto it = make(one), other = make(one);
    const at::Tensor a = at::rand({1, 3, 40, 50}, seeded(1)).set_requires_grad(true),
                     b = at::rand({1, 3, 40, 50}, seeded(2)).set_requires_grad(true);
    const auto [there, back] = it->estimate_both(a, b);
    EXPECT_TRUE(at::equal(there, other->estimate(a, b)));
    EXPECT_TRUE(at::equal(back, other->estimate(b, a)));
    (there.square().sum() + back.sum()).backward();
    EXPECT_GT(largest(a.grad()), 0);
    EXPECT_GT(largest(b.grad()), 0);
  }
}

TEST_F(PretrainedFlow, RemembersPicturesButNotWhatTheyShowed) {
  const FlowCase& one = flow_case("raft_small");
  const auto it = make(one);
  const auto fresh = [&](const at::Tensor& from, const at::Tensor& to) {
    return make(one)->estimate(from.detach().clone(), to.detach().clone());
  };
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> pictures;
  for (std::uint64_t i = 0; i < 4; ++i) pictures.push_back(at::rand({1, 3, 30, 40}, seeded(i)));
  for (const auto& [from, to] : {std::pair{0, 1}, {1, 0}, {2, 1}, {0, 3}, {0, 2}, {2, 0}})
    EXPECT_TRUE(at::equal(it->estimate(pictures[std::size_t(from)], pictures[std::size_t(to)]),
                          fresh(pictures[std::size_t(from)], pictures[std::size_t(to)])));
  pictures[2].mul_(0.5);
  EXPECT_TRUE(at::equal(it->estimate(pictures[2], pictures[0]), fresh(pictures[2], pictures[0])));
  // What was remembered without gradients does not keep them from a picture that wants some now.
  const at::AutoGradMode grad(true);
  const at::Tensor leaf = pictures[2].clone().set_requires_grad(true);
  {
    const at::NoGradGuard inner;
    it->estimate(leaf, pictures[0]);
  }
  it->estimate(leaf, pictures[0]).sum().backward();
  EXPECT_GT(largest(leaf.grad()), 0);
}

class WrongFlowWeights : public PretrainedFlow {
 protected:
  Error failure(const std::string& plugin, const std::string& weights) {
    return error_of([&] { pretrained(host_, plugin, weights); });
  }
  void expect(const Error& error, ErrorKind kind, const std::vector<std::string>& words) {
    EXPECT_EQ(error.kind(), kind);
    const std::string said = std::string(error.what()) + "\n" + error.advice();
    for (const std::string& word : words) EXPECT_NE(said.find(word), std::string::npos) << said;
  }
  std::string written(const char* name, const std::vector<std::pair<std::string, at::Tensor>>& tensors) {
    weights::write_safetensors(scratch_ / name, tensors);
    return (scratch_ / name).string();
  }
  static std::vector<std::pair<std::string, at::Tensor>> tensors_of(const FlowCase& one) {
    std::vector<std::pair<std::string, at::Tensor>> result;
    for (const std::string& name : one.weights->names()) result.emplace_back(name, one.weights->tensor(name));
    return result;
  }
  Scratch scratch_;
};

TEST_F(WrongFlowWeights, OfTheOtherPlugin) {
  const std::string gma = flow_case("gma").checkpoint, raft = flow_case("raft_large").checkpoint;
  expect(failure("raft", gma), ErrorKind::model, {gma, "GMA, not RAFT", "flow_model: gma"});
  expect(failure("gma", raft), ErrorKind::model, {raft, "RAFT, not GMA", "flow_model: raft"});
}

TEST_F(WrongFlowWeights, OfAnotherNetwork) {
  for (const char* plugin : {"raft", "gma"})
    expect(failure(plugin, "tiny_vit"), ErrorKind::model,
           {"tiny_vit", "neither RAFT nor GMA", "docs/motion.md"});
}

TEST_F(WrongFlowWeights, WithATensorThatIsAbsentOrOfAnotherShape) {
  const std::string name = "update_block.flow_head.conv1.weight";
  auto tensors = tensors_of(flow_case("raft_small"));
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.first == name; });
  ASSERT_NE(found, tensors.end());
  found->second = found->second.narrow(0, 0, 5).contiguous();
  const std::string narrow = written("narrow.safetensors", tensors);
  expect(failure("raft", narrow), ErrorKind::model,
         {narrow, name, "[5, 96, 3, 3] instead of [128, 96, 3, 3]"});
  tensors.erase(found);
  const std::string less = written("less.safetensors", tensors);
  expect(failure("raft", less), ErrorKind::model, {less, name});
}

TEST_F(WrongFlowWeights, Damaged) {
  const std::string whole = contents(flow_case("gma").checkpoint);
  for (const std::size_t length : {std::size_t{0}, std::size_t{100}, whole.size() / 2, whole.size() - 30}) {
    const fs::path path = scratch_ / "cut.pth";
    std::ofstream(path, std::ios::binary) << whole.substr(0, length);
    expect(failure("gma", path.string()), ErrorKind::model, {path.string()});
  }
}

TEST_F(WrongFlowWeights, NotThere) {
  engine::HostServices::Options options = with_precision("fp32");
  options.models_parent_dir = scratch_.path().string();
  engine::HostServices host(options);
  expect(
      error_of([&] { pretrained(host, "raft", ""); }), ErrorKind::file,
      {(scratch_ / "raft/raft_large_C_T_SKHT_V2-ff5fadd5.pth").string(), "reverie models fetch raft_large"});
  expect(error_of([&] { pretrained(host, "gma", ""); }), ErrorKind::file,
         {(scratch_ / "gma/gma-sintel.pth").string(), "https://github.com/zacjiang/GMA", "put it there"});
  // Put there, they are found by their names.
  fs::create_directories(scratch_ / "gma");
  fs::copy_file(flow_case("gma").checkpoint, scratch_ / "gma/gma-sintel.pth");
  EXPECT_TRUE(pretrained(host, "gma", "")->differentiable());
}

}  // namespace
}  // namespace reverie::test
