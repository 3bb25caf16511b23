#include "web/run_routes.h"

#include <gtest/gtest.h>

#include "support/scratch.h"
#include "web/made_run.h"
#include "web/run_feed.h"

namespace reverie {
namespace {

using test::AskedControl;
using test::made_end;
using test::made_steps;
using test::parsed;

class RunRoutesTest : public ::testing::Test {
 protected:
  AskedControl control;
  std::shared_ptr<web::RunFeed> feed = std::make_shared<web::RunFeed>(test::made_setup(control));

  std::optional<web::HttpResponse> ask(const std::string& path, const std::string& method = "GET") {
    web::HttpRequest request;
    request.method = method;
    return web::answer_run(feed, path, request);
  }
  int status(const std::string& path, const std::string& method = "GET") {
    const auto response = ask(path, method);
    return response ? response->status : 0;
  }
};

TEST_F(RunRoutesTest, ThereIsNothingElse) {
  for (const char* path :
       {"State", "state/", "frames", "frames/", "frames/x", "frames/1x", "frames/-1", "frames/0",
        "frames/../settings", "kept/", "pictures", "frames/99999999999999999999"})
    EXPECT_FALSE(ask(path)) << path;
}

TEST_F(RunRoutesTest, ButtonsArePosts) {
  EXPECT_EQ(status("pause", "POST"), 204);
  EXPECT_TRUE(control.paused());
  EXPECT_EQ(status("resume", "POST"), 204);
  EXPECT_FALSE(control.paused());
  EXPECT_EQ(status("keep", "POST"), 204);
  EXPECT_EQ(control.kept, 1);
  EXPECT_EQ(status("stop"), 405);
  EXPECT_EQ(ask("stop")->headers.back(), (std::pair<std::string, std::string>("Allow", "POST")));
  EXPECT_FALSE(control.stopped);
  EXPECT_EQ(status("stop", "POST"), 204);
  EXPECT_TRUE(control.stopped);
  EXPECT_EQ(status("state", "POST"), 405);
  feed->update(made_end());
  EXPECT_EQ(status("pause", "POST"), 409);
}

/// Takes changes of one setting.
class SteeredControl final : public RunControl, public Steering {
 public:
  void pause() override {}
  void resume() override {}
  bool paused() const override { return false; }
  void keep_picture() override {}
  void stop() override {}
  void change(const Settings& settings, std::function<void(const Answer&)> answered) override {
    asked = settings;
    const auto rate = settings.find("learning_rate");
    answered(rate == settings.end() ? Answer{{"there is no setting 'hue'"}, 0} : Answer{{}, 41});
    ++made;
  }
  std::vector<Value> values() const override {
    return {{"learning_rate", "0.1", "step size", true, 0.0, {}}};
  }
  std::uint64_t version() const override { return 1 + made; }
  Settings asked;
  std::uint64_t made = 0;
};

TEST_F(RunRoutesTest, ChangesAreAnswered) {
  EXPECT_EQ(status(""), 405);
  SteeredControl steered;
  Viewer::Setup setup = test::made_setup(control);
  setup.control = &steered;
  feed = std::make_shared<web::RunFeed>(setup);
  const auto change = [&](const std::string& body, const std::string& type = "application/json") {
    web::HttpRequest request;
    request.method = "PATCH";
    request.headers = {{"content-type", type}};
    request.body = body;
    return *web::answer_run(feed, "", request);
  };
  const web::RunView::Sequence before = feed->sequence();
  const web::HttpResponse done =
      change(R"({"learning_rate": 0.3, "cutouts": 4, "prompts": {"0": "a"}, "scenes": "b"})");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(parsed(done.body)["step"], 41);
  const Steering::Settings wanted = {
      {"learning_rate", "0.3"}, {"cutouts", "4"}, {"prompts", R"({"0":"a"})"}, {"scenes", "b"}};
  EXPECT_EQ(steered.asked, wanted);
  const Json::Value news = parsed(feed->news(before).json);
  EXPECT_EQ(news["changeable"][0]["name"], "learning_rate") << "pages hear of what has changed";
  EXPECT_EQ(news["changeable"][0]["low"], 0.0);
  EXPECT_FALSE(news["changeable"][0].isMember("high"));
  EXPECT_FALSE(parsed(feed->news(feed->sequence()).json).isMember("changeable"));
  const web::HttpResponse wrong = change(R"({"hue": 1})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(parsed(wrong.body)["problems"][0]["message"], "there is no setting 'hue'");
  EXPECT_EQ(parsed(wrong.body)["problems"][0]["setting"], "hue");
  for (const char* body : {"", "[]", "{}", "1", "{\"a\": }"}) EXPECT_EQ(change(body).status, 400) << body;
  EXPECT_EQ(change(std::string(10'000, '[')).status, 400);
  EXPECT_EQ(change("{}", "text/plain").status, 415);
  EXPECT_EQ(change("{\"a\": \"" + std::string(70'000, 'a') + "\"}").status, 413);
  feed->update(made_end());
  EXPECT_EQ(change(R"({"learning_rate": 1})").status, 409);
}

TEST_F(RunRoutesTest, PicturesAreThereOnceTheyAre) {
  EXPECT_EQ(status("picture"), 204);
  EXPECT_EQ(status("palette"), 204);
  RunUpdate update;
  update.picture = RunUpdate::Picture{1, at::rand({1, 3, 4, 4}), std::nullopt};
  feed->update(update);
  const auto response = ask("picture");
  ASSERT_EQ(response->status, 200);
  EXPECT_EQ(response->shared_body, feed->picture());
}

TEST_F(RunRoutesTest, FramesAreTheirFiles) {
  const test::Scratch folder, elsewhere;
  Viewer::Setup setup = test::made_setup(control);
  setup.folder = folder.path();
  feed = std::make_shared<web::RunFeed>(setup);
  RunUpdate update;
  update.saved = {{folder.write("a_1.png", "one"), 1},
                  {folder / "a_2.png", 2},
                  {elsewhere.write("a_4.png", "not in its folder"), 4},
                  {folder / "a_5.png", 5},
                  {folder.write("k.png", "kept"), 0},
                  {folder / "k_2.png", 0}};
  std::filesystem::create_symlink(elsewhere / "a_4.png", folder / "a_5.png");
  std::filesystem::create_symlink(elsewhere / "a_4.png", folder / "k_2.png");
  feed->update(update);
  EXPECT_EQ(ask("frames/1")->file->all(), "one");
  EXPECT_EQ(status("frames/2"), 404) << "it is gone";
  for (const char* path : {"frames/3", "frames/4", "frames/5", "kept/2"})
    EXPECT_EQ(status(path), 404) << path;
  EXPECT_EQ(ask("kept/1")->file->all(), "kept");
  // A link in the place of the folder.
  const std::filesystem::path moved = elsewhere / "moved";
  std::filesystem::rename(folder.path(), moved);
  std::filesystem::create_directory_symlink(moved, folder.path());
  EXPECT_EQ(status("frames/1"), 404);
}

TEST_F(RunRoutesTest, EventsBeginWithAllAndEndWithTheRun) {
  feed->update(made_steps(101, 103));
  const auto response = ask("events");
  ASSERT_TRUE(response->stream);
  const auto event = [](const std::string& text) {
    const std::size_t data = text.find("\ndata: ");
    EXPECT_EQ(text.substr(0, 7), "event: ");
    EXPECT_EQ(text.substr(text.size() - 2), "\n\n");
    return std::pair(text.substr(7, data - 7), parsed(text.substr(data + 7)));
  };
  const auto [first, all] = event(*response->stream());
  EXPECT_EQ(first, "state");
  EXPECT_EQ(all["run"], "made(2)");
  EXPECT_EQ(response->stream(), "");
  feed->update(made_steps(104, 104));
  const auto [second, news] = event(*response->stream());
  EXPECT_EQ(second, "news");
  EXPECT_EQ(news["history"]["columns"].size(), 1u);
  feed->update(made_end());
  const auto [third, end] = event(*response->stream());
  EXPECT_EQ(end["state"], "finished");
  EXPECT_FALSE(response->stream());
  // Whoever comes later gets the end at once.
  const auto late = ask("events");
  EXPECT_EQ(event(*late->stream()).second["state"], "finished");
  EXPECT_FALSE(late->stream());
}

}  // namespace
}  // namespace reverie
