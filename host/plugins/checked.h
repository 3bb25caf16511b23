#pragma once
// Instances as the host uses them: each call of a plugin goes through one of these, which names the plugin in
// what it throws and checks what it returns, once per call.

#include <memory>

#include "plugins/boundary.h"

namespace reverie {

class AnimationMode;
class AudioFilter;
class DepthEstimator;
class FlowEstimator;
class FrameSource;
class ImageModel;
class Loss;
class OutputSink;
class Perceptor;
class Viewer;

// `setup` is the const Interface::Setup* that the instance was made with.
std::shared_ptr<AnimationMode> checked(std::shared_ptr<AnimationMode>, Boundary, const void* setup);
std::shared_ptr<AudioFilter> checked(std::shared_ptr<AudioFilter>, Boundary, const void* setup);
std::shared_ptr<DepthEstimator> checked(std::shared_ptr<DepthEstimator>, Boundary, const void* setup);
std::shared_ptr<FlowEstimator> checked(std::shared_ptr<FlowEstimator>, Boundary, const void* setup);
std::shared_ptr<FrameSource> checked(std::shared_ptr<FrameSource>, Boundary, const void* setup);
std::shared_ptr<ImageModel> checked(std::shared_ptr<ImageModel>, Boundary, const void* setup);
std::shared_ptr<Loss> checked(std::shared_ptr<Loss>, Boundary, const void* setup);
std::shared_ptr<OutputSink> checked(std::shared_ptr<OutputSink>, Boundary, const void* setup);
std::shared_ptr<Perceptor> checked(std::shared_ptr<Perceptor>, Boundary, const void* setup);
std::shared_ptr<Viewer> checked(std::shared_ptr<Viewer>, Boundary, const void* setup);

}  // namespace reverie
