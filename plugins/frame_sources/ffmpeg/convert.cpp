#include "convert.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "reverie/error.h"

namespace reverie::ffmpeg {
namespace {

/// One component of a frame, read row by row. Of a palette's colours, 0 is red, 1 green, 2 blue and 3 alpha.
class Component {
 public:
  Component(const AVFrame& frame, const AVPixFmtDescriptor& layout, int component, int width)
      : frame_(frame),
        layout_(layout),
        palette_(layout.flags & AV_PIX_FMT_FLAG_PAL),
        component_(component),
        bits_(palette_ ? 8 : layout.comp[component].depth),
        raw_(static_cast<std::size_t>(width)) {}

  int bits() const { return bits_; }

  /// (stored - zero) * gain for each pixel; floats are taken for what they are.
  void read(int y, double zero, double gain, std::vector<float>& row) {
    row.resize(raw_.size());
    av_read_image_line2(raw_.data(), const_cast<const std::uint8_t**>(frame_.data), frame_.linesize, &layout_,
                        0, y, palette_ ? 0 : component_, static_cast<int>(raw_.size()), 0, sizeof raw_[0]);
    if (palette_) {
      // Its entries are numbers of 32 bits: alpha, red, green, blue from the top.
      const auto* colours = reinterpret_cast<const std::uint32_t*>(frame_.data[1]);
      const int shift = component_ == 3 ? 24 : 16 - 8 * component_;
      for (std::uint32_t& value : raw_) value = colours[value] >> shift & 255;
    }
    if (layout_.flags & AV_PIX_FMT_FLAG_FLOAT) {
      for (std::size_t x = 0; x < row.size(); ++x) row[x] = std::bit_cast<float>(raw_[x]);
    } else {
      const auto from = static_cast<float>(zero), scale = static_cast<float>(gain);
      for (std::size_t x = 0; x < row.size(); ++x) row[x] = (static_cast<float>(raw_[x]) - from) * scale;
    }
  }

 private:
  const AVFrame& frame_;
  const AVPixFmtDescriptor& layout_;
  bool palette_;
  int component_, bits_;
  std::vector<std::uint32_t> raw_;
};

/// How to reach every pixel along one side of a plane that holds one sample for `1 << shift` of them.
class Upsampling {
 public:
  /// `offset`: where the first sample lies, in samples from the middle of the pixels that it stands for.
  Upsampling(int samples, int pixels, int shift, double offset) {
    for (int i = 0; i < pixels; ++i) {
      const double position = std::clamp((i + 0.5) / (1 << shift) - 0.5 - offset, 0.0, samples - 1.0);
      first.push_back(static_cast<int>(position));
      second.push_back(std::min(first.back() + 1, samples - 1));
      fraction.push_back(static_cast<float>(position - first.back()));
    }
  }
  std::vector<int> first, second;
  std::vector<float> fraction;
};

/// A chroma component at the frame's full size.
class Chroma {
 public:
  Chroma(const AVFrame& frame, const AVPixFmtDescriptor& layout, int component, bool full_range,
         AVChromaLocation location)
      : component_(frame, layout, component, AV_CEIL_RSHIFT(frame.width, layout.log2_chroma_w)),
        along_(AV_CEIL_RSHIFT(frame.width, layout.log2_chroma_w), frame.width, layout.log2_chroma_w,
               aside(location) ? edge_offset(layout.log2_chroma_w) : 0),
        down_(AV_CEIL_RSHIFT(frame.height, layout.log2_chroma_h), frame.height, layout.log2_chroma_h,
              above(location)   ? edge_offset(layout.log2_chroma_h)
              : below(location) ? -edge_offset(layout.log2_chroma_h)
                                : 0) {
    const int bits = component_.bits();
    zero_ = std::ldexp(1, bits - 1);
    gain_ = full_range ? 1 / (std::ldexp(1, bits) - 1) : 1 / std::ldexp(224, bits - 8);
    mixed_.resize(static_cast<std::size_t>(AV_CEIL_RSHIFT(frame.width, layout.log2_chroma_w)));
  }

  void read(int y, std::vector<float>& row) {
    const auto at = static_cast<std::size_t>(y);
    const std::vector<float>&upper = sampled(down_.first[at], down_.second[at]),
          &lower = sampled(down_.second[at], down_.first[at]);
    const float t = down_.fraction[at];
    for (std::size_t x = 0; x < mixed_.size(); ++x) mixed_[x] = upper[x] + (lower[x] - upper[x]) * t;
    row.resize(along_.first.size());
    for (std::size_t x = 0; x < row.size(); ++x) {
      const float left = mixed_[static_cast<std::size_t>(along_.first[x])],
                  right = mixed_[static_cast<std::size_t>(along_.second[x])];
      row[x] = left + (right - left) * along_.fraction[x];
    }
  }

