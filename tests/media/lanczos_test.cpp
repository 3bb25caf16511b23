// The SDK's Lanczos filter against Pillow's.

#include <ATen/ATen.h>

#include "media/sources.h"
#include "reverie/resize.h"

namespace reverie::test {
namespace {

TEST(Lanczos, IsPillows) {
  const WrittenFiles files(REVERIE_TEST_PYTHON, REVERIE_TEST_FOLDER, "resize.py");
  const int count = std::stoi(read_bytes(files.path() / "count"));
  for (int i = 0; i < count; ++i) {
    const at::Tensor in = read_tensor(files.path() / (std::to_string(i) + "_in"), 2).unsqueeze(0),
                     out = read_tensor(files.path() / (std::to_string(i) + "_out"), 2).unsqueeze(0);
    const at::Tensor ours = lanczos_resize(in, out.size(2), out.size(3));
    ASSERT_EQ(ours.sizes(), out.sizes()) << i;
    // Pillow's floats may leave 0..1; a picture's may not.
    EXPECT_LE(largest_difference(ours, out.clamp(0, 1)), 1e-4) << in.sizes() << " to " << out.sizes();
  }
}

TEST(Lanczos, TheSameSizeChangesNothing) {
  const at::Tensor picture = at::rand({1, 3, 5, 7});
  EXPECT_TRUE(lanczos_resize(picture, 5, 7).is_same(picture));
}

TEST(Lanczos, PicturesOfOneColourKeepIt) {
  const at::Tensor plain = at::full({1, 3, 40, 33}, 0.3);
  for (const auto& [height, width] : {std::pair(7, 90), std::pair(90, 7), std::pair(1, 1)})
    EXPECT_LE(largest_difference(lanczos_resize(plain, height, width), at::full({1, 3, height, width}, 0.3)),
              1e-6);
}

}  // namespace
}  // namespace reverie::test
