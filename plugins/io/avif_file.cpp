#include "avif_file.h"

#include <avif/avif.h>

#include <memory>
#include <new>

#include "pixels8.h"
#include "reverie/error.h"
#include "xmp.h"

namespace reverie::io {
namespace {

using Image = std::unique_ptr<avifImage, decltype(&avifImageDestroy)>;
using Encoder = std::unique_ptr<avifEncoder, decltype(&avifEncoderDestroy)>;

constexpr int kSpeed = 6;  // 0 (slowest) to 10: avifenc's own

void check(avifResult result, const at::Tensor& image) {
  if (result == AVIF_RESULT_OK) return;
  if (result == AVIF_RESULT_NO_CODEC_AVAILABLE)
    throw Error(ErrorKind::unsupported, "this libavif has no encoder for AV1",
                "install a libavif with libaom, or choose another picture_format");
  throw Error(ErrorKind::file,
              "a picture of " + std::to_string(image.size(3)) + "x" + std::to_string(image.size(2)) +
                  " pixels cannot become AVIF: " + avifResultToString(result),
              "choose another picture_format or output");
}

}  // namespace

std::string encode_avif(const at::Tensor& image, int quality, const std::string& settings) {
  const Pixels8 pixels = pixels_of(image);
  const bool lossless = quality == kLosslessAvif;
  const Image picture(avifImageCreate(static_cast<std::uint32_t>(pixels.width),
                                      static_cast<std::uint32_t>(pixels.height), 8, AVIF_PIXEL_FORMAT_YUV444),
                      &avifImageDestroy);
  if (!picture) throw std::bad_alloc();
  picture->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
  picture->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
  // Red, green and blue themselves, or Y'CbCr.
  picture->matrixCoefficients = lossless ? AVIF_MATRIX_COEFFICIENTS_IDENTITY : AVIF_MATRIX_COEFFICIENTS_BT601;
  picture->yuvRange = AVIF_RANGE_FULL;
  // What these two return has changed between versions; a failure to allocate shows when the file is made.
  if (const std::string xmp = xmp_of(settings); !xmp.empty())
    static_cast<void>(avifImageSetMetadataXMP(picture.get(),
                                              reinterpret_cast<const std::uint8_t*>(xmp.data()), xmp.size()));
  avifRGBImage rgb;
  avifRGBImageSetDefaults(&rgb, picture.get());
  rgb.format = AVIF_RGB_FORMAT_RGB;
  rgb.pixels = const_cast<std::uint8_t*>(pixels.rgb.data());  // only read
  rgb.rowBytes = static_cast<std::uint32_t>(3 * pixels.width);
  check(avifImageRGBToYUV(picture.get(), &rgb), image);

  const Encoder encoder(avifEncoderCreate(), &avifEncoderDestroy);
  if (!encoder) throw std::bad_alloc();
  encoder->maxThreads = 1;
  encoder->speed = kSpeed;
  const int quantizer =
      lossless ? AVIF_QUANTIZER_LOSSLESS : ((100 - quality) * AVIF_QUANTIZER_WORST_QUALITY + 50) / 100;
  encoder->minQuantizer = encoder->maxQuantizer = quantizer;
  avifRWData file = AVIF_DATA_EMPTY;
  const std::unique_ptr<avifRWData, decltype(&avifRWDataFree)> owner(&file, &avifRWDataFree);
  check(avifEncoderWrite(encoder.get(), picture.get(), &file), image);
  return {reinterpret_cast<const char*>(file.data), file.size};
}

}  // namespace reverie::io