 private:
  static bool aside(AVChromaLocation location) {
    return location == AVCHROMA_LOC_LEFT || location == AVCHROMA_LOC_TOPLEFT ||
           location == AVCHROMA_LOC_BOTTOMLEFT;
  }
  static bool above(AVChromaLocation location) {
    return location == AVCHROMA_LOC_TOP || location == AVCHROMA_LOC_TOPLEFT;
  }
  static bool below(AVChromaLocation location) {
    return location == AVCHROMA_LOC_BOTTOM || location == AVCHROMA_LOC_BOTTOMLEFT;
  }
  /// A sample on the first of its pixels instead of in their middle.
  static double edge_offset(int shift) { return 0.5 / (1 << shift) - 0.5; }

  /// A row of samples; of the two that one output row needs, none is read twice.
  const std::vector<float>& sampled(int y, int keep) {
    for (Row& row : rows_)
      if (row.y == y) return row.values;
    Row& row = rows_[0].y == keep ? rows_[1] : rows_[0];
    component_.read(y, zero_, gain_, row.values);
    row.y = y;
    return row.values;
  }

  struct Row {
    int y = -1;
    std::vector<float> values;
  };
  Component component_;
  Upsampling along_, down_;
  double zero_, gain_;
  Row rows_[2];
  std::vector<float> mixed_;
};

/// The weights of red and blue in luma. ITU-R BT.601, BT.709, BT.2020; FCC 73.682; SMPTE 240M.
struct LumaWeights {
  double red, blue;
};

LumaWeights luma_weights(const AVFrame& frame, bool still) {
  constexpr LumaWeights k601{0.299, 0.114}, k709{0.2126, 0.0722};
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
      return k709;
    case AVCOL_SPC_FCC:
      return {0.30, 0.11};
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return k601;
    case AVCOL_SPC_SMPTE240M:
      return {0.212, 0.087};
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return {0.2627, 0.0593};
    default:
      return !still && (frame.width >= 1280 || frame.height >= 720) ? k709 : k601;
  }
}

bool is_full_range(const AVFrame& frame, bool grey) {
  switch (frame.format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
      return true;
    default:
      return grey ? frame.color_range != AVCOL_RANGE_MPEG : frame.color_range == AVCOL_RANGE_JPEG;
  }
}

AVChromaLocation chroma_location(const AVFrame& frame, bool still) {
  if (frame.chroma_location != AVCHROMA_LOC_UNSPECIFIED) return frame.chroma_location;
  return still || is_full_range(frame, false) ? AVCHROMA_LOC_CENTER : AVCHROMA_LOC_LEFT;
}

/// IEC 61966-2-1; what the display cannot show is cut off.
float srgb_from_linear(float x) {
  if (!(x > 0)) return 0;  // also what is not a number
  if (x >= 1) return 1;
  return x <= 0.0031308f ? 12.92f * x : 1.055f * std::pow(x, 1 / 2.4f) - 0.055f;
}

struct Row {
  std::vector<float> red, green, blue, opaque;
};

/// Reads rows of RGB, whatever the frame holds.
class Reader {
 public:
  /// `premultiplied`: colours already are multiplied by alpha. `apart`: they are not to be.
  Reader(const AVFrame& frame, const AVPixFmtDescriptor& layout, bool still, bool premultiplied, bool apart)
      : frame_(frame), apart_(apart) {
    const bool palette = layout.flags & AV_PIX_FMT_FLAG_PAL;
    const int colours = layout.nb_components - (layout.flags & AV_PIX_FMT_FLAG_ALPHA && !palette ? 1 : 0);
    // Some JPEGs hold RGB in what FFmpeg hands out as Y'CbCr.
    rgb_ =
        palette || layout.flags & AV_PIX_FMT_FLAG_RGB ||
        (frame.colorspace == AVCOL_SPC_RGB && colours == 3 && !layout.log2_chroma_w && !layout.log2_chroma_h);
    const int planes = rgb_ ? 3 : 1;
    for (int i = 0; i < planes; ++i) direct_.emplace_back(frame, layout, i, frame.width);
    const bool grey = !rgb_ && colours < 3, full = is_full_range(frame, grey);
    if (!rgb_ && !grey)
      for (int i = 1; i < 3; ++i) chroma_.emplace_back(frame, layout, i, full, chroma_location(frame, still));
    const int bits = direct_[0].bits();
    const bool limited = !rgb_ && !full;
    zero_ = limited ? std::ldexp(16, bits - 8) : 0;
    gain_ = limited ? 1 / std::ldexp(219, bits - 8) : 1 / (std::ldexp(1, bits) - 1);
    weights_ = luma_weights(frame, still);
    linear_ = layout.flags & AV_PIX_FMT_FLAG_FLOAT;
    inverted_ = frame.format == AV_PIX_FMT_MONOWHITE;
    // OpenEXR's colours are already multiplied by alpha, which is what compositing on black does.
    if (layout.flags & AV_PIX_FMT_FLAG_ALPHA && !linear_ && !premultiplied)
      alpha_.emplace_back(frame, layout, palette ? 3 : layout.nb_components - 1, frame.width);
  }

