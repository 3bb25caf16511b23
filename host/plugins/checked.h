#pragma once
// Instances as the host uses them: each call of a plugin goes through one of these, which names the plugin in
// what it throws and checks what it returns, once per call.

#include <memory>

#include "plugins/boundary.h"
#include "reverie/kinds.h"

namespace reverie {

// For each interface: checked(instance, boundary, setup), where `setup` is the const Interface::Setup* that
// the instance was made with.
#define REVERIE_DECLARE_CHECKED(folder, Interface, header) \
  class Interface;                                         \
  std::shared_ptr<Interface> checked(std::shared_ptr<Interface>, Boundary, const void* setup);
REVERIE_KINDS(REVERIE_DECLARE_CHECKED)
#undef REVERIE_DECLARE_CHECKED

}  // namespace reverie
