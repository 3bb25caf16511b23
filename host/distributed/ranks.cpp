#include "distributed/ranks.h"

#include <ATen/ATen.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "distributed/card_group.h"

namespace reverie::distributed {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr minutes kLatest{5};         // for all to be there
constexpr hours kPatience{24 * 365};  // a run may be paused
constexpr milliseconds kBeat{500};
constexpr seconds kSilence{6};  // after which a process counts as lost
constexpr seconds kStoreAnswers{4};

const std::string kEnd = "end";  // "2 it was ended by SIGKILL": the rank that has ended, and why

std::string key(const char* what, std::int64_t rank) {
  return std::string(what) + "." + std::to_string(rank);
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "a machine without a name";
}

/// The address by which this machine reaches another.
std::string own_address(const std::string& other) {
  addrinfo *found = nullptr, hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  std::string result;
  if (::getaddrinfo(other.c_str(), "9", &hints, &found) != 0) return result;
  const int socket = ::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage own = {};
  socklen_t size = sizeof own;
  char text[NI_MAXHOST] = {};
  // Connecting a datagram socket sends nothing; it only chooses the way.
  if (socket >= 0 && ::connect(socket, found->ai_addr, found->ai_addrlen) == 0 &&
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
      ::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) ==
          0)
    result = text;
  if (socket >= 0) ::close(socket);
  ::freeaddrinfo(found);
  return result;
}

c10::intrusive_ptr<c10d::Store> open_store(const RankEnvironment& environment, bool serves,
                                           milliseconds timeout) {
  if (!environment.store_file.empty()) {
    // The file belongs to the process that started the ranks: no rank deletes it.
    auto store = c10::make_intrusive<c10d::FileStore>(environment.store_file.string(), -1);
    store->setTimeout(timeout);
    return store;
  }
  c10d::TCPStoreOptions options;
  options.port = environment.port;
  options.isServer = serves;
  options.waitWorkers = false;
  options.timeout = timeout;
  return c10::make_intrusive<c10d::TCPStore>(environment.address, options);
}

c10::intrusive_ptr<c10d::Store> named(const RankEnvironment& environment,
                                      c10::intrusive_ptr<c10d::Store> store) {
  return c10::make_intrusive<c10d::PrefixStore>("reverie" + environment.attempt, std::move(store));
}

/// Gloo prints to standard output how many have met.
class Silence {
 public:
  Silence() : nowhere_("/dev/null"), before_(std::cout.rdbuf(nowhere_.rdbuf())) {}
  ~Silence() { std::cout.rdbuf(before_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  std::ofstream nowhere_;
  std::streambuf* before_;
};

/// Only the first that ends is recorded: the others end because of it.
void set_end(c10d::Store& store, std::int64_t rank, const std::string& why) {
  if (!store.check({kEnd})) store.set(kEnd, std::to_string(rank) + " " + why);
}

std::string first_line(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return text.substr(0, text.find('\n'));
}

}  // namespace

struct Ranks::Engine {
  RankEnvironment where;
  std::vector<std::string> names;  // of all ranks, for messages
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Store>
      watched;  // of one machine: the same file, for looks beside a call of `store`
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;
  c10::intrusive_ptr<c10d::Backend> cards;  // for tensors on cards, if by NCCL
  std::atomic<std::int64_t> lost = kNone;   // the rank that is missing, as far as is known
  std::string why;                          // written before `lost`
  // The pulse, a thread that talks to the store: a machine that is gone may keep it waiting for ever.
  std::atomic<Clock::time_point> last_beat = Clock::now();
  std::mutex mutex;
  std::condition_variable changed;
  bool ending = false;
  std::thread pulse;

  static constexpr std::int64_t kNone = -1, kUnknown = -2;

  bool left = false;  // this process says why it ends

