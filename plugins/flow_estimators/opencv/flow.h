#pragma once
// OpenCV's estimators of optical flow, without its headers.

#include <cstdint>

namespace reverie::opencv_flow {

/// Two grey pictures of the same size, rows without gaps, at least kLeastSide pixels a side.
struct GreyPair {
  const std::uint8_t *from, *to;
  int height, width;
};
inline constexpr int kLeastSide = 64;

/// Where each pixel of `from` is found in `to`, relative to its own place: `flow` receives x and y of pixel
/// after pixel. The same for the same pictures, on any number of processors. Throws std::exception.
using ClassicalFlow = void(const GreyPair& pictures, float* flow);

ClassicalFlow flow_dis, flow_farneback;

}  // namespace reverie::opencv_flow
