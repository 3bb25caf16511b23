// Checkpoints written by real PyTorch (Debian's, by script, and the LibTorch that is linked), whole, cut
// short and damaged.

#include <gtest/gtest.h>
#include <json/json.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <fstream>
#include <iterator>

#include "support/written_files.h"
#include "weights/open.h"
#include "weights/safetensors.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

const fs::path& checkpoints() {
  static const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "write_checkpoints.py");
  return files.path();
}

std::string hexadecimal(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.contiguous();
  const auto* bytes = static_cast<const unsigned char*>(dense.const_data_ptr());
  std::string result;
  for (std::size_t i = 0; i < dense.nbytes(); ++i) {
    result += "0123456789abcdef"[bytes[i] >> 4];
    result += "0123456789abcdef"[bytes[i] & 15];
  }
  return result;
}

at::ScalarType dtype(const std::string& name) {
  const std::map<std::string, at::ScalarType> types = {
      {"float64", at::kDouble}, {"float32", at::kFloat}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16},
      {"int64", at::kLong},     {"int32", at::kInt},     {"int16", at::kShort},  {"int8", at::kChar},
      {"uint8", at::kByte},     {"bool", at::kBool}};
  return types.at(name);
}

class WrittenByPyTorch : public testing::TestWithParam<const char*> {};

TEST_P(WrittenByPyTorch, EveryTensorIsBitForBitWhatPythonHad) {
  const fs::path path = checkpoints() / GetParam();
  const auto weights = weights::open_weights(path);
  Json::Value expected;
  std::istringstream(read_bytes(path.string() + ".json")) >> expected;
  ASSERT_GT(expected.size(), 0U);
  for (const std::string& name : expected.getMemberNames()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(weights->contains(name));
    const at::Tensor tensor = weights->tensor(name);
    EXPECT_EQ(tensor.scalar_type(), dtype(expected[name][0].asString()));
    std::vector<std::int64_t> sizes;
    for (const Json::Value& side : expected[name][1]) sizes.push_back(side.asInt64());
    EXPECT_EQ(tensor.sizes(), at::IntArrayRef(sizes));
    EXPECT_EQ(hexadecimal(tensor), expected[name][2].asString());
  }
  // A bare state dict has nothing else in it.
  if (std::string(GetParam()).rfind("training", 0) != 0) {
    EXPECT_EQ(weights->names().size(), expected.size());
  }
}

TEST_P(WrittenByPyTorch, CutOffAnywhereIsAnErrorNotACrash) {
  const std::string whole = read_bytes(checkpoints() / GetParam());
  const Scratch scratch;
  // Every byte of small files; a prime step keeps larger ones quick and hits every alignment.
  const std::size_t step = whole.size() < 8192 ? 1 : 13;
  for (std::size_t length = 0; length < whole.size(); length += step) {
    const fs::path path = scratch.write("cut", whole.substr(0, length));
    EXPECT_THROW(
        {
          const auto weights = weights::open_weights(path);
          for (const std::string& name : weights->names()) weights->tensor(name);
        },
        Error)
        << length << " of " << whole.size() << " bytes";
  }
}