  void read(int y, Row& row) {
    direct_[0].read(y, zero_, gain_, row.red);
    if (rgb_) {
      direct_[1].read(y, zero_, gain_, row.green);
      direct_[2].read(y, zero_, gain_, row.blue);
    } else if (chroma_.empty()) {
      row.green = row.blue = row.red;
    } else {
      chroma_[0].read(y, row.green);
      chroma_[1].read(y, row.blue);
      from_luma_and_chroma(row);
    }
    for (std::vector<float>* channel : {&row.red, &row.green, &row.blue}) finish(*channel);
    if (alpha_.empty()) {
      if (apart_) row.opaque.assign(row.red.size(), 1);
      return;
    }
    alpha_[0].read(y, 0, 1 / (std::ldexp(1, alpha_[0].bits()) - 1), row.opaque);
    if (apart_) return;
    for (std::vector<float>* channel : {&row.red, &row.green, &row.blue})
      for (std::size_t x = 0; x < row.opaque.size(); ++x) (*channel)[x] *= row.opaque[x];
  }

 private:
  /// Y' in red, Cb in green, Cr in blue become what their names say.
  void from_luma_and_chroma(Row& row) const {
    const auto width = static_cast<std::size_t>(frame_.width);
    if (frame_.colorspace == AVCOL_SPC_YCGCO) {
      for (std::size_t x = 0; x < width; ++x) {
        const float luma = row.red[x], cg = row.green[x], co = row.blue[x];
        row.red[x] = luma - cg + co;
        row.green[x] = luma + cg;
        row.blue[x] = luma - cg - co;
      }
      return;
    }
    const double green = 1 - weights_.red - weights_.blue;
    const auto red_cr = static_cast<float>(2 * (1 - weights_.red)),
               blue_cb = static_cast<float>(2 * (1 - weights_.blue)),
               green_cb = static_cast<float>(-2 * (1 - weights_.blue) * weights_.blue / green),
               green_cr = static_cast<float>(-2 * (1 - weights_.red) * weights_.red / green);
    for (std::size_t x = 0; x < width; ++x) {
      const float luma = row.red[x], cb = row.green[x], cr = row.blue[x];
      row.red[x] = luma + red_cr * cr;
      row.green[x] = luma + green_cb * cb + green_cr * cr;
      row.blue[x] = luma + blue_cb * cb;
    }
  }

  void finish(std::vector<float>& channel) const {
    if (linear_)
      for (float& value : channel) value = srgb_from_linear(value);
    else if (inverted_)
      for (float& value : channel) value = 1 - value;
    else
      for (float& value : channel) value = std::clamp(value, 0.0f, 1.0f);
  }

  const AVFrame& frame_;
  std::vector<Component> direct_, alpha_;
  std::vector<Chroma> chroma_;
  LumaWeights weights_{};
  double zero_ = 0, gain_ = 0;
  bool rgb_ = false, linear_ = false, inverted_ = false, apart_ = false;
};

const AVPixFmtDescriptor& layout_of(const AVFrame& frame) {
  const AVPixFmtDescriptor* layout = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  constexpr std::uint64_t kNoPicture = AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER;
  const bool half = layout && layout->flags & AV_PIX_FMT_FLAG_FLOAT && layout->comp[0].depth != 32;
  if (!layout || layout->flags & kNoPicture || half || frame.format == AV_PIX_FMT_XYZ12LE ||
      frame.format == AV_PIX_FMT_XYZ12BE)
    throw Error(ErrorKind::unsupported,
                std::string("pixels of the format '") + (layout ? layout->name : "unknown") + "'");
  return *layout;
}

constexpr std::int64_t kRowsAtOnce = 64;

/// Of 3 channels, or of 4 with the opacity apart.
at::Tensor converted(const AVFrame& frame, bool still, bool premultiplied, std::int64_t channels) {
  const AVPixFmtDescriptor& layout = layout_of(frame);
  at::Tensor result = at::empty({1, channels, frame.height, frame.width}, at::kFloat);
  float* const picture = result.mutable_data_ptr<float>();
  const std::int64_t plane = std::int64_t{frame.height} * frame.width;
  at::parallel_for(0, frame.height, kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
    Reader reader(frame, layout, still, premultiplied, channels == 4);
    Row row;
    for (std::int64_t y = begin; y < end; ++y) {
      reader.read(static_cast<int>(y), row);
      float* red = picture + y * frame.width;
      std::copy(row.red.begin(), row.red.end(), red);
      std::copy(row.green.begin(), row.green.end(), red + plane);
      std::copy(row.blue.begin(), row.blue.end(), red + 2 * plane);
      if (channels == 4) std::copy(row.opaque.begin(), row.opaque.end(), red + 3 * plane);
    }
  });
  return result;
}

}  // namespace

void require_rgb(const AVFrame& frame) { layout_of(frame); }

at::Tensor to_rgb(const AVFrame& frame, bool still, bool premultiplied) {
  return converted(frame, still, premultiplied, 3);
}

at::Tensor to_rgb_and_opacity(const AVFrame& frame, bool still, bool premultiplied) {
  return converted(frame, still, premultiplied, 4);
}

}  // namespace reverie::ffmpeg
