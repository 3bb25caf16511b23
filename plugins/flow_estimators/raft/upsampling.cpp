#include "upsampling.h"

#include <ATen/ATen.h>

namespace reverie::raft {

at::Tensor upsample_by_mask(const at::Tensor& flow, const at::Tensor& mask) {
  const std::int64_t pictures = flow.size(0), height = flow.size(2), width = flow.size(3);
  const at::Tensor shares = mask.view({pictures, 1, 9, 8, 8, height, width}).softmax(2);
  const at::Tensor around =
      at::im2col(flow * 8, {3, 3}, /*dilation=*/{1, 1}, /*padding=*/{1, 1}, /*stride=*/{1, 1})
          .view({pictures, 2, 9, 1, 1, height, width});
  return (shares * around).sum(2).permute({0, 1, 4, 2, 5, 3}).reshape({pictures, 2, height * 8, width * 8});
}

at::Tensor upsample_bilinear(const at::Tensor& flow) {
  return at::upsample_bilinear2d(flow * 8, {flow.size(2) * 8, flow.size(3) * 8}, /*align_corners=*/true);
}

}  // namespace reverie::raft
