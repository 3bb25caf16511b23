#include "web/http.h"

#include <gtest/gtest.h>

namespace reverie {
namespace {

using Query = std::map<std::string, std::string>;

TEST(HttpTest, TargetsAreDecoded) {
  std::string path;
  Query query;
  ASSERT_TRUE(web::split_target("/a%20b/c?x=1&y=a+b%2B&z&x=2", path, query));
  EXPECT_EQ(path, "/a b/c");
  EXPECT_EQ(query, (Query{{"x", "1"}, {"y", "a b+"}, {"z", ""}}));
  ASSERT_TRUE(web::split_target("/a+b", path, query));  // only in a query is '+' a space
  EXPECT_EQ(path, "/a+b");
  EXPECT_TRUE(query.empty());
}

TEST(HttpTest, UnsoundTargetsAreRefused) {
  std::string path;
  Query query;
  for (const char* target :
       {"", "a", "http://elsewhere/", "*", "/%", "/%4", "/%zz", "/a%00b", "/?x=%0", "?x"})
    EXPECT_FALSE(web::split_target(target, path, query)) << target;
}

TEST(HttpTest, HeadersAreFoundByName) {
  web::HttpRequest request;
  request.headers = {{"host", "one"}, {"cookie", "a=1"}, {"host", "two"}};
  EXPECT_EQ(request.header("host"), "one");
  EXPECT_EQ(request.count("host"), 2u);
  EXPECT_EQ(request.header("origin"), "");
}

TEST(HttpTest, ErrorsAreJsonWhateverTheyHold) {
  const web::HttpResponse response = web::HttpResponse::error(404, "no \"such\"\nthing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "{\"error\":\"no \\\"such\\\"\\nthing\"}\n");
}

}  // namespace
}  // namespace reverie
