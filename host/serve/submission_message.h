#pragma once
// A submission as a message between the server and the process that reads it.

#include "serve/channel.h"
#include "serve/run_settings.h"

namespace reverie::serve {

/// All but its text, which is the message's body.
inline Json::Value to_head(const char* what, const Submission& submission) {
  Json::Value head = Channel::named(what);
  head["kind"] = static_cast<int>(submission.kind);
  head["title"] = submission.title;
  head["overrides"] = json_of(submission.overrides);
  head["words"] = submission.words;
  head["hash_files"] = submission.hash_files;
  return head;
}

inline Submission submission_from(const Message& message) {
  Submission submission;
  submission.text = message.body;
  submission.kind = static_cast<RunKind>(message.head["kind"].asInt());
  submission.title = message.head["title"].asString();
  submission.words = message.head["words"].asString();
  submission.hash_files = message.head["hash_files"].asBool();
  for (const Json::Value& text : message.head["overrides"]) submission.overrides.push_back(text.asString());
  return submission;
}

}  // namespace reverie::serve