  explicit Engine(const RankEnvironment& environment);
  void meet();
  void await_all();
  void connect();
  [[noreturn]] void not_met(const std::string& why);
  bool end();
  void lose(std::int64_t rank, const std::string& reason);
  bool read_end(c10d::Store& from);
  void beat(const c10::intrusive_ptr<c10d::Store>& pulse_store);
  void wait(c10d::Work& work);
  bool look();
  [[noreturn]] void report(const std::string& technical);

  bool by_network() const { return where.store_file.empty(); }
};

void Ranks::Engine::not_met(const std::string& why) {
  // A store that nobody watches could keep this waiting.
  if (lost == kNone && (pulse.joinable() || (!by_network() && store))) {
    try {
      left = true;
      set_end(*store, where.rank, "it could not meet the others: " + why);
    } catch (const std::exception&) {  // they find out by its silence
    }
  }
  throw RankLost(
      ErrorKind::file,
      "rank " + std::to_string(where.rank) + " of " + std::to_string(where.count) +
          " could not meet the others" +
          (by_network() ? " at " + where.address + ":" + std::to_string(where.port) : "") + ": " + why,
      "start all ranks within five minutes with the same WORLD_SIZE, MASTER_ADDR and MASTER_PORT, a "
      "different RANK each, and a port that is free on the machine of rank 0; where a machine calls itself "
      "by a "
      "name for 127.0.1.1, or has several networks, GLOO_SOCKET_IFNAME names the interface, such as eth0");
}

Ranks::Engine::Engine(const RankEnvironment& environment) : where(environment) {
  for (std::int64_t rank = 0; rank < where.count; ++rank)
    names.push_back("rank " + std::to_string(rank) + " of " + std::to_string(where.count));
}

/// From here on, the end of another rank is noticed, whatever this one is waiting for.
void Ranks::Engine::meet() {
  if (by_network()) refuse_public(where.address);
  try {
    const bool serves = where.rank == 0 && !where.store_is_there;
    store = named(where, open_store(where, serves, kLatest));
    if (!by_network()) watched = named(where, open_store(where, false, kLatest));
    store->set(key("who", where.rank), host_name() + ", process " + std::to_string(::getpid()));
    await_all();
    for (std::int64_t rank = 0; rank < where.count; ++rank)
      names[static_cast<std::size_t>(rank)] += " (" + store->get_to_str(key("who", rank)) + ")";
    if (by_network()) {
      auto pulse_store = named(where, open_store(where, false, kStoreAnswers));
      last_beat = Clock::now();
      pulse = std::thread([this, pulse_store] { beat(pulse_store); });
    }
    connect();
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    not_met(first_line(error));
  } catch (const std::exception& error) {  // Gloo's own
    not_met(error.what());
  }
}

/// Of the ranks of one machine, the process that started them says if one has ended before it came here.
void Ranks::Engine::await_all() {
  std::vector<std::string> all;
  for (std::int64_t rank = 0; rank < where.count; ++rank) all.push_back(key("who", rank));
  if (by_network()) return store->wait(all, kLatest);
  for (const auto start = Clock::now(); !store->check(all); std::this_thread::sleep_for(milliseconds(10))) {
    if (look()) report("");
    if (Clock::now() - start > kLatest) not_met("some of them did not come");
  }
}

/// Gloo would wait for one that has ended since it came as long as for an exchange, so it has a thread of its
/// own, which is left behind then.
void Ranks::Engine::connect() {
  // Gloo takes its patience from here, for every exchange.
  const auto options = c10d::ProcessGroupGloo::Options::create(kPatience);
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  const std::string address = by_network() ? own_address(where.address) : "127.0.0.1";
  options->devices.push_back(
      interface && *interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
      : address.empty()       ? c10d::ProcessGroupGloo::createDefaultDevice()
                              : c10d::ProcessGroupGloo::createDeviceForHostname(address));
  using Group = c10::intrusive_ptr<c10d::ProcessGroupGloo>;
  std::promise<Group> promise;
  std::future<Group> made = promise.get_future();
  const Silence silence;
  std::thread([promise = std::move(promise), options, of = store, rank = static_cast<int>(where.rank),
               count = static_cast<int>(where.count)]() mutable {
    try {
      promise.set_value(c10::make_intrusive<c10d::ProcessGroupGloo>(of, rank, count, options));
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  }).detach();
  while (made.wait_for(milliseconds(10)) != std::future_status::ready)
    if (look()) report("");
  group = made.get();
}

/// Whether nothing uses this any more.
bool Ranks::Engine::end() {
  // The others read from the store of rank 0 who is missing.
  if ((lost != kNone || left) && by_network() && where.rank == 0) std::this_thread::sleep_for(3 * kBeat);
  {
    const std::lock_guard lock(mutex);
    ending = true;
  }
  changed.notify_all();
  if (lost != kNone) {
    if (pulse.joinable()) pulse.detach();
    return false;
  }
  if (pulse.joinable()) pulse.join();
  return lost == kNone;
}

void Ranks::Engine::lose(std::int64_t rank, const std::string& reason) {
  const std::lock_guard lock(mutex);
  if (lost != kNone) return;
  why = reason;
  lost = rank;
}

/// Reads what a rank has left that has ended.
bool Ranks::Engine::read_end(c10d::Store& from) {
  if (!from.check({kEnd})) return false;
  const std::string text = from.get_to_str(kEnd);
  const std::size_t blank = text.find(' ');
  lose(std::stoll(text), "has ended: " + text.substr(blank + 1));
  return true;
}

/// Rank 0 watches all others, and they watch rank 0, which also says whom it misses.
void Ranks::Engine::beat(const c10::intrusive_ptr<c10d::Store>& pulse_store) {
  std::int64_t count = 0;
  std::vector<std::string> last(static_cast<std::size_t>(where.count));
  std::vector<Clock::time_point> seen(last.size(), Clock::now());
  const auto answers = [&](std::int64_t other) {
    const auto index = static_cast<std::size_t>(other);
    const std::string now =
        pulse_store->check({key("beat", other)}) ? pulse_store->get_to_str(key("beat", other)) : "";
    if (now != last[index]) {
      last[index] = now;
      seen[index] = Clock::now();
    }
    return Clock::now() - seen[index] < kSilence;
  };
  std::unique_lock lock(mutex);
  while (!ending && lost == kNone) {
    lock.unlock();
    try {
      pulse_store->set(key("beat", where.rank), std::to_string(++count));
      if (!read_end(*pulse_store)) {
        const std::int64_t from = where.rank == 0 ? 1 : 0, to = where.rank == 0 ? where.count : 1;
        for (std::int64_t other = from; other < to; ++other)
          if (!answers(other)) {
            if (where.rank == 0) pulse_store->set(kEnd, std::to_string(other) + " it no longer answers");
            lose(other, "no longer answers");
          }
      }
    } catch (const std::exception&) {
      lose(0, "no longer answers");  // which has the store
    }
    last_beat = Clock::now();
    lock.lock();
    changed.wait_for(lock, kBeat, [&] { return ending; });
  }
}

/// Finds out who is missing, if anybody is.
bool Ranks::Engine::look() {
  if (lost != kNone) return true;
  if (by_network()) {
    if (Clock::now() - last_beat.load() > kSilence) lose(0, "no longer answers");
  } else {
    try {
      read_end(*watched);
    } catch (const std::exception&) {
    }
  }
  return lost != kNone;
}

/// A connection only says that it is closed, so it may take a moment until it is known whose it was.
void Ranks::Engine::report(const std::string& technical) {
  for (const auto start = Clock::now(); Clock::now() - start < kSilence + 4 * kBeat;
       std::this_thread::sleep_for(milliseconds(20)))
    if (look()) break;
  lose(kUnknown, technical);
  const std::int64_t who = lost;
  throw RankLost(
      ErrorKind::device,
      who == kUnknown ? "a rank cannot be reached: " + why
                      : names.at(static_cast<std::size_t>(who)) + " " + why,
      "the run has ended on all ranks, and everything up to the last backup is whole; the same command with "
      "--restore goes on from there, with any number of ranks");
}

void Ranks::Engine::wait(c10d::Work& work) {
  // Looked at rather than waited for: a machine that is gone would never end wait(). A short exchange is over
  // in the first looks.
  constexpr int kShortLooks = 40, kLooksBetween = 200;
  for (int look = 0; !work.isCompleted(); ++look) {
    if (look % kLooksBetween == kLooksBetween - 1 && this->look()) report("");
    std::this_thread::sleep_for(look < kShortLooks ? std::chrono::microseconds(50)
                                                   : std::chrono::microseconds(500));
  }
  try {
    work.wait();
  } catch (const c10::Error& error) {
    report(first_line(error));
  } catch (const std::exception& error) {
    report(error.what());
  }
}

Ranks::Ranks(const RankEnvironment& environment) : engine_(std::make_shared<Engine>(environment)) {
  try {
    engine_->meet();
  } catch (...) {
    end();
    throw;
  }
}

Ranks::~Ranks() { end(); }

void Ranks::end() {
  // Threads that wait for a machine that is gone end with the process.
  if (!engine_->end()) static_cast<void>(new std::shared_ptr<Engine>(engine_));
}

std::int64_t Ranks::rank() const { return engine_->where.rank; }
std::int64_t Ranks::count() const { return engine_->where.count; }

bool Ranks::use_cards(c10::Device device, void* (*function)(const char*)) {
  if (engine_->cards) return true;  // an earlier run of this process
  auto* const make = reinterpret_cast<MakeCardGroup*>(function(kMakeCardGroup));
  auto* const address_of = reinterpret_cast<AddressOfCard*>(function(kAddressOfCard));
  std::string card;
  if (device.is_cuda() && make && address_of) {
    char address[64] = {};
    address_of(device.index(), address, sizeof address);
    card = host_name() + " " + address;
  }
  if (count() == 1 || !each_has_a_card(gather(card))) return false;
  c10::intrusive_ptr<c10d::Backend> cards;
  bool made = true;
  try {
    make(c10::make_intrusive<c10d::PrefixStore>("cards", engine_->store), static_cast<int>(rank()),
         static_cast<int>(count()), cards);
  } catch (const std::exception&) {
    made = false;
  }
  if (any(!made)) return false;
  engine_->cards = std::move(cards);
  return true;
}

at::Tensor Ranks::gather(const at::Tensor& values) {
  if (engine_->cards && values.is_cuda()) {
    try {
      return gather_in_group(*engine_->cards, count(), values,
                             [&](c10d::Work& work) { engine_->wait(work); });
    } catch (const c10::Error& error) {
      engine_->report(first_line(error));
    }
  }
  at::Tensor own = values.detach().to(at::kCPU).contiguous();
  std::vector<std::int64_t> shape = own.sizes().vec();
  shape.insert(shape.begin(), count());
  if (count() == 1) return own.view(shape);
  at::Tensor all = at::empty(shape, own.options());
  c10::intrusive_ptr<c10d::Work> work;
  try {
    std::vector<at::Tensor> parts = all.unbind(0), inputs = {own};
    std::vector<std::vector<at::Tensor>> outputs = {parts};
    work = engine_->group->allgather(outputs, inputs);
    engine_->wait(*work);
  } catch (const c10::Error& error) {
    engine_->report(first_line(error));
  }
  return all;
}

void Ranks::leave(const std::string& why) noexcept {
  try {
    engine_->left = true;
    if (engine_->lost == Engine::kNone)
      set_end(*engine_->store, rank(), why.empty() ? "it gave no reason" : why);
  } catch (...) {
  }
}

void note_end(const std::filesystem::path& store_file, std::int64_t rank, const std::string& why) noexcept {
  try {
    RankEnvironment environment;
    environment.store_file = store_file;
    set_end(*named(environment, open_store(environment, false, kStoreAnswers)), rank, why);
  } catch (...) {
  }
}

}  // namespace reverie::distributed
