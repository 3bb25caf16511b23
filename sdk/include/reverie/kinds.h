#pragma once
// The kinds of plugins, in the order of the documentation: REVERIE_KINDS(each) is each(folder, Interface,
// header) for every one. Host, tests and reverie_add_plugin() take their lists from here; CMake reads this
// file, so each kind has a line of its own.

// clang-format off
#define REVERIE_KINDS(each)                                            \
  each(image_models, ImageModel, "reverie/image_model.h")              \
  each(perceptors, Perceptor, "reverie/perceptor.h")                   \
  each(animation, AnimationMode, "reverie/animation_mode.h")           \
  each(depth_estimators, DepthEstimator, "reverie/depth_estimator.h")  \
  each(flow_estimators, FlowEstimator, "reverie/flow_estimator.h")     \
  each(audio, AudioFilter, "reverie/audio_filter.h")                   \
  each(losses, Loss, "reverie/loss.h")                                 \
  each(cutouts, CutoutMethod, "reverie/cutout_method.h")               \
  each(optimisers, Optimiser, "reverie/optimiser.h")                   \
  each(frame_sources, FrameSource, "reverie/frame_source.h")           \
  each(sound_sources, SoundSource, "reverie/sound_source.h")           \
  each(io, OutputSink, "reverie/output_sink.h")                        \
  each(viewers, Viewer, "reverie/viewer.h")
// clang-format on
