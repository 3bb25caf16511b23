// The safetensors reader: what it reads, and that nothing in a file can do more than be refused.

#include "weights/safetensors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/scratch.h"

namespace reverie::test {
namespace {

namespace fs = std::filesystem;

/// The format by its description: eight bytes of length, lowest first, then the header, then the tensors'
/// bytes.
std::string file_of(const std::string& header, const std::string& body) {
  std::string result;
  for (int i = 0; i < 8; ++i) result += static_cast<char>(header.size() >> (8 * i) & 0xFF);
  return result + header + body;
}

/// Reads everything a file holds. Anything but reverie::Error is a failure of the reader.
std::string complaint(const fs::path& path) {
  try {
    const auto weights = weights::read_safetensors(path);
    for (const std::string& name : weights->names()) {
      const at::Tensor tensor = weights->tensor(name);
      if (tensor.numel() > 0) tensor.to(at::kDouble).sum().item<double>();
    }
    return "";
  } catch (const Error& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
    return error.what();
  }
}

std::string complaint_about(const std::string& bytes) {
  const Scratch scratch;
  return complaint(scratch.write("weights.safetensors", bytes));
}

void expect_refused(const std::string& header, const std::string& body, const std::string& fragment) {
  const std::string said = complaint_about(file_of(header, body));
  EXPECT_NE(said.find(fragment), std::string::npos) << header << "\n" << said;
  EXPECT_NE(said.find("weights.safetensors"), std::string::npos) << said;
}

// Little-endian floats: 1 is 00 00 80 3F, -2 is 00 00 00 C0, 0.5 is 00 00 00 3F, 3 is 00 00 40 40.
const std::string kFloats("\x00\x00\x80\x3F\x00\x00\x00\xC0\x00\x00\x00\x3F\x00\x00\x40\x40", 16);
const std::string kGood =
    file_of(R"({"__metadata__":{"made by":"hand"},"b":{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]},)"
            R"("a":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}   )",
            std::string("\x05\x00\xFF\xFF", 4) + kFloats);

TEST(Safetensors, ReadsAFileWrittenByHand) {
  const Scratch scratch;
  const fs::path path = scratch.write("hand.safetensors", kGood);
  const auto weights = weights::read_safetensors(path);
  EXPECT_EQ(weights->names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(weights->metadata(), (std::map<std::string, std::string>{{"made by", "hand"}}));
  EXPECT_EQ(weights->origin(), path.string());
  EXPECT_TRUE(weights->contains("a"));
  EXPECT_FALSE(weights->contains("__metadata__"));
  EXPECT_TRUE(at::equal(weights->tensor("a"), at::tensor({5, -1}, at::kShort)));
  EXPECT_TRUE(at::equal(weights->tensor("b"), at::tensor({1.0f, -2.0f, 0.5f, 3.0f}).view({2, 2})));
}

TEST(Safetensors, WritesWhatTheFormatDescribes) {
  const Scratch scratch;
  weights::write_safetensors(scratch / "one.safetensors",
                             {{"b", at::tensor({1.0f, -2.0f, 0.5f, 3.0f}).view({2, 2})}}, {{"k", "v"}});
  const std::string bytes = read_bytes(scratch / "one.safetensors");
  ASSERT_GT(bytes.size(), 24u);
  const std::size_t length = static_cast<unsigned char>(bytes[0]);
  EXPECT_EQ(bytes.substr(1, 7), std::string(7, '\0'));
  EXPECT_EQ(length % 8, 0u) << "padded so that tensors are aligned";
  EXPECT_EQ(bytes.substr(8 + length), kFloats);
  const std::string header = bytes.substr(8, length);
  EXPECT_EQ(header[0], '{');
  for (const char* part :
       {R"("dtype":"F32")", R"("shape":[2,2])", R"("data_offsets":[0,16])", R"("__metadata__":{"k":"v"})"})
    EXPECT_NE(header.find(part), std::string::npos) << header;
}

TEST(Safetensors, RoundTripOfEveryDtypeAndShape) {
  const Scratch scratch;
  std::vector<std::pair<std::string, at::Tensor>> tensors;
  const at::Tensor values = at::arange(-6, 6).view({3, 4});
  for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble, at::kLong, at::kInt,
                                    at::kShort, at::kChar, at::kByte, at::kBool})
    tensors.emplace_back(std::string("of ") + c10::toString(type), values.abs().remainder(2).to(type));
  tensors.emplace_back("scalar", at::scalar_tensor(2.5));
  tensors.emplace_back("empty", at::zeros({0, 3}));
  tensors.emplace_back("odd", at::ones({3}, at::kChar));
  tensors.emplace_back("after odd", at::rand({5}, at::kDouble));
  tensors.emplace_back("transposed", at::rand({2, 3}).t());
  tensors.emplace_back("a \"quoted\" \xC3\xA9\n", at::rand({1, 1, 1, 2}));
  const std::map<std::string, std::string> metadata = {{"merges", "t h\nth e\n"}, {"\xF0\x9F\x98\x80", ""}};
  weights::write_safetensors(scratch / "all.safetensors", tensors, metadata);
  const auto weights = weights::read_safetensors(scratch / "all.safetensors");
  EXPECT_EQ(weights->metadata(), metadata);
  ASSERT_EQ(weights->names().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor read = weights->tensor(name);
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(read.sizes(), tensor.sizes()) << name;
    EXPECT_TRUE(at::equal(read, tensor)) << name;
  }
  EXPECT_FALSE(fs::exists(scratch / "all.safetensors.part"));
}

TEST(Safetensors, TensorsOutliveTheFileAndNeverChangeIt) {
  const Scratch scratch;
  const fs::path path = scratch.write("hand.safetensors", kGood);
  at::Tensor kept = weights::read_safetensors(path)->tensor("b");
  fs::remove(path);
  EXPECT_EQ(kept.sum().item<float>(), 2.5f);
  scratch.write("hand.safetensors", kGood);
  kept = weights::read_safetensors(path)->tensor("b");
  kept.zero_();
  EXPECT_EQ(read_bytes(path), kGood);
}

TEST(Safetensors, UnalignedTensorsAreCopiedOut) {
  const Scratch scratch;
  const fs::path path = scratch.write(
      "odd.safetensors",
      file_of(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[4],"data_offsets":[1,17]}})",
          "\x07" + kFloats));
  const at::Tensor b = weights::read_safetensors(path)->tensor("b");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data_ptr()) % 4, 0u);
  EXPECT_TRUE(at::equal(b, at::tensor({1.0f, -2.0f, 0.5f, 3.0f})));
}

