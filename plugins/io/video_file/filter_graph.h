#pragma once
// A graph of FFmpeg's filters with one entrance and one exit.

#include <string>

#include "handles.h"

struct AVFilterGraph;
struct AVFilterContext;

namespace reverie::video_file {

class FilterGraph {
 public:
  /// A description in FFmpeg's language, in which the entrance is called `source` and the exit `sink`.
  FilterGraph(const std::string& description, const std::string& source, const std::string& sink);

  /// Gives in a frame; null: there are no more.
  void push(AVFrame* frame);
  /// The next frame, of `samples` samples where that is not 0, fewer at the end. Null when more must be given
  /// in first, or, if `ended()`, when there are no more.
  ffmpeg::FramePtr pull(int samples = 0);
  bool ended() const { return ended_; }

 private:
  struct Free {
    void operator()(AVFilterGraph* graph) const;
  };
  std::unique_ptr<AVFilterGraph, Free> graph_;
  AVFilterContext *source_, *sink_;
  bool ended_ = false;
};

}  // namespace reverie::video_file
