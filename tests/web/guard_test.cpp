#include "web/guard.h"

#include <gtest/gtest.h>

#include <set>

#include "web/token.h"

namespace reverie {
namespace {

const std::string kToken = "0123456789abcdef";

class GuardTest : public ::testing::Test {
 protected:
  web::Guard guard{{kToken, {"localhost", "127.0.0.1", "[::1]"}, 100, "", 0}};

  static web::HttpRequest get(const std::string& path = "/") {
    web::HttpRequest request;
    request.method = "GET";
    request.target = request.path = path;
    request.headers = {{"host", "127.0.0.1:8080"}};
    return request;
  }

  /// As our own page sends it.
  static web::HttpRequest post(const std::string& origin = "http://127.0.0.1:8080") {
    web::HttpRequest request = get("/api/run/pause");
    request.method = "POST";
    request.headers.emplace_back("cookie", "reverie_8080=" + kToken);
    if (!origin.empty()) request.headers.emplace_back("origin", origin);
    request.headers.emplace_back("content-length", "0");
    return request;
  }

  static web::HttpRequest with(web::HttpRequest request, const std::string& name, const std::string& value) {
    request.headers.emplace_back(name, value);
    return request;
  }

  /// 0: let through.
  int status(const web::HttpRequest& request) const {
    const auto objection = guard.objection(request);
    return objection ? objection->status : 0;
  }