TEST(Safetensors, NothingButAHeader) {
  EXPECT_EQ(complaint_about(file_of("{}", "")), "");
  EXPECT_EQ(complaint_about(file_of("{\"__metadata__\":{}}", "")), "");
}

TEST(Safetensors, MissingTensorsFilesAndFolders) {
  const Scratch scratch;
  const auto weights = weights::read_safetensors(scratch.write("hand.safetensors", kGood));
  try {
    weights->tensor("visual.proj");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::model);
    EXPECT_NE(std::string(error.what()).find("hand.safetensors"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("'visual.proj'"), std::string::npos);
  }
  EXPECT_NE(
      complaint(scratch / "none.safetensors").find("no file '" + (scratch / "none.safetensors").string()),
      std::string::npos);
  EXPECT_NE(complaint(scratch.path()).find("is a folder"), std::string::npos);
  // Nobody writes to it: whoever opened it would wait for ever.
  ASSERT_EQ(::mkfifo((scratch / "pipe.safetensors").c_str(), 0600), 0);
  EXPECT_NE(complaint(scratch / "pipe.safetensors").find("not an ordinary file"), std::string::npos);
  EXPECT_NE(complaint("/dev/zero").find("not an ordinary file"), std::string::npos);
}

TEST(SafetensorsDamage, EveryTruncation) {
  for (std::size_t length = 0; length < kGood.size(); ++length)
    EXPECT_NE(complaint_about(kGood.substr(0, length)), "") << length << " of " << kGood.size() << " bytes";
}

TEST(SafetensorsDamage, BytesBehindTheEnd) { EXPECT_NE(complaint_about(kGood + '\0'), ""); }

