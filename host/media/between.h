#pragma once
// Pictures between two pictures of a film, made by how things move from the one to the other.

#include <ATen/core/Tensor.h>

namespace reverie::media {

/// Two neighbouring pictures [1, 3, H, W] and the flows between them [1, 2, H, W], in pixels, x then y: what
/// the first has at p is at p + forth(p) in the second, and the other way round. On the CPU, float32.
struct Neighbours {
  at::Tensor first, second, forth, back;
};

/// The picture at the time `t`, above 0 and below 1, of the way from the first to the second.
///
/// Every pixel of both goes along its flow to where it is at that time. Where several meet, as at the edge of
/// a thing that covers another, those win that look alike in both pictures and whose flows lead back to them.
/// What no pixel reaches moves as its surroundings do. A place then shows both pictures, looked up along its
/// motion and mixed by time; or the one alone, where only that has pixels which came here: what gets covered
/// is in the first picture only, what comes out in the second.
at::Tensor between(const Neighbours& pair, double t);

}  // namespace reverie::media
