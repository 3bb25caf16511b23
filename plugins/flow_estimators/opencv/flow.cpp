// No LibTorch here.

#include "flow.h"

#include <opencv2/video/tracking.hpp>

namespace reverie::opencv_flow {
namespace {

cv::Mat grey(const std::uint8_t* bytes, const GreyPair& pictures) {
  return cv::Mat(pictures.height, pictures.width, CV_8UC1, const_cast<std::uint8_t*>(bytes));
}

cv::Mat vectors(float* flow, const GreyPair& pictures) {
  return cv::Mat(pictures.height, pictures.width, CV_32FC2, flow);
}

/// What each thread finds for its stripe of the picture depends on where the stripe begins.
void compute_on_one_thread() { cv::setNumThreads(1); }

}  // namespace

void flow_dis(const GreyPair& pictures, float* flow) {
  compute_on_one_thread();
  cv::Mat result = vectors(flow, pictures);
  result.setTo(0);
  const auto dis = cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_MEDIUM);
  dis->setFinestScale(0);  // the preset stops at half the size
  dis->calc(grey(pictures.from, pictures), grey(pictures.to, pictures), result);
  if (result.ptr<float>() != flow) result.copyTo(vectors(flow, pictures));
}

void flow_farneback(const GreyPair& pictures, float* flow) {
  compute_on_one_thread();
  constexpr double kPyramidScale = 0.5, kDeviation = 1.5;
  constexpr int kLevels = 5, kWindow = 21, kIterations = 3, kNeighbourhood = 7;
  cv::Mat result = vectors(flow, pictures);
  cv::calcOpticalFlowFarneback(grey(pictures.from, pictures), grey(pictures.to, pictures), result,
                               kPyramidScale, kLevels, kWindow, kIterations, kNeighbourhood, kDeviation,
                               cv::OPTFLOW_FARNEBACK_GAUSSIAN);
  if (result.ptr<float>() != flow) result.copyTo(vectors(flow, pictures));
}

}  // namespace reverie::opencv_flow