TEST_P(WrittenByPyTorch, AnyByteChangedIsAnErrorOrNothing) {
  const std::string whole = read_bytes(checkpoints() / GetParam());
  const Scratch scratch;
  const std::size_t step = whole.size() < 8192 ? 1 : 7;
  for (std::size_t i = 0; i < whole.size(); i += step) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const fs::path path = scratch.write("damaged", damaged);
    try {
      const auto weights = weights::open_weights(path);
      for (const std::string& name : weights->names()) weights->tensor(name).clone();
    } catch (const Error&) {
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, WrittenByPyTorch,
                         testing::Values("variety.zip", "variety.legacy", "state.zip", "state.legacy",
                                         "training.zip", "training.legacy", "malice.zip", "malice.legacy",
                                         "scripted.pt"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(Malice, IsNotExecuted) {
  for (const char* name : {"malice.zip", "malice.legacy"})
    weights::open_weights(checkpoints() / name)->tensor("weight");
  EXPECT_FALSE(fs::exists(checkpoints() / "sprung-zip"));
  EXPECT_FALSE(fs::exists(checkpoints() / "sprung-legacy"));
}

TEST(TodaysPyTorch, ItsLayoutIsReadToo) {
  const Scratch scratch;
  const at::Tensor first = at::arange(6, at::kFloat).view({2, 3}),
                   second = at::tensor({1.5, -2.0}).to(at::kHalf);
  c10::Dict<std::string, at::Tensor> state;
  state.insert("first", first.t());
  state.insert("second", second);
  const std::vector<char> bytes = torch::jit::pickle_save(at::IValue(state));
  const auto weights =
      weights::open_weights(scratch.write("today.pt", std::string(bytes.begin(), bytes.end())));
  EXPECT_EQ(weights->names(), (std::vector<std::string>{"first", "second"}));
  EXPECT_TRUE(at::equal(weights->tensor("first"), first.t()));
  EXPECT_TRUE(at::equal(weights->tensor("second"), second));
}

TEST(Recognition, IsByContentWhateverTheHeadersLength) {
  const Scratch scratch;
  // A header of 128 bytes begins with 0x80, like a pickle; one of 0x4B50 bytes with "PK", like a zip.
  for (const std::uint64_t length : {0x80, 0x4B50}) {
    std::string file(8, '\0');
    file[0] = static_cast<char>(length & 0xFF);
    file[1] = static_cast<char>(length >> 8);
    std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    header.resize(length, ' ');
    const auto weights =
        weights::open_weights(scratch.write("odd.bin", file + header + std::string(4, '\0')));
    EXPECT_EQ(weights->tensor("a").item<float>(), 0);
  }
}

TEST(Recognition, OtherFilesAreToldByName) {
  const Scratch scratch;
  const std::pair<const char*, const char*> cases[] = {
      {"<!DOCTYPE html><html>", "web page"},
      {"version https://git-lfs.github.com/spec/v1\n", "git"},
      {"", "empty"}};
  for (const auto& [bytes, word] : cases) {
    try {
      weights::open_weights(scratch.write("other.pt", bytes));
      FAIL() << bytes;
    } catch (const Error& error) {
      std::string what = std::string(error.what()) + error.advice();
      std::transform(what.begin(), what.end(), what.begin(), [](unsigned char c) { return std::tolower(c); });
      EXPECT_NE(what.find(word), std::string::npos) << what;
    }
  }
}

TEST(Memory, WhatIsNotAskedForIsNotRead) {
  const Scratch scratch;
  // 1 GB that is a hole in the file, and one small tensor behind it.
  const std::uint64_t large = 1ull << 30;
  std::string header = R"({"large":{"dtype":"U8","shape":[1073741824],"data_offsets":[0,1073741824]},)"
                       R"("small":{"dtype":"F32","shape":[1],"data_offsets":[1073741824,1073741828]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string start(8, '\0');
  start[0] = static_cast<char>(header.size());
  const fs::path path = scratch.write("large.safetensors", start + header);
  fs::resize_file(path, 8 + header.size() + large + 4);
  const auto resident = [] {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0, pages = 0;
    statm >> total >> pages;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  };
  const std::uint64_t before = resident();
  const auto weights = weights::open_weights(path);
  EXPECT_EQ(weights->tensor("small").item<float>(), 0);
  EXPECT_EQ(weights->tensor("large").numel(), std::int64_t{1} << 30);
  EXPECT_LT(resident(), before + (16u << 20));
}

#ifdef REVERIE_FUZZ_CORPUS
TEST(FuzzCorpus, NothingCrashes) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(REVERIE_FUZZ_CORPUS)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    try {
      const auto weights = weights::open_weights(entry.path());
      for (const std::string& name : weights->names()) weights->tensor(name).clone();
    } catch (const Error&) {
    }
  }
  EXPECT_GT(files, 8U);
}
#endif

}  // namespace
}  // namespace reverie::test
