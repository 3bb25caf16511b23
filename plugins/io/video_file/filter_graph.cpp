#include "filter_graph.h"

extern "C" {
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

#include "reverie/error.h"

namespace reverie::video_file {
namespace {

int checked(int result) {
  if (result < 0) throw Error(ErrorKind::plugin, "a filter of FFmpeg's failed: " + ffmpeg::reason(result));
  return result;
}

}  // namespace

void FilterGraph::Free::operator()(AVFilterGraph* graph) const { avfilter_graph_free(&graph); }

FilterGraph::FilterGraph(const std::string& description, const std::string& source, const std::string& sink)
    : graph_(avfilter_graph_alloc()) {
  if (!graph_) throw std::bad_alloc();
  graph_->nb_threads = 1;
  AVFilterInOut *inputs = nullptr, *outputs = nullptr;
  const int result = avfilter_graph_parse2(graph_.get(), description.c_str(), &inputs, &outputs);
  avfilter_inout_free(&inputs);
  avfilter_inout_free(&outputs);
  checked(result);
  checked(avfilter_graph_config(graph_.get(), nullptr));
  source_ = avfilter_graph_get_filter(graph_.get(), source.c_str());
  sink_ = avfilter_graph_get_filter(graph_.get(), sink.c_str());
  if (!source_ || !sink_)
    throw Error(ErrorKind::plugin, "a filter graph has no source or no sink: " + description);
}

void FilterGraph::push(AVFrame* frame) {
  const int result = av_buffersrc_add_frame_flags(source_, frame, AV_BUFFERSRC_FLAG_KEEP_REF);
  // Behind the part that is wanted, a graph takes no more.
  if (result != AVERROR_EOF) checked(result);
}

ffmpeg::FramePtr FilterGraph::pull(int samples) {
  ffmpeg::FramePtr frame = ffmpeg::new_frame();
  const int result = samples > 0 ? av_buffersink_get_samples(sink_, frame.get(), samples)
                                 : av_buffersink_get_frame(sink_, frame.get());
  ended_ = result == AVERROR_EOF;
  if (ended_ || result == AVERROR(EAGAIN)) return nullptr;
  checked(result);
  return frame;
}

}  // namespace reverie::video_file
