// Files put together by hand: all that real checkpoints seldom have, and what no reader should fall for; and
// the layouts of the LibTorch that is linked.

#include <gtest/gtest.h>
#include <json/json.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/serialize/output-archive.h>

#include <fstream>

#include "support/written_files.h"
#include "weights/open.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

const fs::path& odd_files() {
  static const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_odd_files.py");
  return files.path();
}

/// What `action` complains of; nothing if it does not.
template <typename Action>
std::string complaint(Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model) << error.what();
    EXPECT_FALSE(error.advice().empty()) << error.what();
    return error.what();
  }
  return "";
}

void expect_tensor(const at::Tensor& tensor, const Json::Value& expected) {
  const at::Tensor dense = at::isComplexType(tensor.scalar_type()) ? at::view_as_real(tensor) : tensor;
  const std::map<at::ScalarType, std::string> dtypes = {
      {at::kFloat, "float32"},          {at::kShort, "int16"},  {at::kLong, "int64"}, {at::kBool, "bool"},
      {at::kComplexFloat, "complex64"}, {at::kUInt16, "uint16"}};
  ASSERT_EQ(dtypes.count(tensor.scalar_type()), 1u) << tensor.dtype();
  EXPECT_EQ(dtypes.at(tensor.scalar_type()), expected[0].asString());
  std::vector<std::int64_t> shape;
  for (const Json::Value& side : expected[1]) shape.push_back(side.asInt64());
  EXPECT_EQ(tensor.sizes(), at::IntArrayRef(shape));
  const at::Tensor values = dense.contiguous().to(at::kDouble).view(-1);
  ASSERT_EQ(values.numel(), static_cast<std::int64_t>(expected[2].size()));
  for (Json::ArrayIndex i = 0; i < expected[2].size(); ++i)
    EXPECT_EQ(values[i].item<double>(), expected[2][i].asDouble());
}

TEST(OddFiles, AreReadOrRefusedAsTheyDeserve) {
  Json::Value manifest;
  std::ifstream(odd_files() / "manifest.json") >> manifest;
  ASSERT_GT(manifest.size(), 80u);
  for (const Json::Value& row : manifest) {
    const std::string file = row[0].asString();
    SCOPED_TRACE(file);
    std::shared_ptr<Weights> weights;
    const std::string refusal = complaint([&] { weights = weights::open_weights(odd_files() / file); });
    if (row[1].isString()) {
      EXPECT_NE(refusal.find(row[1].asString()), std::string::npos) << "'" << refusal << "'";
      EXPECT_NE(refusal.find(file), std::string::npos) << refusal;
      continue;
    }
    ASSERT_EQ(refusal, "");
    std::vector<std::string> names = row[2].getMemberNames();
    EXPECT_EQ(weights->names(), names);
    for (const std::string& name : names) {
      SCOPED_TRACE(name);
      const Json::Value& expected = row[2][name];
      at::Tensor tensor;
      const std::string problem = complaint([&] { tensor = weights->tensor(name); });
      if (expected.isString()) {
        EXPECT_NE(problem.find(expected.asString()), std::string::npos) << "'" << problem << "'";
        EXPECT_NE(problem.find(file), std::string::npos) << problem;
      } else {
        ASSERT_EQ(problem, "");
        expect_tensor(tensor, expected);
      }
    }
    for (const std::string& key : row[3].getMemberNames()) {
      ASSERT_EQ(weights->metadata().count(key), 1u) << key;
      EXPECT_EQ(weights->metadata().at(key), row[3][key].asString()) << key;
    }
    if (!row[3].empty()) {
      EXPECT_EQ(weights->metadata().size(), row[3].size());
    }
  }
  EXPECT_FALSE(fs::exists(odd_files() / "sprung")) << "something in a file was executed";
}

TEST(OddFiles, TensorsOutliveFileAndReader) {
  const Scratch scratch;
  fs::copy(odd_files() / "deflated", scratch / "deflated");
  fs::copy(odd_files() / "plain", scratch / "plain");
  const at::Tensor inflated = weights::open_weights(scratch / "deflated")->tensor("a");
  const at::Tensor mapped = weights::open_weights(scratch / "plain")->tensor("a");
  fs::remove(scratch / "deflated");
  fs::remove(scratch / "plain");
  EXPECT_EQ(inflated.sum().item<float>(), 2.5f);
  EXPECT_EQ(mapped.sum().item<float>(), 2.5f);
}

/// Bytes of physical memory at the most, since the last call of forget_peak().
std::uint64_t peak() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stoull(line.substr(6)) * 1024;
  throw std::runtime_error("no VmHWM");
}
void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

TEST(LargeArchive, OnlyWhatIsWantedTakesMemory) {
  ASSERT_GT(fs::file_size(odd_files() / "sparse"), 5ull << 30);
  forget_peak();
  const std::uint64_t before = peak();
  const auto weights = weights::open_weights(odd_files() / "sparse");
  EXPECT_EQ(weights->tensor("wanted").sum().item<float>(), 2.5f);
  const at::Tensor moments = weights->tensor("moments");
  EXPECT_EQ(moments.numel(), 5ll << 30);
  EXPECT_EQ(moments[(5ll << 30) - 1].item<int>(), 0);
  EXPECT_LT(peak(), before + (8u << 20));
}

TEST(TodaysLibTorch, ArchivesOfModulesAndOfNamedTensors) {
  const Scratch scratch;
  const at::Tensor first = at::arange(6, at::kFloat).view({2, 3}),
                   second = at::tensor({1.5, -2.0}).to(at::kHalf);
  torch::serialize::OutputArchive outer, inner;
  inner.write("weight", first.t());
  outer.write("layer", inner);
  outer.write("count", at::tensor({7}), true);
  outer.save_to((scratch / "archive").string());

  torch::jit::Module module("Outer"), part("Part");
  part.register_parameter("weight", second, false);
  module.register_module("part", part);
  module.register_buffer("same", second);
  module.save((scratch / "module").string());

  const auto archive = weights::open_weights(scratch / "archive"),
             modules = weights::open_weights(scratch / "module");
  EXPECT_EQ(archive->names(), (std::vector<std::string>{"count", "layer.weight"}));
  EXPECT_TRUE(at::equal(archive->tensor("layer.weight"), first.t()));
  EXPECT_TRUE(at::equal(archive->tensor("count"), at::tensor({7})));
  EXPECT_EQ(modules->names(), (std::vector<std::string>{"part.weight", "same"}));
  EXPECT_EQ(modules->tensor("same").data_ptr(), modules->tensor("part.weight").data_ptr()) << "one storage";
  EXPECT_TRUE(at::equal(modules->tensor("same"), second));
}

}  // namespace
}  // namespace reverie::test
