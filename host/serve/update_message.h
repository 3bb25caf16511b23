#pragma once
// What a viewer gets, as messages between processes.

#include "reverie/steering.h"
#include "reverie/viewer.h"
#include "serve/channel.h"

namespace reverie::serve {

/// Pictures travel as 8 bits a channel, as pages show them.
Message to_message(const RunUpdate& update);
/// Takes over the bytes; its pictures are of type uint8. Throws std::exception when it is not what
/// to_message() makes.
RunUpdate update_from(Message& message);

/// All but the control.
Message to_message(const Viewer::Setup& setup);
Viewer::Setup setup_from(const Message& message, RunControl* control);

/// Settings that can change.
Json::Value json_of(const std::vector<Steering::Value>& values);
std::vector<Steering::Value> values_from(const Json::Value& json);

}  // namespace reverie::serve