/// Any byte of length and header in any other value: the file is refused, or it still describes itself.
TEST(SafetensorsDamage, EveryByteChanged) {
  const Scratch scratch;
  const fs::path path = scratch / "weights.safetensors";
  const std::size_t header_end = kGood.size() - 20;
  std::size_t refused = 0, tried = 0;
  for (std::size_t i = 0; i < header_end; ++i)
    for (const int change : {0x01, 0x20, 0xFF}) {
      std::string bytes = kGood;
      bytes[i] = static_cast<char>(bytes[i] ^ change);
      scratch.write("weights.safetensors", bytes);
      refused += !complaint(path).empty();
      ++tried;
    }
  EXPECT_GT(refused, tried / 2);
}

TEST(SafetensorsDamage, HeaderLengthLies) {
  for (const std::uint64_t length :
       {std::uint64_t(0), kGood.size() - 7, kGood.size(), std::uint64_t(1) << 31, std::uint64_t(1) << 32,
        std::uint64_t(1) << 63, ~std::uint64_t(0), ~std::uint64_t(7)}) {
    std::string bytes = kGood;
    for (int i = 0; i < 8; ++i)
      bytes[static_cast<std::size_t>(i)] = static_cast<char>(length >> (8 * i) & 0xFF);
    EXPECT_NE(complaint_about(bytes), "") << length;
  }
}

