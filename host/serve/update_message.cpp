#include "serve/update_message.h"

#include <ATen/ops/from_blob.h>

#include <memory>
#include <stdexcept>

#include "web/png_bytes.h"

namespace reverie::serve {

using web::rgb_bytes;
namespace {

using Int = Json::Int64;

Json::Value json_of(const RunUpdate::Step& step) {
  Json::Value losses(Json::arrayValue);
  for (const RunUpdate::Loss& loss : step.losses) {
    Json::Value& one = losses.append(Json::arrayValue);
    one.append(loss.name);
    one.append(loss.value);
    one.append(static_cast<int>(loss.kind));
    one.append(loss.share);
  }
  Json::Value value(Json::arrayValue);
  value.append(Int(step.number));
  value.append(step.seconds);
  value.append(Int(step.scene));
  value.append(step.t);
  value.append(losses);
  return value;
}

RunUpdate::Step step_from(const Json::Value& value) {
  RunUpdate::Step step{value[0].asInt64(), value[1].asDouble(), value[2].asInt64(), value[3].asDouble(), {}};
  for (const Json::Value& one : value[4])
    step.losses.push_back({one[0].asString(), one[1].asDouble(),
                           static_cast<RunUpdate::Loss::Kind>(one[2].asInt()), one[3].asDouble()});
  return step;
}

Json::Value size_of(const at::Tensor& image) {
  Json::Value size(Json::arrayValue);
  size.append(Int(image.size(2)));
  size.append(Int(image.size(3)));
  return size;
}

/// A picture of `size` from what is left of the bytes.
at::Tensor image_from(const Json::Value& size, const std::shared_ptr<const std::string>& bytes,
                      std::size_t& at) {
  const std::int64_t height = size[0].asInt64(), width = size[1].asInt64();
  constexpr std::int64_t kMost = 1 << 20;
  if (height < 1 || width < 1 || height > kMost || width > kMost ||
      static_cast<std::size_t>(3 * height * width) > bytes->size() - at)
    throw std::runtime_error("a picture is not of the size that is said of it");
  // Read only, as all that viewers get.
  auto* pixels = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes->data() + at));
  at += static_cast<std::size_t>(3 * height * width);
  return at::from_blob(
      pixels, {1, 3, height, width}, {3 * height * width, 1, 3 * width, 3}, [bytes](void*) {}, at::kByte);
}

}  // namespace

Message to_message(const RunUpdate& update) {
  Message message{Channel::named("update"), {}};
  Json::Value& head = message.head;
  for (const RunUpdate::Step& step : update.steps) head["steps"].append(json_of(step));
  if (update.picture) {
    head["picture"]["step"] = Int(update.picture->step);
    head["picture"]["size"] = size_of(update.picture->image);
    message.body = rgb_bytes(update.picture->image);
    if (const auto& palette = update.picture->palette) {
      head["picture"]["palette"] = size_of(*palette);
      message.body += rgb_bytes(*palette);
    }
  }
  for (const RunUpdate::File& file : update.saved) {
    Json::Value& one = head["saved"].append(Json::arrayValue);
    one.append(file.path.string());
    one.append(Int(file.number));
  }
  for (const RunUpdate::Memory& part : update.memory) {
    Json::Value& one = head["memory"].append(Json::arrayValue);
    one.append(part.component);
    one.append(Int(part.bytes));
    one.append(Int(part.most));
  }
  head["state"] = static_cast<int>(update.state);
  head["message"] = update.message;
  return message;
}

RunUpdate update_from(Message& message) {
  const Json::Value& head = message.head;
  RunUpdate update;
  for (const Json::Value& step : head["steps"]) update.steps.push_back(step_from(step));
  if (head.isMember("picture")) {
    const Json::Value& picture = head["picture"];
    const auto bytes = std::make_shared<const std::string>(std::move(message.body));
    std::size_t at = 0;
    update.picture =
        RunUpdate::Picture{picture["step"].asInt64(), image_from(picture["size"], bytes, at), {}};
    if (picture.isMember("palette")) update.picture->palette = image_from(picture["palette"], bytes, at);
  }
  for (const Json::Value& file : head["saved"])
    update.saved.push_back({file[0].asString(), file[1].asInt64()});
  for (const Json::Value& part : head["memory"])
    update.memory.push_back({part[0].asString(), part[1].asInt64(), part[2].asInt64()});
  const int state = head["state"].asInt();
  if (state < 0 || state > static_cast<int>(RunUpdate::State::failed))
    throw std::runtime_error("a run is in no known state");
  update.state = static_cast<RunUpdate::State>(state);
  update.message = head["message"].asString();
  return update;
}

Message to_message(const Viewer::Setup& setup) {
  Message message{Channel::named("prepared"), setup.settings};
  message.head["folder"] = setup.folder.string();
  message.head["base"] = setup.base_name;
  message.head["scenes"] = Json::arrayValue;
  for (const std::string& scene : setup.scenes) message.head["scenes"].append(scene);
  message.head["steps"] = Int(setup.steps);
  message.head["done"] = Int(setup.done);
  return message;
}

Viewer::Setup setup_from(const Message& message, RunControl* control) {
  Viewer::Setup setup{message.head["folder"].asString(), message.head["base"].asString(), message.body, {},
                      message.head["steps"].asInt64(),   message.head["done"].asInt64(),  control};
  for (const Json::Value& scene : message.head["scenes"]) setup.scenes.push_back(scene.asString());
  return setup;
}

Json::Value json_of(const std::vector<Steering::Value>& values) {
  Json::Value list(Json::arrayValue);
  for (const Steering::Value& value : values) {
    Json::Value& one = list.append(Json::arrayValue);
    one.append(value.name);
    one.append(value.value);
    one.append(value.help);
    one.append(value.number);
    one.append(value.low ? Json::Value(*value.low) : Json::Value());
    one.append(value.high ? Json::Value(*value.high) : Json::Value());
  }
  return list;
}

std::vector<Steering::Value> values_from(const Json::Value& json) {
  const auto bound = [](const Json::Value& value) {
    return value.isNull() ? std::nullopt : std::optional(value.asDouble());
  };
  std::vector<Steering::Value> values;
  for (const Json::Value& one : json)
    values.push_back({one[0].asString(), one[1].asString(), one[2].asString(), one[3].asBool(), bound(one[4]),
                      bound(one[5])});
  return values;
}

}  // namespace reverie::serve