  static std::string header(const web::HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
};

TEST_F(GuardTest, NobodyGetsInWithoutTheToken) {
  EXPECT_EQ(status(get()), 401);
  for (const std::string wrong : {"", "0", "0123456789abcdeF", "0123456789abcdef0", "0123456789abcde"}) {
    EXPECT_EQ(status(with(get(), "cookie", "reverie_8080=" + wrong)), 401) << wrong;
    EXPECT_EQ(status(with(get(), "authorization", "Bearer " + wrong)), 401) << wrong;
    web::HttpRequest request = get();
    request.query["token"] = wrong;
    EXPECT_EQ(status(request), 401) << wrong;
  }
  EXPECT_EQ(status(with(get(), "authorization", kToken)), 401);
  EXPECT_EQ(status(with(get(), "authorization", "Basic " + kToken)), 401);
}

TEST_F(GuardTest, WithoutATokenNobodyGetsIn) {
  const web::Guard closed{{"", {"localhost"}, 100, "", 0}};
  web::HttpRequest request = get();
  request.headers = {{"host", "localhost"}, {"authorization", "Bearer "}, {"cookie", "reverie_80="}};
  request.query["token"] = "";
  const auto objection = closed.objection(request);
  ASSERT_TRUE(objection);
  EXPECT_EQ(objection->status, 401);
}

TEST_F(GuardTest, ACookieOrAHeaderIsEnoughToLook) {
  EXPECT_EQ(status(with(get(), "cookie", "reverie_8080=" + kToken)), 0);
  EXPECT_EQ(status(with(get(), "cookie", "a=b; reverie_8080=" + kToken + "; c=d")), 0);
  EXPECT_EQ(status(with(get(), "authorization", "Bearer " + kToken)), 0);
}

TEST_F(GuardTest, TheCookieBelongsToThePort) {
  EXPECT_EQ(status(with(get(), "cookie", "reverie_8081=" + kToken)), 401);
  EXPECT_EQ(status(with(get(), "cookie", "xreverie_8080=" + kToken)), 401);
}

TEST_F(GuardTest, TheTokenOfTheAddressBecomesACookieThatScriptsAndOtherSitesCannotUse) {
  web::HttpRequest request = get("/runs/a-1");
  request.query["token"] = kToken;
  const auto answer = guard.objection(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 303);
  EXPECT_EQ(header(*answer, "Location"), "/runs/a-1");
  EXPECT_EQ(header(*answer, "Set-Cookie"), "reverie_8080=" + kToken + "; Path=/; HttpOnly; SameSite=Strict");
}

// After a redirection of what another site began, a browser leaves SameSite=Strict cookies out.
TEST_F(GuardTest, ALinkOnAnotherSitesPageLeadsInByAPageOfOurs) {
  web::HttpRequest request = with(get(), "sec-fetch-site", "cross-site");
  request.query["token"] = kToken;
  const auto answer = guard.objection(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(header(*answer, "Location"), "");
  EXPECT_NE(answer->body.find("content=\"0; url=/\""), std::string::npos) << answer->body;
}

TEST_F(GuardTest, TheRedirectionStaysHereAndCarriesNothingOver) {
  for (const std::string path :
       {"//elsewhere.org", "/\\elsewhere.org", "/a\r\nSet-Cookie: x=y", "/<script>", "/\"", "/a b"}) {
    web::HttpRequest request = get(path);
    request.query["token"] = kToken;
    const auto answer = guard.objection(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(header(*answer, "Location"), "/") << path;
  }
}

TEST_F(GuardTest, OtherNamesForThisMachineAreRefused) {
  for (const std::string host :
       {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:8080", "",
        "localhost:", "localhost:80:80", "127.0.0.1:8080@evil.example", "[::2]:8080", "0.0.0.0:8080"}) {
    web::HttpRequest request = get();
    request.headers = {{"host", host}, {"authorization", "Bearer " + kToken}};
    EXPECT_EQ(status(request), 421) << host;
  }
  web::HttpRequest none = get();
  none.headers = {{"authorization", "Bearer " + kToken}};
  EXPECT_EQ(status(none), 400);
  EXPECT_EQ(status(with(with(get(), "authorization", "Bearer " + kToken), "host", "evil.example")), 400);
  for (const std::string host : {"localhost:8080", "LOCALHOST:1", "127.0.0.1", "[::1]:8080", "[::1]"}) {
    web::HttpRequest request = get();
    request.headers = {{"host", host}, {"authorization", "Bearer " + kToken}};
    EXPECT_EQ(status(request), 0) << host;
  }
}

TEST_F(GuardTest, ChangesComeFromOurOwnPagesOnly) {
  EXPECT_EQ(status(post()), 0);
  for (const std::string origin :
       {"http://evil.example", "null", "http://127.0.0.1:8081", "http://127.0.0.1", "http://localhost:8080",
        "http://127.0.0.1:8080.evil.example", "127.0.0.1:8080"})
    EXPECT_EQ(status(post(origin)), 403) << origin;
  EXPECT_EQ(status(post("")), 403) << "browsers say where a POST comes from";
  web::HttpRequest program = post("");
  program.headers.emplace_back("authorization", "Bearer " + kToken);
  EXPECT_EQ(status(program), 0);
  web::HttpRequest odd = post("http://evil.example");
  odd.headers.emplace_back("authorization", "Bearer " + kToken);
  EXPECT_EQ(status(odd), 403);
}

TEST_F(GuardTest, EveryOtherMethodCountsAsAChange) {
  for (const std::string method : {"PUT", "DELETE", "PATCH", "TRACE", "BREW"}) {
    web::HttpRequest request = post("http://evil.example");
    request.method = method;
    EXPECT_EQ(status(request), 403) << method;
  }
}

TEST_F(GuardTest, ATokenInTheAddressChangesNothing) {
  web::HttpRequest request = get("/api/run/stop");
  request.method = "POST";
  request.query["token"] = kToken;
  EXPECT_EQ(status(request), 401);
}

TEST_F(GuardTest, BodiesAreBoundedAndPlain) {
  const auto with_length = [](const std::string& length) {
    web::HttpRequest request = post();
    request.headers.pop_back();
    request.headers.emplace_back("content-length", length);
    return request;
  };
  EXPECT_EQ(status(with_length("100")), 0);
  EXPECT_EQ(status(with_length("101")), 413);
  EXPECT_EQ(status(with_length("99999999999999999999999999")), 413);
  for (const std::string wrong : {"", "-1", "1e9", "0x10", "+5", " "})
    EXPECT_EQ(status(with_length(wrong)), 400) << wrong;
  EXPECT_EQ(status(with(post(), "content-length", "0")), 400);
  EXPECT_EQ(status(with(post(), "transfer-encoding", "chunked")), 415);
  EXPECT_EQ(status(with(post(), "content-encoding", "gzip")), 415);
}

TEST_F(GuardTest, AddressesAreBounded) {
  web::HttpRequest request = with(get(), "authorization", "Bearer " + kToken);
  request.target = "/" + std::string(3000, 'a');
  EXPECT_EQ(status(request), 414);
}

TEST(SecretTest, NoTwoAreTheSameAndTheyAreLong) {
  std::set<std::string> secrets;
  for (int i = 0; i < 1000; ++i) secrets.insert(web::make_secret());
  EXPECT_EQ(secrets.size(), 1000u);
  for (const std::string& secret : secrets) {
    EXPECT_EQ(secret.size(), 64u);
    EXPECT_EQ(secret.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

TEST(SecretTest, OnlyEqualOnesAreTheSame) {
  EXPECT_TRUE(web::same_secret("abc", "abc"));
  EXPECT_TRUE(web::same_secret("", ""));
  EXPECT_FALSE(web::same_secret("abc", "abd"));
  EXPECT_FALSE(web::same_secret("abc", "ab"));
  EXPECT_FALSE(web::same_secret("", "a"));
}

}  // namespace
}  // namespace reverie
