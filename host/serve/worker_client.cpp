#include "serve/worker_client.h"

#include <curl/curl.h>
#include <json/reader.h>
#include <json/writer.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>

#include "reverie/atomic_file.h"
#include "serve/run_record.h"

namespace reverie::serve {
namespace {

constexpr long kConnectSeconds = 3;
constexpr long kAnswerSeconds = 5;
constexpr long kSubmitSeconds = 150;  // settings are checked first, which may take this long
constexpr long kStallSeconds = 5;     // of a file
constexpr std::size_t kLargestAnswer = 32 << 20;

/// What curl's callbacks get.
struct Transfer {
  const std::function<bool(std::string_view)>& take;
  const std::atomic<bool>& ended;
  std::exception_ptr thrown = nullptr;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* pointer) {
  Transfer& transfer = *static_cast<Transfer*>(pointer);
  try {
    return transfer.take({data, size * count}) ? size * count : 0;
  } catch (...) {  // must not pass through libcurl
    transfer.thrown = std::current_exception();
    return 0;
  }
}

int on_progress(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(transfer)->ended ? 1 : 0;
}

}  // namespace

std::string WorkerClient::Answer::error() const {
  const Json::Value& said = json.isObject() ? json["error"] : Json::Value::nullSingleton();
  return said.isString() ? said.asString() : "status " + std::to_string(status);
}

/// The status. `take` gets the body of an answer without an error, or with one.
long WorkerClient::perform(const char* method, const std::string& path, const std::string& body, long seconds,
                           const std::function<bool(std::string_view)>& take) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(ready == CURLE_OK ? curl_easy_init() : nullptr,
                                                    curl_easy_cleanup);
  if (!curl) throw WorkerSilent("libcurl cannot be started", false);
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  char detail[CURL_ERROR_SIZE] = "";
  Transfer transfer{take, ended_, nullptr};
  const std::string address = url_ + path;
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_URL, address.c_str());
  set(CURLOPT_USERAGENT, "reverie");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(CURLOPT_TIMEOUT, seconds);
  set(CURLOPT_LOW_SPEED_TIME, seconds == 0 ? kStallSeconds : 0L);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);
  set(CURLOPT_CUSTOMREQUEST, method);
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(nullptr, curl_slist_free_all);
  const auto header = [&](const std::string& line) {
    headers.reset(curl_slist_append(headers.release(), line.c_str()));
  };
  header("Authorization: Bearer " + token_);
  header("Expect:");  // no question before the body
  if (std::string_view(method) == "POST") {
    if (!body.empty()) header("Content-Type: application/json");
    set(CURLOPT_POSTFIELDS, body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  set(CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = curl_easy_perform(curl.get());
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  long status = 0;
  curl_off_t connect_time = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(curl.get(), CURLINFO_CONNECT_TIME_T, &connect_time);
  if (code != CURLE_OK)
    throw WorkerSilent(url_ + ": " + (*detail ? detail : curl_easy_strerror(code)), connect_time > 0);
  return status;
}

WorkerClient::Answer WorkerClient::ask(const char* method, const std::string& path, const std::string& body) {
  std::string text;
  Answer answer;
  answer.status = perform(method, path, body, body.empty() ? kAnswerSeconds : kSubmitSeconds,
                          [&](std::string_view bytes) {
                            text += bytes;
                            return text.size() <= kLargestAnswer;
                          });
  if (text.empty()) return answer;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  std::string errors;
  bool read = false;
  try {
    read = reader->parse(text.data(), text.data() + text.size(), &answer.json, &errors);
  } catch (const std::exception&) {  // nested too deeply
  }
  if (!read && !answer.is_error()) throw WorkerSilent(url_ + " answered something else than JSON", true);
  return answer;
}

WorkerClient::Answer WorkerClient::post(const std::string& path, const Json::Value& body) {
  return ask("POST", path, body.isNull() ? "" : json_text(body));
}

std::shared_ptr<const std::string> WorkerClient::bytes(const std::string& path,
                                                       const std::function<void()>& while_it_comes) {
  const auto result = std::make_shared<std::string>();
  bool too_large = false;
  try {
    const long status = perform("GET", path, "", 0, [&](std::string_view bytes) {
      while_it_comes();
      *result += bytes;
      too_large = result->size() > kLargestAnswer;
      return !too_large;
    });
    return status == 200 ? result : nullptr;
  } catch (const WorkerSilent&) {
    if (too_large) return nullptr;
    throw;
  }
}

bool WorkerClient::fetch(const std::string& path, const std::filesystem::path& file, std::uintmax_t most,
                         const std::function<void()>& while_it_comes) {
  const std::filesystem::path part = file.string() + ".part";
  create_folder_of(part);
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> out(std::fopen(part.c_str(), "wbe"));
  if (!out) detail::cannot_write(part, errno);
  std::uintmax_t size = 0;
  int error = 0;
  const auto drop = [&] {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
  };
  long status = 0;
  try {
    status = perform("GET", path, "", 0, [&](std::string_view bytes) {
      size += bytes.size();
      if (size > most) return false;
      while_it_comes();
      if (std::fwrite(bytes.data(), 1, bytes.size(), out.get()) == bytes.size()) return true;
      error = errno;
      return false;
    });
  } catch (...) {
    drop();
    if (error) detail::cannot_write(file, error);
    throw;
  }
  if (status != 200) {
    drop();
    if (status == 404) return false;
    throw WorkerSilent(url_ + " answered " + std::to_string(status) + " to a request for a file", true);
  }
  if (std::fflush(out.get()) != 0 || ::fsync(::fileno(out.get())) != 0) error = errno;
  if (error == 0 && ::rename(part.c_str(), file.c_str()) != 0) error = errno;
  if (error) {
    drop();
    detail::cannot_write(file, error);
  }
  return true;
}

}  // namespace reverie::serve
