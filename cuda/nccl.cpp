// NCCL for ranks on cards: see host/distributed/card_group.h.

#include <c10/cuda/CUDAException.h>
#include <cuda_runtime_api.h>

#include <chrono>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "distributed/card_group.h"

extern "C" __attribute__((visibility("default"))) reverie::distributed::MakeCardGroup reverie_make_card_group;
extern "C" __attribute__((visibility("default"))) reverie::distributed::AddressOfCard reverie_address_of_card;

void reverie_make_card_group(const c10::intrusive_ptr<c10d::Store>& store, int rank, int count,
                             c10::intrusive_ptr<c10d::Backend>& group) {
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = std::chrono::hours(24 * 365);  // a run may be paused; the ranks' pulse finds who is lost
  group = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, count, options);
}

void reverie_address_of_card(int index, char* address, int size) {
  C10_CUDA_CHECK(cudaDeviceGetPCIBusId(address, size, index));
}