TEST(SafetensorsDamage, HeadersThatAreNone) {
  for (const char* header :
       {"", " ", "[]", "null", "1", "\"a\"", "{", "{\"a\"}", "{}{}", "{'a':1}", "{\"a\":{}}}", "\xFF\xFE"})
    EXPECT_NE(complaint_about(file_of(header, "")), "") << header;
  expect_refused(std::string(100'000, '['), "", "header");
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "{\"a\":";
  expect_refused(deep, "", "header");
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

TEST(SafetensorsDamage, EntriesThatDoNotAddUp) {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return "{\"a\":" + entry(dtype, shape, offsets) + "}";
  };
  EXPECT_EQ(complaint_about(file_of(one("\"F32\"", "[4]", "[0,16]"), kFloats)), "")
      << "the others differ from this one";
  expect_refused(one("\"F33\"", "[4]", "[0,16]"), kFloats, "'a' has dtype 'F33'");
  expect_refused(one("\"f32\"", "[4]", "[0,16]"), kFloats, "'a' has dtype 'f32'");
  expect_refused(one("\"F8_E4M3\"", "[16]", "[0,16]"), kFloats, "'a' has dtype");
  expect_refused(one("32", "[4]", "[0,16]"), kFloats, "'a' has no dtype");
  expect_refused(one("\"F32\"", "4", "[0,16]"), kFloats, "'a' has no shape");
  expect_refused(one("\"F32\"", "[-4]", "[0,16]"), kFloats, "'a'");
  expect_refused(one("\"F32\"", "[4.5]", "[0,16]"), kFloats, "'a'");
  expect_refused(one("\"F32\"", "[\"4\"]", "[0,16]"), kFloats, "'a'");
  expect_refused(one("\"F32\"", "[3]", "[0,16]"), kFloats, "'a' has 12 bytes by its shape");
  expect_refused(one("\"F64\"", "[4]", "[0,16]"), kFloats, "'a' has 32 bytes by its shape");
  expect_refused(one("\"F32\"", "[4]", "[16,0]"), kFloats, "'a'");
  expect_refused(one("\"F32\"", "[4]", "[-16,0]"), kFloats, "'a' has no valid data_offsets");
  expect_refused(one("\"F32\"", "[4]", "[0]"), kFloats, "'a' has no valid data_offsets");
  expect_refused(one("\"F32\"", "[4]", "[0,16,32]"), kFloats, "'a' has no valid data_offsets");
  expect_refused(one("\"F32\"", "[4]", "[0,1e30]"), kFloats, "'a' has no valid data_offsets");
  expect_refused(one("\"F32\"", "[4]", "\"0,16\""), kFloats, "'a' has no valid data_offsets");
  expect_refused(one("\"F32\"", "[4]", "[16,32]"), kFloats + kFloats, "holes");
  expect_refused(one("\"F32\"", "[8]", "[0,32]"), kFloats, "the file holds 16");
  expect_refused("{\"a\":5}", "", "'a' is not described by an object");
  expect_refused("{\"__metadata__\":5}", "", "'__metadata__' is not an object");
  expect_refused("{\"__metadata__\":{\"k\":5}}", "", "metadata 'k' is not text");
}

TEST(SafetensorsDamage, ShapesThatOverflow) {
  const auto one = [](const std::string& shape, const std::string& offsets) {
    return "{\"a\":" + entry("\"F32\"", shape, offsets) + "}";
  };
  expect_refused(one("[4611686018427387908]", "[0,16]"), kFloats,
                 "'a' has a size that overflows");  // 2^62 + 4
  expect_refused(one("[4294967296,4294967296,4]", "[0,16]"), kFloats, "'a' has a size that overflows");
  expect_refused(one("[18446744073709551615]", "[0,16]"), kFloats, "'a'");
  expect_refused(one("[99999999999999999999999]", "[0,16]"), kFloats, "'a'");
  // No elements, so no bytes; but the strides of such a tensor would overflow.
  expect_refused(one("[0,9223372036854775807,9223372036854775807]", "[0,0]"), "", "'a'");
  expect_refused(one("[9223372036854775807,0,9223372036854775807]", "[0,0]"), "", "'a'");
}

TEST(SafetensorsDamage, HeadersThatWouldGrowInMemory) {
  const auto repeated = [](const std::string& text, std::size_t times) {
    std::string result;
    for (std::size_t i = 0; i < times; ++i) result += text;
    return result;
  };
  const auto with_shape = [&](const std::string& shape) {
    return "{\"a\":" + entry("\"F32\"", "[" + shape + "4]", "[0,16]") + "}";
  };
  EXPECT_EQ(complaint_about(file_of(with_shape(repeated("1,", 63)), kFloats)), "");
  expect_refused(with_shape(repeated("1,", 64)), kFloats, "'a' has 65 dimensions");
  expect_refused(with_shape(repeated("1,", 1'900'000)), kFloats, "'a' has 1900001 dimensions");
  expect_refused(with_shape(repeated("1,", 2'100'000)), kFloats, "more than 2000000 values");
  expect_refused("{" + repeated("\"a\":{},", 1'100'000) + "}", "", "more than 2000000 values");
  // Texts do not count: trainers write long ones.
  const std::string text = repeated("[1,2:3]{\\\"", 300'000);
  EXPECT_EQ(complaint_about(file_of(
                "{\"__metadata__\":{\"k\":\"" + text + "\"},\"a\":" + entry("\"F32\"", "[4]", "[0,16]") + "}",
                kFloats)),
            "");
}

TEST(SafetensorsDamage, TensorsThatShareBytes) {
  const std::string a = "\"a\":" + entry("\"F32\"", "[4]", "[0,16]");
  expect_refused("{" + a + ",\"b\":" + entry("\"F32\"", "[4]", "[0,16]") + "}", kFloats, "overlap");
  expect_refused("{" + a + ",\"b\":" + entry("\"F32\"", "[4]", "[12,28]") + "}",
                 kFloats + kFloats.substr(0, 12), "overlap");
  expect_refused("{" + a + ",\"b\":" + entry("\"F32\"", "[2]", "[4,12]") + "}", kFloats, "overlap");
  expect_refused("{" + a + "," + a + "}", kFloats, "JSON");
}

TEST(SafetensorsWrite, RefusesWhatTheFormatCannotHold) {
  const Scratch scratch;
  EXPECT_THROW(
      weights::write_safetensors(scratch / "c.safetensors", {{"z", at::zeros({2}, at::kComplexFloat)}}),
      Error);
  EXPECT_THROW(weights::write_safetensors(scratch / "none/c.safetensors", {{"a", at::zeros({2})}}), Error);
  EXPECT_THROW(weights::write_safetensors(scratch / "twice.safetensors",
                                          {{"a", at::zeros({2})}, {"a", at::ones({3})}}),
               Error);
  EXPECT_TRUE(fs::is_empty(scratch.path())) << "nothing is left of a failure";
}

}  // namespace
}  // namespace reverie::test
